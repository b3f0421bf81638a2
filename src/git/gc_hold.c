#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/number.h"
#include "git/internal.h"

/*
 * git's own lock against two collections at a time: the file `gc.pid`, which names a process and
 * its host, and which is written as `gc.pid.lock` first. One that names a process that is gone
 * counts for nothing, so a crash of ours harms nobody.
 */

/* A collection of a large repository takes its time, but not for ever. */
#define PATIENCE_MS (10 * 60 * 1000)
#define POLL_MS 5

/* That long somebody may be between `gc.pid.lock` and `gc.pid`: git dies where it finds it, and so
 * leaves none behind, unless it was killed. */
#define STALE_S 10

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

/* 0 done; 1 where somebody has it; -1 where it cannot be had here. */
static int try_hold(const char *path, const char *lock, const char *ourselves)
{
	CLEANUP_CLOSE int fd = open(lock, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	size_t len = strlen(ourselves);
	struct stat st;

	if (fd < 0) {
		if (errno == EEXIST && !stat(lock, &st) && time(NULL) - st.st_mtime > STALE_S)
			unlink(lock);
		return errno == EEXIST || errno == ENOENT ? 1 : -1;
	}
	if (is_held(path, ourselves)) {
		unlink(lock);
		return 1;
	}
	if (write(fd, ourselves, len) == (ssize_t)len && !rename(lock, path))
		return 0;
	unlink(lock);
	return -1;
}

void objects_hold(struct repo *repo)
{
	CLEANUP_FREE char *path = NULL, *lock = NULL, *ourselves = NULL;
	const struct timespec poll = { .tv_nsec = POLL_MS * 1000000L };
	int r = 1;

	if (repo->held)
		return;
	path = xstrfmt("%sgc.pid", repo->common_dir);
	lock = xstrfmt("%s.lock", path);
	ourselves = name_ourselves();
	for (int waited = 0; r == 1 && waited < PATIENCE_MS; waited += POLL_MS) {
		r = try_hold(path, lock, ourselves);
		if (r == 1)
			nanosleep(&poll, NULL);
	}
	repo->held = !r;
}

void objects_let_go(struct repo *repo)
{
	CLEANUP_FREE char *path = NULL;

	if (!repo->held)
		return;
	path = xstrfmt("%sgc.pid", repo->common_dir);
	unlink(path);
	repo->held = false;
}

void cleanup_hold_(struct repo **repo)
{
	objects_let_go(*repo);
}
