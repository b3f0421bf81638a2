#ifndef MODEL_VERDICT_H
#define MODEL_VERDICT_H

/*
 * The rules by which a candidate is kept or dropped. No clock, no I/O: the same values in
 * give the same verdict out, here and when a record is read years later.
 */

#include "model/campaign.h"
#include "model/measurement.h"
#include "model/outcome.h"

enum verdict_kind {
	VERDICT_NONE, /* the baseline's: not judged */
	VERDICT_ACCEPTED,
	VERDICT_REJECTED,
	VERDICT_INDECISIVE,
	VERDICT_FAILED,
	VERDICT_VIOLATION,
	VERDICT_INVALID,
	VERDICT_DUPLICATE,
	VERDICT_SKIPPED,
	VERDICT_NR,
};

/* "accepted", …; NULL for VERDICT_NONE. */
const char *verdict_name(enum verdict_kind kind);
/* 0 or -1. */
int verdict_parse(const char *name, enum verdict_kind *ret);

struct verdict {
	enum verdict_kind kind;
	char *reason; /* owned; NULL for accepted and for the baseline */
};

void verdict_release(struct verdict *v);
#define CLEANUP_VERDICT CLEANUP(verdict_release)

/* Sets a verdict that has a reason, formatted, and frees the old one. */
void verdict_set(struct verdict *v, enum verdict_kind kind, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* A duplicate of experiment `number`, and of which one a verdict is; -1: it is none. */
void verdict_set_same_as(struct verdict *v, int64_t number);
int64_t verdict_same_as(const struct verdict *v);

/* What one trial came to: those of run, check and evaluate that ran, and the metrics. */
struct trial_result {
	bool ran[PHASE_NR];
	struct outcome outcomes[PHASE_NR];
	struct metrics metrics;
	bool self_reported;    /* no evaluator: the metric is the candidate's own word */
	bool of_incumbent;     /* it measured what the candidate is compared with */
	int number;	       /* AUTORESEARCH_TRIAL, from 1; that of its pair */
	uint64_t seed;	       /* AUTORESEARCH_SEED of this trial; below 2^53, as JSON has it */
	bool audit_incomplete; /* what it did is not known: something of the audit was lost */
};

void trial_result_release(struct trial_result *r);
#define CLEANUP_TRIAL_RESULT CLEANUP(trial_result_release)

/* The metric that a trial measured: false where a phase of it did not succeed, or where it
 * gave no finite value of that name. */
bool trial_sample(const struct trial_result *result, const char *metric, double *ret);

/*
 * Whether the trial measured anything: 0 with the metric's value, or -1 with the verdict
 * that it comes to instead: violation (syscall), failed (`audit-incomplete`, a limit, exit,
 * signal), skipped (exit 125 of run, check or evaluate), rejected `check-failed`, failed
 * `no-metric` and `not-finite`. A violation in any phase goes first, then an audit that lost
 * something; else they are judged in the order run, check, evaluate, and the first that is not
 * a success decides. A check that exits other
 * than 0 and 125 is `check-failed`; one that hits a limit or dies by a signal is failed.
 */
int trial_judge(const struct campaign_config *config, const struct trial_result *result,
		double *ret_value, struct verdict *ret_verdict);

/*
 * The verdict on a candidate that measured `value`, beside the incumbent's: rejected
 * (constraint, no-improvement), indecisive (implausible above maxEffect, within-noise below
 * minEffect), or accepted. With one sample a side there is no test to pass: an improvement
 * of at least `minEffect` is taken. An equal value is no improvement. A constraint on a
 * metric that was not reported is broken, and its share is one of what the baseline measured
 * (campaign_config_refer()); other shares are of the incumbent's absolute value.
 */
void verdict_decide(const struct campaign_config *config, double value,
		    const struct metrics *metrics, double incumbent, struct verdict *ret);

/*
 * The same rules for a gain, above 0 where the candidate is better, that was estimated from
 * several samples. Where a test has not `shown` that there is one it is within-noise.
 */
void verdict_decide_gain(const struct campaign_config *config, double gain, bool shown,
			 const struct metrics *metrics, double incumbent, struct verdict *ret);

/* What a threshold comes to where a share is one of `of`, as the incumbent's metric; 0 where it
 * is not set. */
double threshold_value(const struct threshold *t, double of);

/* True where `a` is better than `b` in the campaign's direction. */
bool metric_is_better(enum direction direction, double a, double b);

/* True where `value` reaches the target. */
bool target_is_reached(const struct campaign_config *config, double value);

#endif
