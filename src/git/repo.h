#ifndef GIT_REPO_H
#define GIT_REPO_H

/*
 * The user's repository. This room alone includes git2.h; its callers see object ids as 40
 * hex digits (OID_HEX_SIZE with the NUL) and paths as bytes.
 *
 * Objects are made durable before a ref names them, and refs are written with fsync.
 * Nothing here changes the user's working tree, index or HEAD.
 */

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "model/experiment.h"

struct repo;

/*
 * Opens the repository that git would use from here: GIT_DIR (with GIT_WORK_TREE and
 * GIT_COMMON_DIR), else the one around the working directory, bare or not, a linked worktree
 * or not. A clear error for none, for SHA-256 and for reftable repositories, with a hint;
 * for one that another user owns as git's safe.directory has it.
 */
int repo_open(struct repo **ret, struct error *err);
void repo_free(struct repo *repo);
static inline void cleanup_repo_(struct repo **repo)
{
	repo_free(*repo);
}
#define CLEANUP_REPO CLEANUP(cleanup_repo_)

/* The directory that all worktrees share ("…/.git/"), absolute; borrowed. */
const char *repo_common_dir(const struct repo *repo);

/* The top of the user's working tree, absolute; NULL in a bare repository. Borrowed. */
const char *repo_workdir(const struct repo *repo);

/* Who runs this, as git's author identity: "Ada <ada@example.org>". An error with a hint where
 * git would not commit for want of it. The caller owns it. */
int repo_author(char **ret, struct error *err);

/* The commit HEAD points to. An error with a hint where HEAD is unborn. */
int repo_head(struct repo *repo, char ret[OID_HEX_SIZE], struct error *err);

/* The short name of the branch HEAD is on ("main", "autoresearch/x"), also when unborn; NULL
 * when it is detached. The caller owns it. */
char *repo_current_branch(struct repo *repo);

/* Resolves a revision as git does to a commit; an error "not a commit: …" otherwise. */
int repo_resolve_commit(struct repo *repo, const char *rev, char ret[OID_HEX_SIZE],
			struct error *err);

/* The id a full ref name points to. 0; 1 where there is no such ref; -1. */
int repo_ref(struct repo *repo, const char *refname, char ret[OID_HEX_SIZE], struct error *err);

/*
 * From now on repo_ref() answers for `refname` as if it pointed to `oid` ("": as if there were no
 * such ref). So what is pushed can be looked at as it would be, before any ref has moved.
 */
void repo_suppose(struct repo *repo, const char *refname, const char *oid);

/* The tree of a commit. */
int repo_commit_tree(struct repo *repo, const char *commit, char ret[OID_HEX_SIZE],
		     struct error *err);

/* The i-th parent of a commit: 0; 1 where it has none; -1. */
int repo_commit_parent(struct repo *repo, const char *commit, unsigned i,
		       char ret[OID_HEX_SIZE], struct error *err);

int repo_commit_message(struct repo *repo, const char *commit, struct strbuf *ret,
			struct error *err);

/* Who wrote it: "Ada <ada@example.org>". Appended. */
int repo_commit_author(struct repo *repo, const char *commit, struct strbuf *ret,
		       struct error *err);

/* When it was committed. */
int repo_commit_time(struct repo *repo, const char *commit, time_t *ret, struct error *err);

/*
 * The content of the file `path` in a tree or commit, at most `cap` bytes. 0; 1 where there
 * is no such file (or it is not a regular file); -1, also where it is larger.
 */
int repo_read_file(struct repo *repo, const char *treeish, const char *path, size_t cap,
		   struct strbuf *ret, struct error *err);

/* The mode of that file, as git has it. 0; 1 where there is no such regular file; -1. */
int repo_file_mode(struct repo *repo, const char *treeish, const char *path, unsigned *ret,
		   struct error *err);

/* The path of the worktree in which the branch (full ref name) is checked out; NULL where it
 * is nowhere. The caller owns it. The slots of campaigns are detached and never count. */
int repo_checked_out_at(struct repo *repo, const char *refname, char **ret, struct error *err);

/*
 * Keeps `git gc` away from objects that have no name yet, from now until as often as it was asked
 * for it is asked for no more.
 */
void repo_keep_objects(struct repo *repo);
void repo_keep_no_more(struct repo *repo);

/*
 * To be called after each record: every now and then looks whether there are more loose objects than
 * gc.auto allows, and has git pack them then, in the background, and roll packs up. It is nobody's
 * concern whether that can be done. Never where gc.auto is 0 or maintenance.auto is false.
 */
void repo_maintain(struct repo *repo);

#endif
