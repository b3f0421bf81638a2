#ifndef SANDBOX_NURSERY_H
#define SANDBOX_NURSERY_H

/*
 * A small process of ours that starts the first process of a cell in our place. A fork of ours
 * makes the kernel copy the tables of all that is mapped, and afterwards each page that we write
 * to. The nursery was forked once and has hardly written to anything since; its children are ours
 * all the same (CLONE_PARENT).
 *
 * It knows what of a launch never changes, since it is our copy of the moment at which it was made, and
 * is told the rest. It dies with us.
 */

#include "sandbox/internal.h"

struct cell;

/* One that has nothing yet: what starts one cell only needs no nursery, which begins with the second. */
struct nursery *nursery_new(void);

/*
 * Has the launch's first process cloned into its leaf, for `cell`. 0: it will be, and the cell says so
 * by its `nursery` until nursery_wait(); nobody waits for it meanwhile. 1 where the caller clones it
 * himself: the first time, where it may reach a network, and where there is no nursery to be had.
 */
int nursery_clone(struct nursery *nursery, const struct phase_launch *launch,
		  struct cell *cell);

/* Waits for what the cell waits for: it has its `keeper` then, or -1 where that was not to be had. */
void nursery_wait(struct nursery *nursery, const struct cell *cell);

/* Ends it; NULL is fine. */
void nursery_free(struct nursery *nursery);

#endif
