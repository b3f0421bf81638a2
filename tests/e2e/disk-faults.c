/*
 * Preloaded into git-autoresearch by stories that ask what becomes of a campaign when the program
 * is killed, or its disk fails, in any step of the path. Counts the calls below that change what
 * is on disk, of the first process, where they concern files below a folder.
 *
 *	FAULT_BELOW   the folder, absolute and without links
 *	FAULT_LOG     a file: a line for each call, its name and path below the folder, in which
 *	              what differs from run to run (objects, numbers) is "*"
 *	FAULT_AT      such a line: it happens at the first call that it tells of
 *	FAULT_AFTER   another, or nothing: but not before that
 *	FAULT_DO      "kill": the program is killed before the call. "EIO", "ENOSPC": the call is not
 *	              made and says that, and all calls of that name and path after it
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *below, *what, *at, *after;
static int log_fd = -1;
static pid_t first;

__attribute__((constructor)) static void begin(void)
{
	const char *text = getenv("FAULT_LOG");

	/* git, which it starts, goes unharmed. */
	if (strcmp(program_invocation_short_name, "git-autoresearch"))
		return;
	below = getenv("FAULT_BELOW");
	what = getenv("FAULT_DO");
	at = getenv("FAULT_AT");
	after = getenv("FAULT_AFTER");
	after = after && *after ? after : NULL;
	first = getpid();
	if (text)
		log_fd = open(text, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
}

/* Cuts what follows `prefix`, which begins with `begin`. */
static void cut(char *line, const char *prefix, const char *begin, const char *instead)
{
	char *p = strstr(line, prefix);

	if (p && p[strlen(prefix)] && (!*begin || strchr(begin, p[strlen(prefix)])))
		strcpy(p + strlen(prefix), instead);
}

/* Names of objects and of temporary files, and numbers of experiments. */
static void simplify(char *line)
{
	cut(line, "objects/", "", "*");
	cut(line, "/audit.", "", "*");
	cut(line, "warm/", "", "*");
	cut(line, "proposals/", "0123456789", strstr(line, ".new") ? "*.new" : "*");
}

static int is_it(const char *line, size_t len, const char *which)
{
	return strlen(which) == len && !strncmp(line, which, len);
}

/* True where the call is to fail, with errno. */
static int strikes(const char *name, const char *path)
{
	char line[PATH_MAX + 64];
	size_t len = below ? strlen(below) : 0;

	if (!len || strncmp(path, below, len) || getpid() != first)
		return 0;
	snprintf(line, sizeof(line) - 1, "%s %s", name, path[len] ? path + len + 1 : ".");
	simplify(line);
	len = strlen(line);
	strcpy(line + len, "\n");
	if (log_fd >= 0 && write(log_fd, line, len + 1) < 0)
		_exit(99);
	if (after && is_it(line, len, after))
		after = NULL;
	if (!at || !what || after || !is_it(line, len, at))
		return 0;
	if (!strcmp(what, "kill"))
		raise(SIGKILL);
	errno = !strcmp(what, "EIO") ? EIO : ENOSPC;
	return 1;
}

static int strikes_at(const char *name, int dirfd, const char *path)
{
	char full[2 * PATH_MAX], link[64];
	ssize_t len;

	if (*path == '/' || dirfd == AT_FDCWD)
		return strikes(name, path);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", dirfd);
	len = readlink(link, full, PATH_MAX);
	if (len < 0)
		return 0;
	snprintf(full + len, sizeof(full) - (size_t)len, "%s%s", *path ? "/" : "", path);
	return strikes(name, full);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* By their descriptor. */
#define WRAP_FD(type, name, parameters, arguments)                            \
	type name parameters                                                  \
	{                                                                     \
		return strikes_at(#name, fd, "") ? -1 : REAL(name) arguments; \
	}

WRAP_FD(ssize_t, pwrite, (int fd, const void *data, size_t len, off_t off),
	(fd, data, len, off))
WRAP_FD(int, fsync, (int fd), (fd))
WRAP_FD(int, fdatasync, (int fd), (fd))
WRAP_FD(int, syncfs, (int fd), (fd))
WRAP_FD(int, ftruncate, (int fd, off_t len), (fd, len))
WRAP_FD(int, fallocate, (int fd, int mode, off_t off, off_t len), (fd, mode, off, len))

ssize_t write(int fd, const void *data, size_t len)
{
	/* The log's own lines among others; those are not below the folder. */
	if (fd != log_fd && strikes_at("write", fd, ""))
		return -1;
	return REAL(write)(fd, data, len);
}

int rename(const char *from, const char *to)
{
	return strikes("rename", to) ? -1 : REAL(rename)(from, to);
}

int renameat2(int olddir, const char *from, int newdir, const char *to, unsigned flags)
{
	return strikes_at("rename", newdir, to)
		       ? -1
		       : REAL(renameat2)(olddir, from, newdir, to, flags);
}

int link(const char *from, const char *to)
{
	return strikes("link", to) ? -1 : REAL(link)(from, to);
}

int unlink(const char *path)
{
	return strikes("unlink", path) ? -1 : REAL(unlink)(path);
}

int unlinkat(int dirfd, const char *path, int flags)
{
	return strikes_at("unlinkat", dirfd, path) ? -1 : REAL(unlinkat)(dirfd, path, flags);
}

int mkdir(const char *path, mode_t mode)
{
	return strikes("mkdir", path) ? -1 : REAL(mkdir)(path, mode);
}

int renameat(int olddir, const char *from, int newdir, const char *to)
{
	return strikes_at("renameat", newdir, to) ? -1
						  : REAL(renameat)(olddir, from, newdir, to);
}

int mkdirat(int dirfd, const char *path, mode_t mode)
{
	return strikes_at("mkdirat", dirfd, path) ? -1 : REAL(mkdirat)(dirfd, path, mode);
}

/* Opening counts where it may make a file. */
#define WRAP_OPEN(name)                                       \
	int name(const char *path, int flags, ...)            \
	{                                                     \
		va_list ap;                                   \
		mode_t mode;                                  \
                                                              \
		va_start(ap, flags);                          \
		mode = (mode_t)va_arg(ap, int);               \
		va_end(ap);                                   \
		if (flags & O_CREAT && strikes("open", path)) \
			return -1;                            \
		return REAL(name)(path, flags, mode);         \
	}
#define WRAP_OPENAT(name)                                               \
	int name(int dirfd, const char *path, int flags, ...)           \
	{                                                               \
		va_list ap;                                             \
		mode_t mode;                                            \
                                                                        \
		va_start(ap, flags);                                    \
		mode = (mode_t)va_arg(ap, int);                         \
		va_end(ap);                                             \
		if (flags & O_CREAT && strikes_at("open", dirfd, path)) \
			return -1;                                      \
		return REAL(name)(dirfd, path, flags, mode);            \
	}

int open64(const char *, int, ...);
int openat64(int, const char *, int, ...);
WRAP_OPEN(open)
WRAP_OPEN(open64)
WRAP_OPENAT(openat)
WRAP_OPENAT(openat64)
