#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>

#include "base/random.h"
#include "model/noise.h"

static void noise_is_what_neighbours_differ_by(void **state)
{
	static const double same[] = { 3, 3, 3 };
	static const double saw[] = { 1, 3, 1, 3, 1 };
	struct noise noise;

	(void)state;
	noise_of(same, 3, &noise);
	assert_true(noise.sd == 0 && noise.above == 0);
	noise_of(saw, 5, &noise);
	assert_true(fabs(noise.sd - sqrt(2)) < 1e-12);
	assert_true(noise.above > 1.5 * noise.sd && noise.above < 2 * noise.sd);
}

/* Of eight samples of a machine that slows down, in a thousand campaigns. */
static void drift_is_not_noise_and_the_limit_holds(void **state)
{
	uint64_t seed = 11;
	double squares = 0;
	int below = 0;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		double samples[8];
		struct noise noise;

		for (int j = 0; j < 8; j++)
			samples[j] = 50 + 0.2 * j + random_normal(&seed);
		noise_of(samples, 8, &noise);
		squares += noise.sd * noise.sd;
		below += noise.above >= 1;
	}
	assert_true(fabs(squares / 1000 - 1) < 0.07);
	/* At 80 %; drift adds a little. */
	assert_in_range(below, 770, 860);
}

static void the_trials_follow_from_noise_and_gain(void **state)
{
	static const struct noise one = { .sd = 1, .above = 1 };
	static const struct noise none = { .sd = 0, .above = 0 };
	static const struct noise unsure = { .sd = 1, .above = 2 };

	(void)state;
	assert_int_equal(noise_trials(&one, 1, 0.95), 24);
	assert_int_equal(noise_trials(&one, 2, 0.95), 8);
	assert_int_equal(noise_trials(&one, 0, 0.95), 8);
	assert_int_equal(noise_trials(&one, 0.5, 0.95), 90);
	assert_true(noise_trials(&one, 1, 0.99) > 24);
	/* What it may be counts, not what it seems to be. */
	assert_int_equal(noise_trials(&unsure, 2, 0.95), 24);
	assert_int_equal(noise_trials(&one, 1e-9, 0.95), 1000000);
	/* One sample: no noise, or a gain beyond any of it. */
	assert_int_equal(noise_trials(&none, 0, 0.95), 1);
	assert_int_equal(noise_trials(&none, 0.1, 0.95), 1);
	assert_int_equal(noise_trials(&one, 4.48, 0.95), 1);
	assert_true(noise_trials(&one, 4.47, 0.95) > 1);
}

static void baselines_that_differ_have_drifted(void **state)
{
	static const double old[] = { 10.1, 9.8, 10.0, 10.3, 9.9 };
	static const double slower[] = { 10.9, 11.0, 10.7 }, mixed[] = { 10.2, 9.7, 10.05 };
	struct drift d;

	(void)state;
	drift_of(old, 5, slower, 3, 0.95, &d);
	assert_true(d.drifted);
	assert_true(fabs(d.shift - 0.9) < 1e-9);
	/* One order of 56 on each side. */
	assert_true(fabs(d.p - 2.0 / 56) < 1e-12);
	drift_of(slower, 3, old, 5, 0.95, &d);
	assert_true(d.drifted && fabs(d.shift + 0.9) < 1e-9);
	drift_of(old, 5, mixed, 3, 0.95, &d);
	assert_false(d.drifted);
	assert_true(d.p > 0.5);
	/* Two are too few to say so. */
	drift_of(old, 5, slower, 2, 0.95, &d);
	assert_false(d.drifted);
	assert_true(fabs(d.p - 2.0 / 21) < 1e-12);
}

/* The tables of Mann and Whitney: of 5 and 5, U = 2 is the last at 5 % of two sides. */
static void its_chances_are_those_of_the_tables(void **state)
{
	static const double old[] = { 1, 2, 3, 4, 5 };
	static const double u2[] = { 3.5, 5.1, 6, 7, 8 }, u3[] = { 2.5, 5.1, 6, 7, 8 };
	struct drift d;

	(void)state;
	drift_of(old, 5, u2, 5, 0.95, &d);
	assert_true(d.drifted && fabs(d.p - 2 * 4.0 / 252) < 1e-12);
	drift_of(old, 5, u3, 5, 0.95, &d);
	assert_true(!d.drifted && fabs(d.p - 2 * 7.0 / 252) < 1e-12);
}

static void a_deterministic_metric_drifts_by_any_change(void **state)
{
	static const double old[] = { 2, 2, 2 }, new[] = { 2.5, 2.5 };
	struct drift d;

	(void)state;
	drift_of(old, 3, new, 1, 0.95, &d);
	assert_true(d.drifted && d.p == 0 && d.shift == 0.5);
	drift_of(old, 3, old, 3, 0.95, &d);
	assert_true(!d.drifted && d.p == 1 && d.shift == 0);
	/* One sample says nothing about being deterministic. */
	drift_of(old, 1, new, 2, 0.95, &d);
	assert_false(d.drifted);
}

/* Nothing has changed: 2,000 times, with 5 and 3, and with more than is looked at. */
static void noise_alone_is_not_called_drift(void **state)
{
	static double samples[100];
	uint64_t seed = 5;
	int few = 0, many = 0;

	(void)state;
	for (int i = 0; i < 2000; i++) {
		struct drift d;

		for (int j = 0; j < 8; j++)
			samples[j] = exp(random_normal(&seed));
		drift_of(samples, 5, samples + 5, 3, 0.95, &d);
		few += d.drifted;
	}
	for (int i = 0; i < 20; i++) {
		struct drift d;

		for (int j = 0; j < 100; j++)
			samples[j] = j < 10 ? 1e9 : exp(random_normal(&seed));
		drift_of(samples, 50, samples + 50, 50, 0.95, &d);
		many += d.drifted;
	}
	/* 5 % of 2,000 and 3 standard deviations; 2 of 56 are 3.6 %. */
	assert_in_range(few, 40, 129);
	assert_true(many <= 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(noise_is_what_neighbours_differ_by),
		cmocka_unit_test(drift_is_not_noise_and_the_limit_holds),
		cmocka_unit_test(the_trials_follow_from_noise_and_gain),
		cmocka_unit_test(baselines_that_differ_have_drifted),
		cmocka_unit_test(its_chances_are_those_of_the_tables),
		cmocka_unit_test(a_deterministic_metric_drifts_by_any_change),
		cmocka_unit_test(noise_alone_is_not_called_drift),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
