#include "model/experiment.h"

#include <stdlib.h>

void record_release(struct record *r)
{
	free(r->campaign);
	free(r->subject);
	free(r->rationale);
	free(r->proposed_by);
	asked_free(r->asked);
	verdict_release(&r->verdict);
	free(r->metric_name);
	for (size_t i = 0; i < r->trials_nr; i++)
		trial_result_release(&r->trials[i]);
	free(r->trials);
	free(r->host);
	string_list_release(&r->removed);
	*r = (struct record){ 0 };
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

void totals_advance(const struct totals *before, struct record *r)
{
	struct totals *t = &r->totals;

	*t = *before;
	t->time += r->duration;
	t->gpu_hours += r->gpu_hours;
	t->tokens += asked_tokens(r->asked);
	if (r->type == RECORD_BASELINE) {
		t->incumbent_metric = t->baseline_metric = r->metric;
		t->incumbent_experiment = 0;
		return;
	}
	t->experiments = r->experiment;
	t->verdicts[r->verdict.kind]++;
	advance_streaks(t, r->verdict.kind);
	if (r->verdict.kind == VERDICT_ACCEPTED) {
		t->incumbent[0] = '\0';
		t->incumbent_metric = r->metric;
		t->incumbent_experiment = r->experiment;
	}
}

const char *budget_exhausted(const struct budget *budget, const struct totals *totals)
{
	if (budget->experiments && totals->experiments >= budget->experiments)
		return "experiments";
	if (budget->time > 0 && totals->time >= budget->time)
		return "time";
	if (budget->tokens && totals->tokens >= budget->tokens)
		return "tokens";
	if (budget->gpu_hours > 0 && totals->gpu_hours >= budget->gpu_hours)
		return "gpuHours";
	if (budget->failures && totals->failures_in_a_row >= budget->failures)
		return "failures";
	return NULL;
}
