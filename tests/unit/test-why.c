#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "report/why.h"

/* An experiment that measured `metric` beside 100, in one trial. */
static void begin(struct record *r, double metric, enum verdict_kind kind, const char *reason)
{
	*r = (struct record){ .type = RECORD_EXPERIMENT,
			      .has_metric = metric != 0,
			      .metric = metric,
			      .has_incumbent = true,
			      .incumbent = 100,
			      .metric_name = xstrdup("loss"),
			      .trials = xcalloc(1, sizeof(*r->trials)),
			      .trials_nr = 1 };
	r->trials[0].ran[PHASE_RUN] = true;
	if (reason)
		verdict_set(&r->verdict, kind, "%s", reason);
	r->verdict.kind = kind;
}

static void check(const struct record *r, const struct campaign_config *config,
		  const char *expected)
{
	CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;

	report_why(r, config, &out);
	assert_string_equal(out.buf, expected);
}

static void test_measured(void **state)
{
	const struct {
		double metric;
		enum verdict_kind kind;
		const char *reason, *words;
	} cases[] = {
		{ 95, VERDICT_ACCEPTED, NULL, "5 (5%) better than the incumbent" },
		{ 103, VERDICT_REJECTED, "no-improvement", "3 (3%) worse than the incumbent" },
		{ 100, VERDICT_REJECTED, "no-improvement", "the same as the incumbent's" },
		{ 99.5, VERDICT_INDECISIVE, "within-noise",
		  "0.5 (0.5%) better than the incumbent; less than verdict.minEffect, 1%" },
		{ 10, VERDICT_INDECISIVE, "implausible",
		  "90 (90%) better than the incumbent; more than verdict.maxEffect, 50, "
		  "so a person decides" },
	};
	struct campaign_config config = { .min_effect = { true, true, 0.01 },
					  .max_effect = { true, false, 50 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP_RECORD struct record r;

		begin(&r, cases[i].metric, cases[i].kind, cases[i].reason);
		check(&r, &config, cases[i].words);
	}
}

static void test_beaten(void **state)
{
	CLEANUP_RECORD struct record r;

	(void)state;
	begin(&r, 101, VERDICT_REJECTED, "no-improvement");
	r.beaten_by = 7;
	check(&r, NULL, "it passed, but experiment 7 of the same round is better");
}

static void test_constraint(void **state)
{
	struct constraint peak = { .metric = "peak", .max = { true, false, 4096 } };
	struct campaign_config config = { .constraints = &peak, .constraints_nr = 1 };
	CLEANUP_RECORD struct record r;

	(void)state;
	begin(&r, 95, VERDICT_REJECTED, "constraint peak");
	check(&r, &config, "peak was not reported");
	metrics_set(&r.trials[0].metrics, "peak", 5000, true);
	check(&r, &config, "peak is 5000; at most 4096 is allowed");
	check(&r, NULL, "peak is 5000");
}

static void test_limits(void **state)
{
	struct campaign_config config = { .limits = { .memory = 64 << 20 } };
	CLEANUP_RECORD struct record r;
	struct outcome *o;

	(void)state;
	begin(&r, 0, VERDICT_FAILED, "out-of-memory");
	o = &r.trials[0].outcomes[PHASE_RUN];
	o->kind = OUTCOME_MEMORY;
	check(&r, &config, "run needed more than limits.memory, 64M");
	check(&r, NULL, "run needed more than limits.memory");
	o->kind = OUTCOME_TIMEOUT;
	config.phases[PHASE_RUN].timeout = 300;
	check(&r, &config, "run took longer than its timeout, 5m00s");
	o->kind = OUTCOME_EXITED;
	o->exit_code = 3;
	check(&r, &config, "run exited with 3");
	o->kind = OUTCOME_NETWORK;
	strcpy(o->network, "192.0.2.1:80");
	check(&r, &config, "run tried to reach 192.0.2.1:80, which is not allowed");
}

/* Of several phases that failed it is the one that the reason is about. */
static void test_phase(void **state)
{
	CLEANUP_RECORD struct record r;
	struct trial_result *t;

	(void)state;
	begin(&r, 0, VERDICT_FAILED, "exit 4");
	t = &r.trials[0];
	t->ran[PHASE_CHECK] = t->ran[PHASE_EVALUATE] = true;
	t->outcomes[PHASE_CHECK].exit_code = 2;
	t->outcomes[PHASE_EVALUATE].exit_code = 4;
	check(&r, NULL, "evaluate exited with 4");
}

static void test_not_run(void **state)
{
	static const struct {
		enum verdict_kind kind;
		const char *reason, *words;
	} cases[] = {
		{ VERDICT_INVALID, "out-of-scope a\033b",
		  "it changes a\\x1bb, which it may not" },
		{ VERDICT_INVALID, "empty", "it changes nothing" },
		{ VERDICT_DUPLICATE, "same-as 4",
		  "it is the same tree as that of experiment 4" },
		{ VERDICT_FAILED, "no-metric", "it ended well, but nothing reported loss" },
		{ VERDICT_NONE, NULL, "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP_RECORD struct record r;

		begin(&r, 0, cases[i].kind, cases[i].reason);
		check(&r, NULL, cases[i].words);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_measured),   cmocka_unit_test(test_beaten),
		cmocka_unit_test(test_constraint), cmocka_unit_test(test_limits),
		cmocka_unit_test(test_phase),	   cmocka_unit_test(test_not_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
