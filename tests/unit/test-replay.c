#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/random.h"
#include "model/judge.h"
#include "model/replay.h"

static struct campaign_config config_of(double min_effect)
{
	return (struct campaign_config){ .metric = (char *)"loss",
					 .direction = MINIMIZE,
					 .trials = 1,
					 .confidence = 0.95,
					 .min_effect = { .set = min_effect > 0,
							 .value = min_effect } };
}

static struct trial_result *add_trial(struct record *r, int number, double loss)
{
	struct trial_result *t;

	r->trials = xrealloc(r->trials, (r->trials_nr + 1) * sizeof(*r->trials));
	t = &r->trials[r->trials_nr++];
	*t = (struct trial_result){ .number = number, .ran = { [PHASE_RUN] = true } };
	metrics_set(&t->metrics, "loss", loss, true);
	return t;
}

/* An experiment that measured so, or where it failed, its exit status. */
static struct record experiment_of(const double *losses, size_t nr, int exit_code)
{
	struct campaign_config config = config_of(0);
	struct record r = { .type = RECORD_EXPERIMENT,
			    .experiment = 3,
			    .metric_name = xstrdup("loss"),
			    .incumbent = 1000 };

	for (size_t i = 0; i < nr; i++)
		add_trial(&r, (int)i + 1, losses[i])->outcomes[PHASE_RUN].exit_code = exit_code;
	record_judge(&config, &r);
	return r;
}

static struct record replay_of(const double *losses, size_t nr, int exit_code)
{
	struct record r = experiment_of(losses, nr, exit_code);

	r.type = RECORD_REPLAY;
	r.has_metric = false;
	verdict_release(&r.verdict);
	r.verdict.kind = VERDICT_NONE;
	r.replay = xcalloc(1, sizeof(*r.replay));
	return r;
}

/* Whether it is reproduced; the rest is in `ret`, where that is not NULL. */
static bool judged(const double *old, size_t old_nr, const double *new, size_t new_nr,
		   double min_effect, struct replay *ret)
{
	CLEANUP_RECORD struct record then = experiment_of(old, old_nr, 0);
	CLEANUP_RECORD struct record now = replay_of(new, new_nr, 0);
	struct campaign_config config = config_of(min_effect);

	replay_judge(&config, &then, &now);
	assert_null(replay_contradiction(&config, &then, &now));
	if (ret)
		*ret = *now.replay;
	return now.replay->reproduced;
}

#define JUDGED(old, new, least, ret) \
	judged(old, ARRAY_SIZE(old), new, ARRAY_SIZE(new), least, ret)

static void without_noise_it_is_the_same_number_or_not(void **state)
{
	static const double one[] = { 90 }, other[] = { 90.5 }, many[] = { 90, 90, 90 },
			    others[] = { 90.5, 90.5, 90.5 };
	struct replay replay;

	(void)state;
	assert_true(JUDGED(one, one, 0, &replay));
	assert_true(replay.has_was && replay.was == 90 && !replay.bounded);
	assert_false(JUDGED(one, other, 0, &replay));
	assert_true(replay.drift.shift == 0.5 && replay.drift.p < 0);
	assert_true(JUDGED(one, many, 0, NULL));
	assert_false(JUDGED(one, others, 0, NULL));
	assert_false(JUDGED(many, others, 0, NULL));
	/* What is less than matters is no difference. */
	assert_true(JUDGED(one, other, 1, NULL));
	assert_true(JUDGED(many, others, 1, NULL));
	assert_false(JUDGED(one, other, 0.5, NULL));
}

static void a_few_samples_show_their_noise(void **state)
{
	static const double one[] = { 203 }, around[] = { 199, 202, 205 },
			    beyond[] = { 206, 209, 212 }, far[] = { 406, 409, 412 },
			    two[] = { 206, 209 };

	(void)state;
	assert_true(JUDGED(one, around, 0, NULL));
	assert_true(JUDGED(one, beyond, 0, NULL));
	assert_false(JUDGED(one, far, 0, NULL));
	/* Of two nobody knows it, if not by those of then. */
	assert_false(JUDGED(one, two, 0, NULL));
	assert_true(JUDGED(around, two, 0, NULL));
}

