#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <signal.h>
#include <string.h>

#include "model/verdict.h"

static void assert_verdict(const struct verdict *v, enum verdict_kind kind, const char *reason)
{
	assert_int_equal(v->kind, kind);
	if (reason)
		assert_string_equal(v->reason, reason);
	else
		assert_null(v->reason);
}

static void names_read_back(void **state)
{
	enum verdict_kind kind = VERDICT_NR;

	(void)state;
	for (int i = VERDICT_ACCEPTED; i < VERDICT_NR; i++) {
		assert_int_equal(verdict_parse(verdict_name(i), &kind), 0);
		assert_int_equal(kind, i);
	}
	assert_string_equal(verdict_name(VERDICT_INDECISIVE), "indecisive");
	assert_null(verdict_name(VERDICT_NONE));
	assert_int_equal(verdict_parse("Accepted", &kind), -1);
	assert_int_equal(verdict_parse("", &kind), -1);
	assert_int_equal(kind, VERDICT_SKIPPED);
}

static void a_reason_may_be_made_from_the_old_one(void **state)
{
	CLEANUP_VERDICT struct verdict v = { 0 };

	(void)state;
	verdict_set(&v, VERDICT_FAILED, "exit %d", 3);
	verdict_set(&v, VERDICT_REJECTED, "after %s", v.reason);
	assert_verdict(&v, VERDICT_REJECTED, "after exit 3");
}

/*
 * One trial. Each row: how run, check and evaluate ended, and what that comes to.
 */

static const struct outcome ok = { .kind = OUTCOME_EXITED };
static const struct outcome exit_3 = { .kind = OUTCOME_EXITED, .exit_code = 3 };
static const struct outcome exit_125 = { .kind = OUTCOME_EXITED, .exit_code = 125 };
static const struct outcome segv = { .kind = OUTCOME_SIGNALED, .signal = SIGSEGV };
static const struct outcome timeout = { .kind = OUTCOME_TIMEOUT };
static const struct outcome memory = { .kind = OUTCOME_MEMORY };
static const struct outcome ptraced = { .kind = OUTCOME_SYSCALL, .syscall = "ptrace" };

static void the_first_phase_that_fails_decides_but_a_violation_goes_first(void **state)
{
	static const struct {
		const struct outcome *run, *check, *evaluate;
		enum verdict_kind kind;
		const char *reason;
	} rows[] = {
		{ &exit_3, NULL, NULL, VERDICT_FAILED, "exit 3" },
		{ &segv, NULL, NULL, VERDICT_FAILED, "signal SIGSEGV" },
		{ &timeout, NULL, NULL, VERDICT_FAILED, "timeout" },
		{ &exit_125, NULL, NULL, VERDICT_SKIPPED, "untestable" },
		{ &ptraced, NULL, NULL, VERDICT_VIOLATION, "syscall ptrace" },
		{ &ok, &exit_3, NULL, VERDICT_REJECTED, "check-failed" },
		{ &ok, &exit_125, NULL, VERDICT_SKIPPED, "untestable" },
		{ &ok, &memory, NULL, VERDICT_FAILED, "out-of-memory" },
		{ &ok, &segv, NULL, VERDICT_FAILED, "signal SIGSEGV" },
		{ &ok, NULL, &exit_3, VERDICT_FAILED, "exit 3" },
		{ &ok, &ok, &exit_125, VERDICT_SKIPPED, "untestable" },
		{ &exit_125, &exit_3, &segv, VERDICT_SKIPPED, "untestable" },
		{ &ok, &exit_3, &timeout, VERDICT_REJECTED, "check-failed" },
		{ &exit_125, &exit_3, &ptraced, VERDICT_VIOLATION, "syscall ptrace" },
	};
	struct campaign_config config = { .metric = (char *)"loss" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct outcome *phases[PHASE_NR] = { [PHASE_RUN] = rows[i].run,
							   [PHASE_CHECK] = rows[i].check,
							   [PHASE_EVALUATE] =
								   rows[i].evaluate };
		CLEANUP_TRIAL_RESULT struct trial_result r = { 0 };
		CLEANUP_VERDICT struct verdict v = { 0 };
		double value = 7;

		for (int p = 0; p < PHASE_NR; p++) {
			r.ran[p] = phases[p];
			if (phases[p])
				r.outcomes[p] = *phases[p];
		}
		/* What a failed trial printed does not count. */
		metrics_set(&r.metrics, "loss", 1, true);
		assert_int_equal(trial_judge(&config, &r, &value, &v), -1);
		assert_verdict(&v, rows[i].kind, rows[i].reason);
		assert_true(value == 7);
		assert_false(trial_sample(&r, "loss", &value));
	}
}

