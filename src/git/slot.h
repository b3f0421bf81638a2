#ifndef GIT_SLOT_H
#define GIT_SLOT_H

/*
 * A slot: a linked worktree, detached and locked with a reason, that holds the files of one
 * candidate after another. It lives below the repository's common directory, so no folder
 * of the user's is touched, and it is laid out by this program alone: moving it from one
 * tree to the next writes only the files that differ. Hidden files are kept out of it, in a
 * folder of their own that only the evaluator's sandbox is given.
 *
 * Its detached HEAD names the candidate's commit while that is measured, which keeps the
 * objects from a `git gc --prune=now` in the middle of a trial. After a crash the slot is
 * found again: a file beside it says which tree it holds, and a move that was under way is
 * found out and the slot is laid out anew.
 */

#include "git/repo.h"

struct slot;

/*
 * Opens slot `index` of the campaign. `dir` is the campaign's own folder below the common
 * directory (absolute). The worktree is made, or mended where a person removed, unlocked or
 * pruned it, by the first slot_move(): git makes none without a commit.
 */
int slot_open(struct slot **ret, struct repo *repo, const char *dir, int index,
	      const struct string_list *hidden, struct error *err);

/* Makes the slot hold exactly the tree of `commit`, and its HEAD name that commit. */
int slot_move(struct slot *slot, const char *commit, struct error *err);

/*
 * Makes the slot hold the tree of `commit`, and leaves its HEAD alone: for a commit that a ref
 * keeps (the incumbent), while the candidate that HEAD names waits for its next trial. After
 * slot_move() only.
 */
int slot_show(struct slot *slot, const char *commit, struct error *err);

/* Absolute paths of the two folders; borrowed. The first holds a `.git` file too. */
const char *slot_tree_dir(const struct slot *slot);
const char *slot_hidden_dir(const struct slot *slot);

/*
 * True where the .gitignore files of the tree that the slot holds, or the user's own ignore
 * files, cover `path`, and the tree has no such file; a proposer's leavings of that kind are
 * no part of its proposal.
 */
bool slot_ignores(struct slot *slot, const char *path);

/* Forgets the slot; its files stay for the next start. */
void slot_free(struct slot *slot);
static inline void cleanup_slot_(struct slot **slot)
{
	slot_free(*slot);
}
#define CLEANUP_SLOT CLEANUP(cleanup_slot_)

/* Unlocks and removes the worktree and its files. */
int slot_remove(struct repo *repo, const char *dir, int index, struct error *err);

#endif