/* 0: no shift. */
static double share_reproduced(double shift, size_t old_nr, size_t new_nr)
{
	double old[REPLAY_TRIALS_MAX], new[REPLAY_TRIALS_MAX];
	uint64_t random = 11;
	int yes = 0;

	for (int round = 0; round < 1000; round++) {
		for (size_t i = 0; i < old_nr; i++)
			old[i] = 100 + random_normal(&random);
		for (size_t i = 0; i < new_nr; i++)
			new[i] = 100 + shift + random_normal(&random);
		yes += judged(old, old_nr, new, new_nr, 0, NULL);
	}
	return yes / 1000.0;
}

static void many_samples_are_tested(void **state)
{
	(void)state;
	/* At 0.95 it may be wrong once in twenty. */
	assert_true(share_reproduced(0, 10, 10) >= 0.95);
	assert_true(share_reproduced(3, 10, 10) <= 0.01);
	assert_true(share_reproduced(0, 8, 2) >= 0.95);
	assert_true(share_reproduced(0, 1, 3) >= 0.95);
	assert_true(share_reproduced(100, 1, 3) <= 0.1);
}

static void an_interval_takes_six(void **state)
{
	static const double old[] = { 5 }, new[] = { 1, 2, 3, 4, 5, 6, 7 };
	struct replay replay;

	(void)state;
	assert_true(judged(old, 1, new, 5, 0, &replay));
	assert_false(replay.bounded);
	assert_true(judged(old, 1, new, 7, 0, &replay));
	assert_true(replay.bounded && replay.low <= 4 && replay.high >= 4);
}

static void what_failed_fails_for_the_same_reason(void **state)
{
	static const double any[] = { 90 };
	CLEANUP_RECORD struct record failed = experiment_of(any, 1, 3);
	CLEANUP_RECORD struct record measured = experiment_of(any, 1, 0);
	CLEANUP_RECORD struct record same = replay_of(any, 1, 3), other = replay_of(any, 1, 4),
				     none = replay_of(any, 1, 0);
	struct campaign_config config = config_of(0);

	(void)state;
	replay_judge(&config, &failed, &same);
	assert_true(same.replay->reproduced && !same.has_metric);
	assert_string_equal(same.replay->came_to, "exit 3");
	replay_judge(&config, &failed, &other);
	assert_false(other.replay->reproduced);
	replay_judge(&config, &failed, &none);
	assert_false(none.replay->reproduced);
	assert_true(none.has_metric && !none.replay->came_to && !none.replay->has_was);
	replay_judge(&config, &measured, &same);
	assert_false(same.replay->reproduced);
	assert_true(same.replay->has_was && same.replay->was == 90);
}

static void as_many_trials_as_then(void **state)
{
	static const double ones[] = { 90, 90, 90, 90 }, twos[] = { 90, 91 };
	CLEANUP_RECORD struct record single = experiment_of(ones, 1, 0),
				     four = experiment_of(ones, 4, 0),
				     noisy = experiment_of(twos, 2, 0),
				     failed = experiment_of(ones, 1, 3),
				     now = replay_of(ones, 1, 0), none = replay_of(ones, 0, 0);
	struct campaign_config config = config_of(0);

	(void)state;
	assert_int_equal(replay_trials(&config, &single, 0), 3);
	assert_int_equal(replay_trials(&config, &four, 0), 4);
	assert_int_equal(replay_trials(&config, &failed, 0), 1);
	assert_int_equal(replay_trials(&config, &failed, 9), 9);
	assert_int_equal(replay_trials(&config, &single, 1000), REPLAY_TRIALS_MAX);
	/* The first that is as all were is enough, unless so many were asked for. */
	assert_false(replay_is_over(&config, &single, &none, 0));
	assert_true(replay_is_over(&config, &single, &now, 0));
	assert_true(replay_is_over(&config, &four, &now, 0));
	assert_false(replay_is_over(&config, &noisy, &now, 0));
	assert_false(replay_is_over(&config, &single, &now, 2));
}

