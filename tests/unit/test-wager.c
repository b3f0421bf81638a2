#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>

#include "base/random.h"
#include "model/wager.h"

#define PAIRS 12

/* What the bettors have after each of `nr` differences; returns the most they ever had. */
static double bet_on_all(const double *differences, size_t nr, double *ret_wealth)
{
	struct wager w;
	double most = 0;

	wager_init(&w, PAIRS, 20);
	for (size_t i = 1; i <= nr; i++) {
		wager_bet(&w, differences, i);
		most = fmax(most, wager_wealth(&w));
	}
	*ret_wealth = wager_wealth(&w);
	return most;
}

/*
 * All ways in which the signs of twelve sizes can fall, exactly: the mean wealth is 1, and
 * of all ways at most one in 20 ever has 20. Sizes in any order, some of them equal.
 */
static void a_fair_coin_makes_nobody_rich(void **state)
{
	static const double sizes[][PAIRS] = {
		{ 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 },
		{ 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1 },
		{ 5, 1e6, 0.1, 5, 2, 5, 1e-9, 40, 3, 3, 3, 7 },
	};
	int rich = 0, ways = 1 << PAIRS;

	(void)state;
	for (size_t row = 0; row < 3; row++, rich = 0) {
		double sum = 0;

		for (int signs = 0; signs < ways; signs++) {
			double differences[PAIRS], wealth;

			for (size_t i = 0; i < PAIRS; i++)
				differences[i] = (signs >> i & 1 ? 1 : -1) * sizes[row][i];
			rich += bet_on_all(differences, PAIRS, &wealth) >= 20;
			sum += wealth;
		}
		assert_true(fabs(sum / ways - 1) < 1e-9);
		assert_in_range(rich, 1, ways / 20);
	}
}

/* So whoever is worse than the incumbent is no likelier to look like a winner. */
static void worse_differences_never_make_more(void **state)
{
	uint64_t seed = 3;

	(void)state;
	for (int round = 0; round < 500; round++) {
		double differences[PAIRS], before, after;

		for (size_t i = 0; i < PAIRS; i++)
			differences[i] = 0.5 + random_normal(&seed);
		bet_on_all(differences, PAIRS, &before);
		for (int step = 0; step < 8; step++) {
			for (size_t i = 0; i < PAIRS; i++)
				differences[i] -= 0.3;
			bet_on_all(differences, PAIRS, &after);
			assert_true(after <= before);
			before = after;
		}
	}
}

static void a_zero_is_neither_won_nor_lost(void **state)
{
	static const double zeros[3] = { 0 };
	double wealth;

	(void)state;
	bet_on_all(zeros, 3, &wealth);
	assert_true(wealth == 1);
}

static void the_best_that_can_come_does_come(void **state)
{
	static const double growing[] = { 1, 2, 3, 4, 5, 6 };
	struct wager w;
	double best;

	(void)state;
	wager_init(&w, 100, 20);
	wager_bet(&w, growing, 1);
	best = wager_best(&w, 5);
	for (size_t i = 2; i <= 6; i++)
		wager_bet(&w, growing, i);
	assert_true(fabs(wager_wealth(&w) / best - 1) < 1e-12);
	assert_true(wager_best(&w, 0) == wager_wealth(&w));
}

/* The patient one shows with many pairs what the bold one is ruined by. */
static void a_long_search_stakes_less(void **state)
{
	struct wager brief, patient;

	(void)state;
	wager_init(&brief, 8, 20);
	wager_init(&patient, 200, 20);
	assert_true(brief.stakes[1] == brief.stakes[0]);
	assert_true(patient.stakes[1] < 0.3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fair_coin_makes_nobody_rich),
		cmocka_unit_test(worse_differences_never_make_more),
		cmocka_unit_test(a_zero_is_neither_won_nor_lost),
		cmocka_unit_test(the_best_that_can_come_does_come),
		cmocka_unit_test(a_long_search_stakes_less),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
