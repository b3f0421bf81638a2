#ifndef LOOP_STEP_H
#define LOOP_STEP_H

/*
 * The path that a candidate takes. Read search_step() first: everything the program does is
 * in it, and every noun in it is a struct of the model.
 */

#include "loop/search.h"

enum step {
	STEP_RECORDED,
	STEP_EXHAUSTED,	      /* the proposer has no more ideas */
	STEP_TOO_DEAR,	      /* the next proposal could pass the budget of tokens */
	STEP_CANCELLED,	      /* a person ended it: nothing is recorded */
	STEP_PROPOSER_FAILED, /* nothing is recorded; the error says how */
};

/* One experiment: asks for a proposal, measures it, decides, records. */
int search_step(struct search *s, enum step *ret, struct error *err);

/*
 * One experiment on a tree that a person made, with their words. `ret` (may be NULL) gets the
 * verdict.
 */
int search_try(struct search *s, const char *tree, const char *subject, const char *rationale,
	       enum step *ret_step, struct record *ret, char ret_commit[OID_HEX_SIZE],
	       struct error *err);

/*
 * Measures the incumbent and records it as the baseline; makes the ledger branch where there is
 * none. A baseline that cannot be measured is an error with status 2, and nothing is recorded.
 */
int search_baseline(struct search *s, enum step *ret, struct error *err);

#endif
