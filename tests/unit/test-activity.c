#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "model/activity.h"

static const struct activity example = { .busy = true,
					 .experiment = 1234567890123,
					 .phase = PHASE_EVALUATE,
					 .trial = 17,
					 .began = 123456.789,
					 .timeout = 600 };

static void a_line_is_read_as_it_was_written(void **state)
{
	CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;
	struct activity got = { 0 };

	(void)state;
	activity_write(&example, &line);
	assert_int_equal(line.len, ACTIVITY_LINE);
	assert_int_equal(activity_parse(line.buf, &got), 0);
	assert_true(got.busy);
	assert_int_equal(got.experiment, example.experiment);
	assert_int_equal(got.phase, example.phase);
	assert_int_equal(got.trial, example.trial);
	assert_float_equal(got.began, example.began, 0.001);
	assert_float_equal(got.timeout, example.timeout, 0.001);
}

static void a_free_lane_is_a_line_as_well(void **state)
{
	CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;
	const struct activity none = { 0 };
	struct activity got = example;

	(void)state;
	activity_write(&none, &line);
	assert_int_equal(line.len, ACTIVITY_LINE);
	assert_int_equal(activity_parse(line.buf, &got), 0);
	assert_memory_equal(&got, &none, sizeof(none));
}

/* Whoever reads while it is written over sees the old line, the new one, or nothing. */
static void what_is_not_whole_is_refused(void **state)
{
	static const char *const texts[] = {
		"run 1 0 1.000 2.000",	"walk 1 0 1.000 2.000",
		"run -1 0 1.000 2.000", "run 1 0 nan 2.000",
		"run 1 0 1.000 1e300",	"run 1 0 1.000 2.000 x",
		"run 1 0 1.000",	"run 1 0 inf inf",
		"\33[31m 1 0 1 2",	"run 99999999999999999999 0 1 2",
	};
	struct activity got;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		char line[ACTIVITY_LINE];

		memset(line, ' ', sizeof(line));
		memcpy(line, texts[i], strlen(texts[i]));
		memcpy(line + ACTIVITY_LINE - 2, ".\n", 2);
		assert_int_equal(activity_parse(line, &got), i ? -1 : 0);
		line[ACTIVITY_LINE - 2] = ' ';
		assert_int_equal(activity_parse(line, &got), -1);
	}
}

static void those_that_are_busy_are_counted(void **state)
{
	struct activities all = { 0 };

	(void)state;
	assert_int_equal(activities_busy(&all), 0);
	all.lanes[0].busy = all.lanes[ACTIVITY_LANES - 1].busy = true;
	assert_int_equal(activities_busy(&all), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_read_as_it_was_written),
		cmocka_unit_test(a_free_lane_is_a_line_as_well),
		cmocka_unit_test(what_is_not_whole_is_refused),
		cmocka_unit_test(those_that_are_busy_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
