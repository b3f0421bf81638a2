#include "report/pager.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/process.h"
#include "report/terminal.h"

#define COMMAND_MAX 4096

static volatile pid_t pager; /* 0: there is none */
static volatile sig_atomic_t has_stderr;

/* Its input ends where all ends of the pipe that we hold are closed. A signal may come in between,
 * whose handler waits as well. */
static void wait_for_pager(void)
{
	int status;

	close(STDOUT_FILENO);
	if (has_stderr)
		close(STDERR_FILENO);
	while (waitpid(pager, &status, 0) < 0 && errno == EINTR)
		;
}

static void at_exit(void)
{
	fflush(stdout);
	fflush(stderr);
	wait_for_pager();
}

/* The terminal is the pager's until it ends, whatever ends us. */
static void on_signal(int sig)
{
	wait_for_pager();
	signal(sig, SIG_DFL);
	raise(sig);
}

/* One line that a git command answers with; false for none. */
static bool ask(const char *const *argv, struct strbuf *ret)
{
	struct error err = ERROR_INIT;

	if (process_run(argv, ret, COMMAND_MAX, &err))
		return false;
	strbuf_rtrim(ret);
	return true;
}

static bool is_word(const char *s, const char *const *words)
{
	while (*words && strcasecmp(s, *words))
		words++;
	return *words;
}

/*
 * The command to run; false for none. git answers for all but pager.autoresearch, which it obeys
 * itself where it starts us.
 */
static bool find_pager(struct strbuf *ret)
{
	static const char *const ours[] = { "git", "config", "--get", "pager.autoresearch",
					    NULL };
	static const char *const any[] = { "git", "var", "GIT_PAGER", NULL };
	static const char *const yes[] = { "true", "yes", "on", "1", NULL };
	static const char *const no[] = { "false", "no", "off", "0", "", NULL };
	const char *chosen = getenv("GIT_PAGER");

	if (chosen && (!*chosen || !strcmp(chosen, "cat")))
		return false;
	if (ask(ours, ret)) {
		if (is_word(ret->buf, no))
			return false;
		if (!chosen && !is_word(ret->buf, yes))
			return strcmp(ret->buf, "cat");
	}
	strbuf_reset(ret);
	return ask(any, ret) && *ret->buf && strcmp(ret->buf, "cat");
}

/* Directly where no shell is needed, so that one that is not installed is noticed. */
static pid_t spawn(const char *command, int in)
{
	const char *const shell[] = { "sh", "-c", command, NULL };
	const char *const plain[] = { command, NULL };
	bool is_plain = !strpbrk(command, "|&;<>()$`\\\"' \t\n*?[#~=%");
	const char *const *argv = is_plain ? plain : shell;
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int failed;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	failed = posix_spawnp(&pid, argv[0], &actions, NULL, (char *const *)argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	return failed ? 0 : pid;
}

/* What the pager, and a git that we run, are to know. */
static void tell_children(void)
{
	CLEANUP_FREE char *columns = xstrfmt("%d", terminal_width(STDOUT_FILENO));

	setenv("GIT_PAGER_IN_USE", "true", 1);
	setenv("COLUMNS", columns, 1);
	setenv("LESS", "FRX", 0);
	setenv("LV", "-c", 0);
}

/* Whatever ends us, it is waited for. */
static void expect_end(void)
{
	static const int signals[] = { SIGINT, SIGHUP, SIGTERM, SIGQUIT };

	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		signal(signals[i], on_signal);
	signal(SIGPIPE, SIG_IGN);
	atexit(at_exit);
}

void pager_start(void)
{
	CLEANUP_STRBUF struct strbuf command = STRBUF_INIT;
	int ends[2];

	fflush(stdout);
	if (pager || !isatty(STDOUT_FILENO) || !find_pager(&command) || pipe2(ends, O_CLOEXEC))
		return;
	tell_children();
	pager = spawn(command.buf, ends[0]);
	if (pager) {
		expect_end();
		dup2(ends[1], STDOUT_FILENO);
		has_stderr = isatty(STDERR_FILENO);
		if (has_stderr)
			dup2(ends[1], STDERR_FILENO);
	} else {
		unsetenv("GIT_PAGER_IN_USE");
	}
	close(ends[0]);
	close(ends[1]);
}

void pager_refuse(void)
{
	setenv("GIT_PAGER", "cat", 1);
}
