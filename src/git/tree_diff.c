#include <string.h>

#include "git/internal.h"

/* Folders in folders, as git's own core.maxTreeDepth has it: a tree that somebody made by hand may
 * go deeper than our stack. */
#define DEPTH_MAX 2048

struct walk {
	struct repo *repo;
	int depth;
	struct strbuf path;
	tree_change_fn fn;
	void *data;
};

static int walk_trees(struct walk *walk, git_tree *old_tree, git_tree *new_tree,
		      struct error *err);

static bool is_tree(const git_tree_entry *entry)
{
	return git_tree_entry_filemode(entry) == GIT_FILEMODE_TREE;
}

/* git's order: a folder sorts as if its name ended with a slash. */
static int compare_entries(const git_tree_entry *a, const git_tree_entry *b)
{
	const char *a_name = git_tree_entry_name(a), *b_name = git_tree_entry_name(b);
	size_t a_len = strlen(a_name), b_len = strlen(b_name);
	size_t len = a_len < b_len ? a_len : b_len;
	unsigned char a_next, b_next;
	int cmp = memcmp(a_name, b_name, len);

	if (cmp)
		return cmp;
	a_next = a_len > len ? a_name[len] : is_tree(a) ? '/' : '\0';
	b_next = b_len > len ? b_name[len] : is_tree(b) ? '/' : '\0';
	return a_next - b_next;
}

static int open_subtree(struct walk *walk, const git_tree_entry *entry, git_tree **ret,
			struct error *err)
{
	if (!entry)
		return 0;
	if (git_tree_lookup(ret, walk->repo->git, git_tree_entry_id(entry)) < 0)
		return error_git(err, "cannot read the folder '%s'", walk->path.buf);
	return 0;
}

static int walk_folder(struct walk *walk, const git_tree_entry *old_entry,
		       const git_tree_entry *new_entry, struct error *err)
{
	CLEANUP_GIT(git_tree) git_tree *old_tree = NULL;
	CLEANUP_GIT(git_tree) git_tree *new_tree = NULL;
	int r;

	if (walk->depth == DEPTH_MAX)
		return error_set(err, "the tree has more than %d folders in one another",
				 DEPTH_MAX);
	if (open_subtree(walk, old_entry, &old_tree, err) < 0 ||
	    open_subtree(walk, new_entry, &new_tree, err) < 0)
		return -1;
	strbuf_addch(&walk->path, '/');
	walk->depth++;
	r = walk_trees(walk, old_tree, new_tree, err);
	walk->depth--;
	return r;
}

/* One name: the same kind (folder or not) on the sides where it is not NULL. */
static int walk_entry(struct walk *walk, const git_tree_entry *old_entry,
		      const git_tree_entry *new_entry, struct error *err)
{
	const git_tree_entry *any = old_entry ? old_entry : new_entry;
	struct tree_change change = { 0 };
	size_t len = walk->path.len;
	int r;

	if (old_entry && new_entry &&
	    git_oid_equal(git_tree_entry_id(old_entry), git_tree_entry_id(new_entry)) &&
	    git_tree_entry_filemode(old_entry) == git_tree_entry_filemode(new_entry))
		return 0;
	strbuf_addstr(&walk->path, git_tree_entry_name(any));
	if (is_tree(any)) {
		r = walk_folder(walk, old_entry, new_entry, err);
	} else {
		change.path = walk->path.buf;
		if (old_entry) {
			change.old_mode = git_tree_entry_filemode(old_entry);
			change.old_oid = git_tree_entry_id(old_entry);
		}
		if (new_entry) {
			change.new_mode = git_tree_entry_filemode(new_entry);
			change.new_oid = git_tree_entry_id(new_entry);
		}
		r = walk->fn(&change, walk->data, err);
	}
	strbuf_setlen(&walk->path, len);
	return r;
}

static int walk_trees(struct walk *walk, git_tree *old_tree, git_tree *new_tree,
		      struct error *err)
{
	size_t old_nr = old_tree ? git_tree_entrycount(old_tree) : 0;
	size_t new_nr = new_tree ? git_tree_entrycount(new_tree) : 0;
	size_t i = 0, j = 0;
	int cmp, r;

	while (i < old_nr || j < new_nr) {
		const git_tree_entry *a = i < old_nr ? git_tree_entry_byindex(old_tree, i)
						     : NULL;
		const git_tree_entry *b = j < new_nr ? git_tree_entry_byindex(new_tree, j)
						     : NULL;

		cmp = !a ? 1 : !b ? -1 : compare_entries(a, b);
		r = walk_entry(walk, cmp <= 0 ? a : NULL, cmp >= 0 ? b : NULL, err);
		if (r)
			return r;
		i += cmp <= 0;
		j += cmp >= 0;
	}
	return 0;
}

int tree_diff(struct repo *repo, git_tree *old_tree, git_tree *new_tree, tree_change_fn fn,
	      void *data, struct error *err)
{
	struct walk walk = { .repo = repo, .path = STRBUF_INIT, .fn = fn, .data = data };
	int r = walk_trees(&walk, old_tree, new_tree, err);

	strbuf_release(&walk.path);
	return r;
}
