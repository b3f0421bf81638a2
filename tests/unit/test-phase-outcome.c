#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <string.h>

#include "model/outcome.h"
#include "model/phase.h"

static void phases_have_names(void **state)
{
	enum phase phase = PHASE_NR;

	(void)state;
	for (int i = 0; i < PHASE_NR; i++) {
		assert_int_equal(phase_parse(phase_name((enum phase)i), &phase), 0);
		assert_int_equal(phase, i);
	}
	assert_string_equal(phase_name(PHASE_SETUP), "setup");
	assert_string_equal(phase_name(PHASE_PROPOSE), "propose");
	assert_int_equal(phase_parse("Run", &phase), -1);
	assert_int_equal(phase_parse("", &phase), -1);
	assert_int_equal(phase, PHASE_PROPOSE); /* left alone */
}

static void assert_reason(const struct outcome *o, const char *expected, bool killed)
{
	CLEANUP_STRBUF struct strbuf sb = STRBUF_INIT;

	outcome_reason(o, &sb);
	assert_string_equal(sb.buf, expected);
	assert_int_equal(outcome_was_killed(o), killed);
	assert_int_equal(outcome_is_success(o), !*expected);
}

static void reasons(void **state)
{
	static const struct {
		struct outcome outcome;
		const char *reason;
		bool killed;
	} cases[] = {
		{ { .kind = OUTCOME_EXITED }, "", false },
		{ { .kind = OUTCOME_EXITED, .exit_code = 3 }, "exit 3", false },
		{ { .kind = OUTCOME_EXITED, .exit_code = 125 }, "exit 125", false },
		{ { .kind = OUTCOME_SIGNALED, .signal = SIGSEGV }, "signal SIGSEGV", false },
		{ { .kind = OUTCOME_SIGNALED, .signal = SIGKILL }, "signal SIGKILL", false },
		{ { .kind = OUTCOME_SIGNALED, .signal = 40 }, "signal 40", false },
		{ { .kind = OUTCOME_TIMEOUT }, "timeout", true },
		{ { .kind = OUTCOME_MEMORY }, "out-of-memory", true },
		{ { .kind = OUTCOME_DISK }, "out-of-disk", true },
		{ { .kind = OUTCOME_PIDS }, "too-many-processes", true },
		{ { .kind = OUTCOME_OUTPUT }, "output-limit", true },
		{ { .kind = OUTCOME_SYSCALL, .syscall = "i386:mount" },
		  "syscall i386:mount",
		  true },
		{ { .kind = OUTCOME_CANCELLED }, "cancelled", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_reason(&cases[i].outcome, cases[i].reason, cases[i].killed);
}

/* A limit that was hit counts, whatever the exit status was. */
static void a_limit_is_no_success(void **state)
{
	const struct outcome o = { .kind = OUTCOME_DISK, .exit_code = 0 };

	(void)state;
	assert_false(outcome_is_success(&o));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(phases_have_names),
		cmocka_unit_test(reasons),
		cmocka_unit_test(a_limit_is_no_success),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
