#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/strbuf.h"
#include "propose/endpoint.h"

static void assert_taken(const char *text, const char *url, const char *name, const char *reach)
{
	CLEANUP_ENDPOINT struct endpoint e = { 0 };
	struct error err = ERROR_INIT;

	if (endpoint_parse(text, &e, &err))
		fail_msg("%s: %s", text, err.message);
	assert_string_equal(e.url, url);
	assert_string_equal(e.name, name);
	assert_string_equal(endpoint_reach_name(e.reach), reach);
	assert_null(e.unix_socket);
}

static void assert_refused(const char *text, const char *why)
{
	struct endpoint e = { 0 };
	struct error err = ERROR_INIT;

	if (!endpoint_parse(text, &e, &err))
		fail_msg("taken: %s", text);
	if (!strstr(err.message, why))
		fail_msg("%s: %s", text, err.message);
	assert_true(*err.hint);
	assert_null(e.url);
}

static void urls(void **state)
{
	(void)state;
	assert_taken("http://127.0.0.1:8080/v1", "http://127.0.0.1:8080/v1", "127.0.0.1:8080",
		     "loopback");
	assert_taken("http://localhost/v1/", "http://localhost:80/v1", "localhost:80",
		     "loopback");
	assert_taken("https://API.Example/openai/v1/", "https://api.example:443/openai/v1",
		     "api.example:443", "outside");
}

static void how_far_it_goes(void **state)
{
	static const struct {
		const char *host, *reach;
	} hosts[] = {
		{ "127.8.8.8", "loopback" },	 { "[::1]", "loopback" },
		{ "LOCALHOST", "loopback" },	 { "[::ffff:127.0.0.1]", "loopback" },
		{ "10.1.2.3", "private" },	 { "172.16.0.1", "private" },
		{ "172.31.255.1", "private" },	 { "192.168.7.7", "private" },
		{ "169.254.1.1", "private" },	 { "[fd00::7]", "private" },
		{ "[fe80::1]", "private" },	 { "[::ffff:10.0.0.1]", "private" },
		{ "172.15.0.1", "outside" },	 { "172.32.0.1", "outside" },
		{ "192.169.0.1", "outside" },	 { "8.8.8.8", "outside" },
		{ "[2001:db8::1]", "outside" },	 { "gpu-box", "outside" },
		{ "localhost.evil", "outside" }, { "127.0.0.1.example", "outside" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
		CLEANUP_FREE char *url = xstrfmt("http://%s:1/v1", hosts[i].host);
		CLEANUP_ENDPOINT struct endpoint e = { 0 };
		struct error err = ERROR_INIT;

		if (endpoint_parse(url, &e, &err))
			fail_msg("%s: %s", url, err.message);
		if (strcmp(endpoint_reach_name(e.reach), hosts[i].reach))
			fail_msg("%s is %s", url, endpoint_reach_name(e.reach));
	}
}

static void sockets(void **state)
{
	CLEANUP_ENDPOINT struct endpoint e = { 0 };
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(endpoint_parse("unix:///run/llama.sock", &e, &err), 0);
	assert_string_equal(e.unix_socket, "/run/llama.sock");
	assert_string_equal(e.url, "http://localhost/v1");
	assert_string_equal(e.name, "unix:/run/llama.sock");
	assert_int_equal(e.reach, ENDPOINT_LOOPBACK);

	assert_refused("unix://run/llama.sock", "absolute");
	assert_refused("unix:///", "absolute");
	assert_refused("unix:///run/", "absolute");
	strbuf_addstr(&text, "unix://");
	for (int i = 0; i < 54; i++)
		strbuf_addstr(&text, "/a");
	assert_refused(text.buf, "more than 107 bytes");
}

static void what_is_no_url(void **state)
{
	(void)state;
	assert_refused("", "begins with none");
	assert_refused("127.0.0.1:8080/v1", "begins with none");
	assert_refused("file:///etc/passwd", "begins with none");
	assert_refused("http://", "neither a name nor an address");
	assert_refused("http:///v1", "neither a name nor an address");
	assert_refused("http://0x7f000001/v1", "neither a name nor an address");
	assert_refused("http://127.1/v1", "neither a name nor an address");
	assert_refused("http://0.0.0.0:8080/v1", "no host can be reached");
	assert_refused("http://[::]:8080/v1", "no host can be reached");
	assert_refused("http://[::1/v1", "bracket");
	assert_refused("http://[localhost]/v1", "no IPv6 address");
	assert_refused("http://[::1]8080/v1", "port");
	assert_refused("http://::1/v1", "port");
	assert_refused("http://a:0/v1", "port");
	assert_refused("http://a:65536/v1", "port");
	assert_refused("http://a:/v1", "port");
	assert_refused("http://a:80 /v1", "white space");
	assert_refused("http://a/v1\r\nX: y", "white space");
	assert_refused("http://a/v1?key=1", "path");
	assert_refused("http://a/v1#x", "path");
	assert_refused("http://a?x", "path");
	assert_refused("http://a/../v1", "path");
	assert_refused("http://a/v1/..", "path");
	assert_refused("http://a/./v1", "path");
	assert_refused("http://a//v1", "path");
	assert_refused("http://a/%zz", "path");
	assert_refused("http://a\\b/v1", "neither");
}

/* What may be a secret is neither taken nor repeated. */
static void passwords(void **state)
{
	struct endpoint e = { 0 };
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(endpoint_parse("https://me:hunter2@api.example/v1", &e, &err), -1);
	assert_non_null(strstr(err.message, "a user or a password"));
	assert_null(strstr(err.message, "hunter2"));
	assert_non_null(strstr(err.hint, "autoresearch.apiKeyEnv"));
	assert_null(strstr(err.hint, "hunter2"));
	assert_refused("https://me@api.example/v1", "a user");
	assert_refused("http://127.0.0.1:80@evil.example/v1", "a user");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(urls),	     cmocka_unit_test(how_far_it_goes),
		cmocka_unit_test(sockets),   cmocka_unit_test(what_is_no_url),
		cmocka_unit_test(passwords),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
