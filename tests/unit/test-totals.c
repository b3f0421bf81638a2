#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "model/experiment.h"

#define COMMIT "1111111111111111111111111111111111111111"

/* The totals after an experiment of that verdict, which took a second. */
static struct totals after(const struct totals *before, enum verdict_kind kind)
{
	struct record r = { .type = RECORD_EXPERIMENT,
			    .experiment = before->experiments + 1,
			    .verdict = { .kind = kind },
			    .has_metric = true,
			    .metric = 1.5,
			    .duration = 1 };

	totals_advance(before, &r);
	return r.totals;
}

static void a_baseline_begins_the_comparison(void **state)
{
	struct totals before = { .seed = 42, .incumbent = COMMIT };
	struct record r = {
		.type = RECORD_BASELINE, .has_metric = true, .metric = 2, .duration = 3
	};

	(void)state;
	totals_advance(&before, &r);
	assert_true(r.totals.baseline_metric == 2);
	assert_true(r.totals.incumbent_metric == 2);
	assert_true(r.totals.time == 3);
	assert_int_equal(r.totals.incumbent_experiment, 0);
	assert_string_equal(r.totals.incumbent, COMMIT);
	assert_int_equal(r.totals.seed, 42);
	assert_int_equal(r.totals.experiments, 0);
	assert_int_equal(r.totals.rejections_in_a_row, 0);
	assert_int_equal(r.totals.verdicts[VERDICT_NONE], 0);
}

static void an_incumbent_that_is_measured_again_has_a_new_value(void **state)
{
	struct totals before = { .experiments = 60,
				 .time = 9000,
				 .incumbent_experiment = 6,
				 .incumbent_metric = 1,
				 .baseline_metric = 5,
				 .measured = { .trials = 1, .has_noise = true, .noise = 0.5 } };
	struct record r = { .type = RECORD_BASELINE,
			    .has_metric = true,
			    .metric = 1.25,
			    .duration = 10,
			    .machine = "abc",
			    .settled = 12,
			    .again = { .why = AGAIN_TIME, .before = 1 } };

	(void)state;
	totals_advance(&before, &r);
	assert_true(r.totals.incumbent_metric == 1.25);
	assert_true(r.totals.baseline_metric == 5);
	assert_int_equal(r.totals.incumbent_experiment, 6);
	assert_int_equal(r.totals.measured.experiments, 60);
	assert_true(r.totals.measured.time == 9010);
	assert_string_equal(r.totals.measured.machine, "abc");
	assert_int_equal(r.totals.measured.trials, 12);
	/* One sample says nothing of the noise. */
	assert_true(r.totals.measured.has_noise && r.totals.measured.noise == 0.5);
	r.again.why = AGAIN_NOT;
	totals_advance(&before, &r);
	assert_false(r.totals.measured.has_noise);
}

static void a_later_baseline_keeps_the_counts(void **state)
{
	struct totals before = { .experiments = 9,
				 .verdicts[VERDICT_ACCEPTED] = 4,
				 .failures_in_a_row = 2,
				 .rejections_in_a_row = 3,
				 .incumbent_experiment = 6,
				 .incumbent_metric = 1,
				 .baseline_metric = 5 };
	struct record r = { .type = RECORD_BASELINE, .has_metric = true, .metric = 2 };

	(void)state;
	totals_advance(&before, &r);
	assert_int_equal(r.totals.experiments, 9);
	assert_int_equal(r.totals.verdicts[VERDICT_ACCEPTED], 4);
	assert_int_equal(r.totals.failures_in_a_row, 2);
	assert_int_equal(r.totals.rejections_in_a_row, 3);
	assert_int_equal(r.totals.incumbent_experiment, 0);
	assert_true(r.totals.incumbent_metric == 2);
	assert_true(r.totals.baseline_metric == 2);
}

static void accepted_becomes_the_incumbent(void **state)
{
	struct totals before = { .experiments = 6,
				 .incumbent = COMMIT,
				 .incumbent_metric = 2,
				 .baseline_metric = 3,
				 .rejections_in_a_row = 5,
				 .time = 10,
				 .tokens = 7,
				 .gpu_hours = 0.5 };
	struct totals t = after(&before, VERDICT_ACCEPTED);

	(void)state;
	assert_int_equal(t.experiments, 7);
	assert_int_equal(t.verdicts[VERDICT_ACCEPTED], 1);
	assert_string_equal(t.incumbent, "");
	assert_true(t.incumbent_metric == 1.5);
	assert_int_equal(t.incumbent_experiment, 7);
	assert_true(t.baseline_metric == 3);
	assert_int_equal(t.rejections_in_a_row, 0);
	assert_true(t.time == 11);
	assert_int_equal(t.tokens, 7);
	assert_true(t.gpu_hours == 0.5);
}

