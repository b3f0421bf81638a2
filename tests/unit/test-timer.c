#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/strbuf.h"
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

/* A machine that is suspended gets no older by this clock: no trial and no budget runs out then.
 * The kernel tells which clock it is; see timerfd_create(2). */
static void a_suspended_machine_does_not_count(void **state)
{
	CLEANUP_STRBUF struct strbuf info = STRBUF_INIT, expected = STRBUF_INIT;
	CLEANUP_FREE char *path = NULL;
	struct error err = ERROR_INIT;
	int timer = timer_new(&err);

	(void)state;
	path = xstrfmt("/proc/self/fdinfo/%d", timer);
	assert_int_equal(strbuf_read_file(&info, path, 4096), 0);
	strbuf_addf(&expected, "\nclockid: %d\n", CLOCK_MONOTONIC);
	assert_non_null(strstr(info.buf, expected.buf));
	close(timer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_expires_once),
		cmocka_unit_test(no_time_is_the_shortest),
		cmocka_unit_test(it_repeats),
		cmocka_unit_test(a_suspended_machine_does_not_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
