#ifndef MODEL_REHEARSAL_H
#define MODEL_REHEARSAL_H

/*
 * What a few trials of the incumbent say of a campaign before it begins: how noisy its metric
 * is, and what the whole of it would take. Values alone; loop/rehearsal.h makes them.
 */

#include "model/campaign.h"
#include "model/experiment.h"
#include "model/noise.h"

/* At most so many trials, of which the first two have the same seed, and all that end within so
 * many seconds as far as can be told. */
#define REHEARSAL_TRIALS 6
#define REHEARSAL_SECONDS (15 * 60)

/* Whether a trial gives the same number again. */
enum repeats {
	REPEATS_UNKNOWN, /* there was one trial alone */
	REPEATS_ALWAYS,	 /* every trial gave the same number */
	REPEATS_BY_SEED, /* with the same seed, and only then */
	REPEATS_NEVER,
};

struct rehearsal {
	double values[REHEARSAL_TRIALS]; /* in the order of time */
	size_t nr;			 /* 1 or more */
	double trial[REHEARSAL_TRIALS];	 /* s that each took, with what we take ourselves */
	double phase[PHASE_NR][REHEARSAL_TRIALS]; /* s of each phase; below 0: it has none */
	int64_t memory_peak;			  /* bytes; -1 unknown */
	int jobs;     /* trials at a time that the campaign is to have */
	int gpus;     /* groups of devices that each holds */
	double setup; /* s that it took now; 0: what it left before was there */

	/* Of a model's prompt, and of its longest answer; 0 where no model is asked. */
	int64_t prompt_tokens, answer_tokens;

	/* What rehearsal_judge() makes of it. */
	enum repeats repeats;
	double typical;	    /* the median */
	bool has_noise;	    /* false: too few trials */
	struct noise noise; /* from seed to seed, where the seed decides */
	double gain;	    /* verdict.minEffect in the metric's unit; 0: not set */
	int wanted;	    /* samples of a candidate that show it; 0 without noise */
	double trial_time;  /* s, the median */
	double phase_time[PHASE_NR];
};

/* Whether there is time for one more trial, after `elapsed` seconds of them. */
bool rehearsal_goes_on(const struct rehearsal *r, double elapsed);

/* The number of the i-th trial (from 0), which its seed comes from: 1, 1, 2, 3, … */
int rehearsal_number(size_t i);

void rehearsal_judge(const struct campaign_config *config, struct rehearsal *r);

/* What is left of the campaign, by its budgets. */
struct forecast {
	double trials;	    /* of an experiment: of a candidate that is no winner, as a rule */
	double trials_most; /* of one that is tried as long as there may be */
	double seconds;	    /* of an experiment, without what a proposer takes */
	bool bounded;	    /* false: no budget says when it ends, and what follows is 0 */
	int64_t experiments;
	const char *by; /* the budget's key that ends it, as budget_name() has it */
	double time;	/* s, of all jobs together */
};

/* `totals` are what was used so far. */
void forecast_of(const struct campaign_config *config, const struct totals *totals,
		 const struct rehearsal *r, struct forecast *ret);

#endif
