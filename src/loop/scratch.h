#ifndef LOOP_SCRATCH_H
#define LOOP_SCRATCH_H

/* From the scratch copy of a proposer that is done to its proposal. */

#include "loop/lane.h"
#include "model/proposal.h"

/*
 * Adds an edit for each file of the commit `base`, which the lane's slot
 * holds, that it changed, but for what .gitignore covers and for new files
 * below `leavings` (pathspecs; NULL: none): what it leaves and does not propose. An error where
 * something cannot be read as a proposal.
 */
int scratch_read(struct lane *lane, const char *base, struct trial *trial,
		 const struct string_list *leavings, struct proposal *ret, struct error *err);

#endif
