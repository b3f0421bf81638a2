#include "git/slot.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/digest.h"
#include "base/process.h"
#include "base/trace.h"
#include "git/internal.h"

#define REASON "a slot of git autoresearch; 'git autoresearch gc' removes it"

struct slot {
	struct repo *repo; /* borrowed */
	struct string_list hidden;
	char *folder, *tree_dir, *hidden_dir, *state_file;
	char *spare;		 /* for the worktree's HEAD */
	char *admin;		 /* "…/worktrees/<id>"; NULL where the slot is to be made */
	char tree[OID_HEX_SIZE]; /* what is laid out; "" where that is not known */
	char key[160];		 /* what else a layout depends on, beside the tree */
	char *ignored;		 /* a folder of which all is ignored, with a slash */
};

/*
 * A layout is trusted only within the boot that made it: the files are not synced, so after a
 * power cut the state could be there and the files not.
 */
static void make_key(struct slot *slot)
{
	CLEANUP_STRBUF struct strbuf boot = STRBUF_INIT;
	struct digest digest;
	char hex[DIGEST_HEX_LEN + 1];

	if (strbuf_read_file(&boot, "/proc/sys/kernel/random/boot_id", 64) < 0)
		strbuf_addstr(&boot, "unknown");
	strbuf_rtrim(&boot);
	digest_init(&digest);
	for (size_t i = 0; i < slot->hidden.nr; i++)
		digest_add_field(&digest, slot->hidden.items[i], strlen(slot->hidden.items[i]));
	digest_hex(&digest, hex);
	snprintf(slot->key, sizeof(slot->key), "%s %s\n", hex, boot.buf);
}

static void read_state(struct slot *slot)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	slot->tree[0] = '\0';
	if (strbuf_read_file(&text, slot->state_file, 1024) < 0 || text.len <= OID_HEX_SIZE ||
	    text.buf[0] == '-' || strcmp(text.buf + OID_HEX_SIZE, slot->key))
		return;
	memcpy(slot->tree, text.buf, OID_HEX_LEN);
	slot->tree[OID_HEX_LEN] = '\0';
}

/* Where the `.git` file of the slot leads, if git's side of the worktree answers to it. */
static char *find_admin(const struct slot *slot)
{
	CLEANUP_FREE char *file = xstrfmt("%s/.git", slot->tree_dir), *path = NULL;
	CLEANUP_FREE char *admin = NULL, *top = NULL, *back = NULL, *common = NULL;
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	struct stat st;

	if (lstat(file, &st) < 0 || !S_ISREG(st.st_mode) ||
	    strbuf_read_file(&text, file, PATH_MAX) < 0 || !starts_with(text.buf, "gitdir: "))
		return NULL;
	if (text.buf[text.len - 1] == '\n')
		strbuf_setlen(&text, text.len - 1);
	path = text.buf[8] == '/' ? xstrdup(text.buf + 8)
				  : xstrfmt("%s/%s", slot->tree_dir, text.buf + 8);
	admin = realpath(path, NULL);
	if (!admin)
		return NULL;
	top = worktree_path(admin);
	back = top ? realpath(top, NULL) : NULL;
	common = xstrfmt("%s/commondir", admin);
	if (!back || strcmp(back, slot->tree_dir) || access(common, R_OK) < 0)
		return NULL;
	return steal_ptr(admin);
}

static int keep_lock(const struct slot *slot, struct error *err)
{
	CLEANUP_FREE char *file = xstrfmt("%s/locked", slot->admin);

	return access(file, F_OK) < 0 ? replace_file(file, REASON, strlen(REASON), err) : 0;
}

int slot_open(struct slot **ret, struct repo *repo, const char *dir, int index,
	      const struct string_list *hidden, struct error *err)
{
	CLEANUP_SLOT struct slot *slot = xcalloc(1, sizeof(*slot));
	CLEANUP_FREE char *folder = xstrfmt("%s/slots/%d", dir, index);

	if (make_folders(folder, err) < 0)
		return -1;
	slot->folder = realpath(folder, NULL);
	if (!slot->folder)
		return error_errno(err, "cannot open the slot '%s'", folder);
	slot->repo = repo;
	slot->tree_dir = xstrfmt("%s/tree", slot->folder);
	slot->hidden_dir = xstrfmt("%s/hidden", slot->folder);
	slot->state_file = xstrfmt("%s/state", slot->folder);
	slot->spare = xstrfmt("%s/spare", slot->folder);
	for (size_t i = 0; hidden && i < hidden->nr; i++)
		string_list_add(&slot->hidden, hidden->items[i]);
	make_key(slot);
	*ret = steal_ptr(slot);
	return 0;
}

/*
 * Writes the state, in its place, which costs less than another file: all of its lines have the same
 * length, and one that was not written whole is none.
 */
static int write_state(struct slot *slot, const char *tree, struct error *err)
{
	CLEANUP_FREE char *state = xstrfmt("%s %s", tree, slot->key);
	CLEANUP_CLOSE int fd = open_line(slot->state_file);
	ssize_t len = (ssize_t)strlen(state);

	slot->tree[0] = '\0';
	if (fd < 0 || pwrite(fd, state, (size_t)len, 0) != len || ftruncate(fd, len) < 0)
		return error_errno(err, "cannot write '%s'", slot->state_file);
	memcpy(slot->tree, tree, OID_HEX_SIZE);
	return 0;
}

