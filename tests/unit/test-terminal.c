#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <unistd.h>

#include "report/terminal.h"

static void test_when(void **state)
{
	struct error err = ERROR_INIT;
	enum color_when when;

	(void)state;
	assert_int_equal(color_parse(NULL, &when, &err), 0);
	assert_int_equal(when, COLOR_ALWAYS);
	assert_int_equal(color_parse("Auto", &when, &err), 0);
	assert_int_equal(when, COLOR_AUTO);
	assert_int_equal(color_parse("true", &when, &err), 0);
	assert_int_equal(when, COLOR_AUTO);
	assert_int_equal(color_parse("never", &when, &err), 0);
	assert_int_equal(when, COLOR_NEVER);
	assert_int_equal(color_parse("", &when, &err), -1);
	assert_int_equal(err.status, EXIT_USAGE);
}

/* Where stdout is no terminal, only what asks for colours whatever comes of it gets them. */
static void test_wanted(void **state)
{
	int ends[2], saved = dup(STDOUT_FILENO);
	bool always, automatic, never;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	unsetenv("GIT_PAGER_IN_USE");
	dup2(ends[1], STDOUT_FILENO);
	always = color_wanted(STDOUT_FILENO, COLOR_ALWAYS);
	automatic = color_wanted(STDOUT_FILENO, COLOR_AUTO);
	never = color_wanted(STDOUT_FILENO, COLOR_NEVER);
	dup2(saved, STDOUT_FILENO);
	assert_true(always);
	assert_false(automatic);
	assert_false(never);
	close(ends[0]);
	close(ends[1]);
	close(saved);
}

static void test_paint(void **state)
{
	(void)state;
	assert_string_equal(paint(false, PAINT_ALARM), "");
	for (enum paint p = 0; p < PAINT_NR; p++)
		assert_int_equal(paint(true, p)[0], '\033');
	for (enum verdict_kind v = VERDICT_ACCEPTED; v < VERDICT_NR; v++)
		assert_int_not_equal(verdict_paint(v), PAINT_NONE);
}

static void test_width(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	unsetenv("COLUMNS");
	assert_int_equal(terminal_width(ends[1]), 80);
	setenv("COLUMNS", "132", 1);
	assert_int_equal(terminal_width(ends[1]), 132);
	setenv("COLUMNS", "wide", 1);
	assert_int_equal(terminal_width(ends[1]), 80);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_when),
		cmocka_unit_test(test_wanted),
		cmocka_unit_test(test_paint),
		cmocka_unit_test(test_width),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
