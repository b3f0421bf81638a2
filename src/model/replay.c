#include "model/replay.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "model/judge.h"

#define TRIALS_OF_ONE 3 /* where there was one sample: the fewest that show noise */

void replay_free(struct replay *replay)
{
	if (!replay)
		return;
	free(replay->came_to);
	free(replay);
}

bool replay_is_possible(const struct record *then)
{
	return record_last_own(then) != NULL;
}

/* Why the candidate's trials measured nothing; false where they measured. */
static bool failed(const struct campaign_config *config, const struct record *r,
		   struct verdict *ret)
{
	const struct trial_result *last = record_last_own(r);
	double ignored;

	return last && trial_judge(config, last, &ignored, ret);
}

size_t replay_trials(const struct campaign_config *config, const struct record *then,
		     size_t wanted)
{
	double samples[REPLAY_TRIALS_MAX];
	size_t nr = record_samples(then, samples, REPLAY_TRIALS_MAX);

	if (wanted)
		return wanted < REPLAY_TRIALS_MAX ? wanted : REPLAY_TRIALS_MAX;
	if (record_failed(config, then) || !nr)
		return 1;
	return nr == 1 ? TRIALS_OF_ONE : nr;
}

int replay_number(const struct record *then, size_t i)
{
	size_t nr = 0;
	int top = 0;

	for (size_t k = 0; k < then->trials_nr; k++) {
		const struct trial_result *t = &then->trials[k];

		if (t->number > top)
			top = t->number;
		if (record_trial_counts(then, t) && nr++ == i)
			return t->number;
	}
	return top + (int)(i - nr) + 1;
}

static bool are_all(const double *samples, size_t nr, double value)
{
	for (size_t i = 0; i < nr; i++)
		if (samples[i] != value)
			return false;
	return true;
}

bool replay_is_over(const struct campaign_config *config, const struct record *then,
		    const struct record *r, size_t wanted)
{
	double old[REPLAY_TRIALS_MAX], new[REPLAY_TRIALS_MAX];
	size_t old_nr, new_nr;

	if (record_failed(config, r))
		return true;
	if (wanted || !r->trials_nr)
		return false;
	old_nr = record_samples(then, old, REPLAY_TRIALS_MAX);
	new_nr = record_samples(r, new, REPLAY_TRIALS_MAX);
	return old_nr && new_nr && are_all(old, old_nr, new[0]) && are_all(new, new_nr, new[0]);
}

/* Whether any order of so many samples is so rare that the rank-sum test can show anything. */
static bool is_testable(size_t n, size_t m, double confidence)
{
	double ways = 1;

	for (size_t i = 1; i <= m; i++)
		ways *= (double)(n + i) / (double)i;
	return 2 / ways <= 1 - confidence;
}

/* What noise alone may make of the difference of two typical values; 0: nothing is known of it. */
static double noise_reach(const double *old, size_t old_nr, const double *new, size_t new_nr,
			  double confidence)
{
	struct noise noise;

	if (new_nr >= NOISE_SAMPLES_MIN)
		noise_of(new, new_nr, &noise);
	else if (old_nr >= NOISE_SAMPLES_MIN)
		noise_of(old, old_nr, &noise);
	else
		return 0;
	return noise.above * sqrt((1 / (double)old_nr + 1 / (double)new_nr) / (1 - confidence));
}

static bool differs(const struct campaign_config *config, const double *old, size_t old_nr,
		    const double *new, size_t new_nr, struct drift *ret)
{
	double least = threshold_value(&config->min_effect, hodges_lehmann(old, old_nr));

	drift_of(old, old_nr, new, new_nr, config->confidence, ret);
	if (!ret->drifted && !is_testable(old_nr, new_nr, config->confidence)) {
		ret->p = -1;
		ret->drifted = samples_are_apart(old, old_nr, new, new_nr) &&
			       fabs(ret->shift) > noise_reach(old, old_nr, new, new_nr,
							      config->confidence);
	}
	return ret->drifted && fabs(ret->shift) >= least;
}

static void set_interval(const struct campaign_config *config, const double *samples, size_t nr,
			 struct replay *ret)
{
	struct effect effect;

	signed_rank(samples, nr, config->confidence, &effect);
	ret->bounded = effect.bounded;
	if (!effect.bounded)
		return;
	ret->low = effect.low;
	ret->high = effect.high;
}

static void judge_failure(const struct verdict *then, const struct verdict *now,
			  struct replay *ret)
{
	ret->reproduced = then->kind == now->kind && then->reason && now->reason &&
			  !strcmp(then->reason, now->reason);
	if (now->reason)
		ret->came_to = xstrdup(now->reason);
}

