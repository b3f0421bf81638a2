#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/number.h"

#define SOME_DOUBLE -12345.0

static void assert_double(const char *text, double expected)
{
	double value = SOME_DOUBLE;

	assert_int_equal(number_parse_double(text, &value), 0);
	if (value != expected)
		fail_msg("%s read as %.17g", text, value);
}

static void doubles(void **state)
{
	(void)state;
	assert_double("0", 0);
	assert_double("-2.5", -2.5);
	assert_double("+2.5", 2.5);
	assert_double(".5", 0.5);
	assert_double("5.", 5);
	assert_double("1e3", 1000);
	assert_double("1.5E-3", 0.0015);
	assert_double("007", 7);
	assert_double("1e-999", 0); /* too small to hold is 0, which is finite */
	assert_double("1.7976931348623157e308", DBL_MAX);
}

static void refused_doubles(void **state)
{
	static const char *const texts[] = {
		"",    "-",	".",   "+.",  "e5",  "1e",    "1e+",
		" 1",  "1 ",	"1\n", "1,5", "0x1", "inf",   "1e999",
		"nan", "1.2.3", "--1", "- 1", "1f",  "1_000", "٣",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		double value = SOME_DOUBLE;

		if (!number_parse_double(texts[i], &value))
			fail_msg("'%s' was read as a number", texts[i]);
		assert_true(value == SOME_DOUBLE);
	}
}

static void not_finite(void **state)
{
	(void)state;
	assert_true(number_is_not_finite("nan"));
	assert_true(number_is_not_finite("-NaN"));
	assert_true(number_is_not_finite("inf"));
	assert_true(number_is_not_finite("-Infinity"));
	assert_true(number_is_not_finite("1e999"));
	assert_false(number_is_not_finite("1"));
	assert_false(number_is_not_finite(""));
	assert_false(number_is_not_finite("infinite"));
	assert_false(number_is_not_finite("nano"));
	assert_false(number_is_not_finite(" nan"));
}

static void assert_count(const char *text, int64_t expected)
{
	int64_t value = -7;

	assert_int_equal(number_parse_count(text, &value), expected < 0 ? -1 : 0);
	assert_int_equal(value, expected < 0 ? -7 : expected);
}

static void counts(void **state)
{
	(void)state;
	assert_count("0", 0);
	assert_count("100", 100);
	assert_count("2k", 2000);
	assert_count("2M", 2000000);
	assert_count("3G", 3000000000);
	assert_count("9223372036854775807", INT64_MAX);
	assert_count("9223372036854775808", -1);
	assert_count("9223372036854776k", -1);
	assert_count("1T", -1);
	assert_count("k", -1);
	assert_count("", -1);
	assert_count("-1", -1);
	assert_count("+1", -1);
	assert_count("1.5k", -1);
	assert_count("1kk", -1);
	assert_count("1 k", -1);
}

static void bytes(void **state)
{
	int64_t value = -7;

	(void)state;
	assert_int_equal(number_parse_bytes("10M", &value), 0);
	assert_int_equal(value, 10 << 20);
	assert_int_equal(number_parse_bytes("4g", &value), 0);
	assert_int_equal(value, 4LL << 30);
	assert_int_equal(number_parse_bytes("2T", &value), 0);
	assert_int_equal(value, 2LL << 40);
	assert_int_equal(number_parse_bytes("17", &value), 0);
	assert_int_equal(value, 17);
	assert_int_equal(number_parse_bytes("8388608T", &value), -1); /* 2^63 */
	assert_int_equal(number_parse_bytes("4GB", &value), -1);
	assert_int_equal(value, 17);
}

static void assert_duration(const char *text, double expected)
{
	double value = -7;

	assert_int_equal(number_parse_duration(text, &value), expected < 0 ? -1 : 0);
	assert_true(value == (expected < 0 ? -7 : expected));
}

