#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/random.h"
#include "model/judge.h"

/* Minimizes "loss" by 1 at least. */
static struct campaign_config config_of(int trials)
{
	return (struct campaign_config){ .metric = (char *)"loss",
					 .direction = MINIMIZE,
					 .trials = trials,
					 .confidence = 0.95,
					 .min_effect = { .set = true, .value = 1 } };
}

static struct trial_result *add_trial(struct record *r, bool of_incumbent, int number,
				      double loss)
{
	struct trial_result *t;

	r->trials = xrealloc(r->trials, (r->trials_nr + 1) * sizeof(*r->trials));
	t = &r->trials[r->trials_nr++];
	*t = (struct trial_result){ .of_incumbent = of_incumbent,
				    .number = number,
				    .ran = { [PHASE_RUN] = true } };
	metrics_set(&t->metrics, "loss", loss, true);
	metrics_set(&t->metrics, "mb", 10 + number, true);
	return t;
}

static struct record record_new(enum record_type type)
{
	return (struct record){ .type = type, .metric_name = xstrdup("loss") };
}

/* A record of `nr` pairs, which differ by `gain` and noise that each has for itself. */
static struct record compared(double gain, int nr)
{
	struct record r = record_new(RECORD_EXPERIMENT);
	uint64_t state = 7;

	r.plan = comparison_plan(10, 0.95);
	for (int i = 1; i <= nr; i++) {
		double drift = i * 0.5;

		add_trial(&r, i % 2, i,
			  100 + drift + random_normal(&state) - (i % 2 ? 0 : gain));
		add_trial(&r, !(i % 2), i,
			  100 + drift + random_normal(&state) - (i % 2 ? gain : 0));
	}
	return r;
}

static void a_pair_is_both_of_one_number(void **state)
{
	CLEANUP_RECORD struct record r = record_new(RECORD_EXPERIMENT);
	struct pair pairs[COMPARISON_PAIRS_MAX];

	(void)state;
	assert_int_equal(record_pairs(&r, pairs), 0);
	add_trial(&r, false, 1, 5);
	assert_int_equal(record_pairs(&r, pairs), 0);
	add_trial(&r, true, 1, 7);
	add_trial(&r, true, 2, 8)->outcomes[PHASE_RUN].exit_code = 1; /* tried again */
	add_trial(&r, true, 2, 9);
	add_trial(&r, false, 2, 6);
	add_trial(&r, false, 3, 4);
	assert_int_equal(record_pairs(&r, pairs), 2);
	assert_true(pairs[0].candidate == 5 && pairs[0].incumbent == 7);
	assert_true(pairs[1].candidate == 6 && pairs[1].incumbent == 9);
	assert_int_equal(record_own_trials(&r), 3);
	assert_true(record_last_own(&r)->number == 3);
}

static void one_sample_is_held_against_the_number(void **state)
{
	struct campaign_config config = config_of(1);
	CLEANUP_RECORD struct record r = record_new(RECORD_EXPERIMENT);

	(void)state;
	add_trial(&r, false, 1, 98);
	r.incumbent = 100;
	record_judge(&config, &r);
	assert_int_equal(r.verdict.kind, VERDICT_ACCEPTED);
	assert_true(r.has_metric && r.metric == 98 && r.incumbent == 100);
	assert_true(record_gain(&config, &r) == 2);
	assert_null(record_contradiction(&config, &r));
}

static void a_winner_is_what_fresh_pairs_confirm(void **state)
{
	struct campaign_config config = config_of(10);
	CLEANUP_RECORD struct record r = compared(5, 30);
	CLEANUP_METRICS struct metrics metrics = { 0 };
	double samples[COMPARISON_PAIRS_MAX];

	(void)state;
	record_judge(&config, &r);
	assert_int_equal(r.verdict.kind, VERDICT_ACCEPTED);
	assert_int_equal(r.comparison.step, COMPARISON_DONE);
	assert_true(r.metric == r.comparison.candidate);
	assert_true(r.incumbent == r.comparison.incumbent);
	assert_true(record_gain(&config, &r) > 4 && record_gain(&config, &r) < 6);
	/* The median of numbers that only fresh trials have. */
	record_metrics(&r, &metrics);
	assert_true(metrics_find(&metrics, "mb")->value > 10 + (double)r.comparison.searched);
	assert_int_equal(record_samples(&r, samples, COMPARISON_PAIRS_MAX),
			 30 - r.comparison.searched);
}

