#include "fault-server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

struct outage {
	const char *url, *error;
	struct outcome outcome;
	struct endpoint endpoint;
	struct chat *chat;
};

static void assert_outage(const struct outage *outage)
{
	const struct outcome *o = &outage->outcome;

	if (o->result.status != CHAT_OUTAGE || !strstr(o->error, outage->error))
		fail_msg("%s: status %d, '%s'", outage->url, o->result.status, o->error);
	if (o->waits != o->result.attempts - 1 || o->result.attempts < 2)
		fail_msg("%s: %d waits, %d attempts", outage->url, o->waits,
			 o->result.attempts);
}

/* All are waited for at the same time. */
static void assert_outages(struct outage *outages, int nr)
{
	struct error err = ERROR_INIT;
	struct chat_exchange *x;
	bool done = false;
	int left = nr;

	for (int i = 0; i < nr; i++) {
		struct outage *o = &outages[i];
		struct chat_options options;

		assert_int_equal(endpoint_parse(o->url, &o->endpoint, &err), 0);
		options = quick_options(&o->endpoint);
		o->outcome = (struct outcome){ .done = &done, .left = &left };
		options.data = &o->outcome.waits;
		assert_int_equal(chat_new(&o->chat, loop, &options, &err), 0);
		assert_int_equal(
			chat_ask(o->chat, a_request(), on_result, &o->outcome, &x, &err), 0);
	}
	assert_int_equal(evloop_run(loop, &done, &err), 0);
	for (int i = 0; i < nr; i++) {
		assert_outage(&outages[i]);
		chat_free(outages[i].chat);
		endpoint_release(&outages[i].endpoint);
		outcome_release(&outages[i].outcome);
	}
}

static void outages(void **state)
{
	static const char *const faults[][2] = {
		{ "503-for-ever", "HTTP 503: Loading model" },
		{ "429-for-ever", "HTTP 429: slow down" },
		{ "hang-before-headers", "no answer in time" },
		{ "hang-headers", "no answer in time" },
		{ "hang-first-byte", "no answer in time" },
		{ "hang-in-stream", "stopped in the middle" },
		{ "trickle", "took too long" },
		{ "close", "mpty reply" },
		{ "garbage", "HTTP/0.9" },
		{ "chunked-garbage", "chunk" },
	};
	struct outage all[ARRAY_SIZE(faults)] = { 0 };
	char urls[ARRAY_SIZE(faults)][64];

	(void)state;
	need_server();
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		snprintf(urls[i], sizeof(urls[i]), "http://127.0.0.1:%d/%s/v1", server.port,
			 faults[i][0]);
		all[i] = (struct outage){ .url = urls[i], .error = faults[i][1] };
	}
	assert_outages(all, ARRAY_SIZE(all));
}

/* A port of loopback; `backlog` below 0: nobody listens there. */
static int a_port(int backlog, int *ret_port)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	if (backlog >= 0)
		assert_int_equal(listen(fd, backlog), 0);
	*ret_port = ntohs(a.sin_port);
	return fd;
}

static int knock(int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	connect(fd, (struct sockaddr *)&a, sizeof(a));
	return fd;
}

/* Not running, running but never accepting, and with no more room to wait in. */
static void nobody_there(void **state)
{
	char urls[3][64];
	struct outage all[] = {
		{ .url = urls[0], .error = "Failed to connect to 127.0.0.1" },
		{ .url = urls[1], .error = "no answer in time" },
		{ .url = urls[2], .error = "Timeout was reached" },
		{ .url = "unix:///tmp/no-such-socket", .error = "unix:/tmp/no-such-socket: " },
	};
	int ports[3], fds[3], knocks[4];

	(void)state;
	for (int i = 0; i < 3; i++) {
		fds[i] = a_port(i == 0 ? -1 : i == 1 ? 8 : 0, &ports[i]);
		snprintf(urls[i], sizeof(urls[i]), "http://127.0.0.1:%d/v1", ports[i]);
	}
	for (int i = 0; i < 4; i++)
		knocks[i] = knock(ports[2]);
	assert_outages(all, ARRAY_SIZE(all));
	for (int i = 0; i < 3; i++)
		close(fds[i]);
	for (int i = 0; i < 4; i++)
		close(knocks[i]);
}

static void over_a_socket(void **state)
{
	CLEANUP_FREE char *url = xstrfmt("unix://%s/socket", server.dir);
	CLEANUP_OUTCOME struct outcome o = { 0 };

	(void)state;
	need_server();
	ask_url(url, &o);
	assert_string_equal(o.error, "");
	assert_string_equal(o.text, PARAMETERS);
}

