#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "base/random.h"
#include "model/bandit.h"

static void a_verdict_says_who_did_well(void **state)
{
	bool won;

	(void)state;
	assert_true(bandit_counts(VERDICT_ACCEPTED, &won) && won);
	assert_true(bandit_counts(VERDICT_REJECTED, &won) && !won);
	assert_true(bandit_counts(VERDICT_INDECISIVE, &won) && !won);
	assert_true(bandit_counts(VERDICT_INVALID, &won) && !won);
	assert_true(bandit_counts(VERDICT_DUPLICATE, &won) && !won);
	assert_false(bandit_counts(VERDICT_SKIPPED, &won));
	assert_false(bandit_counts(VERDICT_NONE, &won));
}

static void a_score_is_what_is_believed(void **state)
{
	struct bandit b = { .nr = 2 };

	(void)state;
	assert_true(bandit_score(&b, 0) == 0.5);
	bandit_observe(&b, 0, true);
	assert_true(fabs(bandit_score(&b, 0) - 2.0 / 3) < 1e-12);
	assert_true(bandit_score(&b, 1) == 0.5);
	for (int i = 0; i < 20; i++)
		bandit_observe(&b, 1, false);
	assert_true(bandit_score(&b, 1) < 0.06);
	/* What was long ago counts for less, whoever has been asked since. */
	assert_true(b.arms[0].won < 0.7);
	for (int i = 0; i < 500; i++)
		bandit_observe(&b, 1, false);
	assert_true(fabs(bandit_score(&b, 0) - 0.5) < 1e-3);
	assert_true(b.arms[1].lost < 50);
}

static void a_deal_follows_from_seed_and_round(void **state)
{
	struct bandit b = { .nr = 3 };
	size_t counts[3], again[3], differ = 0;

	(void)state;
	for (uint64_t round = 1; round <= 50; round++) {
		bandit_deal(&b, 9, round, 4, counts);
		bandit_deal(&b, 9, round, 4, again);
		assert_memory_equal(counts, again, sizeof(counts));
		assert_int_equal(counts[0] + counts[1] + counts[2], 4);
		bandit_deal(&b, 10, round, 4, again);
		differ += !!memcmp(counts, again, sizeof(counts));
	}
	assert_true(differ > 25);
}

/* Of 3,000 places among three of whom nothing is known, a third each. */
static void unknown_ones_share_alike(void **state)
{
	struct bandit b = { .nr = 3 };
	size_t counts[3];

	(void)state;
	bandit_deal(&b, 1, 1, 3000, counts);
	for (size_t i = 0; i < 3; i++)
		assert_in_range(counts[i], 920, 1080);
}

/*
 * What a place is dealt by: the chance that this one is the better. Of Beta(4, 2) and
 * Beta(1, 1) the first is larger with chance 4/6, its mean.
 */
static void a_place_is_dealt_by_the_chance_to_be_best(void **state)
{
	struct bandit b = { .arms = { { 3, 1 }, { 0, 0 } }, .nr = 2 };
	size_t counts[2];

	(void)state;
	bandit_deal(&b, 1, 1, 10000, counts);
	/* 3 standard deviations are 141. */
	assert_in_range(counts[0], 6667 - 141, 6667 + 141);
}

/* Rounds of four, in which proposers win by their chances; returns the last one's places. */
static size_t play(struct bandit *b, const double *chances, int rounds, uint64_t *state)
{
	size_t counts[BANDIT_ARMS_MAX], last = 0;

	for (int round = 0; round < rounds; round++) {
		bandit_deal(b, 77, random_next(state), 4, counts);
		for (size_t arm = 0; arm < b->nr; arm++)
			for (size_t i = 0; i < counts[arm]; i++)
				bandit_observe(b, arm, random_uniform(state) < chances[arm]);
		last += counts[b->nr - 1];
	}
	return last;
}

static void the_better_one_is_asked_more_and_no_one_is_forgotten(void **state)
{
	static const double chances[] = { 0.02, 0.05, 0.3 };
	static const double turned[] = { 0.3, 0.05, 0.02 };
	struct bandit b = { .nr = 3 };
	uint64_t seed = 4;
	size_t last;

	(void)state;
	last = play(&b, chances, 100, &seed);
	print_message("of 400 places the best of three got %zu\n", last);
	assert_in_range(last, 240, 392);
	assert_true(bandit_score(&b, 2) > bandit_score(&b, 0));
	/* Its vein is exhausted, and another one's turn has come. */
	play(&b, turned, 30, &seed);
	last = play(&b, turned, 100, &seed);
	print_message("and when it had become the worst, %zu\n", last);
	assert_in_range(last, 4, 110);
	assert_true(bandit_score(&b, 0) > bandit_score(&b, 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_verdict_says_who_did_well),
		cmocka_unit_test(a_score_is_what_is_believed),
		cmocka_unit_test(a_deal_follows_from_seed_and_round),
		cmocka_unit_test(unknown_ones_share_alike),
		cmocka_unit_test(a_place_is_dealt_by_the_chance_to_be_best),
		cmocka_unit_test(the_better_one_is_asked_more_and_no_one_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