static void a_loser_is_rejected(void **state)
{
	struct campaign_config config = config_of(10);
	CLEANUP_RECORD struct record r = compared(-5, 15);

	(void)state;
	record_judge(&config, &r);
	assert_int_equal(r.verdict.kind, VERDICT_REJECTED);
	assert_string_equal(r.verdict.reason, "no-improvement");
	assert_true(r.comparison.searched < 6);
	assert_true(r.has_metric && r.metric > r.incumbent);
}

static void a_trial_that_fails_decides_alone(void **state)
{
	struct campaign_config config = config_of(10);
	CLEANUP_RECORD struct record r = compared(5, 9);
	CLEANUP_METRICS struct metrics metrics = { 0 };

	(void)state;
	assert_false(record_failed(&config, &r));
	add_trial(&r, true, 10, 100)->outcomes[PHASE_RUN].exit_code = 4;
	assert_false(record_failed(&config, &r)); /* not the candidate's */
	add_trial(&r, false, 10, 1)->outcomes[PHASE_RUN].exit_code = 3;
	assert_true(record_failed(&config, &r));
	r.incumbent = 100;
	record_judge(&config, &r);
	assert_int_equal(r.verdict.kind, VERDICT_FAILED);
	assert_string_equal(r.verdict.reason, "exit 3");
	assert_false(r.has_metric);
	assert_true(r.incumbent == 100);
	assert_true(record_gain(&config, &r) == 0);
	record_metrics(&r, &metrics);
	assert_true(metrics_find(&metrics, "loss")->value == 1);
	assert_null(record_contradiction(&config, &r));
}

static void what_does_not_follow_is_found(void **state)
{
	struct campaign_config config = config_of(10);
	CLEANUP_RECORD struct record r = compared(5, 30);
	struct metric_value *value;

	(void)state;
	record_judge(&config, &r);
	assert_null(record_contradiction(&config, &r));
	r.metric -= 0.5;
	assert_string_equal(record_contradiction(&config, &r),
			    "its metric is not what its trials measured");
	r.metric += 0.5;
	r.incumbent += 0.5;
	assert_string_equal(record_contradiction(&config, &r),
			    "its baseline is not what its trials measured");
	r.incumbent -= 0.5;
	r.comparison.gain.low += 0.5;
	assert_string_equal(record_contradiction(&config, &r),
			    "its comparison does not follow from its samples");
	r.comparison.gain.low -= 0.5;
	assert_null(record_contradiction(&config, &r));
	verdict_set(&r.verdict, VERDICT_REJECTED, "no-improvement");
	assert_string_equal(record_contradiction(&config, &r),
			    "its verdict does not follow from its trials");
	/* It lost a race. */
	r.beaten_by = 12;
	r.incumbent -= 10;
	assert_null(record_contradiction(&config, &r));
	r.incumbent += 10;
	r.beaten_by = 0;
	verdict_release(&r.verdict);
	r.verdict.kind = VERDICT_ACCEPTED;
	config.min_effect.value = 50;
	assert_string_equal(record_contradiction(&config, &r),
			    "its verdict does not follow from its trials");
	config.min_effect.value = 1;
	/* Of the first fresh pair. */
	value = (struct metric_value *)metrics_find(
		&r.trials[2 * r.comparison.searched].metrics, "loss");
	value->value += 1000;
	assert_non_null(record_contradiction(&config, &r));
}

