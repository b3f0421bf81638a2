#include "model/judge.h"

#include <math.h>
#include <string.h>

#include "base/number.h"

/* A pair that is being put together. */
struct half_pair {
	bool has_candidate, has_incumbent;
	struct pair pair;
};

size_t record_pairs(const struct record *r, struct pair *ret)
{
	struct half_pair halves[COMPARISON_PAIRS_MAX] = { 0 };
	size_t nr = 0;

	for (size_t i = 0; i < r->trials_nr; i++) {
		const struct trial_result *t = &r->trials[i];
		struct half_pair *half;
		double value;

		if (t->number < 1 || t->number > COMPARISON_PAIRS_MAX ||
		    !trial_sample(t, r->metric_name, &value))
			continue;
		half = &halves[t->number - 1];
		if (t->of_incumbent) {
			half->has_incumbent = true;
			half->pair.incumbent = value;
		} else {
			half->has_candidate = true;
			half->pair.candidate = value;
		}
	}
	for (;
	     nr < COMPARISON_PAIRS_MAX && halves[nr].has_candidate && halves[nr].has_incumbent;
	     nr++)
		ret[nr] = halves[nr].pair;
	return nr;
}

const struct trial_result *record_last_own(const struct record *r)
{
	for (size_t i = r->trials_nr; i > 0; i--)
		if (!r->trials[i - 1].of_incumbent)
			return &r->trials[i - 1];
	return NULL;
}

bool record_failed(const struct campaign_config *config, const struct record *r)
{
	const struct trial_result *t = record_last_own(r);
	CLEANUP_VERDICT struct verdict ignored = { 0 };
	double value;

	return t && trial_judge(config, t, &value, &ignored);
}

bool record_trial_counts(const struct record *r, const struct trial_result *t)
{
	if (t->of_incumbent)
		return false;
	return r->comparison.step != COMPARISON_DONE ||
	       (size_t)t->number > r->comparison.searched;
}

size_t record_own_trials(const struct record *r)
{
	size_t nr = 0;

	for (size_t i = 0; i < r->trials_nr; i++)
		nr += !r->trials[i].of_incumbent;
	return nr;
}

size_t record_samples(const struct record *r, double *ret, size_t max)
{
	size_t nr = 0;

	for (size_t i = 0; i < r->trials_nr && nr < max; i++)
		if (record_trial_counts(r, &r->trials[i]) &&
		    trial_sample(&r->trials[i], r->metric_name, &ret[nr]))
			nr++;
	return nr;
}

void record_metrics(const struct record *r, struct metrics *ret)
{
	const struct trial_result *last = record_last_own(r);
	const struct metrics **of = xcalloc(r->trials_nr + 1, sizeof(*of));
	double ignored;
	size_t nr = 0;

	for (size_t i = 0; i < r->trials_nr; i++)
		if (record_trial_counts(r, &r->trials[i]))
			of[nr++] = &r->trials[i].metrics;
	if (last && !trial_sample(last, r->metric_name, &ignored)) {
		of[0] = &last->metrics;
		nr = 1;
	}
	metrics_typical(of, nr, ret);
	free(of);
	if (r->imported)
		metrics_merge(ret, &r->imported->metrics);
}

/* With a sample a side there is nothing but the two values. */
static void judge_single(const struct campaign_config *config, struct record *r)
{
	const struct trial_result *t = record_last_own(r);

	r->has_metric = t && trial_sample(t, r->metric_name, &r->metric);
	if (r->has_metric)
		verdict_decide(config, r->metric, &t->metrics, r->incumbent, &r->verdict);
}

static void judge_pairs(const struct campaign_config *config, struct record *r)
{
	struct pair pairs[COMPARISON_PAIRS_MAX];
	CLEANUP_METRICS struct metrics metrics = { 0 };

	comparison_read(&r->plan, config->direction, pairs, record_pairs(r, pairs),
			&r->comparison);
	record_metrics(r, &metrics);
	r->has_metric = true;
	r->metric = r->comparison.candidate;
	r->incumbent = r->comparison.incumbent;
	comparison_decide(config, &r->comparison, &metrics, &r->verdict);
}

void record_judge(const struct campaign_config *config, struct record *r)
{
	const struct trial_result *last = record_last_own(r);
	struct campaign_config unbounded = *config; /* all of it is borrowed */
	double value;

	if (r->type == RECORD_PROMOTION) {
		unbounded.max_effect.set = false;
		config = &unbounded;
	}

	r->has_incumbent = true;
	r->has_metric = false;
	if (!last || trial_judge(config, last, &value, &r->verdict)) {
		struct pair pairs[COMPARISON_PAIRS_MAX];

		if (r->plan.search)
			comparison_read(&r->plan, config->direction, pairs,
					record_pairs(r, pairs), &r->comparison);
		return;
	}
	if (r->plan.search)
		judge_pairs(config, r);
	else
		judge_single(config, r);
}

