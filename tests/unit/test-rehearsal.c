#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "model/compare.h"
#include "model/rehearsal.h"

static struct rehearsal of(size_t nr, const double *values, double seconds)
{
	struct rehearsal r = { .nr = nr, .jobs = 1, .memory_peak = -1 };

	for (size_t i = 0; i < nr; i++) {
		r.values[i] = values[i];
		r.trial[i] = seconds;
	}
	return r;
}

#define OF(seconds, ...)                                                                  \
	of(sizeof((double[]){ __VA_ARGS__ }) / sizeof(double), (double[]){ __VA_ARGS__ }, \
	   seconds)

static struct campaign_config config;

static int setup(void **state)
{
	(void)state;
	campaign_config_defaults(&config);
	return 0;
}

static void the_first_two_have_one_seed(void **state)
{
	(void)state;
	assert_int_equal(rehearsal_number(0), 1);
	assert_int_equal(rehearsal_number(1), 1);
	assert_int_equal(rehearsal_number(2), 2);
	assert_int_equal(rehearsal_number(5), 5);
}

static void long_trials_are_fewer(void **state)
{
	struct rehearsal r = OF(1, 1, 2, 3, 4, 5), slow = OF(REHEARSAL_SECONDS / 2.0, 1),
			 slowest = OF(REHEARSAL_SECONDS - 1, 1);

	(void)state;
	assert_true(rehearsal_goes_on(&r, 5));
	r.nr++;
	assert_false(rehearsal_goes_on(&r, 6));
	assert_true(rehearsal_goes_on(&slow, slow.trial[0]));
	assert_false(rehearsal_goes_on(&slow, slow.trial[0] + 1));
	assert_false(rehearsal_goes_on(&slowest, slowest.trial[0]));
}

static void one_number_always_is_no_noise(void **state)
{
	struct rehearsal r = OF(1, 2, 2, 2, 2, 2, 2);

	(void)state;
	rehearsal_judge(&config, &r);
	assert_int_equal(r.repeats, REPEATS_ALWAYS);
	assert_true(r.has_noise);
	assert_true(r.noise.sd == 0);
	assert_int_equal(r.wanted, 1);
	assert_true(r.typical == 2);
}

static void the_same_seed_twice_is_one_sample(void **state)
{
	struct rehearsal r = OF(1, 2, 2, 3, 2, 3, 2), never = OF(1, 2, 2.5, 3, 2, 3, 2);
	double once[] = { 2, 3, 2, 3, 2 };
	struct noise noise;

	(void)state;
	rehearsal_judge(&config, &r);
	assert_int_equal(r.repeats, REPEATS_BY_SEED);
	noise_of(once, 5, &noise);
	assert_true(r.noise.sd == noise.sd);
	rehearsal_judge(&config, &never);
	assert_int_equal(never.repeats, REPEATS_NEVER);
	assert_true(never.typical == 2.25);
}

static void too_few_say_nothing_of_noise(void **state)
{
	struct rehearsal one = OF(1, 2), two = OF(1, 2, 3), same = OF(1, 2, 2, 3);

	(void)state;
	rehearsal_judge(&config, &one);
	assert_int_equal(one.repeats, REPEATS_UNKNOWN);
	assert_false(one.has_noise);
	rehearsal_judge(&config, &two);
	assert_int_equal(two.repeats, REPEATS_NEVER);
	assert_false(two.has_noise);
	rehearsal_judge(&config, &same);
	assert_false(same.has_noise);
	assert_int_equal(same.wanted, 0);
}

static void a_share_is_one_of_the_typical_value(void **state)
{
	struct rehearsal r = OF(1, -10, -11, -10, -11, -10, -11);

	(void)state;
	config.min_effect = (struct threshold){ .set = true, .relative = true, .value = 0.1 };
	rehearsal_judge(&config, &r);
	assert_true(fabs(r.gain - 1.05) < 1e-12);
	assert_int_equal(r.wanted, noise_trials(&r.noise, r.gain, config.confidence));
	assert_true(r.wanted > 1);
	config.min_effect = (struct threshold){ .set = true, .value = 3 };
	rehearsal_judge(&config, &r);
	assert_true(r.gain == 3);
}

