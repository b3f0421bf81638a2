#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "command/delegate.h"

static void asks_where_only_systemd_can_help(void **state)
{
	const struct standing login = { .unified = true, .manager = true };

	(void)state;
	assert_true(standing_wants_scope(&login));
}

static void does_not_ask_for_what_it_has(void **state)
{
	const struct standing scope = { .unified = true, .ours = true, .manager = true };

	(void)state;
	assert_false(standing_wants_scope(&scope));
}

/* The scope of a login may end with it. */
static void asks_for_what_outlives_a_login(void **state)
{
	struct standing detached = {
		.detach = true, .unified = true, .ours = true, .manager = true
	};

	(void)state;
	assert_true(standing_wants_scope(&detached));
	detached.moved = true;
	assert_false(standing_wants_scope(&detached));
	detached = (struct standing){ .detach = true, .ours = true, .manager = true };
	assert_false(standing_wants_scope(&detached));
}

static void asks_once(void **state)
{
	const struct standing again = { .unified = true, .moved = true, .manager = true };

	(void)state;
	assert_false(standing_wants_scope(&again));
}

/* systemd gives no controller of v1 away. */
static void does_not_ask_for_what_is_not_given(void **state)
{
	const struct standing hybrid = { .manager = true };

	(void)state;
	assert_false(standing_wants_scope(&hybrid));
}

static void asks_nobody_where_nobody_is(void **state)
{
	const struct standing container = { .unified = true };

	(void)state;
	assert_false(standing_wants_scope(&container));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asks_where_only_systemd_can_help),
		cmocka_unit_test(does_not_ask_for_what_it_has),
		cmocka_unit_test(asks_for_what_outlives_a_login),
		cmocka_unit_test(asks_once),
		cmocka_unit_test(does_not_ask_for_what_is_not_given),
		cmocka_unit_test(asks_nobody_where_nobody_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