double record_gain(const struct campaign_config *config, const struct record *r)
{
	if (!r->has_metric || !r->has_incumbent)
		return 0;
	if (r->plan.search)
		return r->comparison.gain.value;
	return config->direction == MINIMIZE ? r->incumbent - r->metric
					     : r->metric - r->incumbent;
}

/* What `trials` come to: 1, or what a plan makes of them. */
static int settle(const struct campaign_config *config, int trials)
{
	if (trials == 1)
		return 1;
	return (int)comparison_plan(trials, config->confidence).confirm;
}

int baseline_judge(const struct campaign_config *config, struct record *r)
{
	double samples[COMPARISON_PAIRS_MAX];
	size_t nr = record_samples(r, samples, COMPARISON_PAIRS_MAX);
	int wanted = config->trials;

	r->has_metric = nr > 0;
	if (!nr)
		return 0;
	r->metric = nr == 1 ? samples[0] : hodges_lehmann(samples, nr);
	r->has_noise = nr >= NOISE_SAMPLES_MIN;
	if (r->has_noise)
		noise_of(samples, nr, &r->noise);
	if (wanted == TRIALS_AUTO)
		wanted = r->has_noise
				 ? noise_trials(&r->noise,
						threshold_value(&config->min_effect, r->metric),
						config->confidence)
				 : 1;
	r->settled = settle(config, wanted);
	return wanted;
}

void baseline_compare(const struct campaign_config *config, const double *old, size_t old_nr,
		      struct record *r)
{
	double samples[DRIFT_SAMPLES_MAX];
	size_t nr = record_samples(r, samples, DRIFT_SAMPLES_MAX);
	struct drift *drift = &r->again.drift;

	drift_of(old, old_nr, samples, nr, config->confidence, drift);
	if (old_nr > 1 && nr > 1)
		return;
	drift->p = -1;
	drift->drifted = samples_are_apart(old, old_nr, samples, nr) &&
			 fabs(drift->shift) >= threshold_value(&config->min_effect, *old);
}

static bool same_verdict(const struct verdict *is, const struct verdict *should)
{
	const char *a = is->reason ? is->reason : "", *b = should->reason ? should->reason : "";

	return is->kind == should->kind && !strcmp(a, b);
}

static bool same_comparison(const struct record *is, const struct record *should)
{
	const struct comparison *a = &is->comparison, *b = &should->comparison;

	return a->step == b->step && a->searched == b->searched &&
	       number_is_close(a->gain.value, b->gain.value) &&
	       a->gain.bounded == b->gain.bounded &&
	       (!a->gain.bounded || (number_is_close(a->gain.low, b->gain.low) &&
				     number_is_close(a->gain.high, b->gain.high))) &&
	       number_is_close(a->gain.confidence, b->gain.confidence);
}

static const char *contradiction(const struct record *is, const struct record *should)
{
	if (is->has_metric != should->has_metric ||
	    (is->has_metric && !number_is_close(is->metric, should->metric)))
		return "its metric is not what its trials measured";
	if (is->plan.search && !same_comparison(is, should))
		return "its comparison does not follow from its samples";
	/* It was held against the winner of its round in the end. */
	if (is->beaten_by)
		return is->verdict.kind == VERDICT_REJECTED
			       ? NULL
			       : "its verdict does not follow from its round";
	if (is->has_incumbent != should->has_incumbent ||
	    !number_is_close(is->incumbent, should->incumbent))
		return "its baseline is not what its trials measured";
	if (!same_verdict(&is->verdict, &should->verdict))
		return "its verdict does not follow from its trials";
	return NULL;
}

const char *record_contradiction(const struct campaign_config *config, const struct record *r)
{
	struct record again = *r; /* all but the verdict is borrowed */
	const char *ret;

	if (!record_last_own(r) ||
	    (r->verdict.reason && !strcmp(r->verdict.reason, "audit-incomplete")))
		return NULL;
	again.verdict = (struct verdict){ 0 };
	if (r->type == RECORD_BASELINE)
		baseline_judge(config, &again);
	else
		record_judge(config, &again);
	ret = contradiction(r, &again);
	verdict_release(&again.verdict);
	return ret;
}