static void the_seeds_are_those_that_counted(void **state)
{
	static const double losses[] = { 1, 2, 3, 4 };
	CLEANUP_RECORD struct record then = experiment_of(losses, 4, 0);

	(void)state;
	assert_int_equal(replay_number(&then, 0), 1);
	assert_int_equal(replay_number(&then, 3), 4);
	assert_int_equal(replay_number(&then, 4), 5);
	assert_int_equal(replay_number(&then, 6), 7);
	/* Two of them searched, and two confirmed. */
	then.comparison.step = COMPARISON_DONE;
	then.comparison.searched = 2;
	assert_int_equal(replay_number(&then, 0), 3);
	assert_int_equal(replay_number(&then, 1), 4);
	assert_int_equal(replay_number(&then, 2), 5);
}

static void a_contradiction_is_found(void **state)
{
	static const double old[] = { 90 }, new[] = { 95 };
	CLEANUP_RECORD struct record then = experiment_of(old, 1, 0);
	CLEANUP_RECORD struct record now = replay_of(new, 1, 0);
	struct campaign_config config = config_of(0);

	(void)state;
	replay_judge(&config, &then, &now);
	assert_null(replay_contradiction(&config, &then, &now));
	now.replay->reproduced = true;
	assert_non_null(replay_contradiction(&config, &then, &now));
	now.replay->reproduced = false;
	now.replay->was = 94;
	assert_non_null(replay_contradiction(&config, &then, &now));
	now.replay->was = 90;
	now.metric = 90;
	assert_string_equal(replay_contradiction(&config, &then, &now),
			    "its metric is not what its trials measured");
}

static void a_record_of_it_reads_as_it_was_written(void **state)
{
	static const double old[] = { 90 }, new[] = { 1, 2, 3, 4, 5, 6, 7 };
	CLEANUP_RECORD struct record then = experiment_of(old, 1, 0);
	CLEANUP_RECORD struct record now = replay_of(new, 7, 0), back = { 0 };
	CLEANUP_STRBUF struct strbuf first = STRBUF_INIT, second = STRBUF_INIT;
	struct campaign_config config = config_of(0);
	struct error err = ERROR_INIT;

	(void)state;
	replay_judge(&config, &then, &now);
	now.campaign = xstrdup("lab");
	now.subject = xstrdup("s");
	now.rationale = xstrdup("");
	strcpy(now.started, "2024-05-01T10:00:00Z");
	for (size_t i = 0; i < now.trials_nr; i++)
		now.trials[i].outcomes[PHASE_RUN].memory_peak = -1;
	record_write(&now, &first);
	if (record_parse(first.buf, first.len, &back, &err))
		fail_msg("%s", err.message);
	record_write(&back, &second);
	assert_string_equal(first.buf, second.buf);
	assert_int_equal(back.type, RECORD_REPLAY);
	assert_int_equal(back.experiment, 3);
	assert_non_null(strstr(first.buf, "\"about\": 3"));
	assert_null(replay_contradiction(&config, &then, &back));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_noise_it_is_the_same_number_or_not),
		cmocka_unit_test(a_few_samples_show_their_noise),
		cmocka_unit_test(many_samples_are_tested),
		cmocka_unit_test(an_interval_takes_six),
		cmocka_unit_test(what_failed_fails_for_the_same_reason),
		cmocka_unit_test(as_many_trials_as_then),
		cmocka_unit_test(the_seeds_are_those_that_counted),
		cmocka_unit_test(a_contradiction_is_found),
		cmocka_unit_test(a_record_of_it_reads_as_it_was_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
