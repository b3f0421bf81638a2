#include <stdlib.h>
#include <string.h>

#include "git/internal.h"
#include "git/tree.h"

/* What a file system can hold. Deeper folders are nobody's honest proposal. */
#define NAME_LEN_MAX 255
#define PATH_LEN_MAX 3500
#define DEPTH_MAX 256

/*
 * The edits sorted by path, so that those below one folder lie together; `edits[lo..hi)`
 * share the first `prefix` bytes.
 */
struct rebuild {
	struct repo *repo;
	const struct edit **edits;
	bool write; /* else ids are computed alone */
	struct strbuf *refused;
};

static int rebuild_tree(struct rebuild *b, git_tree *base, size_t lo, size_t hi, size_t prefix,
			git_oid *ret, bool *ret_empty, struct error *err);

/* By folders, not by bytes: "a", "a/b", "a.c", so that no other name comes in between. */
static int compare_paths(const void *a, const void *b)
{
	const struct edit *x = *(const struct edit *const *)a;
	const struct edit *y = *(const struct edit *const *)b;
	const unsigned char *p = (const unsigned char *)x->path;
	const unsigned char *q = (const unsigned char *)y->path;

	while (*p && *p == *q) {
		p++;
		q++;
	}
	if (*p != *q)
		return (*p == '/' ? 1 : *p ? *p + 1 : 0) - (*q == '/' ? 1 : *q ? *q + 1 : 0);
	return x < y ? -1 : x > y; /* of edits of one path, the last counts */
}

/*
 * Names that no tree of ours ever holds, whatever the scope says: an object with them would
 * not pass `git fsck --strict`, even where no commit names it.
 */
static bool path_is_possible(const struct edit *edit)
{
	const char *p = edit->path;
	int depth = 0;

	if (strlen(p) > PATH_LEN_MAX)
		return false;
	for (;;) {
		size_t len = strcspn(p, "/");
		char name[NAME_LEN_MAX + 1];

		if (!len || len > NAME_LEN_MAX || ++depth > DEPTH_MAX)
			return false;
		memcpy(name, p, len);
		name[len] = '\0';
		if (!strcmp(name, ".") || !strcmp(name, "..") ||
		    (strcmp(name, ".autoresearch") && path_is_protected(name)))
			return false;
		if (!p[len])
			return true;
		p += len + 1;
	}
}

static bool mode_is_possible(const struct edit *edit)
{
	return !edit->content || edit->mode == GIT_FILEMODE_BLOB ||
	       edit->mode == GIT_FILEMODE_BLOB_EXECUTABLE || edit->mode == GIT_FILEMODE_LINK;
}

static int refuse(struct rebuild *b, const struct edit *edit)
{
	strbuf_addstr(b->refused, edit->path);
	return 1;
}

/* Everything below a folder: its new tree in `bld`, or no entry where nothing is left. */
static int rebuild_folder(struct rebuild *b, git_treebuilder *bld, const char *name, size_t lo,
			  size_t hi, size_t prefix, struct error *err)
{
	const git_tree_entry *entry = git_treebuilder_get(bld, name);
	CLEANUP_GIT(git_tree) git_tree *base = NULL;
	bool empty, adds = false;
	git_oid oid;
	int r;

	for (size_t i = lo; i < hi; i++)
		adds |= b->edits[i]->content != NULL;
	if (entry && git_tree_entry_filemode(entry) != GIT_FILEMODE_TREE)
		return adds ? refuse(b, b->edits[lo]) : 0;
	if (!entry && !adds)
		return 0;
	if (entry && git_tree_lookup(&base, b->repo->git, git_tree_entry_id(entry)) < 0)
		return error_git(err, "cannot read the folder '%s'", name);
	r = rebuild_tree(b, base, lo, hi, prefix, &oid, &empty, err);
	if (r)
		return r;
	if (!empty && git_treebuilder_insert(NULL, bld, name, &oid, GIT_FILEMODE_TREE) < 0)
		return refuse(b, b->edits[lo]);
	if (empty && entry && git_treebuilder_remove(bld, name) < 0)
		return error_git(err, "cannot remove the folder '%s'", name);
	return 0;
}

static int remove_file(git_treebuilder *bld, const char *name, struct error *err)
{
	const git_tree_entry *entry = git_treebuilder_get(bld, name);

	if (!entry || git_tree_entry_filemode(entry) == GIT_FILEMODE_TREE)
		return 0;
	if (git_treebuilder_remove(bld, name) < 0)
		return error_git(err, "cannot remove '%s'", name);
	return 0;
}

static int add_file(struct rebuild *b, git_treebuilder *bld, const char *name,
		    const struct edit *edit, struct error *err)
{
	const git_tree_entry *entry = git_treebuilder_get(bld, name);
	git_oid oid;

	if (entry && git_tree_entry_filemode(entry) == GIT_FILEMODE_TREE)
		return refuse(b, edit);
	if (b->write && write_blob(b->repo, edit->content, edit->len, &oid, err) < 0)
		return -1;
	if (!b->write && git_odb_hash(&oid, edit->content, edit->len, GIT_OBJECT_BLOB) < 0)
		return error_git(err, "cannot compute the id of '%s'", edit->path);
	if (git_treebuilder_insert(NULL, bld, name, &oid, edit->mode) < 0)
		return refuse(b, edit);
	return 0;
}

