#ifndef MODEL_COMPARE_H
#define MODEL_COMPARE_H

/*
 * Candidate and incumbent, measured in pairs: the one after the other on the same slot, with
 * the same seed. The comparison has two parts, and no pair counts in both.
 *
 *     search ─► loser: a pair at a time, until it is plain that nothing comes of it
 *        └────► confirm: a fixed number of fresh pairs ─► done
 *
 * In the search, evidence for the candidate is gathered by bets (model/wager.h). It is a
 * likely winner once the wealth is 1 / (1 - confidence), and a loser once that is out of
 * reach within the pairs there are, or once the wealth has fallen below COMPARISON_LET_GO:
 * the lower boundary of a sequential probability ratio test (Wald, Annals of Mathematical
 * Statistics 16, 1945). To let a candidate go early can cost a winner and never makes one,
 * so the error of the search, at most 1 - confidence, is not touched by it.
 *
 * What a search found is too good on average: it ended when it looked best. So a likely
 * winner is measured again, and those pairs alone decide, by the signed-rank test at
 * `confidence` (model/signedrank.h); their number is fixed beforehand, so their estimate has
 * no such bias, and it is the value on record. The error of a confirmation, at most
 * (1 - confidence) / 2, holds whatever came before it: however many candidates were tried
 * for one that looks good. A candidate that does not differ has to pass both.
 *
 * Which of a pair is measured first is drawn (comparison_candidate_first()), so the sign of a
 * difference is a fair coin by the draw itself, even where the second of two always does
 * better, as with a cache that fills.
 *
 * All of it follows from the pairs in order: nothing else is kept, and a record that holds
 * them can be judged again.
 */

#include "model/signedrank.h"
#include "model/verdict.h"

#define COMPARISON_TRIALS_MAX 100			     /* pairs of a confirmation */
#define COMPARISON_PAIRS_MAX (5 * COMPARISON_TRIALS_MAX / 2) /* of a search as well */
#define COMPARISON_LET_GO 0.08 /* a first pair that is lost leaves 0.1 */

struct comparison_plan {
	size_t search;	/* pairs at most */
	size_t confirm; /* pairs exactly */
	double confidence;
};

/*
 * The plan for `trials` samples of a candidate (verdict.trials, 2 or more) at `confidence`,
 * between 0 and 1: so many pairs confirm, and half as many again may search. The fewest are
 * four more than could show anything (10 at 0.95, and 15 in the search); the most are
 * COMPARISON_TRIALS_MAX. What that costs and finds is simulated in
 * tests/unit/test-compare-simulation.c: with the fewest, a candidate that does not differ
 * takes 5.5 pairs on average, one that is worse by a standard deviation of the noise 3, and
 * one that is better by two of them takes 17 and is accepted 9 times of 10.
 */
struct comparison_plan comparison_plan(int trials, double confidence);

/* Whether the candidate of pair `number` (0, 1, …) is measured before the incumbent; the
 * confirmation counts on. `seed` is the experiment's own: one seed gives one order. */
bool comparison_candidate_first(uint64_t seed, size_t number);

struct pair {
	double candidate, incumbent; /* finite */
};

enum comparison_step {
	COMPARISON_MORE,    /* measure a pair more, and ask again */
	COMPARISON_LOSER,   /* stop: this is no winner */
	COMPARISON_CONFIRM, /* a likely winner: measure `wanted` fresh pairs */
	COMPARISON_DONE,    /* the confirmation is complete */
};

struct comparison {
	enum comparison_step step;
	size_t wanted;	 /* pairs to measure now; 0 for a loser and when done */
	size_t searched; /* the pairs of the search; what follows them is fresh */
	double wealth;	 /* that the search ended with, or has come to */

	/* Of the pairs that decide: those of the search where it has ended, and the fresh ones
	 * as soon as there are any. While the search goes on, all of it is 0. */
	struct effect gain;	     /* above 0: the candidate is better */
	double candidate, incumbent; /* a typical value of each (Hodges and Lehmann) */
};

/* Where a comparison stands after `nr` pairs in the order they were measured. Pairs beyond
 * the end of one (see `wanted`) are not looked at. */
void comparison_read(const struct comparison_plan *plan, enum direction direction,
		     const struct pair *pairs, size_t nr, struct comparison *ret);

/*
 * The verdict on a comparison that is done or lost. Rejected: a constraint that `metrics`
 * break (metrics_typical() of the candidate's trials), or `no-improvement` where the estimate
 * is none. Indecisive: `implausible` above maxEffect, `within-noise` where the gain was not
 * confirmed or is below minEffect. Else accepted. A share is one of the incumbent's typical
 * value.
 */
void comparison_decide(const struct campaign_config *config, const struct comparison *c,
		       const struct metrics *metrics, struct verdict *ret);

#endif
