#ifndef LOOP_REHEARSAL_H
#define LOOP_REHEARSAL_H

/*
 * `start --dry-run`: the incumbent is measured a few times as the baseline would be, in a slot
 * of its own beside whatever works on the campaign. No ref, no record and no state is written;
 * the slot and what setup left stay in the store, as they do for `sandbox`.
 */

#include "loop/search.h"
#include "model/rehearsal.h"

/* Opens the campaign's incumbent, or HEAD where there is no campaign of that name. Options in
 * `s` as for search_open(). */
int rehearsal_open(struct search *s, struct repo *repo, const char *campaign,
		   struct error *err);

/*
 * Finds the proposer as `start` does, runs setup where that is needed, and the trials; `ret` is
 * judged. 0; 1 where a signal ended it, which is in s->signal; -1, with status 2 where the
 * incumbent cannot be measured, and the log's tail told.
 */
int rehearsal_run(struct search *s, struct rehearsal *ret, struct error *err);

#endif
