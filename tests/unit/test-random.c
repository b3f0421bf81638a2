#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>

#include "base/random.h"

/* The first numbers of splitmix64 by its author's program, from seed 1234567. */
static void it_is_splitmix64(void **state)
{
	uint64_t seed = 1234567;

	(void)state;
	assert_true(random_next(&seed) == UINT64_C(6457827717110365317));
	assert_true(random_next(&seed) == UINT64_C(3203168211198807973));
	assert_true(random_next(&seed) == UINT64_C(9817491932198370423));
}

static void the_uniform_ones_fill_the_unit_interval(void **state)
{
	uint64_t seed = 1;
	int tenths[10] = { 0 };

	(void)state;
	for (int i = 0; i < 10000; i++) {
		double u = random_uniform(&seed);

		assert_true(u > 0 && u < 1);
		tenths[(int)(10 * u)]++;
	}
	for (int i = 0; i < 10; i++)
		assert_in_range(tenths[i], 880, 1120);
}

static void the_normal_ones_have_mean_0_and_variance_1(void **state)
{
	uint64_t seed = 2;
	double sum = 0, squares = 0;
	int beyond = 0;

	(void)state;
	for (int i = 0; i < 10000; i++) {
		double x = random_normal(&seed);

		sum += x;
		squares += x * x;
		beyond += x > 1.96;
	}
	assert_true(fabs(sum / 10000) < 0.03);
	assert_true(fabs(squares / 10000 - 1) < 0.05);
	assert_in_range(beyond, 200, 300);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_splitmix64),
		cmocka_unit_test(the_uniform_ones_fill_the_unit_interval),
		cmocka_unit_test(the_normal_ones_have_mean_0_and_variance_1),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