/*
 * The edits of one name in a folder: first those of the file itself, then those below the
 * folder of that name. A file may give way to a folder, and a folder that becomes empty to
 * a file, but both at once cannot be.
 */
static int rebuild_name(struct rebuild *b, git_treebuilder *bld, size_t lo, size_t hi,
			size_t prefix, size_t len, struct error *err)
{
	CLEANUP_FREE char *name = xstrndup(b->edits[lo]->path + prefix, len);
	const struct edit *file = NULL;
	int r;

	for (; lo < hi && !b->edits[lo]->path[prefix + len]; lo++)
		file = b->edits[lo];
	if (file && !file->content && remove_file(bld, name, err) < 0)
		return -1;
	if (lo < hi) {
		r = rebuild_folder(b, bld, name, lo, hi, prefix + len + 1, err);
		if (r)
			return r;
	}
	return file && file->content ? add_file(b, bld, name, file, err) : 0;
}

struct entries {
	const git_tree_entry **items;
	size_t nr;
};

static int add_entry(const git_tree_entry *entry, void *data)
{
	struct entries *e = data;

	e->items[e->nr++] = entry;
	return 0;
}

static int compare_entries(const void *a, const void *b)
{
	return git_tree_entry_cmp(*(const git_tree_entry *const *)a,
				  *(const git_tree_entry *const *)b);
}

/* As git-mktree(1) would: mode, name, NUL and id of each, in git's order. */
static int hash_tree(git_treebuilder *bld, git_oid *ret)
{
	struct entries e = { .items = xcalloc(git_treebuilder_entrycount(bld) + 1,
					      sizeof(*e.items)) };
	CLEANUP_FREE const git_tree_entry **items = e.items;
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	if (git_treebuilder_filter(bld, add_entry, &e) < 0)
		return -1;
	qsort(items, e.nr, sizeof(*items), compare_entries);
	for (size_t i = 0; i < e.nr; i++) {
		strbuf_addf(&text, "%o %s", (unsigned)git_tree_entry_filemode_raw(items[i]),
			    git_tree_entry_name(items[i]));
		strbuf_add(&text, "", 1);
		strbuf_add(&text, git_tree_entry_id(items[i])->id, GIT_OID_RAWSZ);
	}
	return git_odb_hash(ret, text.buf, text.len, GIT_OBJECT_TREE);
}

static int rebuild_tree(struct rebuild *b, git_tree *base, size_t lo, size_t hi, size_t prefix,
			git_oid *ret, bool *ret_empty, struct error *err)
{
	CLEANUP_GIT(git_treebuilder) git_treebuilder *bld = NULL;
	size_t end;
	int r;

	if (git_treebuilder_new(&bld, b->repo->git, base) < 0)
		return error_git(err, "cannot build a tree");
	for (; lo < hi; lo = end) {
		const char *name = b->edits[lo]->path + prefix;
		size_t len = strcspn(name, "/");

		for (end = lo + 1; end < hi; end++) {
			const char *next = b->edits[end]->path + prefix;

			if (strncmp(next, name, len) || (next[len] && next[len] != '/'))
				break;
		}
		r = rebuild_name(b, bld, lo, end, prefix, len, err);
		if (r)
			return r;
	}
	*ret_empty = !git_treebuilder_entrycount(bld);
	if (*ret_empty && prefix)
		return 0;
	if ((b->write ? write_tree(b->repo, bld, ret) : hash_tree(bld, ret)) < 0)
		return error_git(err, "cannot write a tree");
	return 0;
}

static int rebuild(struct repo *repo, const char *base, const struct proposal *proposal,
		   bool write, char ret_tree[OID_HEX_SIZE], struct strbuf *ret_refused,
		   struct error *err)
{
	CLEANUP_FREE const struct edit **edits = NULL;
	CLEANUP_GIT(git_tree) git_tree *tree = NULL;
	struct rebuild b = { .repo = repo, .write = write, .refused = ret_refused };
	bool empty;
	git_oid oid;
	int r;

	if (lookup_tree(repo, base, &tree, err) < 0)
		return -1;
	edits = xcalloc(proposal->edits_nr + 1, sizeof(*edits));
	b.edits = edits;
	for (size_t i = 0; i < proposal->edits_nr; i++) {
		edits[i] = &proposal->edits[i];
		if (!path_is_possible(edits[i]) || !mode_is_possible(edits[i]))
			return refuse(&b, edits[i]);
	}
	qsort(edits, proposal->edits_nr, sizeof(*edits), compare_paths);
	if (write)
		objects_hold(repo);
	r = rebuild_tree(&b, tree, 0, proposal->edits_nr, 0, &oid, &empty, err);
	if (!r)
		oid_to_hex(&oid, ret_tree);
	return r;
}

int tree_apply_edits(struct repo *repo, const char *base, const struct proposal *proposal,
		     char ret_tree[OID_HEX_SIZE], struct strbuf *ret_refused, struct error *err)
{
	return rebuild(repo, base, proposal, true, ret_tree, ret_refused, err);
}

int tree_id_of_edits(struct repo *repo, const char *base, const struct proposal *proposal,
		     char ret_tree[OID_HEX_SIZE], struct strbuf *ret_refused, struct error *err)
{
	return rebuild(repo, base, proposal, false, ret_tree, ret_refused, err);
}
