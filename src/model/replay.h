#ifndef MODEL_REPLAY_H
#define MODEL_REPLAY_H

/*
 * A candidate that was measured once more, under the rules of its time, and whether that came to
 * the same.
 *
 * It is the incumbent's question when that is measured again (model/noise.h: one commit, two
 * times, is the difference more than noise?), and what counts as a difference is what counts as
 * a gain for a verdict: it has to be shown at `verdict.confidence`, and to be `verdict.minEffect`
 * or more. So a value is reproduced where
 *
 * - drift_of(), the rank-sum test, finds no difference, of samples that are enough to show one
 *   (4 and 4, 5 and 3, 8 and 2 at 0.95); or it is less than minEffect;
 * - with fewer samples, the values of one time are not all beyond those of the other; or they
 *   are by less than minEffect; or by less than the noise that 3 samples or more of one time
 *   show, by Chebyshev's inequality, which is what noise_trials() goes by. Without any noise
 *   there is nothing but the numbers: they are the same or not.
 *
 * What failed is reproduced where it fails for the same reason.
 */

#include <stddef.h>

#include "base/json.h"
#include "model/noise.h"

struct campaign_config;
struct record;

#define REPLAY_TRIALS_MAX DRIFT_SAMPLES_MAX

/* What it came to beside then; a part of the record of type replay. */
struct replay {
	bool reproduced;
	bool has_was;
	double was;	    /* the metric that the experiment has */
	struct drift drift; /* p below 0: there were too few samples for a test */
	bool bounded;	    /* whether there are enough samples for an interval */
	double low, high;   /* of the new value, at verdict.confidence */
	char *came_to;	    /* the reason why there is no new value; NULL where there is one */
};

/* Frees it as well; NULL is none. */
void replay_free(struct replay *replay);

/* Whether anything was run for a record, so that it can be measured again. */
bool replay_is_possible(const struct record *then);

/*
 * How many trials: `wanted`, or where that is 0 as many as then, and 3 where there was one, by
 * which noise can be told; 1 of what failed. At most REPLAY_TRIALS_MAX.
 */
size_t replay_trials(const struct campaign_config *config, const struct record *then,
		     size_t wanted);

/* The number of the `i`-th trial (from 0), which gives its seed: those that counted then, one
 * after the other, and then fresh ones. */
int replay_number(const struct record *then, size_t i);

/*
 * Whether all is said before all trials are done: one failed; or, unless so many are `wanted`
 * (not 0), the metric has no noise, since every sample is the same as every one of then.
 */
bool replay_is_over(const struct campaign_config *config, const struct record *then,
		    const struct record *r, size_t wanted);

/*
 * Sets what the trials of `r` come to, beside those of `then`: r->metric, r->incumbent (that of
 * then), and all of r->replay, which is there. `config` is that of then. Nothing else goes in,
 * so `verify` does it again.
 */
void replay_judge(const struct campaign_config *config, const struct record *then,
		  struct record *r);

/* What of a replay's record does not follow from the two, in words, static; NULL: all does. */
const char *replay_contradiction(const struct campaign_config *config,
				 const struct record *then, const struct record *r);

/* The member `replay` of record.json, written and read. 0 or -1. */
void replay_write(const struct replay *replay, struct json *record);
int replay_read(const struct json *record, struct replay **ret, struct error *err);

#endif
