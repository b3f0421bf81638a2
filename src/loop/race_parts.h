#ifndef LOOP_RACE_PARTS_H
#define LOOP_RACE_PARTS_H

/* What the files of a race share. race.c has its course: who begins where, and what came to
 * nothing; race_round.c the end of a round: who of it is recorded as what. */

#include "base/fiber.h"
#include "loop/again.h"
#include "loop/race.h"

/* An experiment of the race. */
struct runner {
	struct experiment x;
	struct lane *lane; /* where it runs, or did */
	struct fiber *fiber;
	bool over;   /* it has run to its end */
	bool failed; /* on our side, or for good */
	bool waits;  /* for a lane, with its proposal */
	bool keeps;  /* what it measured, which no slot shows any more, from being pruned */
	bool heard;  /* its proposer had something to say, which was counted */
	struct error error;
};

struct race {
	struct search *s;
	struct runner *
		*field; /* in the order of their numbers, the next to be recorded first */
	size_t nr;
	struct second_tries again;
	int64_t round; /* experiments of one */
	size_t ahead;  /* numbers that may be in the field */
	bool changed;  /* what race_wait() waits for */
	int timer;     /* for what is recorded, while it waits for others */
	bool lingers;  /* the timer runs */
	bool due;      /* it has run out */
	bool closed;   /* nothing begins any more */
	bool dry;      /* there is nothing to propose before something is recorded */
	int failures;  /* of the proposer, in a row */
	bool failed; /* a runner did, as `error` says; whatever is measured can still be recorded */
	bool broken; /* nothing can be recorded any more */
	struct error error;
};

/* The number that the next to begin gets. */
int64_t race_next_number(const struct race *race);

/* Its round, from 0. */
int64_t race_round_of(const struct race *race, const struct runner *r);

/* Whether it has run, and was better than the incumbent that it was measured beside. */
bool runner_has_passed(const struct runner *r);

/*
 * Proposals do not arrive in the order of their numbers: where one is the same as one behind it,
 * which is measured, the two change places. A round that is complete has its numbers for good.
 */
void race_put_originals_first(struct race *race);

/*
 * Whether the first of the field can be recorded; it may have to wait for its round, of which
 * all but the best become what they are recorded as, or are sent back to run again beside the
 * incumbent of now. `left` is as for race_settle().
 */
int race_is_decided(struct race *race, int64_t left, bool *ret, struct error *err);

#endif
