#include "sandbox/outdir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/internal.h"

static int open_beneath(int dirfd, const char *path, uint64_t flags)
{
	struct open_how how = {
		.flags = flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS |
			   RESOLVE_NO_XDEV,
	};

	return (int)syscall(SYS_openat2, dirfd, path, &how, sizeof(how));
}

struct cleaning {
	void (*removed)(const char *path, void *data);
	void *data;
	struct strbuf path;
	struct error *err;
};

static int clean_folder(struct cleaning *c, int dirfd_in, int depth);

static int clean_entry(struct cleaning *c, int dir, const char *name, int depth)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW))
		return error_errno(c->err, "cannot look at what is in OUT");
	if (S_ISREG(st.st_mode))
		return 0;
	if (S_ISDIR(st.st_mode) && depth < OUT_DEPTH_MAX) {
		CLEANUP_CLOSE int fd = -1;

		/* A folder of mode 0 is still ours to look into. */
		if ((st.st_mode & 0700) != 0700 && fchmodat(dir, name, st.st_mode | 0700, 0))
			return error_errno(c->err, "cannot look into a folder in OUT");
		fd = open_beneath(dir, name, O_RDONLY | O_DIRECTORY);
		if (fd < 0)
			return error_errno(c->err, "cannot open a folder in OUT");
		return clean_folder(c, fd, depth + 1);
	}
	c->removed(c->path.buf, c->data);
	if (S_ISDIR(st.st_mode))
		return tree_remove(dir, name, c->err);
	if (unlinkat(dir, name, 0))
		return error_errno(c->err, "cannot clean OUT");
	return 0;
}

static int clean_folder(struct cleaning *c, int fd, int depth)
{
	CLEANUP_CLOSEDIR DIR *d = fdopendir(dup(fd));
	size_t len = c->path.len;
	struct dirent *e;

	if (!d)
		return error_errno(c->err, "cannot read a folder in OUT");
	while ((e = readdir(d))) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		strbuf_addf(&c->path, "%s%s", len ? "/" : "", e->d_name);
		if (clean_entry(c, fd, e->d_name, depth))
			return -1;
		strbuf_setlen(&c->path, len);
	}
	return 0;
}

int outdir_clean(int fd, void (*removed)(const char *path, void *data), void *data,
		 struct error *err)
{
	struct cleaning c = {
		.removed = removed, .data = data, .path = STRBUF_INIT, .err = err
	};
	int ret = clean_folder(&c, fd, 0);

	strbuf_release(&c.path);
	return ret;
}

int outdir_read(int fd_dir, const char *path, size_t cap, struct strbuf *ret, struct error *err)
{
	CLEANUP_CLOSE int fd = open_beneath(fd_dir, path, O_RDONLY);
	struct stat st;

	if (fd < 0) {
		if (errno == ENOENT)
			return 1;
		return error_errno(err, "cannot read '%s'", path);
	}
	if (fstat(fd, &st))
		return error_errno(err, "cannot look at '%s'", path);
	if (!S_ISREG(st.st_mode) || st.st_nlink != 1)
		return error_set(err, "'%s' is no plain file", path);
	if (strbuf_read_fd(ret, fd, cap))
		return error_errno(err, "cannot read '%s'", path);
	return 0;
}
