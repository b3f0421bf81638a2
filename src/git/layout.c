#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "git/internal.h"
#include "model/scope.h"

/*
 * Folders are opened step by step and never through a link, and the last one used stays
 * open: files come in git's order, so most share their folder with the one before.
 */
struct side {
	int root;
	int fd; /* of `folder`, or -1 */
	struct strbuf folder;
};

struct layout {
	struct repo *repo;
	const struct string_list *hidden;
	struct side sides[2]; /* seen, hidden */
};

static void close_folder(struct side *side)
{
	if (side->fd >= 0)
		close(steal_fd(&side->fd));
}

static int make_step(int parent, const char *name)
{
	if (mkdirat(parent, name, 0755) < 0)
		return errno == EEXIST ? 0 : -1;
	return fchmodat(parent, name, 0755, 0); /* whatever the umask is */
}

/* Makes side->fd the folder `path`, with every folder on the way where `make` is set. */
static int open_folder(struct side *side, const char *path, size_t len, bool make,
		       struct error *err)
{
	CLEANUP_CLOSE int fd = -1;
	CLEANUP_FREE char *copy = NULL;
	char *name, *next;

	if (side->fd >= 0 && side->folder.len == len && !memcmp(side->folder.buf, path, len))
		return 0;
	close_folder(side);
	copy = xstrndup(path, len);
	fd = fcntl(side->root, F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		return error_errno(err, "cannot open the slot");
	for (name = strtok_r(copy, "/", &next); name; name = strtok_r(NULL, "/", &next)) {
		int step;

		if (make && make_step(fd, name) < 0)
			return error_errno(err, "cannot make the folder '%.*s'", (int)len,
					   path);
		step = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (step < 0)
			return error_errno(err, "cannot open the folder '%.*s'", (int)len,
					   path);
		close(fd);
		fd = step;
	}
	strbuf_reset(&side->folder);
	strbuf_add(&side->folder, path, len);
	side->fd = steal_fd(&fd);
	return 0;
}

/* Splits `path`, opens its folder, and returns its side; NULL with an error. */
static struct side *open_parent(struct layout *l, const char *path, bool make,
				const char **ret_name, struct error *err)
{
	struct side *side = &l->sides[pathspec_match(l->hidden, path)];
	const char *slash = strrchr(path, '/');

	*ret_name = slash ? slash + 1 : path;
	if (open_folder(side, path, slash ? slash - path : 0, make, err) < 0)
		return NULL;
	return side;
}

/* Removes the folders that `path` was the last file of. */
static int remove_empty_folders(struct side *side, const char *path, struct error *err)
{
	CLEANUP_FREE char *copy = xstrdup(path);
	char *slash, *name;

	while ((slash = strrchr(copy, '/'))) {
		*slash = '\0';
		name = strrchr(copy, '/');
		if (open_folder(side, copy, name ? name - copy : 0, false, err) < 0)
			return -1;
		name = name ? name + 1 : copy;
		if (unlinkat(side->fd, name, AT_REMOVEDIR) < 0)
			return errno == ENOTEMPTY || errno == EEXIST
				       ? 0
				       : error_errno(err, "cannot remove '%s'", copy);
	}
	return 0;
}

static int remove_gone(const struct tree_change *change, void *data, struct error *err)
{
	struct layout *l = data;
	struct side *side;
	const char *name;
	int flags = change->old_mode == GIT_FILEMODE_COMMIT ? AT_REMOVEDIR : 0;

	if (change->new_mode)
		return 0;
	side = open_parent(l, change->path, false, &name, err);
	if (!side)
		return -1;
	if (unlinkat(side->fd, name, flags) < 0)
		return error_errno(err, "cannot remove '%s'", change->path);
	return remove_empty_folders(side, change->path, err);
}

static int write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		data += n;
		len -= n;
	}
	return 0;
}

static bool is_file(unsigned mode)
{
	return mode == GIT_FILEMODE_BLOB || mode == GIT_FILEMODE_BLOB_EXECUTABLE;
}

static bool stays_file(const struct tree_change *change)
{
	return is_file(change->old_mode) && is_file(change->new_mode);
}

/*
 * A file that is there is written over in its place, where it is ours alone: nothing runs on the slot
 * while it moves, and a file system may be slow to make an inode where others were just given up (ext4
 * without a journal does not take them again for a minute, and looks past each).
 */
