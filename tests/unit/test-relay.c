#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/timer.h"
#include "sandbox/relay.h"

/*
 * The service listens on 127.0.0.1, the relay on 127.0.0.9 and the same port, as it would in
 * a namespace of its own. All of it is in one process, so every step runs the loop a little.
 */
struct fixture {
	struct evloop *loop;
	struct network_allow network;
	struct relay *relay;
	struct error err;
	uint16_t port;
	int service, timer;
};

static struct sockaddr_in address_of(const char *ip, uint16_t port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port) };

	inet_pton(AF_INET, ip, &a.sin_addr);
	return a;
}

static int listen_on(const char *ip, uint16_t *port)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_in a = address_of(ip, *port);
	socklen_t len = sizeof(a);

	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(fd, 16), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	*port = ntohs(a.sin_port);
	return fd;
}

static void allow(struct fixture *f, const char *host, const char *ip)
{
	struct in_addr v4;
	uint8_t full[16];

	inet_pton(AF_INET, ip, &v4);
	network_ip_of_v4((uint8_t *)&v4, full);
	assert_true(network_allow_add(&f->network, host, full, f->port));
}

/* `which`: the item that the relay's socket stands for. */
static void begin(struct fixture *f, size_t which)
{
	struct channel_message m = { .len = sizeof(which), .fds = { -1, -1 } };

	memcpy(m.data, &which, sizeof(which));
	m.fds[0] = listen_on("127.0.0.9", &f->port);
	assert_int_equal(relay_take(&f->relay, &f->network, f->loop, &m, &f->err), 0);
	assert_int_equal(m.fds[0], -1);
}

static int set_up(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	*state = f;
	f->service = listen_on("127.0.0.1", &f->port);
	f->timer = timer_new(&f->err);
	return evloop_new(&f->loop, &f->err);
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	relay_free(f->relay);
	network_allow_release(&f->network);
	evloop_free(f->loop);
	close(f->timer);
	if (f->service >= 0)
		close(f->service);
	free(f);
	return 0;
}

static void end_turn(uint32_t events, void *data)
{
	(void)events;
	*(bool *)data = true;
}

/* Runs the loop for some milliseconds. */
static void turn(struct fixture *f, int ms)
{
	bool done = false;

	assert_int_equal(timer_arm(f->timer, ms / 1000.0, 0), 0);
	assert_int_equal(evloop_add(f->loop, f->timer, 1, end_turn, &done, &f->err), 0);
	assert_int_equal(evloop_run(f->loop, &done, &f->err), 0);
	evloop_remove(f->loop, f->timer);
}

