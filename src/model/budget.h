#ifndef MODEL_BUDGET_H
#define MODEL_BUDGET_H

/*
 * What a campaign may come to in all. Each budget is a hard stop that is looked at between
 * experiments: one that was begun ends as planned, since its own timeouts bound it, and is
 * recorded. So none is passed by more than what was in flight. What is used is in the totals of
 * the newest record, and so counts over restarts.
 */

#include "model/campaign.h"
#include "model/experiment.h"

enum budget_key {
	BUDGET_EXPERIMENTS,
	BUDGET_TIME, /* s */
	BUDGET_TOKENS,
	BUDGET_GPU_HOURS,
	BUDGET_FAILURES, /* in a row */
	BUDGET_NR,
};

/* From this share on a budget is low, and a person is told. */
#define BUDGET_LOW 0.8

/* As the config has it: "experiments", "gpuHours". */
const char *budget_name(enum budget_key key);

/* What the config gives; 0: no bound. */
double budget_limit(const struct budget *budget, enum budget_key key);
double budget_used(const struct totals *totals, enum budget_key key);

/* What is used of it, 1 being all; 0 where there is no bound. */
double budget_share(const struct budget *budget, const struct totals *totals,
		    enum budget_key key);

/* "12 of 100 experiments", "1h02m of 8h00m": for people. */
void budget_describe(const struct budget *budget, const struct totals *totals,
		     enum budget_key key, struct strbuf *out);

/* The key of the first budget that has run out, or NULL. */
const char *budget_exhausted(const struct budget *budget, const struct totals *totals);

#endif
