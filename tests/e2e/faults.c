/*
 * Preloaded into git-autoresearch by stories that ask what happens when a step fails, or when
 * the program is killed in it. Counts the calls below: of the first process ("main-<n>"), and
 * of all that it forks ("child-<n>"), which go one after the other.
 *
 *	FAULT_STATE   a file: the counts, which they share
 *	FAULT_LOG     a file: a line for each call, its step and name
 *	FAULT_AT      the step that it happens at
 *	FAULT_DO      "fail": the call is not made and says EPERM. "wait": the line "struck" is
 *	              written to the log, and the call made a little later: time to kill somebody
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

static int *counts; /* of the first process, and of all others together */
static int log_fd = -1, waits;
static pid_t first;
static const char *at;

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("FAULT_STATE"), *text = getenv("FAULT_LOG");
	int fd;

	/* git, which it starts, goes unharmed. */
	if (!path || strcmp(program_invocation_short_name, "git-autoresearch"))
		return;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0 || ftruncate(fd, 2 * sizeof(*counts)))
		return;
	if (text)
		log_fd = open(text, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
	at = getenv("FAULT_AT");
	waits = getenv("FAULT_DO") && !strcmp(getenv("FAULT_DO"), "wait");
	first = getpid();
	counts = mmap(NULL, 2 * sizeof(*counts), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
}

/* True where the call is to fail. */
static int strikes(const char *name)
{
	int child = getpid() != first, len;
	char step[32], line[128];

	if (!counts)
		return 0;
	snprintf(step, sizeof(step), "%s-%d", child ? "child" : "main",
		 __atomic_add_fetch(&counts[child], 1, __ATOMIC_SEQ_CST));
	len = snprintf(line, sizeof(line), "%s %s\n", step, name);
	if (log_fd >= 0 && write(log_fd, line, (size_t)len) < 0)
		_exit(99);
	if (!at || strcmp(at, step))
		return 0;
	if (!waits) {
		errno = EPERM;
		return 1;
	}
	if (write(log_fd, "struck\n", 7) < 0)
		_exit(99);
	usleep(150000);
	return 0;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define WRAP(type, name, parameters, arguments)                    \
	type name parameters                                       \
	{                                                          \
		return strikes(#name) ? -1 : REAL(name) arguments; \
	}

int mount(const char *, const char *, const char *, unsigned long, const void *);
int umount2(const char *, int);
int open_tree(int, const char *, unsigned);
int move_mount(int, const char *, int, const char *, unsigned);
int mount_setattr(int, const char *, unsigned, void *, size_t);
int setns(int, int);
int unshare(int);
int setgroups(size_t, const gid_t *);
int timerfd_settime(int, int, const void *, void *);

WRAP(int, mount,
     (const char *source, const char *target, const char *type, unsigned long flags,
      const void *data),
     (source, target, type, flags, data))
WRAP(int, umount2, (const char *target, int flags), (target, flags))
WRAP(int, open_tree, (int dirfd, const char *path, unsigned flags), (dirfd, path, flags))
WRAP(int, move_mount,
     (int from, const char *source, int to, const char *target, unsigned flags),
     (from, source, to, target, flags))
WRAP(int, mount_setattr, (int dirfd, const char *path, unsigned flags, void *attr, size_t size),
     (dirfd, path, flags, attr, size))
WRAP(int, setns, (int fd, int type), (fd, type))
WRAP(int, unshare, (int flags), (flags))
WRAP(int, setgroups, (size_t size, const gid_t *list), (size, list))
WRAP(int, setresuid, (uid_t r, uid_t e, uid_t s), (r, e, s))
WRAP(int, setresgid, (gid_t r, gid_t e, gid_t s), (r, e, s))
WRAP(int, sethostname, (const char *name, size_t len), (name, len))
WRAP(int, setrlimit, (__rlimit_resource_t resource, const struct rlimit *limit),
     (resource, limit))
WRAP(int, mknod, (const char *path, mode_t mode, dev_t dev), (path, mode, dev))
WRAP(int, timerfd_settime, (int fd, int flags, const void *new, void *old),
     (fd, flags, new, old))
WRAP(int, dup2, (int old, int new), (old, new))
WRAP(ssize_t, send, (int fd, const void *data, size_t len, int flags), (fd, data, len, flags))
WRAP(pid_t, fork, (void), ())

/* To stop waiting for something needs no success. */
int epoll_ctl(int epfd, int op, int fd, struct epoll_event *event)
{
	if (op == EPOLL_CTL_ADD && strikes("epoll_ctl"))
		return -1;
	return REAL(epoll_ctl)(epfd, op, fd, event);
}

/* Only the one that keeps the caller's descriptors from a command. */
int close_range(unsigned from, unsigned to, int flags)
{
	if (flags && strikes("close_range"))
		return -1;
	return REAL(close_range)(from, to, flags);
}

int prctl(int option, ...)
{
	unsigned long a[4];
	char name[32];
	va_list ap;

	va_start(ap, option);
	for (size_t i = 0; i < 4; i++)
		a[i] = va_arg(ap, unsigned long);
	va_end(ap);
	snprintf(name, sizeof(name), "prctl-%d", option);
	/* This one is asked until it says that there are no more capabilities. */
	if (option != PR_CAPBSET_READ && (option != PR_CAPBSET_DROP || !a[0]) && strikes(name))
		return -1;
	return REAL(prctl)(option, a[0], a[1], a[2], a[3]);
}

int ioctl(int fd, unsigned long request, ...)
{
	char name[32];
	va_list ap;
	void *arg;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	snprintf(name, sizeof(name), "ioctl-%lx", request);
	return strikes(name) ? -1 : REAL(ioctl)(fd, request, arg);
}

long syscall(long number, ...)
{
	long a[6];
	char name[32];
	va_list ap;

	va_start(ap, number);
	for (size_t i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	snprintf(name, sizeof(name), "syscall-%ld", number);
	return strikes(name) ? -1 : REAL(syscall)(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* Of files only those that are limits: cgroups, and the maps of ids. */
int open(const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = (mode_t)va_arg(ap, int);
	va_end(ap);
	if ((flags & O_ACCMODE) != O_RDONLY &&
	    (!strncmp(path, "/sys/fs/cgroup/", 15) || !strncmp(path, "/proc/", 6))) {
		char name[64];

		snprintf(name, sizeof(name), "open-%s", strrchr(path, '/') + 1);
		if (strikes(name))
			return -1;
	}
	return REAL(open)(path, flags, mode);
}
