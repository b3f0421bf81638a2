#include "sandbox/snapshot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/strbuf.h"
#include "sandbox/internal.h"

/* Setup is the user's own command, but a loop in its leavings must not overrun our stack. */
#define DEPTH_MAX 200

static int add_folder(struct digest *d, int fd, const char *path, int depth, struct error *err);

static int add_file(struct digest *d, int dir, const char *name, struct error *err)
{
	CLEANUP_CLOSE int fd =
		openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char buf[65536];
	ssize_t n;

	if (fd < 0)
		return error_errno(err, "cannot read '%s' of the snapshot", name);
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		digest_add(d, buf, (size_t)n);
	if (n < 0)
		return error_errno(err, "cannot read '%s' of the snapshot", name);
	return 0;
}

static int add_entry(struct digest *d, int dir, const char *name, const char *path, int depth,
		     struct error *err)
{
	CLEANUP_FREE char *head = NULL;
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW))
		return error_errno(err, "cannot look at '%s' of the snapshot", path);
	head = xstrfmt("%o %lld", st.st_mode,
		       S_ISDIR(st.st_mode) ? 0LL : (long long)st.st_size);
	digest_add_field(d, path, strlen(path));
	digest_add_field(d, head, strlen(head));
	if (S_ISREG(st.st_mode))
		return add_file(d, dir, name, err);
	if (S_ISLNK(st.st_mode)) {
		char target[4096];
		ssize_t len = readlinkat(dir, name, target, sizeof(target));

		digest_add_field(d, target, len > 0 ? (size_t)len : 0);
	} else if (S_ISDIR(st.st_mode)) {
		CLEANUP_CLOSE int fd =
			openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		if (fd < 0)
			return error_errno(err, "cannot open '%s' of the snapshot", path);
		return add_folder(d, fd, path, depth + 1, err);
	}
	return 0;
}

static int add_folder(struct digest *d, int fd, const char *path, int depth, struct error *err)
{
	CLEANUP_STRING_LIST struct string_list names = STRING_LIST_INIT;
	CLEANUP_CLOSEDIR DIR *dir = fdopendir(dup(fd));
	struct dirent *e;

	if (!dir || depth > DEPTH_MAX)
		return error_set(err, "cannot read '%.80s' of the snapshot", path);
	while ((e = readdir(dir)))
		if (strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
			string_list_add(&names, e->d_name);
	string_list_sort(&names);
	for (size_t i = 0; i < names.nr; i++) {
		CLEANUP_FREE char *below = xstrfmt("%s/%s", path, names.items[i]);

		if (add_entry(d, fd, names.items[i], below, depth, err))
			return -1;
	}
	return 0;
}

int snapshot_digest(const char *path, char ret[65], struct error *err)
{
	CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct digest d;

	if (fd < 0)
		return error_errno(err, "cannot open '%s'", path);
	digest_init(&d);
	if (add_folder(&d, fd, "", 0, err))
		return -1;
	digest_hex(&d, ret);
	return 0;
}

int store_remove(const char *parent, const char *name, struct error *err)
{
	CLEANUP_CLOSE int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? 0 : error_errno(err, "cannot open '%s'", parent);
	return tree_remove(fd, name, err);
}
