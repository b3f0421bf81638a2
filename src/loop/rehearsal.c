#include "loop/rehearsal.h"

#include <string.h>

#include "base/timer.h"
#include "loop/baseline.h"
#include "loop/briefing.h"
#include "loop/footing.h"
#include "loop/lane.h"
#include "loop/lock.h"
#include "loop/measure.h"
#include "loop/model.h"
#include "loop/propose.h"
#include "loop/single.h"
#include "loop/step.h"
#include "loop/store.h"

/* Whoever works on it at the same time takes processors from what is measured here. */
static int warn_of_others(struct search *s, struct repo *repo, struct error *err)
{
	CLEANUP_FREE char *path = store_campaign_path(s->campaign);
	CLEANUP_FREE char *store = NULL, *dir = NULL;
	pid_t holder;

	if (store_open(repo, &store, err))
		return -1;
	dir = xstrfmt("%s/%s", store, path);
	holder = lock_holder(dir);
	if (holder)
		warning("campaign '%s' is being worked on by process %d: times beside it are "
			"longer than by themselves",
			s->campaign, (int)holder);
	return 0;
}

int rehearsal_open(struct search *s, struct repo *repo, const char *campaign, struct error *err)
{
	CLEANUP_FREE char *path = NULL;

	s->repo = repo;
	s->campaign = xstrdup(campaign);
	if (ledger_open(&s->ledger, repo, campaign, err) || search_read_totals(s, err))
		return -1;
	/* Where the branch is gone, start makes it again at the incumbent. */
	if (!*s->ledger.branch && *s->totals.incumbent)
		strcpy(s->head, s->totals.incumbent);
	else if (!*s->ledger.branch && repo_head(repo, s->head, err))
		return -1;
	if (warn_of_others(s, repo, err) || single_take_place(s, repo, &path, err))
		return -1;
	if (!s->totals.seed)
		s->totals.seed = search_seed(s, search_incumbent(s));
	return search_open(s, repo, search_incumbent(s), path, err);
}

/* What a model would be sent for the next experiment. */
static int estimate_tokens(struct search *s, struct rehearsal *r, struct error *err)
{
	CLEANUP_PROMPT struct prompt prompt = PROMPT_INIT;
	const struct model *model = NULL;
	struct briefing briefing;
	struct footing footing;

	for (size_t i = 0; s->team && i < s->team->nr && !model; i++)
		model = s->team->members[i].model;
	if (!model)
		return 0;
	if (footing_of(s, footing_stage(s), &footing, err))
		return -1;
	briefing_of(s, s->totals.experiments + 1, &footing, &briefing);
	briefing.key = model->key;
	if (briefing_for_model(&briefing, &prompt, err))
		return -1;
	r->prompt_tokens = prompt_tokens(prompt.system.len + prompt.user.len);
	r->answer_tokens = prompt_answer_reserve(s->settings.context_window);
	return 0;
}

static void note_costs(struct rehearsal *r, const struct trial_result *trial)
{
	for (enum phase p = 0; p < PHASE_NR; p++) {
		r->phase[p][r->nr] = trial->ran[p] ? trial->outcomes[p].wall : -1;
		if (trial->ran[p] && trial->outcomes[p].memory_peak > r->memory_peak)
			r->memory_peak = trial->outcomes[p].memory_peak;
	}
}

/* One trial more. 0; 1 cancelled; -1. */
static int measure_once(struct search *s, struct rehearsal *r, struct error *err)
{
	CLEANUP_STRING_LIST struct string_list removed = STRING_LIST_INIT;
	CLEANUP_TRIAL_RESULT struct trial_result trial = { 0 };
	CLEANUP_VERDICT struct verdict verdict = { 0 };
	CLEANUP_LOGS struct logs logs = LOGS_INIT;
	struct timespec start;
	int ret;

	clock_gettime(CLOCK_MONOTONIC, &start);
	ret = measure_trial(lane_first(s), 0, rehearsal_number(r->nr), &trial, &logs, &removed,
			    err);
	if (ret)
		return ret;
	if (trial_judge(&s->config, &trial, &r->values[r->nr], &verdict))
		return baseline_refuse(s, &trial, &logs, r->nr > 0, verdict.reason, err);
	r->trial[r->nr] = seconds_since(&start);
	note_costs(r, &trial);
	r->nr++;
	return 0;
}

int rehearsal_run(struct search *s, struct rehearsal *ret, struct error *err)
{
	struct timespec start;
	int cancelled;

	*ret = (struct rehearsal){ .memory_peak = -1,
				   .jobs = s->jobs,
				   .gpus = lane_first(s)->gpus };
	if (propose_check(s, err) || estimate_tokens(s, ret, err))
		return -1;
	cancelled = search_prepare(s, err);
	ret->setup = s->setup_time;
	clock_gettime(CLOCK_MONOTONIC, &start);
	do {
		search_poll_signals(s);
		if (cancelled || s->stop != STOP_NO)
			return cancelled < 0 ? -1 : 1;
		cancelled = measure_once(s, ret, err);
	} while (!cancelled && rehearsal_goes_on(ret, seconds_since(&start)));
	if (cancelled)
		return cancelled;
	rehearsal_judge(&s->config, ret);
	return 0;
}
