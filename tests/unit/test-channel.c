#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/channel.h"

static void open_pair(int pair[2])
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
}

static void carries_type_and_data(void **state)
{
	struct channel_message m;
	int pair[2];

	(void)state;
	open_pair(pair);
	assert_int_equal(channel_send(pair[0], 'X', "abc", 3, NULL, 0), 0);
	assert_int_equal(channel_receive(pair[1], 0, &m), 1);
	assert_int_equal(m.type, 'X');
	assert_int_equal(m.len, 3);
	assert_string_equal(m.data, "abc");
	assert_int_equal(m.fds[0], -1);
	close(pair[0]);
	close(pair[1]);
}

static void carries_descriptors_that_close_on_exec(void **state)
{
	struct channel_message m;
	int pair[2], pipes[2];

	(void)state;
	open_pair(pair);
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(channel_send(pair[0], 'F', "", 0, pipes, 2), 0);
	assert_int_equal(channel_receive(pair[1], 0, &m), 1);
	for (int i = 0; i < 2; i++) {
		int fd = channel_take(&m, i);

		assert_true(fd >= 0);
		assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
		close(fd);
		assert_int_equal(m.fds[i], -1);
		close(pipes[i]);
	}
	channel_message_release(&m);
	close(pair[0]);
	close(pair[1]);
}

static void what_nobody_takes_is_closed(void **state)
{
	struct channel_message m;
	int pair[2], pipes[2];
	char c;

	(void)state;
	open_pair(pair);
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(channel_send(pair[0], 'F', "", 0, &pipes[1], 1), 0);
	close(pipes[1]);
	assert_int_equal(channel_receive(pair[1], 0, &m), 1);
	channel_message_release(&m);
	assert_int_equal(read(pipes[0], &c, 1), 0);
	close(pipes[0]);
	close(pair[0]);
	close(pair[1]);
}

static void tells_nothing_yet_from_the_end(void **state)
{
	struct channel_message m;
	int pair[2];

	(void)state;
	open_pair(pair);
	assert_int_equal(channel_receive(pair[1], MSG_DONTWAIT, &m), -1);
	assert_int_equal(errno, EAGAIN);
	close(pair[0]);
	assert_int_equal(channel_receive(pair[1], MSG_DONTWAIT, &m), 0);
	assert_int_equal(channel_send(pair[1], 'X', "", 0, NULL, 0), -1);
	assert_int_equal(errno, EPIPE);
	close(pair[1]);
}

static void a_longer_message_is_cut(void **state)
{
	static char big[20000];
	struct channel_message m;
	int pair[2];

	(void)state;
	memset(big, 'x', sizeof(big));
	open_pair(pair);
	assert_int_equal(channel_send(pair[0], 'B', big, sizeof(big), NULL, 0), 0);
	assert_int_equal(channel_receive(pair[1], 0, &m), 1);
	assert_int_equal(m.len, sizeof(m.data) - 1);
	assert_int_equal(strlen(m.data), m.len);
	close(pair[0]);
	close(pair[1]);
}

static void a_signal_never_waits(void **state)
{
	struct channel_message m;
	int pair[2];

	(void)state;
	open_pair(pair);
	channel_signal(pair[0], 'B');
	assert_int_equal(channel_receive(pair[1], 0, &m), 1);
	assert_int_equal(m.type, 'B');
	assert_int_equal(m.len, 0);
	/* Nobody takes them; what finds no room is dropped. */
	for (int i = 0; i < 100000; i++)
		channel_signal(pair[0], 'B');
	close(pair[1]);
	channel_signal(pair[0], 'B');
	close(pair[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(carries_type_and_data),
		cmocka_unit_test(carries_descriptors_that_close_on_exec),
		cmocka_unit_test(what_nobody_takes_is_closed),
		cmocka_unit_test(tells_nothing_yet_from_the_end),
		cmocka_unit_test(a_longer_message_is_cut),
		cmocka_unit_test(a_signal_never_waits),
	};

	return cmocka_run_group_tests_name("channel", tests, NULL, NULL);
}