static void durations(void **state)
{
	(void)state;
	assert_duration("90", 90);
	assert_duration("90s", 90);
	assert_duration("10m", 600);
	assert_duration("1.5h", 5400);
	assert_duration("2d", 172800);
	assert_duration("250ms", 0.25);
	assert_duration("0", 0);
	assert_duration("1e9s", 1e9);
	assert_duration("1.1e9s", -1);
	assert_duration("1e400", -1);
	assert_duration("-1s", -1);
	assert_duration("10 m", -1);
	assert_duration("10M", -1);
	assert_duration("1h30m", -1);
	assert_duration("m", -1);
	assert_duration("", -1);
}

static void assert_number_text(double value, const char *expected)
{
	CLEANUP_STRBUF struct strbuf sb = STRBUF_INIT;

	strbuf_add_number(&sb, value);
	assert_string_equal(sb.buf, expected);
}

static void number_text(void **state)
{
	(void)state;
	assert_number_text(2.0312, "2.0312");
	assert_number_text(3, "3");
	assert_number_text(-100, "-100");
	assert_number_text(1500000, "1500000");
	assert_number_text(0.1, "0.1");
	assert_number_text(0.1 + 0.2, "0.30000000000000004");
	assert_number_text(-0.0, "-0");
	assert_number_text(-3, "-3");
	assert_number_text(999999999999999, "999999999999999");
	assert_number_text(1e-5, "1e-05");
	assert_number_text(1e20, "1e+20");
	assert_number_text(5e-324, "5e-324");
	assert_number_text(1.0 / 3, "0.3333333333333333");
}

/* What is written reads back as the same double, whatever its bits. */
static void number_round_trip(void **state)
{
	uint64_t bits = 88172645463325252ULL;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		CLEANUP_STRBUF struct strbuf sb = STRBUF_INIT;
		double value, again;

		bits ^= bits << 13;
		bits ^= bits >> 7;
		bits ^= bits << 17;
		memcpy(&value, &bits, sizeof(value));
		if (!isfinite(value))
			continue;
		strbuf_add_number(&sb, value);
		assert_int_equal(number_parse_double(sb.buf, &again), 0);
		assert_memory_equal(&again, &value, sizeof(value));
	}
}

static void assert_bytes_text(int64_t value, const char *expected)
{
	CLEANUP_STRBUF struct strbuf sb = STRBUF_INIT;

	strbuf_add_bytes(&sb, value);
	assert_string_equal(sb.buf, expected);
}

static void bytes_text(void **state)
{
	(void)state;
	assert_bytes_text(0, "0");
	assert_bytes_text(17, "17");
	assert_bytes_text(1023, "1023");
	assert_bytes_text(1024, "1k");
	assert_bytes_text(830 * 1024, "830k");
	assert_bytes_text(512LL << 20, "512M");
	assert_bytes_text(3LL << 29, "1.5G");
	assert_bytes_text((1LL << 20) - 1, "1M");
	assert_bytes_text(INT64_MAX, "8E");
}

static void assert_duration_text(double seconds, const char *expected)
{
	CLEANUP_STRBUF struct strbuf sb = STRBUF_INIT;

	strbuf_add_duration(&sb, seconds);
	assert_string_equal(sb.buf, expected);
}

static void duration_text(void **state)
{
	(void)state;
	assert_duration_text(0.42, "0.42s");
	assert_duration_text(9.999, "10.0s");
	assert_duration_text(12.41, "12.4s");
	assert_duration_text(59.99, "1m00s");
	assert_duration_text(185, "3m05s");
	assert_duration_text(3599.9, "1h00m");
	assert_duration_text(7620, "2h07m");
	assert_duration_text(100 * 3600, "100h00m");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(doubles),     cmocka_unit_test(refused_doubles),
		cmocka_unit_test(not_finite),  cmocka_unit_test(counts),
		cmocka_unit_test(bytes),       cmocka_unit_test(durations),
		cmocka_unit_test(number_text), cmocka_unit_test(number_round_trip),
		cmocka_unit_test(bytes_text),  cmocka_unit_test(duration_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
