#ifndef GIT_HOOKS_H
#define GIT_HOOKS_H

/*
 * The hooks of this program (hooks/ of its source, compiled in), put where git looks for hooks: in
 * the repository, or where core.hooksPath leads. One that is there already is moved aside, to
 * "<name>.before-autoresearch", and run first by ours.
 */

#include <stdbool.h>

#include "git/repo.h"

#define HOOKS_MAX 4
#define HOOK_BEFORE ".before-autoresearch"

enum hook_state {
	HOOK_ABSENT,
	HOOK_THEIRS, /* somebody else's alone */
	HOOK_OURS,
	HOOK_CHAINED, /* ours, with another behind it */
};

struct hooks {
	char *folder; /* absolute */
	bool elsewhere; /* neither in the git directory nor in the working tree: others may share it */
	bool in_worktree;
	size_t nr; /* those that this kind of repository needs; or, removing them, all */
	struct {
		const char *name;
		enum hook_state was, is;
	} items[HOOKS_MAX];
};

void hooks_release(struct hooks *hooks);
#define CLEANUP_HOOKS CLEANUP(hooks_release)

/*
 * Installs them, or brings them up to date, and tells what was done. Whatever can be known to fail
 * is found before anything is written: the folder cannot be written to, or two hooks of somebody
 * else's are in each other's way. A hook is there at any moment.
 */
int hooks_install(struct repo *repo, struct hooks *ret, struct error *err);

/* Takes ours away, and puts back what was there before. */
int hooks_remove(struct hooks *ret, struct error *err);

#endif
