#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "report/date.h"

#define DAY 86400

static void check(time_t date, char letter, time_t now, const char *expected)
{
	CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;

	date_write(date, letter, now, &out);
	assert_string_equal(out.buf, expected);
}

static void test_parse(void **state)
{
	time_t date;

	(void)state;
	assert_true(date_parse("2026-11-02T15:10:39Z", &date));
	assert_int_equal(date, 1793632239);
	assert_false(date_parse("yesterday", &date));
	assert_false(date_parse("", &date));
}

/* As `git log` prints these dates; TZ is a zone with a half hour in it. */
static void test_formats(void **state)
{
	(void)state;
	check(1793632239, 'd', 0, "Mon Nov 2 20:40:39 2026 +0530");
	check(1793632239, 'i', 0, "2026-11-02 20:40:39 +0530");
	check(1793632239, 'I', 0, "2026-11-02T20:40:39+05:30");
	check(1793632239, 's', 0, "2026-11-02");
	check(1793632239, 't', 0, "1793632239");
}

static void test_relative(void **state)
{
	(void)state;
	check(100, 'r', 100, "0 seconds ago");
	check(100, 'r', 101, "1 second ago");
	check(100, 'r', 99, "in the future");
	check(0, 'r', 89 * 60, "89 minutes ago");
	check(0, 'r', 2 * 3600, "2 hours ago");
	check(0, 'r', 13 * DAY, "13 days ago");
	check(0, 'r', 21 * DAY, "3 weeks ago");
	check(0, 'r', 365 * DAY, "12 months ago");
	check(0, 'r', (time_t)5 * 365 * DAY, "5 years ago");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_formats),
		cmocka_unit_test(test_relative),
	};

	setenv("TZ", "IST-5:30", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
