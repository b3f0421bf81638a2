#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "loop/lock.h"
#include "loop/mark.h"
#include "loop/state.h"
#include "loop/watchdog.h"

/* A campaign's folder, which is empty. */
static char dir[64];

static int make_folder(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/autoresearch-state-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_folder(void **state)
{
	CLEANUP_FREE char *command = xstrfmt("rm -rf '%s'", dir);

	(void)state;
	return system(command);
}

static void put(enum state state)
{
	struct error err = ERROR_INIT;

	assert_int_equal(state_write(dir, state, NULL, &err), 0);
}

static void mark(const char *why)
{
	struct error err = ERROR_INIT;

	assert_int_equal(mark_write(dir, why, &err), 0);
}

static void assert_reason(const char *expected)
{
	CLEANUP_STRBUF struct strbuf reason = STRBUF_INIT;

	watchdog_reason(dir, &reason);
	assert_string_equal(reason.buf, expected);
}

/* What ended it may be an error's message, with words of anybody's in it. */
static void why_it_ended_is_kept(void **state)
{
	CLEANUP_STRBUF struct strbuf why = STRBUF_INIT;
	struct error err = ERROR_INIT;

	(void)state;
	state_why(dir, &why);
	assert_string_equal(why.buf, "");
	put(STATE_TARGET);
	state_why(dir, &why);
	assert_string_equal(why.buf, "");
	assert_int_equal(state_write(dir, STATE_BUDGET, "time \33[31m", &err), 0);
	assert_int_equal(state_read(dir, 1), STATE_BUDGET);
	state_why(dir, &why);
	assert_string_equal(why.buf, "time \\x1b[31m");
}

static void without_a_file_the_records_tell(void **state)
{
	(void)state;
	assert_int_equal(state_read(dir, 0), STATE_NEW);
	assert_int_equal(state_read(dir, 1), STATE_STOPPED);
	assert_false(state_was_failing(dir));
}

static void it_is_what_was_written_last(void **state)
{
	(void)state;
	for (enum state s = STATE_STOPPED; s < STATE_NR; s++) {
		put(s);
		assert_int_equal(state_read(dir, 1), s);
		assert_int_equal(state_was_failing(dir), s == STATE_FAILING);
	}
}

static void who_runs_and_does_not_live_was_killed(void **state)
{
	(void)state;
	put(STATE_RUNNING);
	assert_int_equal(state_read(dir, 1), STATE_FAILING);
	assert_true(state_was_failing(dir));
	assert_reason("start was killed, or the machine went down");
	mark("start was killed, or died");
	assert_reason("start was killed, or died");
}

static void a_mark_is_one_visible_line(void **state)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	struct error err = ERROR_INIT;
	int fd;

	(void)state;
	assert_false(mark_read(dir, &text));
	mark("a\33[2Jb\nsecond");
	assert_true(mark_read(dir, &text));
	assert_string_equal(text.buf, "a\\x1b[2Jb");
	fd = mark_open(dir, &err);
	assert_true(fd >= 0);
	close(fd);
	assert_false(mark_read(dir, &text));
}

/* A process that holds the lock while `fn` looks: a lock of our own we would not see. */
static void while_it_is_locked(void (*fn)(void))
{
	int ready[2], over[2], status, lock;
	struct error err = ERROR_INIT;
	pid_t pid, holder;
	char byte;

	assert_int_equal(pipe(ready) | pipe(over), 0);
	pid = fork();
	if (!pid) {
		close(over[1]);
		if (lock_take(dir, &lock, &holder, &err) || write(ready[1], "", 1) != 1)
			_exit(1);
		_exit(read(over[0], &byte, 1) != 0);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	fn();
	close(ready[0]);
	close(ready[1]);
	close(over[0]);
	close(over[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void look_at_who_works(void)
{
	put(STATE_RUNNING);
	assert_int_equal(state_read(dir, 1), STATE_RUNNING);
	mark("start hung: it gave no sign of life");
	assert_int_equal(state_read(dir, 1), STATE_FAILING);
	/* `try` on a campaign that has failed. */
	put(STATE_FAILING);
	assert_int_equal(state_read(dir, 1), STATE_RUNNING);
}

static void who_holds_the_lock_runs_unless_they_hang(void **state)
{
	(void)state;
	while_it_is_locked(look_at_who_works);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)
	const struct CMUnitTest tests[] = {
		TEST(why_it_ended_is_kept),
		TEST(without_a_file_the_records_tell),
		TEST(it_is_what_was_written_last),
		TEST(who_runs_and_does_not_live_was_killed),
		TEST(a_mark_is_one_visible_line),
		TEST(who_holds_the_lock_runs_unless_they_hang),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
