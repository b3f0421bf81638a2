#include "loop/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/strbuf.h"
#include "loop/state.h"

int lock_take(const char *dir, int *ret_fd, pid_t *ret_pid, struct error *err)
{
	CLEANUP_FREE char *path = xstrfmt("%s/lock", dir);
	CLEANUP_FREE char *text = xstrfmt("%d\n", (int)getpid());
	CLEANUP_CLOSE int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (fd < 0)
		return error_errno(err, "cannot open '%s'", path);
	if (fcntl(fd, F_SETLK, &lock)) {
		if (errno != EACCES && errno != EAGAIN)
			return error_errno(err, "cannot lock '%s'", path);
		*ret_pid = lock_holder(dir);
		return 1;
	}
	if (ftruncate(fd, 0) || pwrite(fd, text, strlen(text), 0) < 0)
		return error_errno(err, "cannot write '%s'", path);
	*ret_fd = steal_fd(&fd);
	return 0;
}

int lock_campaign(const char *dir, const char *campaign, int *ret_fd, struct error *err)
{
	pid_t holder;
	int taken = lock_take(dir, ret_fd, &holder, err);

	if (taken <= 0)
		return taken;
	error_set(err, "campaign '%s' is being worked on by process %d", campaign, (int)holder);
	if (state_read(dir, true) == STATE_FAILING)
		return error_hint(err, "it hangs: 'git autoresearch stop --now' ends it");
	return error_hint(err, "wait for it, or end it with 'git autoresearch stop'");
}

pid_t lock_holder(const char *dir)
{
	CLEANUP_FREE char *path = xstrfmt("%s/lock", dir);
	CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	/* A read lock would be refused where somebody writes; asking does not take it. */
	struct flock lock = { .l_type = F_RDLCK, .l_whence = SEEK_SET };

	if (fd < 0 || fcntl(fd, F_GETLK, &lock) || lock.l_type == F_UNLCK)
		return 0;
	return lock.l_pid;
}
