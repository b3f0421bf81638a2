#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/number.h"
#include "base/trace.h"
#include "git/internal.h"

/*
 * git's own lock against two collections at a time: the file `gc.pid`, which names a process and
 * its host. One that names a process that is gone counts for nothing, so a crash of ours harms
 * nobody. git takes `gc.pid.lock`, looks at `gc.pid`, and renames the one to the other; it dies
 * where it finds the first, so that is left to git. We make the second, let those who had not
 * seen it yet come to an end, and look whether it is still ours.
 */

/* Nothing else goes on while one is waited for, so that is not for ever: a collection that takes
 * longer is let be. It removes what is new only where it was told to prune all. */
#define PATIENCE_MS (30 * 1000)
#define POLL_MS 5

/* git has `gc.pid.lock` for milliseconds, unless it was killed. */
#define STALE_MS 10000

static void nap(void)
{
	const struct timespec poll = { .tv_nsec = POLL_MS * 1000000L };

	nanosleep(&poll, NULL);
}

static char *name_ourselves(void)
{
	char host[HOST_NAME_MAX + 1] = "";

	gethostname(host, sizeof(host) - 1);
	return xstrfmt("%d %s", (int)getpid(), host);
}

/* Whether that file names a process of this machine that lives. */
static bool is_held(const char *path, const char *ourselves)
{
	const char *our_host = strchr(ourselves, ' ');
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	const char *host;
	int64_t pid;

	if (strbuf_read_file(&text, path, 512))
		return false;
	strbuf_rtrim(&text);
	host = strchr(text.buf, ' ');
	if (!host || strcmp(host, our_host))
		return false;
	text.buf[host - text.buf] = '\0';
	if (number_parse_count(text.buf, &pid) || pid < 1 || pid > INT_MAX)
		return false;
	/* What has our own number is of one that had it before us. */
	return pid != getpid() && (!kill((pid_t)pid, 0) || errno == EPERM);
}

static bool is_ours(const char *path, const char *ourselves)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	return !strbuf_read_file(&text, path, 512) && !strcmp(text.buf, ourselves);
}

static int make(const char *path, const char *ourselves)
{
	CLEANUP_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	size_t len = strlen(ourselves);

	if (fd < 0)
		return -1;
	if (write(fd, ourselves, len) == (ssize_t)len)
		return 0;
	unlink(path);
	return -1;
}

/* 0 done; 1 where somebody has it; -1 where it cannot be had here. */
static int try_hold(const char *path, const char *lock, const char *ourselves)
{
	SPAN("hold");

	if (make(path, ourselves)) {
		if (errno != EEXIST)
			return -1;
		/* One that is nobody's and cannot be removed is no reason to wait. */
		if (!is_held(path, ourselves) && unlink(path) && errno != ENOENT)
			return -1;
		return 1;
	}
	for (int waited = 0; !access(lock, F_OK) && waited < STALE_MS; waited += POLL_MS)
		nap();
	return !is_ours(path, ourselves);
}

void objects_hold(struct repo *repo)
{
	CLEANUP_FREE char *path = NULL, *lock = NULL, *ourselves = NULL;
	int r = 1;

	if (repo->held)
		return;
	path = xstrfmt("%sgc.pid", repo->common_dir);
	lock = xstrfmt("%s.lock", path);
	ourselves = name_ourselves();
	for (int waited = 0; r == 1 && waited < PATIENCE_MS; waited += POLL_MS) {
		r = try_hold(path, lock, ourselves);
		if (r == 1 && access(path, F_OK) == 0)
			nap();
	}
	repo->held = !r;
}

void objects_let_go(struct repo *repo)
{
	CLEANUP_FREE char *path = NULL;

	if (!repo->held || repo->keepers)
		return;
	path = xstrfmt("%sgc.pid", repo->common_dir);
	unlink(path);
	repo->held = false;
}

void cleanup_hold_(struct repo **repo)
{
	objects_let_go(*repo);
}

void repo_keep_objects(struct repo *repo)
{
	repo->keepers++;
	objects_hold(repo);
}

void repo_keep_no_more(struct repo *repo)
{
	if (!--repo->keepers)
		objects_let_go(repo);
}