static int open_file(int folder, const char *name, bool is_there)
{
	const int flags = O_WRONLY | O_NOFOLLOW | O_CLOEXEC;

	if (is_there) {
		CLEANUP_CLOSE int fd = openat(folder, name, flags | O_NONBLOCK);

		if (fd >= 0 && file_is_ours(fd))
			return steal_fd(&fd);
		if (unlinkat(folder, name, 0) < 0)
			return -1;
	}
	return openat(folder, name, flags | O_CREAT | O_EXCL, 0600);
}

static int write_file(int folder, const char *name, const struct tree_change *change,
		      const char *data, size_t len)
{
	CLEANUP_CLOSE int fd = open_file(folder, name, stays_file(change));

	if (fd < 0 || write_all(fd, data, len) < 0 || ftruncate(fd, (off_t)len) < 0 ||
	    fchmod(fd, change->new_mode == GIT_FILEMODE_BLOB_EXECUTABLE ? 0755 : 0644) < 0)
		return -1;
	return close(steal_fd(&fd));
}

static int write_link(int folder, const char *name, const char *data, size_t len)
{
	CLEANUP_FREE char *target = xstrndup(data, len);

	if (strlen(target) != len) {
		errno = EINVAL;
		return -1;
	}
	return symlinkat(target, folder, name);
}

static int write_entry(struct layout *l, int folder, const char *name,
		       const struct tree_change *change, struct error *err)
{
	CLEANUP_GIT(git_odb_object) git_odb_object *object = NULL;
	const char *data;
	size_t len;
	int r;

	if (change->new_mode == GIT_FILEMODE_COMMIT)
		return make_step(folder, name) < 0
			       ? error_errno(err, "cannot make the folder '%s'", change->path)
			       : 0;
	if (git_odb_read(&object, l->repo->odb, change->new_oid) < 0)
		return error_git(err, "cannot read '%s'", change->path);
	data = git_odb_object_data(object);
	len = git_odb_object_size(object);
	if (change->new_mode == GIT_FILEMODE_LINK)
		r = write_link(folder, name, data, len);
	else
		r = write_file(folder, name, change, data, len);
	return r < 0 ? error_errno(err, "cannot write '%s'", change->path) : 0;
}

/* Names that git itself never writes, and that would lead out of the slot or take its place. */
static bool path_is_sane(const char *path)
{
	for (;;) {
		size_t len = strcspn(path, "/");

		if (!len || (len == 1 && *path == '.') ||
		    (len == 2 && !memcmp(path, "..", 2)) ||
		    (len == 4 && !strncasecmp(path, ".git", 4)))
			return false;
		if (!path[len])
			return true;
		path += len + 1;
	}
}

static int write_changed(const struct tree_change *change, void *data, struct error *err)
{
	struct layout *l = data;
	struct side *side;
	const char *name;
	int flags = change->old_mode == GIT_FILEMODE_COMMIT ? AT_REMOVEDIR : 0;

	if (!change->new_mode)
		return 0;
	if (!path_is_sane(change->path))
		return error_set(err, "the tree holds '%s', which git refuses", change->path);
	side = open_parent(l, change->path, true, &name, err);
	if (!side)
		return -1;
	if (change->old_mode && !stays_file(change) && unlinkat(side->fd, name, flags) < 0)
		return error_errno(err, "cannot replace '%s'", change->path);
	return write_entry(l, side->fd, name, change, err);
}

/* What goes is removed first, since a file may stand where a folder will be. */
int layout_move(struct repo *repo, int tree_fd, int hidden_fd, const struct string_list *hidden,
		git_tree *old_tree, git_tree *new_tree, struct error *err)
{
	struct layout l = {
		.repo = repo,
		.hidden = hidden,
		.sides = { { tree_fd, -1, STRBUF_INIT }, { hidden_fd, -1, STRBUF_INIT } },
	};
	int r = 0;

	if (old_tree)
		r = tree_diff(repo, old_tree, new_tree, remove_gone, &l, err);
	if (!r)
		r = tree_diff(repo, old_tree, new_tree, write_changed, &l, err);
	for (size_t i = 0; i < ARRAY_SIZE(l.sides); i++) {
		close_folder(&l.sides[i]);
		strbuf_release(&l.sides[i].folder);
	}
	return r;
}
