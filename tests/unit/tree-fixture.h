#ifndef TREE_FIXTURE_H
#define TREE_FIXTURE_H

/* A repository of git-fixture.h that is open, and how its trees are looked at. */

#include "git-fixture.h"

#include "git/tree.h"

static struct error err = ERROR_INIT;

struct start {
	struct repo *repo;
	char head[OID_HEX_SIZE];
};

static inline void start_release(struct start *s)
{
	repo_free(s->repo);
}
#define CLEANUP_START CLEANUP(start_release)

static inline void start(struct start *ret)
{
	assert_done(repo_open(&ret->repo, &err));
	assert_done(repo_head(ret->repo, ret->head, &err));
}

/* `git ls-tree -r` of a tree, a line a file: mode, path; and the tree is a good one. */
static inline const char *listing(const char *tree)
{
	assert_int_equal(sh("git fsck --strict --no-dangling 2>&1"), 0);
	return out_of("git ls-tree -r --format='%%(objectmode) %%(path)' %s", tree);
}

#endif
