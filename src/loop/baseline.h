#ifndef LOOP_BASELINE_H
#define LOOP_BASELINE_H

/* The incumbent is measured by itself; see model/baseline.h for when. */

#include "loop/lane.h"
#include "loop/measure.h"

/*
 * Measures `commit`, the incumbent, into the record of a baseline: once where verdict.trials is
 * 1, else BASELINE_SAMPLES times. Where it was measured before (r->again says why it is again),
 * and is known as deterministic, one sample that is the same as then is enough. Sets what
 * baseline_judge() does, the drift, and what constraints refer to from now on; warns of a
 * drift, and of a minEffect that is too little to be found. 0; 1 cancelled; -1, with status 2
 * where it cannot be measured.
 */
int baseline_measure(struct lane *lane, const char *commit, struct record *r, struct logs *logs,
		     struct error *err);

/* That a trial of the baseline came to nothing, `again` where one before it did not: shows the end
 * of its log, and sets the error, with status 2. Returns -1. */
int baseline_refuse(struct search *s, const struct trial_result *trial, const struct logs *logs,
		    bool again, const char *reason, struct error *err);

/* Why the incumbent has to be measured again; AGAIN_NOT also where a baseline is wanted for
 * another reason. */
enum again baseline_again(const struct search *s);

/* Reads what constraints refer to from the ledger, where there are shares among them. */
int baseline_read_reference(struct search *s, struct error *err);

#endif
