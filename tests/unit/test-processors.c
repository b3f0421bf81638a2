#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "sandbox/processors.h"

static void nobody_shares(void **state)
{
	int nr = processors_nr();

	(void)state;
	assert_true(nr >= 1);
	for (int shares = 1; shares <= nr; shares++) {
		cpu_set_t seen, share, both;

		CPU_ZERO(&seen);
		for (int i = 0; i < shares; i++) {
			assert_int_equal(processors_share(i, shares, 0, &share), nr / shares);
			CPU_AND(&both, &seen, &share);
			assert_int_equal(CPU_COUNT(&both), 0);
			CPU_OR(&seen, &seen, &share);
		}
		assert_int_equal(CPU_COUNT(&seen), nr / shares * shares);
	}
}

static void no_more_than_are_wanted(void **state)
{
	cpu_set_t share;

	(void)state;
	assert_int_equal(processors_share(0, 1, 1, &share), 1);
	assert_int_equal(processors_share(0, 1, 100000, &share), processors_nr());
}

static void too_few_are_none(void **state)
{
	cpu_set_t share;

	(void)state;
	assert_int_equal(processors_share(0, processors_nr() + 1, 0, &share), 0);
	assert_int_equal(CPU_COUNT(&share), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_shares),
		cmocka_unit_test(no_more_than_are_wanted),
		cmocka_unit_test(too_few_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
