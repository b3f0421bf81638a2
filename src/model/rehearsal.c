#include "model/rehearsal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/budget.h"
#include "model/compare.h"

/* Of the pairs that a comparison may search, those that a candidate takes which does not
 * differ; tests/unit/test-compare-simulation.c has 5.5 of 15. */
#define PAIRS_SHARE 0.4

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median_of(const double *values, size_t nr)
{
	double sorted[REHEARSAL_TRIALS];

	memcpy(sorted, values, nr * sizeof(*sorted));
	qsort(sorted, nr, sizeof(*sorted), by_value);
	return nr % 2 ? sorted[nr / 2] : sorted[nr / 2 - 1] / 2 + sorted[nr / 2] / 2;
}

int rehearsal_number(size_t i)
{
	return i ? (int)i : 1;
}

bool rehearsal_goes_on(const struct rehearsal *r, double elapsed)
{
	double longest = 0;

	for (size_t i = 0; i < r->nr; i++)
		longest = fmax(longest, r->trial[i]);
	return r->nr < REHEARSAL_TRIALS && elapsed + longest <= REHEARSAL_SECONDS;
}

static enum repeats repeats_of(const struct rehearsal *r)
{
	bool all = true;

	if (r->nr < 2)
		return REPEATS_UNKNOWN;
	for (size_t i = 1; i < r->nr; i++)
		all &= r->values[i] == r->values[0];
	if (all)
		return REPEATS_ALWAYS;
	return r->values[0] == r->values[1] ? REPEATS_BY_SEED : REPEATS_NEVER;
}

/* Two that are the same by their seed are one sample. */
static void judge_noise(const struct campaign_config *config, struct rehearsal *r)
{
	size_t skip = r->repeats == REPEATS_BY_SEED;

	r->has_noise = r->nr - skip >= NOISE_SAMPLES_MIN;
	if (!r->has_noise)
		return;
	noise_of(r->values + skip, r->nr - skip, &r->noise);
	r->wanted = noise_trials(&r->noise, r->gain, config->confidence);
}

void rehearsal_judge(const struct campaign_config *config, struct rehearsal *r)
{
	const struct threshold *effect = &config->min_effect;

	r->repeats = repeats_of(r);
	r->typical = median_of(r->values, r->nr);
	r->gain = effect->set ? effect->value * (effect->relative ? fabs(r->typical) : 1) : 0;
	r->trial_time = median_of(r->trial, r->nr);
	for (int p = 0; p < PHASE_NR; p++)
		r->phase_time[p] = median_of(r->phase[p], r->nr);
	judge_noise(config, r);
}

/* Takes one more budget into account, of which an experiment uses `each`: what is spent as it goes is
 * looked at between experiments, so the last one passes it; tokens must be there before. */
static void bound(struct forecast *f, const struct budget *budget, const struct totals *totals,
		  enum budget_key key, double each)
{
	double left = budget_limit(budget, key) - budget_used(totals, key), experiments;

	if (budget_limit(budget, key) <= 0 || each <= 0)
		return;
	experiments = key == BUDGET_TOKENS ? floor(left / each) : ceil(left / each);
	experiments = fmax(0, fmin(experiments, 1e15));
	if (f->bounded && f->experiments <= (int64_t)experiments)
		return;
	f->bounded = true;
	f->experiments = (int64_t)experiments;
	f->by = budget_name(key);
}

void forecast_of(const struct campaign_config *config, const struct totals *totals,
		 const struct rehearsal *r, struct forecast *ret)
{
	const struct budget *budget = &config->budget;
	/* Where it is to be settled by the noise, it is what the noise wants. */
	int trials = config->trials > 0 ? config->trials : r->wanted;
	double seconds; /* from one to the next */

	*ret = (struct forecast){ .trials = 1, .trials_most = 1 };
	if (trials > 1) {
		struct comparison_plan plan = comparison_plan(trials, config->confidence);

		ret->trials = 2 * ceil(PAIRS_SHARE * (double)plan.search);
		ret->trials_most = 2 * (double)(plan.search + plan.confirm);
	}
	ret->seconds = ret->trials * r->trial_time;
	seconds = ret->seconds / r->jobs;
	bound(ret, budget, totals, BUDGET_EXPERIMENTS, 1);
	bound(ret, budget, totals, BUDGET_TIME, seconds);
	bound(ret, budget, totals, BUDGET_TOKENS, (double)r->prompt_tokens);
	bound(ret, budget, totals, BUDGET_GPU_HOURS, ret->seconds * r->gpus / 3600);
	ret->time = (double)ret->experiments * seconds;
}