/* While files are moved, and where it is not known what they are. */
static int forget_layout(struct slot *slot, struct error *err)
{
	static const char none[OID_HEX_SIZE] = "----------------------------------------";

	if (write_state(slot, none, err) < 0)
		return -1;
	slot->tree[0] = '\0';
	return 0;
}

/*
 * Makes the worktree anew. Forced twice, git takes over what it still knows of one that was
 * here before, locked or not. It runs no hook, since nothing is checked out.
 */
static int make_worktree(struct slot *slot, const char *commit, struct error *err)
{
	CLEANUP_FREE char *git_dir = xstrfmt("--git-dir=%s", slot->repo->common_dir);
	const char *const argv[] = {
		"env",
		"-u",
		"GIT_DIR",
		"-u",
		"GIT_WORK_TREE",
		"-u",
		"GIT_COMMON_DIR",
		"-u",
		"GIT_INDEX_FILE",
		"git",
		git_dir,
		"worktree",
		"add",
		"--quiet",
		"--force",
		"--force",
		"--detach",
		"--no-checkout",
		"--lock",
		"--reason",
		REASON,
		"--",
		slot->tree_dir,
		commit,
		NULL,
	};

	free(steal_ptr(slot->admin));
	if (make_folders(slot->folder, err) < 0 || forget_layout(slot, err) < 0 ||
	    remove_all(AT_FDCWD, slot->tree_dir, err) < 0)
		return -1;
	if (process_run(argv, NULL, 1 << 16, err) < 0 && error_of_git(err))
		return error_context(err, "cannot make the worktree of a slot");
	slot->admin = find_admin(slot);
	if (!slot->admin)
		return error_set(err, "git made no usable worktree at '%s'", slot->tree_dir);
	return 0;
}

/* A person may have removed or pruned the worktree since the last move. */
static int mend_worktree(struct slot *slot, const char *commit, struct error *err)
{
	free(steal_ptr(slot->admin));
	slot->admin = find_admin(slot);
	if (!slot->admin)
		return make_worktree(slot, commit, err);
	read_state(slot);
	return keep_lock(slot, err);
}

