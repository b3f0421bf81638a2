#ifndef LOOP_SWEEPING_H
#define LOOP_SWEEPING_H

/*
 * The built-in sweep (propose/sweep.h) as a proposer. It needs nobody to count for it: it goes
 * up the ladder (model/ladder.h) stage by stage, each time that it has tried all that it can on
 * one, and behind the last one it is exhausted. Where it is follows from what was tried, so a
 * later run goes on there.
 */

#include "loop/propose.h"

/* As propose(). An error where it finds nothing to vary. */
int sweeping_propose(struct proposer *p, struct proposal *ret, enum proposed *ret_how,
		     struct error *err);

void sweeping_free(struct sweeping *sweeping);

#endif
