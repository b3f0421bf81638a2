#ifndef GIT_VERIFY_REPLAY_H
#define GIT_VERIFY_REPLAY_H

/* A replay is held against the experiment that it is about, which comes later on the way from the
 * newest record back: of a baseline, against the first that comes. */

#include "git/findings.h"
#include "git/verify_verdict.h"

struct replays { /* whose experiment was not met yet */
	struct {
		int64_t experiment;
		char oid[OID_HEX_SIZE]; /* the record's commit */
	} * items;
	size_t nr;
};

void replays_release(struct replays *r);

/*
 * Takes the next record: remembers a replay, and judges again those that are about an experiment
 * or a baseline. What they say has to follow from the trials of both, and to be of its candidate.
 */
void replays_take(struct replays *r, struct ledger *ledger, const struct entry *entry,
		  struct rejudge *j, struct findings *f);

/* What is left when the chain has ended is about nothing. */
void replays_end(struct replays *r, struct findings *f);

#endif
