#include "base/durable.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
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

static int folder_of(const char *path, struct error *err)
{
	CLEANUP_FREE char *folder = xstrdup(path);
	char *slash = strrchr(folder, '/');

	if (slash)
		slash[slash == folder] = '\0';
	return durable_folder(slash ? folder : ".", err);
}

int durable_write(const char *path, const void *data, size_t len, struct error *err)
{
	CLEANUP_FREE char *fresh = xstrfmt("%s.new", path);
	int saved;

	if (write_file(fresh, data, len) || rename(fresh, path)) {
		saved = errno;
		unlink(fresh);
		errno = saved;
		return error_errno(err, "cannot write '%s'", path);
	}
	return folder_of(path, err);
}

int durable_begin(struct durable *ret, const char *path, struct error *err)
{
	CLEANUP_FREE char *fresh = xstrfmt("%s.%d.new", path, (int)getpid());
	CLEANUP_CLOSE int fd = -1;
	struct stat st;

	ret->path = xstrdup(path);
	/* A pipe or a device is written to, and never replaced. */
	if (!stat(path, &st) && !S_ISREG(st.st_mode)) {
		fd = open(path, O_WRONLY | O_CLOEXEC);
	} else {
		fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (fd >= 0)
			ret->fresh = steal_ptr(fresh);
	}
	if (fd >= 0)
		ret->file = fdopen(fd, "w");
	if (!ret->file)
		return error_errno(err, "cannot write '%s'", path);
	steal_fd(&fd);
	return 0;
}

int durable_end(struct durable *d, struct error *err)
{
	if (ferror(d->file) || fflush(d->file) || (d->fresh && fsync(fileno(d->file))) ||
	    fclose(steal_ptr(d->file)) || (d->fresh && rename(d->fresh, d->path)))
		return error_errno(err, "cannot write '%s'", d->path);
	if (!d->fresh)
		return 0;
	free(steal_ptr(d->fresh));
	return folder_of(d->path, err);
}

void durable_drop(struct durable *d)
{
	if (d->file)
		fclose(d->file);
	if (d->fresh)
		unlink(d->fresh);
	free(d->fresh);
	free(d->path);
	*d = (struct durable){ 0 };
}
