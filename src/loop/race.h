#ifndef LOOP_RACE_H
#define LOOP_RACE_H

/*
 * Several experiments at a time. A round's candidates race from one incumbent: each is measured
 * beside it as soon as a lane is free, and of those that pass the best is accepted
 * (model/race.h). Where there is one lane a race is of one: what passes is taken at once, and the
 * next candidate is built on it. Records are written in the order of the numbers, whatever the
 * order in which trials end; one that does not pass waits for nobody but those before it.
 *
 * A lane is not kept waiting for the others of its round. It goes on with the next one, on the
 * incumbent of now; where that has been replaced when its candidate passes, the change is
 * carried onto the new one and measured again, since a branch has one tip. Who passed and was not
 * the best gets a second experiment on top of the winner, if the change applies there.
 *
 * An experiment that came to nothing (its proposer failed, a person ended it) gives its number to
 * the one behind it, so there are no gaps.
 */

#include "loop/step.h"

struct race;

/* What happened since it was asked last. */
struct race_news {
	int64_t recorded;   /* experiments */
	bool exhausted;	    /* a proposer had no more ideas */
	bool too_dear;	    /* the next proposal could pass the budget of tokens */
	int failures;	    /* of the proposer, in a row, up to now */
	struct error error; /* of the last of them */
};

int race_new(struct race **ret, struct search *s, struct error *err);

/* Nothing may be running in any lane. NULL-safe. */
void race_free(struct race *race);
static inline void cleanup_race_(struct race **race)
{
	race_free(*race);
}
#define CLEANUP_RACE CLEANUP(cleanup_race_)

/*
 * Begins an experiment, if there is a free lane and something to do in it: no more than `left`
 * may be recorded in all, counted from now. They begin and are recorded one at a time, with
 * race_wait() between any two: else, with many lanes, each trial waits for all others.
 */
int race_begin(struct race *race, int64_t left, struct error *err);

/* True while an experiment is under way, or may not yet be recorded. */
bool race_goes_on(const struct race *race);

/* True while anything runs in a lane. */
bool race_is_running(const struct race *race);

/* Something has ended, or come, that race_settle() has not seen yet. False where there is no race. */
bool race_has_news(const struct race *race);

/* Waits until something happens in a lane, or a signal comes; where there is more to begin or to
 * record it only looks what has happened. What was recorded is published meanwhile, at the latest
 * some hundredths of a second after it was while trials run. */
int race_wait(struct race *race, struct error *err);

/*
 * Records the next, if that can be, and those behind it up to the best of the round. `left` is as
 * for race_begin() before it: where no more of a round will begin it is taken as it stands.
 * `ret` is what happened since the last call.
 */
int race_settle(struct race *race, int64_t left, struct race_news *ret, struct error *err);

/* Nothing begins any more: what runs ends with its trial, what waits for a lane is given back, and
 * nobody is waited for at a desk. */
void race_close(struct race *race);

/* After a failure: brings what runs to an end, and records what can be. */
void race_abandon(struct race *race);

/* Ends what runs, at once; what was measured may still be recorded. */
void race_cancel(struct race *race);

/* Tokens that were paid for what has no record yet; 0 where there is no race. */
int64_t race_tokens(const struct race *race);

/* The number of the experiment under way that has this tree, other than `but`; -1, also where
 * there is no race. */
int64_t race_find_tree(const struct race *race, const char *tree, const struct record *but);

#endif
