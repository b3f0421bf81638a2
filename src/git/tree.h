#ifndef GIT_TREE_H
#define GIT_TREE_H

/*
 * Candidates as trees: built from a proposal's edits, from a commit, a patch or a working
 * tree, and held against the scope. A tree holds exact bytes: no filters run, except where a
 * person's working tree is read for `try`, as `git add` would read it.
 */

#include "git/repo.h"
#include "model/proposal.h"
#include "model/scope.h"

/*
 * The tree of `base` (a commit) with the edits applied. The cost follows the number of
 * edits, not the size of the tree; of two edits of one path the last counts, and removing
 * what is not there changes nothing. A path that no tree of ours may hold (empty component,
 * `.`, `..`, `.git` and its like in any component, too long, a file where a folder is) is put
 * in `ret_refused`, and no tree is made: 1. 0; -1.
 */
int tree_apply_edits(struct repo *repo, const char *base, const struct proposal *proposal,
		     char ret_tree[OID_HEX_SIZE], struct strbuf *ret_refused,
		     struct error *err);

/* The same tree's id, and nothing is written: for whoever asks whether it is known. */
int tree_id_of_edits(struct repo *repo, const char *base, const struct proposal *proposal,
		     char ret_tree[OID_HEX_SIZE], struct strbuf *ret_refused,
		     struct error *err);

/*
 * Brings a proposal that was made on the commit `from` to the commit `to`: what changed between
 * the two in a file that it edits is merged in, as `git merge-file` does. A file in which the two
 * touch the same lines stays as it was proposed, and `ret_clean` (may be NULL) is false then.
 * `from` and `to` may be the same.
 */
int tree_carry(struct repo *repo, const char *from, const char *to, struct proposal *p,
	       bool *ret_clean, struct error *err);

/*
 * The first path, in git's order, by which `tree` differs from the commit `base` and that a
 * candidate may not change: 1 with the path in `ret`; 0 where all is in scope; -1.
 */
int tree_check_scope(struct repo *repo, const char *base, const char *tree,
		     const struct string_list *editable, const struct string_list *hidden,
		     struct strbuf *ret, struct error *err);

/* The patch from commit `base` to `tree`, as `git diff --binary` prints it, at most `cap`
 * bytes (then ended by a line "[cut at <cap> bytes]"). */
int tree_patch(struct repo *repo, const char *base, const char *tree, size_t cap,
	       struct strbuf *ret, struct error *err);

/*
 * For people: the tree of `incumbent` with a person's change on top. A conflict is an error
 * (status 128) that names the first path, and nothing is recorded.
 *
 * tree_from_commit() takes what `commit` changed against its first parent, and
 * tree_without_commit() takes that back, as git revert does, of a commit that has a parent;
 * tree_from_worktree() what the working tree changed against HEAD, untracked files that are
 * not ignored included; tree_from_patch() a patch file's text.
 */
int tree_from_commit(struct repo *repo, const char *incumbent, const char *commit,
		     char ret_tree[OID_HEX_SIZE], struct error *err);
int tree_without_commit(struct repo *repo, const char *incumbent, const char *commit,
			char ret_tree[OID_HEX_SIZE], struct error *err);
int tree_from_worktree(struct repo *repo, const char *incumbent, char ret_tree[OID_HEX_SIZE],
		       struct error *err);
int tree_from_patch(struct repo *repo, const char *incumbent, const char *patch, size_t len,
		    char ret_tree[OID_HEX_SIZE], struct error *err);

/*
 * Calls `fn` for every file of a tree or commit in git's order, until it returns other than
 * 0. `mode` is git's; links and submodules are given too.
 */
typedef int (*tree_file_fn)(const char *path, unsigned mode, const char *oid, void *data,
			    struct error *err);
int tree_each_file(struct repo *repo, const char *treeish, tree_file_fn fn, void *data,
		   struct error *err);

/*
 * SHA-256 over mode, id and path of every file of `treeish` that matches neither list: what
 * setup saw of the repository, as a key.
 */
int tree_declared_digest(struct repo *repo, const char *treeish,
			 const struct string_list *editable, const struct string_list *hidden,
			 char ret[65], struct error *err);

/* True where .gitattributes in the tree's root ask for filters (eol, text, filter, ident,
 * working-tree-encoding): slots hold exact blobs, and `start` says so. */
bool tree_wants_filters(struct repo *repo, const char *treeish);

#endif
