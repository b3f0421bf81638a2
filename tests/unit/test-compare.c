#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <float.h>
#include <string.h>

#include "base/cleanup.h"
#include "model/compare.h"

#define PAIRS_MAX 25

/*
 * A comparison at 0.95 with the fewest pairs, by the gains of its pairs over an incumbent of
 * 100; to minimize. In `story`, a letter a pair: W is won by 3, w by 1, L and l lost, 0 even.
 */
static void tell(const char *story, struct comparison *ret)
{
	static const char letters[] = "WwLl0";
	static const double gains[] = { 3, 1, -3, -1, 0 };
	struct comparison_plan plan = comparison_plan(5, 0.95);
	struct pair pairs[2 * PAIRS_MAX];
	size_t nr = strlen(story);

	for (size_t i = 0; i < nr; i++)
		pairs[i] =
			(struct pair){ 100 - gains[strchr(letters, story[i]) - letters], 100 };
	comparison_read(&plan, MINIMIZE, pairs, nr, ret);
}

static void assert_step(const char *story, enum comparison_step step, size_t wanted)
{
	struct comparison c;

	tell(story, &c);
	if (c.step != step || c.wanted != wanted)
		fail_msg("%s: step %d, %zu wanted", story, c.step, c.wanted);
}

static void a_plan_has_enough_pairs_to_show_something(void **state)
{
	struct comparison_plan plan;

	(void)state;
	plan = comparison_plan(5, 0.95);
	assert_int_equal(plan.confirm, 10);
	assert_int_equal(plan.search, 15);
	plan = comparison_plan(20, 0.95);
	assert_int_equal(plan.confirm, 20);
	assert_int_equal(plan.search, 30);
	plan = comparison_plan(5, 0.8);
	assert_int_equal(plan.confirm, 8);
	plan = comparison_plan(5, 0.999);
	assert_int_equal(plan.confirm, 15);
	plan = comparison_plan(1000000, 0.95);
	assert_int_equal(plan.confirm, COMPARISON_TRIALS_MAX);
	/* Whatever the config may ask for, there is a plan. */
	plan = comparison_plan(2, 1 - DBL_EPSILON);
	assert_true(plan.confirm < COMPARISON_TRIALS_MAX);
	plan = comparison_plan(2, DBL_MIN);
	assert_true(plan.confirm >= 2);
}

static void a_search_goes_on_until_it_is_plain(void **state)
{
	(void)state;
	assert_step("", COMPARISON_MORE, 1);
	assert_step("W", COMPARISON_MORE, 1);
	assert_step("WWWW", COMPARISON_MORE, 1);
	assert_step("WWWWW", COMPARISON_CONFIRM, 10);
	/* One pair alone is never enough to let a candidate go, two may be. */
	assert_step("L", COMPARISON_MORE, 1);
	assert_step("LL", COMPARISON_LOSER, 0);
	assert_step("wL", COMPARISON_MORE, 1);
	/* A small loss among large gains is forgiven. */
	assert_step("WWlWWWW", COMPARISON_MORE, 1);
	assert_step("WWlWWWWW", COMPARISON_CONFIRM, 10);
}

static void a_search_ends_where_winning_is_out_of_reach(void **state)
{
	(void)state;
	assert_step("000000000", COMPARISON_MORE, 1);
	assert_step("0000000000", COMPARISON_MORE, 1);
	assert_step("00000000000", COMPARISON_LOSER, 0);
	/* Neither rich nor poor, but 15 pairs are all there are. */
	assert_step("WlWLWlWLWl", COMPARISON_LOSER, 0);
}

static void a_confirmation_has_pairs_of_its_own(void **state)
{
	struct comparison c;

	(void)state;
	assert_step("WWWWWw", COMPARISON_CONFIRM, 9);
	assert_step("WWWWWwwwwwwwww", COMPARISON_CONFIRM, 1);
	assert_step("WWWWWwwwwwwwwww", COMPARISON_DONE, 0);

	tell("WWWWW", &c);
	assert_int_equal(c.searched, 5);
	assert_true(c.wealth >= 20);
	assert_true(c.gain.value == 3 && c.candidate == 97 && c.incumbent == 100);
	assert_false(c.gain.bounded);
	/* What the search found is not part of what is recorded. */
	tell("WWWWWwwwwwwwwww", &c);
	assert_int_equal(c.searched, 5);
	assert_true(c.gain.value == 1 && c.gain.low == 1 && c.gain.high == 1);
	assert_true(c.candidate == 99 && c.incumbent == 100);
}

/* Two slots may have measured a pair too many: it changes nothing. */
static void pairs_beyond_the_end_are_not_looked_at(void **state)
{
	struct comparison c;

	(void)state;
	tell("LLWWWWWWWWWWWWW", &c);
	assert_int_equal(c.step, COMPARISON_LOSER);
	assert_int_equal(c.searched, 2);
	assert_true(c.gain.value == -3);
	tell("WWWWWwwwwwwwwwwLLLLLLLLLLLLLLLLLLLL", &c);
	assert_int_equal(c.step, COMPARISON_DONE);
	assert_true(c.gain.value == 1);
}

static void a_metric_to_maximize_is_turned_round(void **state)
{
	struct comparison_plan plan = comparison_plan(2, 0.95);
	struct pair pairs[15];
	struct comparison c;

	(void)state;
	for (size_t i = 0; i < 15; i++)
		pairs[i] = (struct pair){ .candidate = 7, .incumbent = 5 };
	comparison_read(&plan, MAXIMIZE, pairs, 15, &c);
	assert_int_equal(c.step, COMPARISON_DONE);
	assert_true(c.gain.value == 2 && c.candidate == 7);
	comparison_read(&plan, MINIMIZE, pairs, 15, &c);
	assert_int_equal(c.step, COMPARISON_LOSER);
	assert_true(c.gain.value == -2);
}