static int empty_folder(const char *path, const char *keep, struct error *err)
{
	CLEANUP_CLOSEDIR DIR *dir = opendir(path);
	struct dirent *entry;

	if (!dir)
		return error_errno(err, "cannot read the folder '%s'", path);
	while ((entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..") &&
		    (!keep || strcmp(entry->d_name, keep)) &&
		    remove_all(dirfd(dir), entry->d_name, err) < 0)
			return -1;
	return 0;
}

/* From `old_tree`, or from nothing where that is NULL. */
static int lay_out(struct slot *slot, git_tree *old_tree, git_tree *new_tree, struct error *err)
{
	CLEANUP_CLOSE int tree_fd = -1, hidden_fd = -1;

	if (!old_tree && (make_folders(slot->hidden_dir, err) < 0 ||
			  empty_folder(slot->tree_dir, ".git", err) < 0 ||
			  empty_folder(slot->hidden_dir, NULL, err) < 0))
		return -1;
	tree_fd = open(slot->tree_dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	hidden_fd = open(slot->hidden_dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (tree_fd < 0 || hidden_fd < 0)
		return error_errno(err, "cannot open the slot '%s'", slot->folder);
	if (!old_tree && (fchmod(tree_fd, 0755) < 0 || fchmod(hidden_fd, 0755) < 0))
		return error_errno(err, "cannot change the mode of '%s'", slot->folder);
	return layout_move(slot->repo, tree_fd, hidden_fd, &slot->hidden, old_tree, new_tree,
			   err);
}

static int move_files(struct slot *slot, const char *tree, struct error *err)
{
	CLEANUP_GIT(git_tree) git_tree *old_tree = NULL;
	CLEANUP_GIT(git_tree) git_tree *new_tree = NULL;
	struct error ignored = ERROR_INIT;

	if (!strcmp(slot->tree, tree))
		return 0;
	free(steal_ptr(slot->ignored));
	if (lookup_tree(slot->repo, tree, &new_tree, err) < 0)
		return -1;
	if (*slot->tree)
		lookup_tree(slot->repo, slot->tree, &old_tree, &ignored);
	if (forget_layout(slot, err) < 0)
		return -1;
	/* Where the files are not what the state said, they are laid out anew. */
	if ((!old_tree || lay_out(slot, old_tree, new_tree, &ignored) < 0) &&
	    lay_out(slot, NULL, new_tree, err) < 0)
		return -1;
	return write_state(slot, tree, err);
}

int slot_move(struct slot *slot, const char *commit, struct error *err)
{
	CLEANUP_FREE char *head = NULL, *line = xstrfmt("%s\n", commit);
	char tree[OID_HEX_SIZE];
	SPAN("slot");

	if (repo_commit_tree(slot->repo, commit, tree, err) < 0 ||
	    mend_worktree(slot, commit, err) < 0)
		return -1;
	/* From here on a garbage collection keeps the commit. */
	head = xstrfmt("%s/HEAD", slot->admin);
	if (exchange_file(head, slot->spare, line, strlen(line), err) < 0)
		return -1;
	objects_let_go(slot->repo);
	if (move_files(slot, tree, err) < 0)
		return error_context(err, "cannot lay out the candidate");
	return 0;
}

int slot_show(struct slot *slot, const char *commit, struct error *err)
{
	char tree[OID_HEX_SIZE];
	SPAN("slot");

	if (repo_commit_tree(slot->repo, commit, tree, err) < 0 ||
	    mend_worktree(slot, commit, err) < 0)
		return -1;
	if (move_files(slot, tree, err) < 0)
		return error_context(err, "cannot lay out the incumbent");
	return 0;
}

const char *slot_tree_dir(const struct slot *slot)
{
	return slot->tree_dir;
}

const char *slot_hidden_dir(const struct slot *slot)
{
	return slot->hidden_dir;
}

/* libgit2 forgets a pattern with "!" that takes back one of a folder above: git is asked. */
static bool git_ignores(const struct slot *slot, const char *path)
{
	CLEANUP_FREE char *git_dir = xstrfmt("--git-dir=%s", slot->admin);
	CLEANUP_FREE char *top = xstrfmt("--work-tree=%s", slot->tree_dir);
	CLEANUP_FREE char *plain = xstrfmt("./%s", path); /* no magic of a leading colon */
	const char *const argv[] = {
		"env",		"-u",	   "GIT_COMMON_DIR", "-u",    "GIT_INDEX_FILE",
		"git",		"-C",	   slot->tree_dir,   git_dir, top,
		"check-ignore", "--quiet", "--no-index",     "--",    plain,
		NULL,
	};
	struct error ignored = ERROR_INIT;

	return !process_run(argv, NULL, 4096, &ignored);
}

bool slot_ignores(struct slot *slot, const char *path)
{
	CLEANUP_GIT(git_tree) git_tree *tree = NULL;
	CLEANUP_GIT(git_tree_entry) git_tree_entry *entry = NULL;
	CLEANUP_FREE char *folder = NULL;
	const char *slash = strrchr(path, '/');
	struct error err = ERROR_INIT;

	/* As for git: what is tracked is not ignored. */
	if (!*slot->tree || lookup_tree(slot->repo, slot->tree, &tree, &err) < 0 ||
	    !git_tree_entry_bypath(&entry, tree, path))
		return false;
	if (slot->ignored && starts_with(path, slot->ignored))
		return true;
	if (!git_ignores(slot, path))
		return false;
	/* Builds leave thousands of files in one place: git is asked about the place once. */
	folder = slash ? xstrndup(path, slash - path + 1) : NULL;
	if (folder && git_ignores(slot, folder)) {
		free(slot->ignored);
		slot->ignored = steal_ptr(folder);
	}
	return true;
}

void slot_free(struct slot *slot)
{
	if (!slot)
		return;
	free(slot->ignored);
	string_list_release(&slot->hidden);
	free(slot->folder);
	free(slot->tree_dir);
	free(slot->hidden_dir);
	free(slot->state_file);
	free(slot->spare);
	free(slot->admin);
	free(slot);
}

/* A slot of a repository that was moved: our lock, and no folder at the old place. */
static bool is_stranded(const char *admin, const char *path)
{
	CLEANUP_FREE char *file = xstrfmt("%s/locked", admin);
	CLEANUP_STRBUF struct strbuf reason = STRBUF_INIT;

	return !strbuf_read_file(&reason, file, 1024) && starts_with(reason.buf, REASON) &&
	       access(path, F_OK) < 0;
}

/* What git keeps of the worktree at `tree_dir`, wherever that folder itself has gone, and of
 * slots that are nowhere any more. */
static int forget_worktree(struct repo *repo, const char *tree_dir, struct error *err)
{
	CLEANUP_FREE char *folder = xstrfmt("%sworktrees", repo->common_dir);
	CLEANUP_CLOSEDIR DIR *dir = opendir(folder);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		CLEANUP_FREE char *admin = xstrfmt("%s/%s", folder, entry->d_name);
		CLEANUP_FREE char *path = NULL;

		if (entry->d_name[0] == '.')
			continue;
		path = worktree_path(admin);
		if (path && (!strcmp(path, tree_dir) || is_stranded(admin, path)) &&
		    remove_all(dirfd(dir), entry->d_name, err) < 0)
			return -1;
	}
	rmdir(folder); /* as git does after the last one */
	return 0;
}

int slot_remove(struct repo *repo, const char *dir, int index, struct error *err)
{
	CLEANUP_FREE char *folder = xstrfmt("%s/slots/%d", dir, index);
	CLEANUP_FREE char *real = realpath(folder, NULL), *tree_dir = NULL;

	tree_dir = xstrfmt("%s/tree", real ? real : folder);
	if (forget_worktree(repo, tree_dir, err) < 0)
		return -1;
	return remove_all(AT_FDCWD, folder, err);
}
