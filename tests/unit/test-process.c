#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/process.h"
#include "base/timer.h"

/* Runs a shell script; gives what process_run() does. */
static int sh(const char *script, struct strbuf *out, size_t cap, struct error *err)
{
	const char *const argv[] = { "sh", "-c", script, NULL };

	return process_run(argv, out, cap, err);
}

static void stdout_is_collected(void **state)
{
	CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;
	struct error err = ERROR_INIT;

	(void)state;
	strbuf_addstr(&out, "before ");
	assert_int_equal(sh("printf 'a\\0b'; echo warned >&2", &out, 3, &err), 0);
	assert_int_equal(out.len, 10);
	assert_memory_equal(out.buf, "before a\0b", 11);
}

static void stdout_may_be_dropped(void **state)
{
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(sh("head -c 300000 /dev/zero", NULL, 0, &err), 0);
}

static void more_than_the_cap_is_an_error(void **state)
{
	CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(sh("exec cat /dev/zero", &out, 1000, &err), -1);
	assert_string_equal(err.message, "sh: cannot read its output: File too large");
	assert_int_equal(out.len, 0);
	assert_int_equal(sh("printf 12345", &out, 4, &err), -1);
	assert_int_equal(sh("printf 12345", &out, 5, &err), 0);
}

static void a_failure_has_the_last_line(void **state)
{
	CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(sh("echo result; echo one >&2; printf 'two\\033[1m\\n\\n' >&2; exit 3",
			    &out, 100, &err),
			 -1);
	assert_string_equal(err.message, "sh: two\\x1b[1m");
	assert_int_equal(out.len, 0);
	assert_int_equal(sh("exit 3", &out, 100, &err), -1);
	assert_string_equal(err.message, "sh: failed with exit status 3");
	assert_int_equal(sh("kill -TERM $$", &out, 100, &err), -1);
	assert_string_equal(err.message, "sh: died of signal 15");
}

/* However much it says, and while it says nothing on the other pipe. */
static void a_long_stderr_does_not_block(void **state)
{
	CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(sh("yes line | head -c 1000000 >&2; echo; echo last >&2; exit 1", &out,
			    100, &err),
			 -1);
	assert_string_equal(err.message, "sh: last");
}

static void a_missing_program(void **state)
{
	const char *const argv[] = { "no-such-program-here", NULL };
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(process_run(argv, NULL, 0, &err), -1);
	assert_string_equal(err.message, "no-such-program-here: No such file or directory");
}

static void it_starts_clean(void **state)
{
	CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;
	CLEANUP_CLOSE int leak = dup(STDERR_FILENO); /* not close-on-exec */
	struct error err = ERROR_INIT;
	sigset_t term, old;

	(void)state;
	assert_true(leak > 2);
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, &old);
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(
		sh("cat; ls /proc/self/fd | tr '\\n' ' ';"
		   /* 32 and 33 are the C library's own; some shells leave them ignored. */
		   " sed -n 's/^Sig\\(Blk\\|Ign\\):.*\\(........\\)$/\\1 \\2/p'"
		   " /proc/self/status | tr 8 0",
		   &out, 1000, &err),
		0);
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, &old, NULL);
	/* stdin is empty; 3 is the folder that ls reads. */
	assert_string_equal(out.buf, "0 1 2 3 Blk 00000000\nIgn 00000000\n");
}

static void its_process_group_is_its_own(void **state)
{
	CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(
		sh("test $(cut -d ' ' -f 5 /proc/$$/stat) = $$ && echo own", &out, 10, &err),
		0);
	assert_string_equal(out.buf, "own\n");
}

/* A program in another group would be stopped where it asks at the terminal. */
static void one_that_asks_is_in_ours(void **state)
{
	static const char *const argv[] = { "sh", "-c", "cat; cut -d ' ' -f 5 /proc/$$/stat",
					    NULL };
	CLEANUP_FREE char *expected = xstrfmt("told\n%d\n", (int)getpgrp());
	CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(process_ask(argv, "told\n", 5, &out, 100, &err), 0);
	assert_string_equal(out.buf, expected);
	assert_int_equal(process_ask(argv, "told\n", 5, &out, 3, &err), -1);
}