static void what_the_audit_lost_fails_a_trial_that_violated_nothing(void **state)
{
	static const struct {
		const struct outcome *run;
		enum verdict_kind kind;
		const char *reason;
	} rows[] = {
		{ &ok, VERDICT_FAILED, "audit-incomplete" },
		{ &timeout, VERDICT_FAILED, "audit-incomplete" },
		{ &exit_125, VERDICT_FAILED, "audit-incomplete" },
		{ &ptraced, VERDICT_VIOLATION, "syscall ptrace" },
	};
	struct campaign_config config = { .metric = (char *)"loss" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		CLEANUP_TRIAL_RESULT struct trial_result r = { .ran[PHASE_RUN] = true,
							       .audit_incomplete = true };
		CLEANUP_VERDICT struct verdict v = { 0 };
		double value;

		r.outcomes[PHASE_RUN] = *rows[i].run;
		metrics_set(&r.metrics, "loss", 1, true);
		assert_int_equal(trial_judge(&config, &r, &value, &v), -1);
		assert_verdict(&v, rows[i].kind, rows[i].reason);
	}
}

static void a_phase_that_did_not_run_is_not_judged(void **state)
{
	struct campaign_config config = { .metric = (char *)"loss" };
	CLEANUP_TRIAL_RESULT struct trial_result r = { .ran[PHASE_RUN] = true };
	CLEANUP_VERDICT struct verdict v = { 0 };
	double value = 0;

	(void)state;
	r.outcomes[PHASE_CHECK] = ptraced;
	r.outcomes[PHASE_EVALUATE] = timeout;
	metrics_set(&r.metrics, "loss", 2.5, true);
	assert_int_equal(trial_judge(&config, &r, &value, &v), 0);
	assert_true(value == 2.5);
	assert_verdict(&v, VERDICT_NONE, NULL);
}

static void a_metric_must_be_there_and_finite(void **state)
{
	struct campaign_config config = { .metric = (char *)"loss" };
	CLEANUP_TRIAL_RESULT struct trial_result r = { .ran[PHASE_RUN] = true };
	CLEANUP_VERDICT struct verdict v = { 0 };
	double value = 7;

	(void)state;
	metrics_set(&r.metrics, "Loss", 1, true);
	assert_int_equal(trial_judge(&config, &r, &value, &v), -1);
	assert_verdict(&v, VERDICT_FAILED, "no-metric");
	metrics_set(&r.metrics, "loss", 0, false);
	assert_int_equal(trial_judge(&config, &r, &value, &v), -1);
	assert_verdict(&v, VERDICT_FAILED, "not-finite");
	assert_true(value == 7);
}

/*
 * Candidate against incumbent.
 */

static void decide(struct campaign_config *config, double value, double incumbent,
		   enum verdict_kind kind, const char *reason)
{
	CLEANUP_VERDICT struct verdict v = { 0 };
	static const struct metrics none;

	verdict_set(&v, VERDICT_SKIPPED, "an older verdict");
	verdict_decide(config, value, &none, incumbent, &v);
	assert_verdict(&v, kind, reason);
}

static void better_is_accepted_and_equal_is_not(void **state)
{
	struct campaign_config config = { .direction = MINIMIZE };

	(void)state;
	decide(&config, 1.9, 2, VERDICT_ACCEPTED, NULL);
	decide(&config, nextafter(2, 0), 2, VERDICT_ACCEPTED, NULL);
	decide(&config, 2, 2, VERDICT_REJECTED, "no-improvement");
	decide(&config, 2.1, 2, VERDICT_REJECTED, "no-improvement");
	config.direction = MAXIMIZE;
	decide(&config, 2.1, 2, VERDICT_ACCEPTED, NULL);
	decide(&config, 2, 2, VERDICT_REJECTED, "no-improvement");
	decide(&config, 1.9, 2, VERDICT_REJECTED, "no-improvement");
	decide(&config, 1e308, -1e308, VERDICT_ACCEPTED, NULL); /* the gain overflows */
}

