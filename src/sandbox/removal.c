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
		snprintf(moved, sizeof(moved), ".gone-%lu", (*counter)++);
		if (renameat(dirfd(d), e->d_name, top, moved))
			return -1;
	}
	return unlinkat(top, name, AT_REMOVEDIR);
}

int tree_remove(int dirfd_top, const char *name, struct error *err)
{
	unsigned long counter = 0;

	if (flatten(dirfd_top, name, &counter)) {
		if (errno == ENOENT)
			return 0;
		return error_errno(err, "cannot remove '%s'", name);
	}
	/* Emptying one may move further ones up: they get higher numbers, and their turn. */
	for (unsigned long i = 0; i < counter; i++) {
		char moved[32];

		snprintf(moved, sizeof(moved), ".gone-%lu", i);
		if (flatten(dirfd_top, moved, &counter))
			return error_errno(err, "cannot remove what was in '%s'", name);
	}
	return 0;
}
