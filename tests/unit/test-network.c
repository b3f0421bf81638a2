#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "model/network.h"

static struct error err = ERROR_INIT;

/* Parses one text and formats it again. */
static char *round_trip(const char *text)
{
	CLEANUP_NETWORK_ALLOW struct network_allow allow = { 0 };
	struct strbuf out = STRBUF_INIT;

	if (network_allow_parse(&allow, text, false, &err))
		return NULL;
	assert_int_equal(allow.nr, 1);
	network_format(&allow.items[0], &out);
	return strbuf_detach(&out, NULL);
}

static void check_round_trip(const char *text, const char *expected)
{
	CLEANUP_FREE char *got = round_trip(text);

	assert_non_null(got);
	assert_string_equal(got, expected);
}

static void names_and_addresses_are_read(void **state)
{
	(void)state;
	check_round_trip("model.example:8000", "model.example:8000");
	check_round_trip("Model.EXAMPLE:1", "model.example:1");
	check_round_trip("localhost:65535", "localhost:65535");
	check_round_trip("a_b-c.d1:80", "a_b-c.d1:80");
	check_round_trip("3com:80", "3com:80");
	check_round_trip("192.0.2.7:80", "192.0.2.7:80");
	check_round_trip("127.0.0.1:80", "127.0.0.1:80");
	check_round_trip("[2001:DB8::7]:80", "[2001:db8::7]:80");
	check_round_trip("[::1]:80", "[::1]:80");
	check_round_trip("[::ffff:192.0.2.7]:80", "[::ffff:192.0.2.7]:80");
}

static void check_refused(const char *text, const char *why)
{
	err = (struct error)ERROR_INIT;
	assert_null(round_trip(text));
	if (!strstr(err.message, why))
		fail_msg("'%s': %s", text, err.message);
	assert_true(*err.hint);
}

