#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "model/race.h"

static void the_largest_gain_is_taken(void **state)
{
	static const struct finisher three[] = { { 1, 2 }, { 3, 90 }, { 2, 1 } };

	(void)state;
	assert_int_equal(race_winner(three, 1, 0), 0);
	assert_int_equal(race_winner(three, 3, 0), 1);
	assert_int_equal(race_winner(three, 3, 0.5), 1);
}

static void of_equal_ones_the_smaller_diff(void **state)
{
	static const struct finisher equal[] = { { 3, 90 }, { 3, 7 }, { 3, 7 }, { 1, 1 } };

	(void)state;
	assert_int_equal(race_winner(equal, 4, 0), 1);
}

static void equal_is_what_differs_by_less_than_matters(void **state)
{
	static const struct finisher near[] = { { 3, 90 }, { 2.9, 7 }, { 2, 1 } };
	/* The second ties with the first, the third with the second only. */
	static const struct finisher chain[] = { { 3, 90 }, { 2.6, 80 }, { 2.2, 1 } };

	(void)state;
	assert_int_equal(race_winner(near, 3, 0), 0);
	assert_int_equal(race_winner(near, 3, 0.5), 1);
	assert_int_equal(race_winner(chain, 3, 0.5), 1);
	/* A difference of just what matters does matter. */
	assert_int_equal(race_winner(near, 3, 1), 1);
	assert_int_equal(race_winner(near, 3, 1.5), 2);
}

/* The order in which they came in decides only between equals in everything. */
static void the_order_does_not_matter(void **state)
{
	struct finisher f[] = { { 2.9, 7 }, { 3, 7 }, { 3, 90 }, { 2.8, 50 } };

	(void)state;
	for (size_t turn = 0; turn < ARRAY_SIZE(f); turn++) {
		struct finisher first = f[0], *winner;

		winner = &f[race_winner(f, ARRAY_SIZE(f), 0.5)];
		assert_true(winner->gain == 3 && winner->lines == 7);
		for (size_t i = 1; i < ARRAY_SIZE(f); i++)
			f[i - 1] = f[i];
		f[ARRAY_SIZE(f) - 1] = first;
	}
}

static void lines_are_those_that_a_patch_adds_and_removes(void **state)
{
	(void)state;
	assert_int_equal(race_lines(NULL), 0);
	assert_int_equal(race_lines("--- a/x\n+++ b/x\n@@ -1,2 +1,3 @@\n one\n-two\n+2\n+3\n"),
			 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_largest_gain_is_taken),
		cmocka_unit_test(of_equal_ones_the_smaller_diff),
		cmocka_unit_test(equal_is_what_differs_by_less_than_matters),
		cmocka_unit_test(the_order_does_not_matter),
		cmocka_unit_test(lines_are_those_that_a_patch_adds_and_removes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
