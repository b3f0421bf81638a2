#include "loop/replay.h"

#include <string.h>

#include "loop/audit_log.h"
#include "loop/compare.h"
#include "loop/step.h"
#include "loop/recording.h"
#include "model/judge.h"

void replayed_release(struct replayed *r)
{
	record_release(&r->record);
}

static int refuse(const struct record *then, struct error *err)
{
	int64_t same = verdict_same_as(&then->verdict);

	if (then->imported) {
		error_set(err, "experiment %lld was imported: nothing of it was run here",
			  (long long)then->experiment);
		return error_hint(err, "'git autoresearch try' measures a change of your own");
	}
	error_set(err, "nothing was run for experiment %lld: it is %s (%s)",
		  (long long)then->experiment, verdict_name(then->verdict.kind),
		  then->verdict.reason ? then->verdict.reason : "by a person");
	if (same >= 0)
		return error_hint(err, "git autoresearch replay %lld", (long long)same);
	return error_hint(err, "'git autoresearch try' measures a change of your own");
}

int replay_open(struct search *s, struct repo *repo, const struct entry *then,
		struct error *err)
{
	if (!replay_is_possible(&then->record))
		return refuse(&then->record, err);
	s->again = then;
	s->branch_stays = true;
	return search_open_campaign(s, repo, then->record.campaign, err);
}

/* The words are those of the experiment, the rest is of now. */
static void begin(const struct search *s, struct record *r)
{
	const struct record *then = &s->again->record;

	record_begin(s, r, RECORD_REPLAY, then->experiment);
	r->subject = xstrdup(then->subject);
	r->rationale = xstrdup(then->rationale);
	r->proposed_by = xstrdup(then->proposed_by);
	r->replay = xcalloc(1, sizeof(*r->replay));
	strcpy(r->base, then->base);
	strcpy(r->tree, then->tree);
}

/* 0; 1 where a person cancelled it; -1. */
static int measure(struct search *s, size_t wanted, struct record *r, struct logs *logs,
		   struct error *err)
{
	const struct record *then = &s->again->record;
	size_t trials = replay_trials(&s->config, then, wanted);
	struct lane *lane = lane_first(s);
	int ret = 0;

	lane->begun_as = then->experiment;
	for (size_t i = 0; i < trials && !ret; i++) {
		if (replay_is_over(&s->config, then, r, wanted))
			break;
		ret = compare_trial(lane, entry_candidate(s->again), false,
				    replay_number(then, i), r, logs, err);
	}
	if (ret)
		return ret;
	r->gpu_hours = r->duration * lane->gpus / 3600;
	replay_judge(&s->config, then, r);
	return 0;
}

/* As search_record(), of what takes no number and moves no branch. */
static int write_down(struct search *s, struct record *r, const struct logs *logs,
		      struct audit_log *audit, struct error *err)
{
	struct record_content files[3];
	double time = s->totals.time;
	size_t nr = 0;

	if (audit)
		audit_log_end(audit, &r->audit);
	files[nr++] = (struct record_content){ .name = "run.log",
					       .data = logs->run.buf,
					       .len = logs->run.len };
	if (record_last_own(r)->ran[PHASE_EVALUATE])
		files[nr++] = (struct record_content){ .name = "evaluate.log",
						       .data = logs->evaluate.buf,
						       .len = logs->evaluate.len };
	nr += audit_log_content(audit, &files[nr]);
	search_spend_time(s);
	/* totals_advance() adds what is the record's own of it. */
	s->totals.time -= r->duration;
	totals_advance(&s->totals, r);
	if (r->totals.time < time)
		r->totals.time = time;
	if (ledger_append(&s->ledger, r, entry_candidate(s->again), files, nr, NULL, err))
		return -1;
	s->totals = r->totals;
	return 0;
}

int replay(struct search *s, size_t trials, struct replayed *ret, struct error *err)
{
	CLEANUP_LOGS struct logs logs = LOGS_INIT;
	struct lane *lane = lane_first(s);
	struct record *r = &ret->record;
	struct audit_log *audit;
	int failed = search_prepare(s, err);

	if (!failed) {
		begin(s, r);
		failed = measure(s, trials, r, &logs, err);
	}
	audit = steal_ptr(lane->audit);
	if (!failed)
		failed = write_down(s, r, &logs, audit, err);
	audit_log_free(audit);
	ret->cancelled = failed > 0;
	return failed < 0 ? -1 : 0;
}
