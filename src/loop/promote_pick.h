#ifndef LOOP_PROMOTE_PICK_H
#define LOOP_PROMOTE_PICK_H

/* Which commits of the ledger branch are promoted, and in which order. */

#include "git/ledger.h"
#include "git/stack.h"
#include "model/campaign.h"

struct promote_options {
	const int64_t
		*numbers; /* the experiments that are wanted; NULL: all that are accepted */
	size_t nr;
	enum promotion_form form;
};

/* What a commit of the stack is. */
struct pick {
	int64_t experiment; /* 0: a person's commit */
	bool standing;	    /* it is what makes that experiment an accepted one */
	bool wanted;
	const bool
		*needs; /* the earlier items that it stands on; NULL where it is not wanted */
};

struct picks {
	const struct stack *stack; /* borrowed */
	struct pick *items;	   /* one for each of the stack */
	bool accepted;		   /* there is an accepted experiment, wherever its commit is */
	size_t *order; /* indices of those that are wanted, from the merge base up */
	size_t nr;
};

/*
 * Chooses. Wanted are the accepted experiments that are named. Where none is, it is all of them,
 * and what people changed in the editable files of the branch: then the result has what the branch
 * has there. Of a person's other commits those are wanted that a wanted experiment stands on. An
 * experiment that is not accepted, or that stands on one that is not named, is an error that says
 * what it needs.
 */
int picks_choose(struct picks *ret, struct ledger *ledger, struct stack *stack,
		 const struct campaign_config *config, const struct promote_options *options,
		 struct error *err);

/* The accepted experiment that the item `i` stands on and that comes last; 0: on none. */
int64_t picks_needs(const struct picks *picks, size_t i);

void picks_release(struct picks *picks);

#endif