static int dial(const struct fixture *f)
{
	struct sockaddr_in a = address_of("127.0.0.9", f->port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

static int answer(struct fixture *f, int service)
{
	int fd = -1;

	for (int i = 0; i < 100 && fd < 0; i++) {
		turn(f, 10);
		fd = accept4(service, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	}
	assert_true(fd >= 0);
	return fd;
}

static void check_got(struct fixture *f, int fd, const char *expected)
{
	char buf[64] = "";
	ssize_t n = -1;

	for (int i = 0; i < 100 && n < 0; i++) {
		turn(f, 10);
		n = recv(fd, buf, sizeof(buf) - 1, MSG_DONTWAIT);
		if (n < 0)
			assert_int_equal(errno, EAGAIN);
	}
	assert_int_equal(n, strlen(expected));
	assert_string_equal(buf, expected);
}

static void check_reset(struct fixture *f, int fd)
{
	char c;

	turn(f, 50);
	assert_int_equal(recv(fd, &c, 1, MSG_DONTWAIT), -1);
	assert_int_equal(errno, ECONNRESET);
}

static void each_direction_ends_by_itself(void **state)
{
	struct fixture *f = *state;
	int inside, outside;

	allow(f, "127.0.0.1", "127.0.0.1");
	begin(f, 0);
	inside = dial(f);
	outside = answer(f, f->service);
	assert_int_equal(send(inside, "question", 8, 0), 8);
	check_got(f, outside, "question");
	assert_int_equal(relay_bytes(f->relay), 8);
	shutdown(inside, SHUT_WR);
	check_got(f, outside, "");
	assert_int_equal(send(outside, "answer", 6, 0), 6);
	check_got(f, inside, "answer");
	assert_int_equal(relay_bytes(f->relay), 14);
	close(outside);
	check_got(f, inside, "");
	close(inside);
}

static void nobody_there_is_a_reset(void **state)
{
	struct fixture *f = *state;
	int inside;

	allow(f, "127.0.0.1", "127.0.0.1");
	begin(f, 0);
	close(f->service);
	f->service = -1;
	inside = dial(f);
	check_reset(f, inside);
	close(inside);
}

static void other_addresses_of_the_name_are_tried(void **state)
{
	struct fixture *f = *state;
	int inside, outside, other = listen_on("127.0.0.3", &f->port);

	allow(f, "model.example", "127.0.0.2"); /* nobody listens there */
	allow(f, "other.example", "127.0.0.1");
	allow(f, "model.example", "127.0.0.3");
	begin(f, 0);
	inside = dial(f);
	outside = answer(f, other);
	turn(f, 10);
	assert_int_equal(accept(f->service, NULL, NULL), -1);
	close(inside);
	close(outside);
	close(other);
}

static void a_reset_comes_after_what_was_said(void **state)
{
	struct fixture *f = *state;
	const struct linger abort_it = { .l_onoff = 1 };
	int inside, outside;

	allow(f, "127.0.0.1", "127.0.0.1");
	begin(f, 0);
	inside = dial(f);
	outside = answer(f, f->service);
	assert_int_equal(send(outside, "no", 2, 0), 2);
	setsockopt(outside, SOL_SOCKET, SO_LINGER, &abort_it, sizeof(abort_it));
	close(outside);
	check_got(f, inside, "no");
	check_reset(f, inside);
	close(inside);
}

static void a_reset_inside_reaches_the_service(void **state)
{
	struct fixture *f = *state;
	const struct linger abort_it = { .l_onoff = 1 };
	int inside, outside;

	allow(f, "127.0.0.1", "127.0.0.1");
	begin(f, 0);
	inside = dial(f);
	outside = answer(f, f->service);
	setsockopt(inside, SOL_SOCKET, SO_LINGER, &abort_it, sizeof(abort_it));
	close(inside);
	check_reset(f, outside);
	close(outside);
}

/* Sends until there is no room any more. */
static size_t flood(struct fixture *f, int fd)
{
	static const char data[65536];
	size_t sent = 0;

	for (int idle = 0; idle < 3 && sent < 64 << 20;) {
		ssize_t n = send(fd, data, sizeof(data), MSG_DONTWAIT);

		idle = n > 0 ? 0 : idle + 1;
		sent += n > 0 ? (size_t)n : 0;
		turn(f, n > 0 ? 1 : 20);
	}
	return sent;
}

static void a_slow_reader_slows_the_writer(void **state)
{
	struct fixture *f = *state;
	static char buf[65536];
	size_t sent, got = 0;
	int inside, outside;

	allow(f, "127.0.0.1", "127.0.0.1");
	begin(f, 0);
	inside = dial(f);
	outside = answer(f, f->service);
	sent = flood(f, inside);
	assert_true(sent < 32 << 20);
	close(inside);
	for (int i = 0; i < 100000; i++) {
		ssize_t n = recv(outside, buf, sizeof(buf), MSG_DONTWAIT);

		if (!n)
			break;
		got += n > 0 ? (size_t)n : 0;
		turn(f, 1);
	}
	assert_int_equal(got, sent);
	close(outside);
}

static void last_words_are_passed_on(void **state)
{
	struct fixture *f = *state;
	int inside, outside;
	char buf[16] = "";

	allow(f, "127.0.0.1", "127.0.0.1");
	begin(f, 0);
	inside = dial(f);
	assert_int_equal(send(inside, "bye", 3, 0), 3);
	close(inside);
	/* Nobody ran the loop: it was not even accepted. */
	relay_finish(f->relay, 1);
	relay_free(f->relay);
	f->relay = NULL;
	outside = accept(f->service, NULL, NULL);
	assert_true(outside >= 0);
	assert_int_equal(recv(outside, buf, sizeof(buf), 0), 3);
	assert_string_equal(buf, "bye");
	assert_int_equal(recv(outside, buf, sizeof(buf), 0), 0);
	close(outside);
}

static void nonsense_is_refused(void **state)
{
	struct fixture *f = *state;
	size_t which = 1; /* of one */
	struct channel_message m = { .len = sizeof(which), .fds = { -1, -1 } };

	allow(f, "127.0.0.1", "127.0.0.1");
	memcpy(m.data, &which, sizeof(which));
	m.fds[0] = listen_on("127.0.0.9", &f->port);
	assert_int_equal(relay_take(&f->relay, &f->network, f->loop, &m, &f->err), -1);
	channel_message_release(&m);
}

#define relay_test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		relay_test(each_direction_ends_by_itself),
		relay_test(nobody_there_is_a_reset),
		relay_test(other_addresses_of_the_name_are_tried),
		relay_test(a_reset_comes_after_what_was_said),
		relay_test(a_reset_inside_reaches_the_service),
		relay_test(a_slow_reader_slows_the_writer),
		relay_test(last_words_are_passed_on),
		relay_test(nonsense_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
