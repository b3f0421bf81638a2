#ifndef MODEL_JUDGE_H
#define MODEL_JUDGE_H

/*
 * From the trials in a record to what they come to. It is what a loop does after measuring,
 * and what `verify` does again years later: nothing but the record and its campaign's config
 * goes in.
 */

#include "model/experiment.h"

/*
 * Its pairs in order: of each number the candidate's sample and the incumbent's, up to the
 * first of which there are not both. `ret` has room for COMPARISON_PAIRS_MAX. How many.
 */
size_t record_pairs(const struct record *r, struct pair *ret);

/* Whether a trial of the candidate measured nothing: that ends the measuring. */
bool record_failed(const struct campaign_config *config, const struct record *r);

/*
 * Sets `verdict`, `metric`, `comparison`, and in a comparison `incumbent`. What has to be set:
 * metric_name, the trials, the plan, the reference, and `incumbent`: where there is nothing in
 * pairs the candidate is held against that. A promotion is not held against maxEffect: its gain
 * is that of many, and a person looks at it. `config` refers to r->reference (see
 * campaign_config_refer()). A candidate's trial that failed decides alone.
 */
void record_judge(const struct campaign_config *config, struct record *r);

/*
 * What of a record does not follow from its trials, in words, static; NULL where all does, or
 * where there were none. It judges again what has a verdict or is a baseline. One that was
 * beaten in its round has another verdict and another baseline than its trials; and what the
 * audit lost of a trial is not in the records of older versions. `config` refers to r->reference.
 */
const char *record_contradiction(const struct campaign_config *config, const struct record *r);

/* How much better than the incumbent it is, in the metric's unit; 0 where it was not measured. */
double record_gain(const struct campaign_config *config, const struct record *r);

/*
 * Sets what a baseline's trials say, each of which measured something: `metric`, a typical
 * value; `noise`, of NOISE_SAMPLES_MIN samples or more; and `settled`, the samples of a
 * candidate that verdict.trials stands for: 1, or those that confirm. auto is settled by the
 * noise, at COMPARISON_TRIALS_MAX at most. Returns how many it would have to be for
 * minEffect: more, where that is too little to be found.
 */
int baseline_judge(const struct campaign_config *config, struct record *r);

/*
 * Sets how an incumbent that was measured again has moved from `old`, `old_nr` samples of
 * it from earlier (1 or more); the record is a baseline's that was judged. Where one sample is
 * all that there is of a side, no test can show anything: then it has drifted if no sample of
 * the other side is beyond it, and it differs by minEffect or more (at all, where that is not
 * set).
 */
void baseline_compare(const struct campaign_config *config, const double *old, size_t old_nr,
		      struct record *r);

/* Whether a trial is one of the candidate's that decided: fresh ones, where there are any. */
bool record_trial_counts(const struct record *r, const struct trial_result *t);

/* The newest trial of the candidate; NULL where there was none. */
const struct trial_result *record_last_own(const struct record *r);

/* The samples of a record's own trials that decided, in order. How many of at most `max`. */
size_t record_samples(const struct record *r, double *ret, size_t max);

#endif
