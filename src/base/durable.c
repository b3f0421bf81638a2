#include "base/durable.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/strbuf.h"

static int write_all(int fd, const char *p, size_t len)
{
	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

static int write_file(const char *path, const void *data, size_t len)
{
	CLEANUP_CLOSE int fd =
		open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);

	return fd < 0 || write_all(fd, data, len) || fsync(fd) ? -1 : 0;
}

int durable_folder(const char *path, struct error *err)
{
	CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	/* Some file systems cannot, and have no need to. */
	if (fd < 0 || (fsync(fd) && errno != EINVAL))
		return error_errno(err, "cannot sync the folder '%s'", path);
	return 0;
}

int durable_write(const char *path, const void *data, size_t len, struct error *err)
{
	CLEANUP_FREE char *fresh = xstrfmt("%s.new", path), *folder = xstrdup(path);
	char *slash = strrchr(folder, '/');
	int saved;

	if (write_file(fresh, data, len) || rename(fresh, path)) {
		saved = errno;
		unlink(fresh);
		errno = saved;
		return error_errno(err, "cannot write '%s'", path);
	}
	if (slash)
		*slash = '\0';
	return durable_folder(slash ? folder : ".", err);
}
