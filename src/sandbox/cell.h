#ifndef SANDBOX_CELL_H
#define SANDBOX_CELL_H

/*
 * The processes of one phase, seen from the parent (child.c is their side): started before it is
 * known what for, since most of what a phase needs is the same for all, and costs the kernel
 * milliseconds; told then; let go of at the end.
 */

#include "base/error.h"
#include "sandbox/cgroup.h"
#include "sandbox/internal.h"

/* All descriptors; -1 where it has none. */
struct cell {
	int keeper, init;	 /* pidfds; init's comes in MESSAGE_INIT */
	int control;		 /* on which messages come; see internal.h */
	int streams[2];		 /* what the command prints, by enum stream */
	struct nursery *nursery; /* which starts its keeper; NULL: it has, or has not */
};

#define CELL_INIT                            \
	{                                    \
		-1, -1, -1, { -1, -1 }, NULL \
	}

/*
 * Has its first process cloned into the leaf; it goes on by itself, and MESSAGE_ADMITTED says that it
 * is ready. `launch` has all but the descriptors of the child and its parent's pid. What it points
 * to is copied by that, but for descriptors, which stay the caller's.
 */
int cell_open(struct cell *cell, struct phase_launch *launch, struct error *err);

/* Waits until it has its first process. -1 where it could not be started. */
int cell_wait(struct cell *cell, struct error *err);

/* What it is to do, once it is ready: its command runs as soon as it can. */
int cell_order(struct cell *cell, const struct trial_command *command, struct error *err);

/* Closes all that is left. */
void cell_close(struct cell *cell);

/* Ends one that got no order, and everything in its leaf, and closes it. Of one that was never
 * opened, or is closed, nothing. */
void cell_discard(struct cell *cell, struct cgroup_leaf *leaf);

#endif