void replay_judge(const struct campaign_config *config, const struct record *then,
		  struct record *r)
{
	CLEANUP_VERDICT struct verdict was = { 0 }, is = { 0 };
	double old[REPLAY_TRIALS_MAX], new[REPLAY_TRIALS_MAX];
	size_t old_nr, new_nr;
	struct replay *replay = r->replay;

	free(replay->came_to);
	*replay = (struct replay){ .drift.p = -1, .has_was = then->has_metric };
	r->has_incumbent = then->has_metric;
	r->incumbent = replay->was = then->has_metric ? then->metric : 0;
	r->has_metric = false;
	if (failed(config, r, &is) | failed(config, then, &was)) {
		judge_failure(&was, &is, replay);
		if (is.reason)
			return;
	}
	new_nr = record_samples(r, new, REPLAY_TRIALS_MAX);
	old_nr = record_samples(then, old, REPLAY_TRIALS_MAX);
	if (!new_nr)
		return;
	r->has_metric = true;
	r->metric = new_nr == 1 ? new[0] : hodges_lehmann(new, new_nr);
	set_interval(config, new, new_nr, replay);
	if (!was.reason && old_nr)
		replay->reproduced = !differs(config, old, old_nr, new, new_nr, &replay->drift);
}

static bool is_same(const struct replay *a, const struct replay *b)
{
	const char *x = a->came_to ? a->came_to : "", *y = b->came_to ? b->came_to : "";

	return a->reproduced == b->reproduced && a->has_was == b->has_was &&
	       number_is_close(a->was, b->was) &&
	       number_is_close(a->drift.shift, b->drift.shift) &&
	       number_is_close(a->drift.p, b->drift.p) && a->bounded == b->bounded &&
	       number_is_close(a->low, b->low) && number_is_close(a->high, b->high) &&
	       !strcmp(x, y);
}

const char *replay_contradiction(const struct campaign_config *config,
				 const struct record *then, const struct record *r)
{
	struct record again = *r; /* all but the replay is borrowed */
	const char *ret = NULL;

	again.replay = xcalloc(1, sizeof(*again.replay));
	replay_judge(config, then, &again);
	if (again.has_metric != r->has_metric ||
	    (r->has_metric && !number_is_close(again.metric, r->metric)))
		ret = "its metric is not what its trials measured";
	else if (!is_same(again.replay, r->replay))
		ret = "what it says of the experiment does not follow from the trials of both";
	replay_free(again.replay);
	return ret;
}

void replay_write(const struct replay *replay, struct json *record)
{
	struct json *o = json_add_object(record, "replay");

	json_add_bool(o, "reproduced", replay->reproduced);
	json_add_double(o, "was", replay->has_was ? replay->was : NAN);
	json_add_double(o, "shift", replay->drift.shift);
	json_add_double(o, "p", replay->drift.p < 0 ? NAN : replay->drift.p);
	json_add_bool(o, "differs", replay->drift.drifted);
	json_add_double(o, "low", replay->bounded ? replay->low : NAN);
	json_add_double(o, "high", replay->bounded ? replay->high : NAN);
	json_add_string(o, "cameTo", replay->came_to);
}

int replay_read(const struct json *record, struct replay **ret, struct error *err)
{
	const struct json *o = json_get(record, "replay");
	const char *came_to = NULL;
	struct replay *r;

	if (!json_is_object(o))
		return error_set(err, "'replay' is not an object");
	r = *ret = xcalloc(1, sizeof(*r));
	r->drift.p = -1;
	r->has_was = !json_is_null(json_get(o, "was"));
	r->bounded = !json_is_null(json_get(o, "low"));
	if (json_get_bool(o, "reproduced", &r->reproduced, err) ||
	    json_get_double_or_null(o, "was", &r->was, err) ||
	    json_get_double(o, "shift", &r->drift.shift, err) ||
	    json_get_double_or_null(o, "p", &r->drift.p, err) ||
	    json_get_bool(o, "differs", &r->drift.drifted, err) ||
	    json_get_double_or_null(o, "low", &r->low, err) ||
	    json_get_double_or_null(o, "high", &r->high, err) ||
	    json_get_string_or_null(o, "cameTo", &came_to, err))
		return -1;
	if (r->bounded == json_is_null(json_get(o, "high")))
		return error_set(err, "'high' is malformed");
	r->came_to = came_to ? xstrdup(came_to) : NULL;
	return 0;
}