/* The widest values that a metric can have are compared as well. */
static void the_largest_numbers_are_no_trouble(void **state)
{
	struct comparison_plan plan = comparison_plan(2, 0.95);
	struct pair pairs[15];
	struct comparison c;

	(void)state;
	for (size_t i = 0; i < 15; i++)
		pairs[i] = (struct pair){ .candidate = -DBL_MAX, .incumbent = DBL_MAX };
	comparison_read(&plan, MINIMIZE, pairs, 15, &c);
	assert_int_equal(c.step, COMPARISON_DONE);
	assert_true(c.gain.value == DBL_MAX);
}

static const struct threshold none, two_percent = { true, true, 0.02 };

static void assert_decided(const char *story, struct threshold min, struct threshold max,
			   enum verdict_kind kind, const char *reason)
{
	struct campaign_config config = {
		.direction = MINIMIZE,
		.min_effect = min,
		.max_effect = max,
	};
	CLEANUP_VERDICT struct verdict v = { 0 };
	struct metrics metrics = { 0 };
	struct comparison c;

	tell(story, &c);
	comparison_decide(&config, &c, &metrics, &v);
	if (v.kind != kind || (reason && strcmp(v.reason, reason)))
		fail_msg("%s: %s, %s", story, verdict_name(v.kind), v.reason);
	assert_int_equal(!reason, !v.reason);
}

static void the_confirmation_decides(void **state)
{
	(void)state;
	assert_decided("WWWWWwwwwwwwwww", none, none, VERDICT_ACCEPTED, NULL);
	assert_decided("WWWWWWwWwWwlWwW", none, none, VERDICT_ACCEPTED, NULL);
	/* The search alone does not. */
	assert_decided("WWWWWwlwWwwlwlW", none, none, VERDICT_INDECISIVE, "within-noise");
	assert_decided("WWWWWllllllllll", none, none, VERDICT_REJECTED, "no-improvement");
	assert_decided("LL", none, none, VERDICT_REJECTED, "no-improvement");
	assert_decided("00000000000", none, none, VERDICT_REJECTED, "no-improvement");
	assert_decided("WlWLWlWLWl", none, none, VERDICT_INDECISIVE, "within-noise");
}

static void the_gain_has_to_matter_and_to_be_plausible(void **state)
{
	(void)state;
	assert_decided("WWWWWwwwwwwwwww", two_percent, none, VERDICT_INDECISIVE,
		       "within-noise");
	assert_decided("WWWWWWWWWWWWWWW", two_percent, none, VERDICT_ACCEPTED, NULL);
	assert_decided("WWWWWWWWWWWWWWW", none, two_percent, VERDICT_INDECISIVE, "implausible");
	/* What the search found too much does not count against a candidate. */
	assert_decided("WWWWWwwwwwwwwww", none, two_percent, VERDICT_ACCEPTED, NULL);
}

static void a_constraint_goes_first(void **state)
{
	struct constraint memory = { .metric = (char *)"mb",
				     .max = { .set = true, .value = 10 } };
	struct campaign_config config = { .constraints = &memory, .constraints_nr = 1 };
	CLEANUP_VERDICT struct verdict v = { 0 };
	struct metrics metrics = { 0 };
	struct comparison c;

	(void)state;
	tell("WWWWWwwwwwwwwww", &c);
	metrics_set(&metrics, "mb", 11, true);
	comparison_decide(&config, &c, &metrics, &v);
	assert_int_equal(v.kind, VERDICT_REJECTED);
	assert_string_equal(v.reason, "constraint mb");
	metrics_set(&metrics, "mb", 10, true);
	comparison_decide(&config, &c, &metrics, &v);
	assert_int_equal(v.kind, VERDICT_ACCEPTED);
	metrics_release(&metrics);
}

static void who_is_first_is_drawn(void **state)
{
	int first = 0, changes = 0, differ = 0;

	(void)state;
	for (uint64_t seed = 0; seed < 100; seed++) {
		for (size_t i = 0; i < 20; i++) {
			bool now = comparison_candidate_first(seed, i);

			assert_int_equal(now, comparison_candidate_first(seed, i));
			first += now;
			changes += now != comparison_candidate_first(seed, i + 1);
			differ += now != comparison_candidate_first(seed + 1, i);
		}
	}
	/* Of 2000 fair coins: 3 standard deviations are 67. */
	assert_in_range(first, 933, 1067);
	assert_in_range(changes, 933, 1067);
	assert_in_range(differ, 933, 1067);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plan_has_enough_pairs_to_show_something),
		cmocka_unit_test(a_search_goes_on_until_it_is_plain),
		cmocka_unit_test(a_search_ends_where_winning_is_out_of_reach),
		cmocka_unit_test(a_confirmation_has_pairs_of_its_own),
		cmocka_unit_test(pairs_beyond_the_end_are_not_looked_at),
		cmocka_unit_test(a_metric_to_maximize_is_turned_round),
		cmocka_unit_test(the_largest_numbers_are_no_trouble),
		cmocka_unit_test(the_confirmation_decides),
		cmocka_unit_test(the_gain_has_to_matter_and_to_be_plausible),
		cmocka_unit_test(a_constraint_goes_first),
		cmocka_unit_test(who_is_first_is_drawn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
