#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "git/internal.h"

int make_folders(const char *path, struct error *err)
{
	CLEANUP_FREE char *copy = xstrdup(path);
	char *slash;

	for (slash = copy + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		if (mkdir(copy, 0777) < 0 && errno != EEXIST)
			return error_errno(err, "cannot make the folder '%s'", copy);
		*slash = '/';
	}
	if (mkdir(copy, 0777) < 0 && errno != EEXIST)
		return error_errno(err, "cannot make the folder '%s'", copy);
	return 0;
}

static int remove_content(int parent, const char *name, struct error *err)
{
	CLEANUP_CLOSE int fd = -1;
	CLEANUP_CLOSEDIR DIR *dir = NULL;
	struct dirent *entry;

	fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return error_errno(err, "cannot open the folder '%s'", name);
	dir = fdopendir(fd);
	if (!dir)
		return error_errno(err, "cannot read the folder '%s'", name);
	steal_fd(&fd);
	for (;;) {
		errno = 0;
		entry = readdir(dir);
		if (!entry)
			break;
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (remove_all(dirfd(dir), entry->d_name, err) < 0)
			return -1;
	}
	return errno ? error_errno(err, "cannot read the folder '%s'", name) : 0;
}

int remove_all(int parent, const char *name, struct error *err)
{
	if (!unlinkat(parent, name, 0) || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return error_errno(err, "cannot remove '%s'", name);
	if (remove_content(parent, name, err) < 0)
		return -1;
	if (unlinkat(parent, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return error_errno(err, "cannot remove the folder '%s'", name);
	return 0;
}

int replace_file(const char *path, const void *data, size_t len, struct error *err)
{
	CLEANUP_FREE char *temp = xstrfmt("%s.new", path);
	CLEANUP_CLOSE int fd = -1;
	const char *p = data;

	fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666);
	if (fd < 0)
		return error_errno(err, "cannot create '%s'", temp);
	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_errno(err, "cannot write '%s'", temp);
		p += n;
		len -= n;
	}
	if (close(steal_fd(&fd)) < 0)
		return error_errno(err, "cannot write '%s'", temp);
	if (rename(temp, path) < 0)
		return error_errno(err, "cannot rename '%s'", temp);
	return 0;
}

bool file_is_ours(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_nlink == 1;
}

int open_line(const char *path)
{
	const int flags = O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC;
	CLEANUP_CLOSE int fd = open(path, flags, 0666);

	if (fd < 0 || file_is_ours(fd))
		return steal_fd(&fd);
	return unlink(path) < 0 ? -1 : open(path, flags | O_EXCL, 0666);
}

int exchange_file(const char *path, const char *spare, const char *line, size_t len,
		  struct error *err)
{
	CLEANUP_CLOSE int fd = open_line(spare);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || pwrite(fd, line, len, 0) != (ssize_t)len)
		return error_errno(err, "cannot write '%s'", spare);
	/* What has no blocks yet would be empty after a power failure. */
	if (st.st_size != (off_t)len && (ftruncate(fd, (off_t)len) < 0 || fsync(fd) < 0))
		return error_errno(err, "cannot write '%s'", spare);
	if (!renameat2(AT_FDCWD, spare, AT_FDCWD, path, RENAME_EXCHANGE))
		return 0;
	/* Not every file system can do that, or is let; nor can two, nor is it done with nothing. */
	switch (errno) {
	case EINVAL:
	case ENOSYS:
	case EOPNOTSUPP:
	case EPERM:
	case EXDEV:
	case ENOENT:
		return replace_file(path, line, len, err);
	default:
		return error_errno(err, "cannot replace '%s'", path);
	}
}
