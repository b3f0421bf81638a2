#include "loop/compare.h"

#include <string.h>

#include "model/judge.h"

static void add_costs(struct record *r, const struct trial_result *trial)
{
	for (enum phase p = 0; p < PHASE_NR; p++) {
		if (!trial->ran[p])
			continue;
		r->duration += trial->outcomes[p].wall;
		r->cpu += trial->outcomes[p].cpu;
		if (!trial->of_incumbent && trial->outcomes[p].memory_peak > r->memory_peak)
			r->memory_peak = trial->outcomes[p].memory_peak;
	}
}

/* Names that OUT held and that were no files: each once, however many trials left it. */
static void add_removed(struct record *r, const struct string_list *removed)
{
	for (size_t i = 0; i < removed->nr && r->removed.nr < REMOVED_MAX; i++)
		if (!string_list_has(&r->removed, removed->items[i]))
			string_list_add(&r->removed, removed->items[i]);
}

int compare_trial(struct lane *lane, const char *commit, bool of_incumbent, int number,
		  struct record *r, struct logs *logs, struct error *err)
{
	CLEANUP_STRING_LIST struct string_list removed = STRING_LIST_INIT;
	struct trial_result *trial;
	int ret;

	/* The incumbent is kept by its branch, the candidate by the slot's HEAD alone. */
	if (of_incumbent ? slot_show(lane->slot, commit, err)
			 : slot_move(lane->slot, commit, err))
		return -1;
	strbuf_reset(&logs->run);
	strbuf_reset(&logs->evaluate);
	r->trials = xrealloc(r->trials, (r->trials_nr + 1) * sizeof(*r->trials));
	trial = &r->trials[r->trials_nr];
	ret = measure_trial(lane, lane->begun_as, number, trial, logs, &removed, err);
	if (ret)
		return ret;
	r->trials_nr++;
	trial->of_incumbent = of_incumbent;
	add_costs(r, trial);
	if (!of_incumbent)
		add_removed(r, &removed);
	return 0;
}

/* The trial that was just measured, where it measured nothing. */
static bool last_failed(struct search *s, const struct record *r, struct verdict *ret)
{
	double value;

	return trial_judge(&s->config, &r->trials[r->trials_nr - 1], &value, ret);
}

int compare_incumbent(struct lane *lane, const char *commit, bool of_incumbent, int number,
		      const char *beside, struct record *r, struct logs *logs,
		      struct error *err)
{
	CLEANUP_VERDICT struct verdict verdict = { 0 };
	struct search *s = lane->search;

	for (int try = 0; try < INCUMBENT_TRIES; try++) {
		int ret = compare_trial(lane, commit, of_incumbent, number, r, logs, err);

		if (ret || !last_failed(s, r, &verdict))
			return ret;
	}
	search_tell_tail(s, r->trials[r->trials_nr - 1].ran[PHASE_EVALUATE] ? &logs->evaluate
									    : &logs->run);
	error_set(err, "the %s, measured %s, came to nothing %d times: %s",
		  r->promotion ? "merge base" : "incumbent", beside, INCUMBENT_TRIES,
		  verdict.reason);
	if (r->promotion)
		error_hint(err, "look at this machine; or does commit %.12s run by itself?",
			   commit);
	else
		error_hint(
			err,
			"look at this machine; or is the change at autoresearch/%s reliable?",
			s->campaign);
	return error_status(err, EXIT_FAILING);
}

/* Candidate and incumbent once each, in the order that was drawn. 0; 1 cancelled; -1. Where
 * the candidate fails first nobody needs the other. */
static int measure_pair(struct lane *lane, const char *commit, size_t index, struct record *r,
			struct logs *logs, struct error *err)
{
	CLEANUP_FREE char *beside =
		r->promotion ? xstrdup("beside the result")
			     : xstrfmt("beside experiment %lld", (long long)r->experiment);
	CLEANUP_LOGS struct logs others = LOGS_INIT;
	const struct search *s = lane->search;
	uint64_t seed = s->totals.seed + (uint64_t)lane->begun_as;
	bool candidate_first = comparison_candidate_first(seed, index);
	int number = (int)index + 1, ret = 0;

	for (int half = 0; half < 2 && !ret; half++) {
		if ((half == 0) == candidate_first)
			ret = compare_trial(lane, commit, false, number, r, logs, err);
		else if (!record_failed(&s->config, r))
			ret = compare_incumbent(lane, r->base, true, number, beside, r, &others,
						err);
	}
	return ret;
}

/* Pairs until the comparison is over, or the candidate failed. */
int compare_pairs(struct lane *lane, const char *commit, struct record *r, struct logs *logs,
		  struct error *err)
{
	struct pair pairs[COMPARISON_PAIRS_MAX];
	const struct search *s = lane->search;
	struct comparison c;
	size_t nr;
	int ret = 0;

	r->plan = comparison_plan(search_trials(s), s->config.confidence);
	if (slot_move(lane->slot, commit, err))
		return -1;
	while (!ret && !record_failed(&s->config, r)) {
		nr = record_pairs(r, pairs);
		comparison_read(&r->plan, s->config.direction, pairs, nr, &c);
		if (!c.wanted)
			break;
		ret = measure_pair(lane, commit, nr, r, logs, err);
	}
	return ret;
}

int compare_candidate(struct lane *lane, const char *commit, struct record *r,
		      struct logs *logs, struct error *err)
{
	struct search *s = lane->search;
	int ret;

	/* By the time that it is measured there may be another. */
	r->incumbent = s->totals.incumbent_metric;
	lane->begun_as = r->experiment;
	ret = search_trials(s) == 1 ? compare_trial(lane, commit, false, 1, r, logs, err)
				    : compare_pairs(lane, commit, r, logs, err);
	r->gpu_hours = r->duration * lane->gpus / 3600;
	if (ret) {
		search_spend_gpus(s, r->gpu_hours);
		return ret;
	}
	search_refer(s, r);
	record_judge(&s->config, r);
	return 0;
}