static void a_gain_below_min_effect_is_noise(void **state)
{
	struct campaign_config config = {
		.direction = MINIMIZE,
		.min_effect = { .set = true, .value = 0.01 },
	};

	(void)state;
	decide(&config, 1.98, 2, VERDICT_ACCEPTED, NULL);
	decide(&config, 1.99, 2, VERDICT_ACCEPTED, NULL);
	decide(&config, 1.9901, 2, VERDICT_INDECISIVE, "within-noise");
	decide(&config, 2, 2, VERDICT_REJECTED, "no-improvement");
	decide(&config, 2.001, 2, VERDICT_REJECTED, "no-improvement");
}

static void a_gain_that_no_test_has_shown_is_within_noise(void **state)
{
	struct campaign_config config = { .max_effect = { .set = true, .value = 1 } };
	CLEANUP_VERDICT struct verdict v = { 0 };
	struct metrics metrics = { 0 };

	(void)state;
	verdict_decide_gain(&config, 0.5, false, &metrics, 2, &v);
	assert_verdict(&v, VERDICT_INDECISIVE, "within-noise");
	verdict_decide_gain(&config, 0.5, true, &metrics, 2, &v);
	assert_verdict(&v, VERDICT_ACCEPTED, NULL);
	verdict_decide_gain(&config, 1.5, false, &metrics, 2, &v);
	assert_verdict(&v, VERDICT_INDECISIVE, "implausible");
	verdict_decide_gain(&config, -0.5, false, &metrics, 2, &v);
	assert_verdict(&v, VERDICT_REJECTED, "no-improvement");
}

static void a_share_is_of_the_incumbents_absolute_value(void **state)
{
	struct campaign_config config = {
		.direction = MINIMIZE,
		.min_effect = { .set = true, .relative = true, .value = 0.001 },
	};

	(void)state;
	/* In binary, 3 - 2.997 is less than 0.001 * 3. */
	decide(&config, 2.997, 3, VERDICT_ACCEPTED, NULL);
	decide(&config, 2.9971, 3, VERDICT_INDECISIVE, "within-noise");
	decide(&config, -3.003, -3, VERDICT_ACCEPTED, NULL);
	decide(&config, -3.0029, -3, VERDICT_INDECISIVE, "within-noise");
	/* Of nothing, any share is nothing. */
	decide(&config, -1e-9, 0, VERDICT_ACCEPTED, NULL);
	config.direction = MAXIMIZE;
	decide(&config, -2.997, -3, VERDICT_ACCEPTED, NULL);
}

static void a_gain_above_max_effect_is_held(void **state)
{
	struct campaign_config config = {
		.direction = MAXIMIZE,
		.min_effect = { .set = true, .value = 1 },
		.max_effect = { .set = true, .relative = true, .value = 0.5 },
	};

	(void)state;
	decide(&config, 15, 10, VERDICT_ACCEPTED, NULL);
	decide(&config, 15.001, 10, VERDICT_INDECISIVE, "implausible");
	decide(&config, 0.9, 0.5, VERDICT_INDECISIVE, "implausible"); /* before within-noise */
	decide(&config, 1e308, -1e308, VERDICT_INDECISIVE, "implausible");
	config.max_effect = (struct threshold){ .set = true, .value = 2 };
	decide(&config, 12, 10, VERDICT_ACCEPTED, NULL);
	decide(&config, 12.5, 10, VERDICT_INDECISIVE, "implausible");
}

static void a_broken_constraint_goes_first(void **state)
{
	static struct constraint constraints[] = {
		{ .metric = (char *)"acc", .min = { .set = true, .value = 0.5 } },
		{ .metric = (char *)"peak_mb", .max = { .set = true, .value = 100 } },
	};
	struct campaign_config config = { .direction = MINIMIZE,
					  .constraints = constraints,
					  .constraints_nr = 2 };
	CLEANUP_METRICS struct metrics m = { 0 };
	CLEANUP_VERDICT struct verdict v = { 0 };

	(void)state;
	metrics_set(&m, "acc", 0.5, true);
	verdict_decide(&config, 1, &m, 2, &v);
	assert_verdict(&v, VERDICT_REJECTED, "constraint peak_mb"); /* not reported */
	metrics_set(&m, "peak_mb", 100, true);
	verdict_decide(&config, 1, &m, 2, &v);
	assert_verdict(&v, VERDICT_ACCEPTED, NULL);
	metrics_set(&m, "peak_mb", 0, false); /* nan */
	verdict_decide(&config, 1, &m, 2, &v);
	assert_verdict(&v, VERDICT_REJECTED, "constraint peak_mb");
	metrics_set(&m, "acc", 0.49, true);
	verdict_decide(&config, 3, &m, 2, &v); /* worse as well */
	assert_verdict(&v, VERDICT_REJECTED, "constraint acc");
}