/* Started without standard descriptors, as a daemon may be, the pipes take their numbers. */
static void without_standard_descriptors(void **state)
{
	CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;
	struct error err = ERROR_INIT;
	int saved[3], ret;

	(void)state;
	for (int fd = 0; fd < 3; fd++) {
		saved[fd] = fcntl(fd, F_DUPFD_CLOEXEC, 10);
		close(fd);
	}
	ret = sh("cat; echo out; echo err >&2; exit 0", &out, 100, &err);
	for (int fd = 0; fd < 3; fd++)
		if (saved[fd] >= 0) {
			dup2(saved[fd], fd);
			close(saved[fd]);
		}
	assert_int_equal(ret, 0);
	assert_string_equal(out.buf, "out\n");
}

/* Tells a shell script something; it has a minute. */
static int tell(const char *script, const char *text, const struct string_list *env,
		double seconds, struct error *err)
{
	const char *const argv[] = { "sh", "-c", script, NULL };

	return process_tell(argv, text, strlen(text), env, seconds, err);
}

static void it_is_told_on_stdin(void **state)
{
	CLEANUP_STRING_LIST struct string_list env = STRING_LIST_INIT;
	struct error err = ERROR_INIT;

	(void)state;
	string_list_add(&env, "TOLD=by its environment");
	assert_int_equal(tell("test -z \"$(cat)\"", "", NULL, 60, &err), 0);
	assert_int_equal(tell("read -r a && read -r b && test $a$b = onetwo", "one\ntwo\n",
			      NULL, 60, &err),
			 0);
	assert_int_equal(tell("test \"$TOLD\" = 'by its environment'", "", &env, 60, &err), 0);
	assert_null(getenv("TOLD"));
	assert_int_equal(tell("exit 7", "", NULL, 60, &err), -1);
	assert_string_equal(err.message, "sh: failed with exit status 7");
}

static void it_has_so_much_time(void **state)
{
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(tell("sleep 100 & sleep 100", "", NULL, 0.2, &err), -1);
	assert_string_equal(err.message, "sh: took longer than 0 seconds");
}

/* As what sends mail does. */
static void its_background_is_not_waited_for(void **state)
{
	CLEANUP_STRING_LIST struct string_list env = STRING_LIST_INIT;
	CLEANUP_STRBUF struct strbuf pid = STRBUF_INIT;
	char path[] = "/tmp/autoresearch-process-XXXXXX";
	CLEANUP_CLOSE int file = mkstemp(path);
	CLEANUP_FREE char *pair = xstrfmt("PID_FILE=%s", path);
	struct error err = ERROR_INIT;
	struct timespec begin;

	(void)state;
	string_list_add(&env, pair);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	assert_int_equal(tell("sleep 60 & echo $! >$PID_FILE", "", &env, 60, &err), 0);
	assert_true(seconds_since(&begin) < 50);
	assert_int_equal(strbuf_read_fd(&pid, file, 100), 0);
	assert_int_equal(kill(atoi(pid.buf), SIGKILL), 0);
	unlink(path);
}

static void test_passes(void **state)
{
	static const char *const three[] = { "sh", "-c", "exit 3", NULL };
	static const char *const killed[] = { "sh", "-c", "kill -TERM $$", NULL };
	static const char *const missing[] = { "/nowhere/program", NULL };
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(process_pass(three, &err), 3);
	assert_int_equal(process_pass(killed, &err), 128 + SIGTERM);
	assert_int_equal(process_pass(missing, &err), -1);
	assert_non_null(strstr(err.message, "/nowhere/program"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_passes),
		cmocka_unit_test(stdout_is_collected),
		cmocka_unit_test(stdout_may_be_dropped),
		cmocka_unit_test(more_than_the_cap_is_an_error),
		cmocka_unit_test(a_failure_has_the_last_line),
		cmocka_unit_test(a_long_stderr_does_not_block),
		cmocka_unit_test(a_missing_program),
		cmocka_unit_test(it_starts_clean),
		cmocka_unit_test(its_process_group_is_its_own),
		cmocka_unit_test(one_that_asks_is_in_ours),
		cmocka_unit_test(without_standard_descriptors),
		cmocka_unit_test(it_is_told_on_stdin),
		cmocka_unit_test(it_has_so_much_time),
		cmocka_unit_test(its_background_is_not_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