static void over_tls(void **state)
{
	CLEANUP_FREE char *url = xstrfmt("https://127.0.0.1:%d/good/v1", server.tls_port);
	CLEANUP_FREE char *ca = xstrfmt("%s/ca.pem", server.dir);
	CLEANUP_FREE char *cert = xstrfmt("%s/client.pem", server.dir);
	CLEANUP_FREE char *key = xstrfmt("%s/client-key.pem", server.dir);
	CLEANUP_ENDPOINT struct endpoint endpoint = { 0 };
	CLEANUP_OUTCOME struct outcome trusted = { 0 }, strange = { 0 }, nameless = { 0 };
	CLEANUP_OUTCOME struct outcome keyless = { 0 };
	struct error err = ERROR_INIT;
	struct chat_options options;

	(void)state;
	need_server();
	if (!server.tls_port) {
		print_message("skipped: no openssl to make certificates with\n");
		skip();
	}
	assert_int_equal(endpoint_parse(url, &endpoint, &err), 0);
	options = quick_options(&endpoint);
	options.connect_timeout = 5; /* the system's authorities are many */
	options.ca_info = ca;
	options.cert = cert;
	options.cert_key = key;
	ask(&options, &trusted, 1);
	if (trusted.result.status != CHAT_DONE)
		fail_msg("%s", trusted.error);
	assert_string_equal(trusted.text, PARAMETERS);

	options.ca_info = NULL;
	ask(&options, &strange, 1);
	assert_int_equal(strange.result.status, CHAT_REFUSED);
	assert_int_equal(strange.result.attempts, 1);
	assert_non_null(strstr(strange.result.hint, "http.sslCAInfo"));

	options.ca_info = ca;
	options.cert = options.cert_key = NULL;
	ask(&options, &nameless, 1);
	assert_int_equal(nameless.result.status, CHAT_OUTAGE);
	assert_true(nameless.result.attempts > 1);

	options.cert = "/nonexistent.pem";
	ask(&options, &keyless, 1);
	assert_int_equal(keyless.result.status, CHAT_REFUSED);
	assert_non_null(strstr(keyless.result.hint, "http.sslCert"));
}

/* One that is configured is asked for everything: here, for what nobody serves. */
static void through_a_proxy(void **state)
{
	CLEANUP_FREE char *proxy = xstrfmt("http://127.0.0.1:%d", server.port);
	CLEANUP_ENDPOINT struct endpoint endpoint = { 0 };
	CLEANUP_OUTCOME struct outcome o = { 0 };
	struct error err = ERROR_INIT;
	struct chat_options options;

	(void)state;
	need_server();
	assert_int_equal(endpoint_parse("http://127.0.0.1:1/v1", &endpoint, &err), 0);
	options = quick_options(&endpoint);
	options.proxy = proxy;
	ask(&options, &o, 1);
	assert_int_equal(o.result.status, CHAT_REFUSED);
	assert_non_null(strstr(o.error, "HTTP 404: no such fault"));
}

static void several_at_once(void **state)
{
	CLEANUP_FREE char *url = xstrfmt("http://127.0.0.1:%d/slow-first-byte/v1", server.port);
	CLEANUP_ENDPOINT struct endpoint endpoint = { 0 };
	struct error err = ERROR_INIT;
	struct chat_options options;
	struct outcome o[8];
	struct timespec start;

	(void)state;
	need_server();
	assert_int_equal(endpoint_parse(url, &endpoint, &err), 0);
	options = quick_options(&endpoint);
	options.first_byte_timeout = options.idle_timeout = 5;
	clock_gettime(CLOCK_MONOTONIC, &start);
	ask(&options, o, ARRAY_SIZE(o));
	/* Each takes 0.4 s. */
	assert_true(seconds_since(&start) < 0.4 * ARRAY_SIZE(o) / 2);
	for (size_t i = 0; i < ARRAY_SIZE(o); i++) {
		assert_string_equal(o[i].text, "slow");
		outcome_release(&o[i]);
	}
}

static struct chat_exchange *to_cancel;

static void cancel_other(const struct chat_result *result, void *data)
{
	assert_int_equal(result->status, CHAT_OUTAGE);
	chat_cancel(to_cancel);
	*(bool *)data = true;
}

static void never(const struct chat_result *result, void *data)
{
	(void)data;
	fail_msg("called: %s", result->error);
}

/* One in the middle of an answer by another's call, one by the end of everything. */
static void cancelled(void **state)
{
	CLEANUP_FREE char *url = xstrfmt("http://127.0.0.1:%d/hang-in-stream/v1", server.port);
	CLEANUP_ENDPOINT struct endpoint endpoint = { 0 };
	struct error err = ERROR_INIT;
	struct chat_options options;
	struct chat_exchange *x;
	struct chat *patient, *hasty;
	bool done = false;

	(void)state;
	need_server();
	assert_int_equal(endpoint_parse(url, &endpoint, &err), 0);
	options = quick_options(&endpoint);
	options.retry.deadline = 0;
	assert_int_equal(chat_new(&hasty, loop, &options, &err), 0);
	options.idle_timeout = 60;
	assert_int_equal(chat_new(&patient, loop, &options, &err), 0);
	assert_int_equal(chat_ask(patient, a_request(), never, NULL, &to_cancel, &err), 0);
	assert_int_equal(chat_ask(patient, a_request(), never, NULL, &x, &err), 0);
	assert_int_equal(chat_ask(hasty, a_request(), cancel_other, &done, &x, &err), 0);
	assert_int_equal(evloop_run(loop, &done, &err), 0);
	chat_cancel(NULL);
	chat_free(patient);
	chat_free(hasty);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(outages),	   cmocka_unit_test(nobody_there),
		cmocka_unit_test(over_a_socket),   cmocka_unit_test(over_tls),
		cmocka_unit_test(through_a_proxy), cmocka_unit_test(several_at_once),
		cmocka_unit_test(cancelled),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
