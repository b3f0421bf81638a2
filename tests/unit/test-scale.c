#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "report/scale.h"

/* The labels of all ticks. */
static void assert_ticks(double low, double high, int wanted, bool whole, const char *expected)
{
	CLEANUP_STRBUF struct strbuf labels = STRBUF_INIT;
	struct scale scale;

	scale_ticks(low, high, wanted, whole, &scale);
	for (int i = 0; i < scale.nr; i++) {
		strbuf_addstr(&labels, i ? " " : "");
		scale_label(&scale, i, &labels);
	}
	assert_string_equal(labels.buf, expected);
}

static void ticks_are_round(void **state)
{
	(void)state;
	assert_ticks(0, 100, 5, true, "0 20 40 60 80 100");
	assert_ticks(0, 5000, 5, true, "0 1000 2000 3000 4000 5000");
	assert_ticks(2.03, 2.11, 4, false, "2.02 2.04 2.06 2.08 2.10 2.12");
	assert_ticks(-0.5, 0.5, 4, false, "-0.5 0.0 0.5");
	assert_ticks(-3, -1, 4, false, "-3.0 -2.5 -2.0 -1.5 -1.0");
}

static void experiments_are_whole(void **state)
{
	(void)state;
	assert_ticks(0, 3, 8, true, "0 1 2 3");
	assert_ticks(0, 1, 8, true, "0 1");
}

static void very_large_and_very_small(void **state)
{
	(void)state;
	assert_ticks(0, 2e9, 4, false, "0 5e+08 1e+09 1.5e+09 2e+09");
	assert_ticks(1e-12, 3e-12, 2, false, "1e-12 2e-12 3e-12");
}

/* Whatever it is asked for there are a few ticks, and low to high lies in them. */
static void no_range_is_too_much(void **state)
{
	static const double ranges[][2] = {
		{ -1.7e308, 1.7e308 }, { 0, 5e-324 }, { 1, 1 + 1e-15 },
		{ 1e300, 1.0001e300 }, { 0, 0 },      { -1e-300, 1e300 }
	};

	(void)state;
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		struct scale scale;

		scale_ticks(ranges[i][0], ranges[i][1], 8, false, &scale);
		assert_true(scale.nr >= 1 && scale.nr <= 20);
		assert_true(isfinite(scale.step) && scale.step > 0);
	}
}

static void assert_cover(const double *line, size_t line_nr, const double *dots, size_t dots_nr,
			 bool lower, double low, double high)
{
	double line_copy[100], copy[100], got_low, got_high;

	if (line_nr)
		memcpy(line_copy, line, line_nr * sizeof(*line));
	if (dots_nr)
		memcpy(copy, dots, dots_nr * sizeof(*dots));
	scale_cover(line_copy, line_nr, copy, dots_nr, lower, &got_low, &got_high);
	assert_float_equal(got_low, low, 1e-9);
	assert_float_equal(got_high, high, 1e-9);
}

static void all_is_covered_where_nothing_is_far(void **state)
{
	const double line[] = { 2.1, 2.0 }, dots[] = { 2.3, 2.05, 2.2, 1.99 };

	(void)state;
	assert_cover(line, 2, dots, 4, true, 1.99, 2.3);
}

/* A run that diverged, and one that cheated. */
static void what_is_far_is_outside(void **state)
{
	const double line[] = { 2.1, 2.0 }, dots[] = { 2.02, 1e30, 2.04, -1e30, 2.06, 2.08 };
	const double up[] = { 0.5, 0.6 }, below[] = { 0.58, -1e9, 0.57, 1e9, 0.59 };

	(void)state;
	assert_cover(line, 2, dots, 6, true, 1.9, 2.4);
	assert_cover(up, 2, below, 5, false, 0.2, 0.7);
}

/* A baseline of another order, from which the first change led away; not one that stayed for long. */
static void where_it_began_may_be_outside(void **state)
{
	const double line[] = { 900, 2.5, 2.5, 2.5, 2.4, 2.4, 2.3, 2.3, 2.2, 2.2, 2.1, 2.0 };
	const double dots[] = { 2.6, 2.55, 2.45, 2.35, 2.3 };
	const double stayed[] = { 900, 900, 900, 900, 2.2, 2.1, 2.0 };

	(void)state;
	assert_cover(line, 12, dots, 5, true, 2.0, 2.6);
	assert_cover(stayed, 7, dots, 5, true, 2.0, 900);
}

static void there_may_be_little(void **state)
{
	const double one[] = { 3 };

	(void)state;
	assert_cover(one, 1, NULL, 0, true, 2.85, 3.15);
	assert_cover(NULL, 0, NULL, 0, true, -1, 1);
	assert_cover(NULL, 0, one, 1, true, 2.85, 3.15);
	assert_cover(one, 1, one, 1, false, 2.85, 3.15);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ticks_are_round),
		cmocka_unit_test(experiments_are_whole),
		cmocka_unit_test(very_large_and_very_small),
		cmocka_unit_test(no_range_is_too_much),
		cmocka_unit_test(all_is_covered_where_nothing_is_far),
		cmocka_unit_test(what_is_far_is_outside),
		cmocka_unit_test(where_it_began_may_be_outside),
		cmocka_unit_test(there_may_be_little),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
