#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "model/budget.h"

static const struct totals used = { .experiments = 100,
				    .time = 3600,
				    .tokens = 5000,
				    .gpu_hours = 2,
				    .failures_in_a_row = 20 };

static void one_runs_out_when_it_is_reached(void **state)
{
	struct budget budget = { 0 };

	(void)state;
	assert_null(budget_exhausted(&budget, &used)); /* 0 is no bound */
	budget = (struct budget){ 101, 3601, 5001, 2.1, 21 };
	assert_null(budget_exhausted(&budget, &used));
	budget.failures = 20;
	assert_string_equal(budget_exhausted(&budget, &used), "failures");
	budget.gpu_hours = 2;
	assert_string_equal(budget_exhausted(&budget, &used), "gpuHours");
	budget.tokens = 5000;
	assert_string_equal(budget_exhausted(&budget, &used), "tokens");
	budget.time = 3600;
	assert_string_equal(budget_exhausted(&budget, &used), "time");
	budget.experiments = 100;
	assert_string_equal(budget_exhausted(&budget, &used), "experiments");
}

/* GPU hours come in fractions: seconds of a trial, times the GPUs that it held. */
static void hours_of_gpus_are_not_rounded(void **state)
{
	const struct budget budget = { .gpu_hours = 0.5 };
	struct totals t = { .gpu_hours = 1799 * 1 / 3600.0 };

	(void)state;
	assert_null(budget_exhausted(&budget, &t));
	assert_true(budget_share(&budget, &t, BUDGET_GPU_HOURS) > 0.99);
	t.gpu_hours = 900 * 2 / 3600.0;
	assert_string_equal(budget_exhausted(&budget, &t), "gpuHours");
}

static void a_share_is_of_the_bound(void **state)
{
	const struct budget budget = { .experiments = 125, .time = 7200, .tokens = 5000 };

	(void)state;
	assert_true(budget_share(&budget, &used, BUDGET_EXPERIMENTS) == 0.8);
	assert_true(budget_share(&budget, &used, BUDGET_EXPERIMENTS) >= BUDGET_LOW);
	assert_true(budget_share(&budget, &used, BUDGET_TIME) == 0.5);
	assert_true(budget_share(&budget, &used, BUDGET_TOKENS) == 1);
	assert_true(budget_share(&budget, &used, BUDGET_GPU_HOURS) == 0); /* unbounded */
}

static void each_is_described_in_its_unit(void **state)
{
	static const char *const texts[BUDGET_NR] = {
		"100 of 120 experiments",     "1h00m of 8h00m",
		"5000 of 2000000 tokens",     "2.00 of 16.50 GPU hours",
		"20 of 25 failures in a row",
	};
	const struct budget budget = { 120, 8 * 3600, 2000000, 16.5, 25 };

	(void)state;
	for (enum budget_key key = 0; key < BUDGET_NR; key++) {
		CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

		budget_describe(&budget, &used, key, &text);
		assert_string_equal(text.buf, texts[key]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_runs_out_when_it_is_reached),
		cmocka_unit_test(hours_of_gpus_are_not_rounded),
		cmocka_unit_test(a_share_is_of_the_bound),
		cmocka_unit_test(each_is_described_in_its_unit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
