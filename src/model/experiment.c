#include "model/experiment.h"

#include <stdlib.h>
#include <string.h>

void record_release(struct record *r)
{
	free(r->campaign);
	free(r->subject);
	free(r->rationale);
	free(r->proposed_by);
	asked_free(r->asked);
	decision_free(r->decision);
	promotion_free(r->promotion);
	imported_free(r->imported);
	replay_free(r->replay);
	verdict_release(&r->verdict);
	free(r->metric_name);
	for (size_t i = 0; i < r->trials_nr; i++)
		trial_result_release(&r->trials[i]);
	free(r->trials);
	metrics_release(&r->reference);
	free(r->host);
	string_list_release(&r->removed);
	*r = (struct record){ 0 };
}

bool record_is_on_branch(const struct record *r)
{
	if (r->type == RECORD_PROMOTION || r->imported)
		return false;
	return r->type == RECORD_DECISION ? *r->base : r->verdict.kind == VERDICT_ACCEPTED;
}

bool record_is_listed(const struct record *r)
{
	return r->type == RECORD_EXPERIMENT || r->type == RECORD_BASELINE;
}

void record_overrule(struct record *r, const struct record *decision)
{
	const struct decision *from = decision->decision;

	if (decision->verdict.reason) {
		verdict_set(&r->verdict, decision->verdict.kind, "%s",
			    decision->verdict.reason);
	} else {
		verdict_release(&r->verdict);
		r->verdict.kind = decision->verdict.kind;
	}
	decision_free(r->decision);
	r->decision = xcalloc(1, sizeof(*r->decision));
	*r->decision = *from;
	r->decision->by = xstrdup(from->by);
	r->decision->why = xstrdup(from->why);
	strcpy(r->decision->decided, decision->started);
}

static void advance_streaks(struct totals *t, enum verdict_kind kind)
{
	switch (kind) {
	case VERDICT_ACCEPTED:
	case VERDICT_REJECTED:
	case VERDICT_INDECISIVE:
		t->failures_in_a_row = 0;
		break;
	case VERDICT_FAILED:
	case VERDICT_VIOLATION:
	case VERDICT_INVALID:
		t->failures_in_a_row++;
		break;
	default:
		/* A duplicate and one that could not be tested say nothing about either. */
		break;
	}
	if (kind == VERDICT_ACCEPTED)
		t->rejections_in_a_row = 0;
	else
		t->rejections_in_a_row++;
}

static void advance_decision(struct totals *t, const struct record *r)
{
	t->verdicts[r->decision->was]--;
	t->verdicts[r->verdict.kind]++;
	if (r->verdict.kind != VERDICT_ACCEPTED)
		return;
	t->rejections_in_a_row = 0;
	t->stalled = 0;
	if (r->has_metric) {
		t->incumbent[0] = '\0';
		t->incumbent_metric = r->metric;
		t->incumbent_experiment = r->experiment;
	}
}

/* What a baseline says of itself, after its own time. */
static void advance_measured(struct totals *t, const struct record *r)
{
	t->measured.experiments = t->experiments;
	t->measured.time = t->time;
	memcpy(t->measured.machine, r->machine, sizeof(r->machine));
	t->measured.trials = r->settled;
	/* One sample that was as before says nothing new of the noise. */
	if (!r->has_noise && r->again.why != AGAIN_NOT)
		return;
	t->measured.has_noise = r->has_noise;
	t->measured.noise = r->noise.sd;
}

void totals_advance(const struct totals *before, struct record *r)
{
	struct totals *t = &r->totals;

	*t = *before;
	t->time += r->duration;
	t->gpu_hours += r->gpu_hours;
	t->tokens += asked_tokens(r->asked);
	if (r->type == RECORD_PROMOTION)
		return;
	if (r->type == RECORD_BASELINE) {
		t->incumbent_metric = r->metric;
		advance_measured(t, r);
		if (r->again.why == AGAIN_NOT) {
			t->stalled = 0;
			t->baseline_metric = r->metric;
			t->incumbent_experiment = 0;
		}
		return;
	}
	if (r->type == RECORD_DECISION)
		advance_decision(t, r);
	if (r->type != RECORD_EXPERIMENT)
		return;
	t->experiments = r->experiment;
	if (r->imported) {
		t->imported++;
		return;
	}
	t->verdicts[r->verdict.kind]++;
	advance_streaks(t, r->verdict.kind);
	t->stalled = r->verdict.kind == VERDICT_ACCEPTED ? 0 : t->stalled + 1;
	if (*r->searched.proposer)
		scores_observe(&t->scores, r->searched.proposer, r->verdict.kind);
	if (r->verdict.kind == VERDICT_ACCEPTED) {
		t->incumbent[0] = '\0';
		t->incumbent_metric = r->metric;
		t->incumbent_experiment = r->experiment;
	}
}

/* Records from before the incumbent was measured again say nothing of it. */
static bool measured_follows(const struct measured *is, const struct measured *should)
{
	if (!is->trials)
		return true;
	return is->experiments == should->experiments && is->trials == should->trials &&
	       is->has_noise == should->has_noise && is->noise == should->noise &&
	       !strcmp(is->machine, should->machine);
}

bool totals_follow(const struct totals *is, const struct totals *should)
{
	for (int i = 0; i < VERDICT_NR; i++)
		if (is->verdicts[i] != should->verdicts[i])
			return false;
	return is->experiments == should->experiments && is->imported == should->imported &&
	       is->failures_in_a_row == should->failures_in_a_row &&
	       is->rejections_in_a_row == should->rejections_in_a_row &&
	       is->seed == should->seed && !strcmp(is->incumbent, should->incumbent) &&
	       is->incumbent_metric == should->incumbent_metric &&
	       is->incumbent_experiment == should->incumbent_experiment &&
	       is->baseline_metric == should->baseline_metric &&
	       measured_follows(&is->measured, &should->measured);
}