static void a_baseline_says_how_noisy_it_is(void **state)
{
	struct campaign_config config = config_of(TRIALS_AUTO);
	CLEANUP_RECORD struct record noisy = record_new(RECORD_BASELINE);
	CLEANUP_RECORD struct record still = record_new(RECORD_BASELINE);
	uint64_t random = 3;

	(void)state;
	for (int i = 1; i <= BASELINE_SAMPLES; i++) {
		add_trial(&noisy, false, i, 100 + random_normal(&random));
		add_trial(&still, false, i, 100);
	}
	baseline_judge(&config, &still);
	assert_true(still.metric == 100 && still.has_noise && still.noise.sd == 0);
	assert_int_equal(still.settled, 1);
	baseline_judge(&config, &noisy);
	assert_true(noisy.metric > 99 && noisy.metric < 101);
	assert_true(noisy.noise.sd > 0.5 && noisy.noise.sd < 2);
	assert_in_range(noisy.settled, 10, 100);
	assert_null(record_contradiction(&config, &noisy));
	/* A gain that is far above the noise needs no test. */
	config.min_effect.value = 20;
	assert_int_equal(baseline_judge(&config, &noisy), 1);
	assert_int_equal(noisy.settled, 1);
	/* One far below it cannot be found. */
	config.min_effect.value = 0.01;
	assert_true(baseline_judge(&config, &noisy) > COMPARISON_TRIALS_MAX);
	assert_int_equal(noisy.settled, COMPARISON_TRIALS_MAX);
	/* Who gives a number has it, or the fewest that show anything. */
	config.trials = 3;
	baseline_judge(&config, &noisy);
	assert_int_equal(noisy.settled, 10);
}

static void an_incumbent_has_drifted_beyond_its_noise(void **state)
{
	static const double old[] = { 100, 101, 99, 100.5, 99.5, 100.2, 99.8, 100.1 };
	struct campaign_config config = config_of(10);
	CLEANUP_RECORD struct record same = record_new(RECORD_BASELINE);
	CLEANUP_RECORD struct record slow = record_new(RECORD_BASELINE);

	(void)state;
	for (int i = 1; i <= BASELINE_SAMPLES; i++) {
		add_trial(&same, false, i, old[8 - i] + (i % 2 ? 0.1 : -0.1));
		add_trial(&slow, false, i, old[8 - i] + 3);
	}
	baseline_compare(&config, old, 8, &same);
	assert_false(same.again.drift.drifted);
	baseline_compare(&config, old, 8, &slow);
	assert_true(slow.again.drift.drifted && slow.again.drift.p < 0.05);
	assert_true(slow.again.drift.shift > 2 && slow.again.drift.shift < 4);
}

static void of_single_samples_only_min_effect_is_known(void **state)
{
	static const struct {
		double is;
		bool drifted;
	} rows[] = { { 100, false }, { 100.5, false }, { 101, true }, { 99, true } };
	struct campaign_config config = config_of(1);
	const double old = 100;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		CLEANUP_RECORD struct record r = record_new(RECORD_BASELINE);

		add_trial(&r, false, 1, rows[i].is);
		baseline_compare(&config, &old, 1, &r);
		assert_true(r.again.drift.drifted == rows[i].drifted);
		assert_true(r.again.drift.p < 0);
		/* Noise that reaches as far is no drift. */
		add_trial(&r, false, 2, 99.75);
		add_trial(&r, false, 3, rows[i].is);
		baseline_compare(&config, &old, 1, &r);
		assert_true(r.again.drift.drifted == (rows[i].is == 99));
	}
}

static void it_is_time_after_both_many_and_long(void **state)
{
	const struct measured m = { .experiments = 10, .time = 100, .machine = "a" };

	(void)state;
	assert_int_equal(baseline_due(&m, 10, 100, "a"), AGAIN_NOT);
	assert_int_equal(baseline_due(&m, 59, 90000, "a"), AGAIN_NOT);
	assert_int_equal(baseline_due(&m, 900, 7299, "a"), AGAIN_NOT);
	assert_int_equal(baseline_due(&m, 60, 7300, "a"), AGAIN_TIME);
	assert_int_equal(baseline_due(&m, 10, 100, "b"), AGAIN_MACHINE);
	/* What nobody knows is no reason. */
	assert_int_equal(baseline_due(&m, 10, 100, ""), AGAIN_NOT);
	assert_int_equal(baseline_due(&(struct measured){ 0 }, 10, 100, "b"), AGAIN_NOT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pair_is_both_of_one_number),
		cmocka_unit_test(one_sample_is_held_against_the_number),
		cmocka_unit_test(a_winner_is_what_fresh_pairs_confirm),
		cmocka_unit_test(a_loser_is_rejected),
		cmocka_unit_test(a_trial_that_fails_decides_alone),
		cmocka_unit_test(what_does_not_follow_is_found),
		cmocka_unit_test(a_baseline_says_how_noisy_it_is),
		cmocka_unit_test(an_incumbent_has_drifted_beyond_its_noise),
		cmocka_unit_test(of_single_samples_only_min_effect_is_known),
		cmocka_unit_test(it_is_time_after_both_many_and_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