static void all_else_is_refused_with_a_hint(void **state)
{
	static const char *const bad[][2] = {
		{ "", "no host and port" },
		{ "model.example", "no host and port" },
		{ ":80", "no host and port" },
		{ "[::1]", "no host and port" },
		{ "[::1]80", "no host and port" },
		{ "[::1:80", "no host and port" },
		{ "host:", "port is no number" },
		{ "host:0", "port is no number" },
		{ "host:080", "port is no number" },
		{ "host:65536", "port is no number" },
		{ "host:100000", "port is no number" },
		{ "host:+80", "port is no number" },
		{ "host:http", "port is no number" },
		{ "host:80 ", "port is no number" },
		{ "::1:80", "neither a name" },
		{ " host:80", "neither a name" },
		{ "http://host:80", "neither a name" },
		{ "host.:80", "neither a name" },
		{ "a..b:80", "neither a name" },
		{ "-a:80", "neither a name" },
		{ "a-.b:80", "neither a name" },
		{ "h\xc3\xb6st:80", "neither a name" },
		{ "host\n127.0.0.1:80", "neither a name" },
		{ "*.example:80", "neither a name" },
		/* What a resolver takes for addresses. */
		{ "1:80", "neither a name" },
		{ "127.1:80", "neither a name" },
		{ "0x7f000001:80", "neither a name" },
		{ "host.0x1:80", "neither a name" },
		{ "256.1.1.1:80", "neither a name" },
		{ "[host]:80", "no IPv6 address" },
		{ "[127.0.0.1]:80", "no IPv6 address" },
		{ "[fe80::1%eth0]:80", "no IPv6 address" },
		{ "[]:80", "no IPv6 address" },
		{ "0.0.0.0:80", "no host can be reached" },
		{ "169.254.1.1:80", "no host can be reached" },
		{ "224.0.0.1:80", "no host can be reached" },
		{ "255.255.255.255:80", "no host can be reached" },
		{ "[::]:80", "no host can be reached" },
		{ "[::ffff:0.0.0.0]:80", "no host can be reached" },
		{ "[fe80::1]:80", "no host can be reached" },
		{ "[ff02::1]:80", "no host can be reached" },
		{ "*", "whole network" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		check_refused(bad[i][0], bad[i][1]);
}

static void a_name_has_a_length(void **state)
{
	char label[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
	CLEANUP_FREE char *longest = xstrfmt("%s.%s.%s.%.61s:80", label, label, label, label);
	CLEANUP_FREE char *longer = xstrfmt("%s.%s.%s.%.62s:80", label, label, label, label);
	CLEANUP_FREE char *wide = xstrfmt("%sa:80", label);

	(void)state;
	assert_int_equal(strlen(label), 63);
	check_round_trip(longest, longest);
	check_refused(longer, "neither a name");
	check_refused(wide, "neither a name");
}

static void a_star_opens_where_it_may(void **state)
{
	CLEANUP_NETWORK_ALLOW struct network_allow allow = { 0 };

	(void)state;
	assert_int_equal(network_allow_parse(&allow, "*", true, &err), 0);
	assert_true(allow.open);
	assert_int_equal(allow.nr, 0);
}

static void a_name_waits_for_its_address(void **state)
{
	CLEANUP_NETWORK_ALLOW struct network_allow allow = { 0 };
	static const uint8_t v4[16] = { [10] = 0xff, [11] = 0xff, 192, 0, 2, 7 };

	(void)state;
	assert_int_equal(network_allow_parse(&allow, "h:1", false, &err), 0);
	assert_int_equal(network_allow_parse(&allow, "192.0.2.7:443", false, &err), 0);
	assert_int_equal(network_allow_parse(&allow, "[::ffff:192.0.2.7]:1", false, &err), 0);
	assert_false(allow.items[0].resolved);
	assert_true(allow.items[1].resolved);
	assert_int_equal(allow.items[1].port, 443);
	assert_memory_equal(allow.items[1].ip, v4, 16);
	assert_memory_equal(allow.items[2].ip, v4, 16);
	assert_true(network_ip_is_v4(v4));
	assert_false(network_ip_is_loopback(v4));
}

static void there_is_a_cap(void **state)
{
	CLEANUP_NETWORK_ALLOW struct network_allow allow = { 0 };
	static const uint8_t ip[16] = { 0x20, 1 };

	(void)state;
	for (uint16_t i = 1; i <= NETWORK_ADDRESSES_MAX; i++)
		assert_true(network_allow_add(&allow, "h", ip, i));
	assert_true(network_allow_add(&allow, "h", ip, 1)); /* it is there */
	assert_int_equal(allow.nr, NETWORK_ADDRESSES_MAX);
	assert_false(network_allow_add(&allow, "other", ip, 1));
	assert_int_equal(network_allow_parse(&allow, "h:99", false, &err), -1);
	assert_non_null(strstr(err.message, "more than 32"));
}

static void names_stand_in_hosts_once(void **state)
{
	CLEANUP_NETWORK_ALLOW struct network_allow allow = { 0 };
	CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;
	static const uint8_t v4[4] = { 192, 0, 2, 7 },
			     v6[16] = { 0x20, 1, 0x0d, 0xb8, [15] = 7 };
	uint8_t ip[16];

	(void)state;
	network_ip_of_v4(v4, ip);
	network_allow_add(&allow, "model.example", ip, 80);
	network_allow_add(&allow, "model.example", v6, 80);
	network_allow_add(&allow, "model.example", ip, 443);
	network_allow_add(&allow, "other.example", ip, 80);
	network_allow_add(&allow, "192.0.2.7", ip, 8080);
	network_allow_add(&allow, "2001:db8::7", v6, 8080);
	network_allow_add(&allow, "localhost", ip, 1);
	network_format_hosts(&allow, &out);
	assert_string_equal(out.buf, "127.0.0.1\tlocalhost\n"
				     "::1\tlocalhost\n"
				     "192.0.2.7\tmodel.example\n"
				     "2001:db8::7\tmodel.example\n"
				     "192.0.2.7\tother.example\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_addresses_are_read),
		cmocka_unit_test(all_else_is_refused_with_a_hint),
		cmocka_unit_test(a_name_has_a_length),
		cmocka_unit_test(a_star_opens_where_it_may),
		cmocka_unit_test(a_name_waits_for_its_address),
		cmocka_unit_test(there_is_a_cap),
		cmocka_unit_test(names_stand_in_hosts_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
