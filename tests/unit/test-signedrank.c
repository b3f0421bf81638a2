#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>

#include "base/cleanup.h"
#include "base/random.h"
#include "model/signedrank.h"

static void assert_near(double a, double b)
{
	if (!(fabs(a - b) < 1e-9))
		fail_msg("%.12g is not %.12g", a, b);
}

/* Depression before and after a tranquilizer: the example of Hollander and Wolfe,
 * Nonparametric Statistical Methods, chapter 3; also that of R's wilcox.test. */
static const double depression[] = {
	0.952, -0.147, 1.022, 0.43, 0.62, 0.59, 0.49, -0.08, 0.01
};

static void it_gives_what_the_textbook_gives(void **state)
{
	struct effect e;

	(void)state;
	signed_rank(depression, ARRAY_SIZE(depression), 0.95, &e);
	assert_true(e.bounded);
	assert_near(e.value, 0.46);
	assert_near(e.low, 0.01);
	assert_near(e.high, 0.786);
	/* V = 40, p = 0.01953 on one side: 10 of 512 ways. */
	assert_near(e.confidence, 1 - 2 * 10.0 / 512);
}

/* Over all signs that `nr` different sizes can have, at 0.95: how often the interval lies
 * above 0, and whether it does exactly where the confidence says so. */
static int ways_to_lie_above_0(size_t nr)
{
	int above = 0;

	for (int signs = 0; signs < 1 << nr; signs++) {
		double differences[16];
		struct effect e;

		for (size_t i = 0; i < nr; i++)
			differences[i] = (signs >> i & 1 ? 1 : -1) * ((double)i + 1.3);
		signed_rank(differences, nr, 0.95, &e);
		assert_int_equal(e.low > 0, e.confidence >= 0.95);
		assert_true(e.low <= e.value && e.value <= e.high);
		above += e.low > 0;
	}
	return above;
}

/* The tables of the signed-rank test: 2.5 % a side. */
static void a_fair_coin_is_told_from_0_as_often_as_the_tables_say(void **state)
{
	(void)state;
	assert_int_equal(ways_to_lie_above_0(5), 0);
	assert_int_equal(ways_to_lie_above_0(6), 1);   /* T = 0: 1 of 64 */
	assert_int_equal(ways_to_lie_above_0(7), 3);   /* T = 2: 3 of 128 */
	assert_int_equal(ways_to_lie_above_0(8), 5);   /* T = 3: 5 of 256 */
	assert_int_equal(ways_to_lie_above_0(10), 25); /* T = 8: 25 of 1024 */
}

static void too_few_have_no_interval(void **state)
{
	static const double five[] = { 1, 2, 3, 4, 5 };
	struct effect e;

	(void)state;
	signed_rank(five, 5, 0.95, &e);
	assert_false(e.bounded);
	assert_true(isinf(e.low) && e.low < 0 && isinf(e.high) && e.high > 0);
	assert_near(e.value, 3);
	assert_near(e.confidence, 1 - 2.0 / 32);
	signed_rank(five, 5, 0.9, &e);
	assert_true(e.bounded);
	assert_near(e.low, 1);
	assert_near(e.high, 5);
	signed_rank(five, 1, 0.95, &e);
	assert_near(e.value, 1);
	assert_near(e.confidence, 0);
}

static void the_fewest_are_those_of_which_all_must_agree(void **state)
{
	(void)state;
	assert_int_equal(signed_rank_least(0.5), 2);
	assert_int_equal(signed_rank_least(0.9), 5);
	assert_int_equal(signed_rank_least(0.95), 6);
	assert_int_equal(signed_rank_least(0.99), 8);
	assert_int_equal(signed_rank_least(0.999), 11);
}

/* Half of the differences are 0: of 10, five wins are not enough where they are no majority
 * of what was measured. */
static void zeros_and_ties_count_for_nobody(void **state)
{
	static const double zeros[10] = { 0 };
	static const double half[10] = { 1, 1, 1, 1, 1 };
	static const double same[10] = { 2, 2, 2, 2, 2, 2, 2, 2, 2, 2 };
	struct effect e;

	(void)state;
	signed_rank(zeros, 10, 0.95, &e);
	assert_near(e.value, 0);
	assert_near(e.low, 0);
	assert_near(e.high, 0);
	assert_near(e.confidence, 0);
	signed_rank(half, 10, 0.95, &e);
	assert_near(e.low, 0);
	assert_near(e.value, 0.5);
	signed_rank(same, 10, 0.95, &e);
	assert_near(e.low, 2);
	assert_near(e.high, 2);
	assert_near(e.confidence, 1 - 2.0 / 1024);
}

static void one_wild_value_moves_the_estimate_by_little(void **state)
{
	double values[] = { 10, 11, 12, 13, 14, 15, 16 };

	(void)state;
	assert_near(hodges_lehmann(values, 7), 13);
	values[6] = 1e300;
	assert_true(hodges_lehmann(values, 7) < 15);
	assert_near(hodges_lehmann(values, 1), 10);
	assert_near(hodges_lehmann(values, 2), 10.5);
}

static void the_most_differences_are_counted_as_well(void **state)
{
	static double differences[SIGNED_RANK_MAX];
	uint64_t seed = 7;
	struct effect e;

	(void)state;
	for (size_t i = 0; i < SIGNED_RANK_MAX; i++)
		differences[i] = 0.5 + random_normal(&seed);
	signed_rank(differences, SIGNED_RANK_MAX, 0.95, &e);
	assert_true(e.bounded);
	/* A t-interval is 2 * 1.96 / sqrt(300) wide, this one by 1/sqrt(0.955) more. */
	assert_true(fabs(e.high - e.low - 0.2316) < 0.03);
	assert_true(e.low < 0.5 && 0.5 < e.high);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_gives_what_the_textbook_gives),
		cmocka_unit_test(a_fair_coin_is_told_from_0_as_often_as_the_tables_say),
		cmocka_unit_test(too_few_have_no_interval),
		cmocka_unit_test(the_fewest_are_those_of_which_all_must_agree),
		cmocka_unit_test(zeros_and_ties_count_for_nobody),
		cmocka_unit_test(one_wild_value_moves_the_estimate_by_little),
		cmocka_unit_test(the_most_differences_are_counted_as_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