static void a_search_stalls_until_something_is_accepted(void **state)
{
	struct totals before = { .stalled = 5 };
	struct record baseline = { .type = RECORD_BASELINE };

	(void)state;
	assert_int_equal(after(&before, VERDICT_REJECTED).stalled, 6);
	assert_int_equal(after(&before, VERDICT_FAILED).stalled, 6);
	assert_int_equal(after(&before, VERDICT_DUPLICATE).stalled, 6);
	assert_int_equal(after(&before, VERDICT_ACCEPTED).stalled, 0);
	/* People have committed: it is another incumbent. */
	totals_advance(&before, &baseline);
	assert_int_equal(baseline.totals.stalled, 0);
}

static void one_of_several_is_scored(void **state)
{
	struct totals before = { 0 };
	struct record r = { .type = RECORD_EXPERIMENT, .experiment = 1 };

	(void)state;
	verdict_set(&r.verdict, VERDICT_REJECTED, "no-improvement");
	totals_advance(&before, &r);
	assert_int_equal(r.totals.scores.nr, 0);
	strcpy(r.searched.proposer, "sweep");
	totals_advance(&before, &r);
	assert_int_equal(r.totals.scores.nr, 1);
	assert_string_equal(r.totals.scores.items[0].name, "sweep");
	verdict_release(&r.verdict);
}

static void tokens_are_those_of_prompt_and_answer(void **state)
{
	struct asked asked = { .prompt = 5000, .completion = 300, .cached = 4000 };
	struct totals before = { .tokens = 7 };
	struct record r = { .type = RECORD_EXPERIMENT, .experiment = 1, .asked = &asked };

	(void)state;
	verdict_set(&r.verdict, VERDICT_INVALID, "malformed");
	totals_advance(&before, &r);
	assert_int_equal(r.totals.tokens, 5307);
	verdict_release(&r.verdict);
}

static void any_other_leaves_the_incumbent(void **state)
{
	struct totals t = { .incumbent = COMMIT, .incumbent_metric = 2 };

	(void)state;
	for (int kind = VERDICT_REJECTED; kind < VERDICT_NR; kind++)
		t = after(&t, kind);
	assert_int_equal(t.experiments, VERDICT_NR - VERDICT_REJECTED);
	assert_int_equal(t.rejections_in_a_row, VERDICT_NR - VERDICT_REJECTED);
	assert_string_equal(t.incumbent, COMMIT);
	assert_true(t.incumbent_metric == 2);
	assert_int_equal(t.verdicts[VERDICT_ACCEPTED], 0);
	for (int kind = VERDICT_REJECTED; kind < VERDICT_NR; kind++)
		assert_int_equal(t.verdicts[kind], 1);
}

static void failures_count_in_a_row(void **state)
{
	static const struct {
		enum verdict_kind kind;
		int64_t after_two; /* failures in a row, where it comes third */
	} rows[] = {
		{ VERDICT_FAILED, 3 },	  { VERDICT_VIOLATION, 3 }, { VERDICT_INVALID, 3 },
		{ VERDICT_ACCEPTED, 0 },  { VERDICT_REJECTED, 0 },  { VERDICT_INDECISIVE, 0 },
		{ VERDICT_DUPLICATE, 2 }, { VERDICT_SKIPPED, 2 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct totals t = { 0 };

		t = after(&t, VERDICT_FAILED);
		t = after(&t, VERDICT_INVALID);
		t = after(&t, rows[i].kind);
		assert_int_equal(t.failures_in_a_row, rows[i].after_two);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_baseline_begins_the_comparison),
		cmocka_unit_test(a_later_baseline_keeps_the_counts),
		cmocka_unit_test(an_incumbent_that_is_measured_again_has_a_new_value),
		cmocka_unit_test(accepted_becomes_the_incumbent),
		cmocka_unit_test(a_search_stalls_until_something_is_accepted),
		cmocka_unit_test(one_of_several_is_scored),
		cmocka_unit_test(tokens_are_those_of_prompt_and_answer),
		cmocka_unit_test(any_other_leaves_the_incumbent),
		cmocka_unit_test(failures_count_in_a_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
