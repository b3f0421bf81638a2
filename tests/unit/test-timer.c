#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <poll.h>
#include <unistd.h>

#include "base/timer.h"

static int wait_for(int timer, int ms)
{
	struct pollfd p = { .fd = timer, .events = POLLIN };

	return poll(&p, 1, ms);
}

static void it_expires_once(void **state)
{
	struct error err = ERROR_INIT;
	int timer = timer_new(&err);

	(void)state;
	assert_true(timer >= 0);
	assert_false(timer_take(timer));
	assert_int_equal(timer_arm(timer, 0.01, 0), 0);
	assert_int_equal(wait_for(timer, 10000), 1);
	assert_true(timer_take(timer));
	assert_false(timer_take(timer));
	assert_int_equal(wait_for(timer, 30), 0);
	close(timer);
}

/* A time that rounds to nothing must not disarm it. */
static void no_time_is_the_shortest(void **state)
{
	struct error err = ERROR_INIT;
	int timer = timer_new(&err);

	(void)state;
	assert_int_equal(timer_arm(timer, 1e-12, 0), 0);
	assert_int_equal(wait_for(timer, 10000), 1);
	assert_int_equal(timer_arm(timer, 0, 0), 0);
	assert_int_equal(wait_for(timer, 10000), 1);
	close(timer);
}

static void it_repeats(void **state)
{
	struct error err = ERROR_INIT;
	int timer = timer_new(&err);

	(void)state;
	assert_int_equal(timer_arm(timer, 0.001, 0.001), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(wait_for(timer, 10000), 1);
		assert_true(timer_take(timer));
	}
	close(timer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_expires_once),
		cmocka_unit_test(no_time_is_the_shortest),
		cmocka_unit_test(it_repeats),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
