#ifndef LOOP_REPLAY_H
#define LOOP_REPLAY_H

/*
 * An experiment's exact tree is measured again, as it was then: under the config, hidden files and
 * setup of the commit that it was measured against, with the seeds of its trials. What opens the
 * host is that of now; the record's digest of the policy says whether it was the same.
 * model/replay.h says when a value is reproduced.
 */

#include "loop/measure.h"

/* What a replay came to. */
struct replayed {
	struct record record;
	bool cancelled; /* by a person: nothing was recorded */
};

void replayed_release(struct replayed *r);
#define CLEANUP_REPLAYED CLEANUP(replayed_release)

/*
 * Opens the campaign of `then` (of ledger_find()) for its replay: as search_open_campaign(), after
 * search_init(), but that the branch may be checked out or gone, since it is not touched. `then`
 * is borrowed by the search. An error with a hint where nothing was run for it.
 */
int replay_open(struct search *s, struct repo *repo, const struct entry *then,
		struct error *err);

/* Measures it, `trials` times (0: see replay_trials()), and appends the record. */
int replay(struct search *s, size_t trials, struct replayed *ret, struct error *err);

#endif