static void a_share_in_a_constraint_is_of_what_the_baseline_measured(void **state)
{
	struct constraint mb = { .metric = (char *)"mb",
				 .min = { .set = true, .relative = true, .value = 0.5 },
				 .max = { .set = true, .relative = true, .value = 1.1 } };
	struct campaign_config config = { .direction = MINIMIZE,
					  .constraints = &mb,
					  .constraints_nr = 1 };
	CLEANUP_METRICS struct metrics m = { 0 }, reference = { 0 };
	CLEANUP_VERDICT struct verdict v = { 0 };
	static const struct {
		double mb;
		bool holds;
	} rows[] = {
		{ 3, true }, { 3.3, true }, { 3.301, false }, { 1.5, true }, { 1.49, false }
	};

	(void)state;
	metrics_set(&m, "mb", 3, true);
	verdict_decide(&config, 1, &m, 2, &v); /* nobody knows of what */
	assert_verdict(&v, VERDICT_REJECTED, "constraint mb");
	metrics_set(&reference, "mb", 3, true);
	campaign_config_refer(&config, &reference);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		metrics_set(&m, "mb", rows[i].mb, true);
		verdict_decide(&config, 1, &m, 2, &v);
		assert_verdict(&v, rows[i].holds ? VERDICT_ACCEPTED : VERDICT_REJECTED,
			       rows[i].holds ? NULL : "constraint mb");
	}
	metrics_set(&reference, "mb", 0, false);
	campaign_config_refer(&config, &reference);
	assert_false(mb.has_reference);
}

static void the_target_is_reached_at_its_value(void **state)
{
	struct campaign_config config = { .direction = MINIMIZE, .target = 1.85 };

	(void)state;
	assert_false(target_is_reached(&config, 0)); /* none is configured */
	config.has_target = true;
	assert_false(target_is_reached(&config, 1.8501));
	assert_true(target_is_reached(&config, 1.85));
	assert_true(target_is_reached(&config, 1));
	config.direction = MAXIMIZE;
	assert_false(target_is_reached(&config, 1.8499));
	assert_true(target_is_reached(&config, 1.85));
	assert_true(target_is_reached(&config, 2));
}

static void a_duplicate_names_the_experiment_it_is_the_same_as(void **state)
{
	struct verdict v = { 0 };

	(void)state;
	assert_int_equal(verdict_same_as(&v), -1);
	verdict_set_same_as(&v, 12);
	assert_int_equal(v.kind, VERDICT_DUPLICATE);
	assert_string_equal(v.reason, "same-as 12");
	assert_int_equal(verdict_same_as(&v), 12);
	verdict_set(&v, VERDICT_INVALID, "empty");
	assert_int_equal(verdict_same_as(&v), -1);
	verdict_release(&v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_read_back),
		cmocka_unit_test(a_reason_may_be_made_from_the_old_one),
		cmocka_unit_test(the_first_phase_that_fails_decides_but_a_violation_goes_first),
		cmocka_unit_test(what_the_audit_lost_fails_a_trial_that_violated_nothing),
		cmocka_unit_test(a_phase_that_did_not_run_is_not_judged),
		cmocka_unit_test(a_metric_must_be_there_and_finite),
		cmocka_unit_test(better_is_accepted_and_equal_is_not),
		cmocka_unit_test(a_gain_below_min_effect_is_noise),
		cmocka_unit_test(a_gain_that_no_test_has_shown_is_within_noise),
		cmocka_unit_test(a_share_is_of_the_incumbents_absolute_value),
		cmocka_unit_test(a_gain_above_max_effect_is_held),
		cmocka_unit_test(a_broken_constraint_goes_first),
		cmocka_unit_test(a_share_in_a_constraint_is_of_what_the_baseline_measured),
		cmocka_unit_test(the_target_is_reached_at_its_value),
		cmocka_unit_test(a_duplicate_names_the_experiment_it_is_the_same_as),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
