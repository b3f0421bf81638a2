#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "sandbox/internal.h"

/*
 * Removing what a candidate left, in bounded depth: it may have nested folders deeper than a
 * stack, a path or a table of descriptors goes. So a folder that is found inside is moved to the top
 * and emptied there.
 */

static bool is_dots(const char *name)
{
	return !strcmp(name, ".") || !strcmp(name, "..");
}

static int open_folder(int dirfd, const char *name, DIR **ret)
{
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return -1;
	*ret = fdopendir(fd);
	if (!*ret)
		close(fd);
	return *ret ? 0 : -1;
}

/* Unlinks the files of `name`, and moves its folders to `top` under new names. */
static int flatten(int top, const char *name, unsigned long *counter)
{
	CLEANUP_CLOSEDIR DIR *d = NULL;
	struct dirent *e;

	if (fchmodat(top, name, 0700, 0) && errno == ENOENT)
		return -1;
	if (open_folder(top, name, &d))
		return -1;
	while ((e = readdir(d))) {
		char moved[32];

		if (is_dots(e->d_name) || !unlinkat(dirfd(d), e->d_name, 0))
			continue;
		if (errno != EISDIR && errno != EPERM)
			return -1;
		if (!unlinkat(dirfd(d), e->d_name, AT_REMOVEDIR))
			continue;
		/* Moving a folder writes its "..", for which it must be writable: overlay's work
		 * folder is not. */
		snprintf(moved, sizeof(moved), "%lu", (*counter)++);
		if (fchmodat(dirfd(d), e->d_name, 0700, 0) ||
		    renameat(dirfd(d), e->d_name, top, moved))
			return -1;
	}
	return unlinkat(top, name, AT_REMOVEDIR);
}

/* A folder in `top` with a name that nobody had; a candidate may have taken any. */
static int make_bin(int top, char *ret_name, size_t size)
{
	for (unsigned i = 0; i < 1000000; i++) {
		snprintf(ret_name, size, ".gone-%u", i);
		if (!mkdirat(top, ret_name, 0700))
			return openat(top, ret_name,
				      O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (errno != EEXIST)
			return -1;
	}
	return -1;
}

int tree_remove(int dirfd_top, const char *name, struct error *err)
{
	CLEANUP_CLOSE int bin = -1;
	unsigned long counter = 1;
	char bin_name[32];
	struct stat st;

	if (fstatat(dirfd_top, name, &st, AT_SYMLINK_NOFOLLOW) && errno == ENOENT)
		return 0;
	bin = make_bin(dirfd_top, bin_name, sizeof(bin_name));
	if (bin < 0 || fchmodat(dirfd_top, name, 0700, 0) ||
	    renameat(dirfd_top, name, bin, "0"))
		return error_errno(err, "cannot remove '%s'", name);
	/* Emptying one may move further ones up: they get higher numbers, and their turn. */
	for (unsigned long i = 0; i < counter; i++) {
		char moved[32];

		snprintf(moved, sizeof(moved), "%lu", i);
		if (flatten(bin, moved, &counter))
			return error_errno(err, "cannot remove what was in '%s'", name);
	}
	if (unlinkat(dirfd_top, bin_name, AT_REMOVEDIR))
		return error_errno(err, "cannot remove '%s'", bin_name);
	return 0;
}
