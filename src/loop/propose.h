#ifndef LOOP_PROPOSE_H
#define LOOP_PROPOSE_H

/* Asks whoever is configured for the next candidate. */

#include "loop/lane.h"
#include "model/proposal.h"

enum proposed {
	PROPOSED,
	PROPOSED_NOTHING,   /* there are no more ideas */
	PROPOSED_CANCELLED, /* a signal ended it */
	PROPOSED_TOO_DEAR,  /* asking could pass the budget of tokens */
	PROPOSED_FAILURE,   /* the proposer failed: that is no experiment; the error says how */
};

/*
 * One proposal on top of the incumbent, which the lane's slot holds, for experiment `number`. -1 is
 * our own failure, or with status 2 one of the proposer that will not mend itself.
 */
int propose(struct lane *lane, int64_t number, struct proposal *ret, enum proposed *ret_how,
	    struct error *err);

/* Lets go of what propose() keeps from one to the next. */
void propose_release(struct search *s);

/* Finds the configured proposer before anything runs: an error where it cannot be. */
int propose_check(struct search *s, struct error *err);

#endif
