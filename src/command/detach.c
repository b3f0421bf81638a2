#include "command/detach.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/strbuf.h"

/* Until it has begun, or has ended: with its status. */
static int wait_for_begin(int begun, pid_t pid)
{
	int status = 0;
	ssize_t got;
	char byte;

	do {
		got = read(begun, &byte, 1);
	} while (got < 0 && errno == EINTR);
	if (got == 1)
		return EXIT_DONE;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int detach_fork(struct detach *d, int *ret_status, struct error *err)
{
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		return error_errno(err, "cannot make a pipe");
	/* What is buffered would be written by both. */
	fflush(NULL);
	pid = fork();
	if (pid < 0)
		error_errno(err, "cannot fork");
	if (!pid) {
		close(ends[0]);
		d->begun = ends[1];
		return 0;
	}
	close(ends[1]);
	if (pid > 0)
		*ret_status = wait_for_begin(ends[0], pid);
	close(ends[0]);
	return pid < 0 ? -1 : 1;
}

/* In the log of many runs, where this one begins. */
static void head(void)
{
	time_t now = time(NULL);
	char when[32];
	struct tm tm;

	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
	printf("== %s: process %d\n", when, (int)getpid());
	fflush(stdout);
}

int detach_leave(struct detach *d, const char *campaign, const char *dir, struct error *err)
{
	CLEANUP_FREE char *path = xstrfmt("%s/" DETACH_LOG, dir);
	CLEANUP_CLOSE int log = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
	CLEANUP_CLOSE int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (log < 0 || null < 0)
		return error_errno(err, "cannot open '%s'", path);
	/* Not before: until now a Ctrl-C was meant for both of us. */
	if (setsid() < 0)
		return error_errno(err, "cannot leave the terminal");
	printf("%s: detached, process %d, log %s\n", campaign, (int)getpid(), path);
	fflush(stdout);
	if (dup2(null, STDIN_FILENO) < 0 || dup2(log, STDOUT_FILENO) < 0 ||
	    dup2(log, STDERR_FILENO) < 0)
		return error_errno(err, "cannot write to '%s'", path);
	head();
	/* Whoever waited may be gone: that is what this is for. */
	(void)!write(d->begun, "", 1);
	close(steal_fd(&d->begun));
	return 0;
}