static void the_narrowest_budget_ends_it(void **state)
{
	struct totals totals = { .experiments = 10, .time = 100, .tokens = 1000 };
	struct rehearsal r = OF(2, 1);
	struct forecast f;

	(void)state;
	r.prompt_tokens = 500;
	rehearsal_judge(&config, &r);
	forecast_of(&config, &totals, &r, &f);
	assert_false(f.bounded);
	assert_true(f.trials == 1 && f.seconds == 2);
	config.budget.experiments = 60;
	forecast_of(&config, &totals, &r, &f);
	assert_int_equal(f.experiments, 50);
	assert_string_equal(f.by, "experiments");
	assert_true(f.time == 100);
	config.budget.time = 160;
	forecast_of(&config, &totals, &r, &f);
	assert_int_equal(f.experiments, 30);
	assert_string_equal(f.by, "time");
	config.budget.tokens = 6000;
	forecast_of(&config, &totals, &r, &f);
	assert_int_equal(f.experiments, 10);
	assert_string_equal(f.by, "tokens");
	config.budget.gpu_hours = 0.01;
	forecast_of(&config, &totals, &r, &f);
	assert_string_equal(f.by, "tokens"); /* nobody holds a GPU */
	r.gpus = 2;
	totals.gpu_hours = 0.005;
	forecast_of(&config, &totals, &r, &f);
	assert_int_equal(f.experiments, 5); /* of 4 s each, with 18 s left */
	assert_string_equal(f.by, "gpuHours");
	/* What was imported has used nothing. */
	config.budget.experiments = 8;
	totals.imported = 6;
	forecast_of(&config, &totals, &r, &f);
	assert_int_equal(f.experiments, 4);
	assert_string_equal(f.by, "experiments");
	/* One that is used up. */
	config.budget.experiments = 4;
	forecast_of(&config, &totals, &r, &f);
	assert_int_equal(f.experiments, 0);
	assert_string_equal(f.by, "experiments");
	assert_true(f.time == 0);
}

static void jobs_share_the_time(void **state)
{
	struct totals totals = { 0 };
	struct rehearsal r = OF(2, 1);
	struct forecast f;

	(void)state;
	r.jobs = 4;
	rehearsal_judge(&config, &r);
	config.budget.experiments = 100;
	forecast_of(&config, &totals, &r, &f);
	assert_true(f.seconds == 2 && f.time == 50);
	config.budget.time = 20;
	forecast_of(&config, &totals, &r, &f);
	assert_int_equal(f.experiments, 40);
}

static void pairs_take_more(void **state)
{
	struct comparison_plan plan = comparison_plan(10, config.confidence);
	struct rehearsal r = OF(1, 1);
	struct totals totals = { 0 };
	struct forecast f;

	(void)state;
	rehearsal_judge(&config, &r);
	config.trials = 10;
	forecast_of(&config, &totals, &r, &f);
	assert_true(f.trials_most == 2 * (double)(plan.search + plan.confirm));
	assert_true(f.trials > 2 && f.trials < f.trials_most);
	assert_true(f.seconds == f.trials);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_first_two_have_one_seed, setup),
		cmocka_unit_test_setup(long_trials_are_fewer, setup),
		cmocka_unit_test_setup(one_number_always_is_no_noise, setup),
		cmocka_unit_test_setup(the_same_seed_twice_is_one_sample, setup),
		cmocka_unit_test_setup(too_few_say_nothing_of_noise, setup),
		cmocka_unit_test_setup(a_share_is_one_of_the_typical_value, setup),
		cmocka_unit_test_setup(the_narrowest_budget_ends_it, setup),
		cmocka_unit_test_setup(jobs_share_the_time, setup),
		cmocka_unit_test_setup(pairs_take_more, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
