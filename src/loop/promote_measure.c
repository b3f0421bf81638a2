#include "loop/promote.h"

#include "loop/compare.h"
#include "model/judge.h"

static void take_output(enum stream stream, const char *data, size_t len, void *arg)
{
	(void)stream;
	strbuf_add(arg, data, len);
}

/* promote.command, as a check of the result that is not one of a trial. 0; 1 cancelled; -1. */
static int run_command(struct promote *p, struct lane *lane, bool *ret_complete,
		       struct error *err)
{
	struct search *s = p->search;
	struct outcome *outcome = &p->record.promotion->command;
	const char *const argv[] = { "sh", "-c", s->config.promote.command, NULL };
	char **env = environment_new(lane, PHASE_CHECK, lane->begun_as, 1);
	struct trial_command command = {
		.phase = PHASE_CHECK,
		.argv = argv,
		.env = (const char *const *)env,
		.timeout = s->config.promote.timeout,
		.tree = lane->slot_path,
		.warm = s->warm,
		.output = take_output,
		.data = &p->command_log,
	};
	struct trial *trial = NULL;
	int failed;

	failed = lane_open_trial(lane, &trial, err) ||
		 lane_run(lane, trial, 0, &command, outcome, err) ||
		 measure_audit(lane, trial, ret_complete, err);
	trial_close(trial);
	environment_free(env);
	if (failed)
		return error_context(err, "promote");
	p->record.duration += outcome->wall;
	p->record.cpu += outcome->cpu;
	return outcome->kind == OUTCOME_CANCELLED;
}

/* The wider benchmark comes first: where it fails nothing else is asked. 0; 1 cancelled; -1. */
static int pass_command(struct promote *p, struct lane *lane, struct error *err)
{
	struct record *r = &p->record;
	bool complete;
	int ret;

	if (!p->search->config.promote.command)
		return 0;
	r->promotion->has_command = true;
	ret = run_command(p, lane, &complete, err);
	if (ret)
		return ret;
	if (!complete)
		verdict_set(&r->verdict, VERDICT_FAILED, "audit-incomplete");
	else if (!outcome_is_success(&r->promotion->command))
		verdict_set(&r->verdict, VERDICT_REJECTED, "command-failed");
	if (r->verdict.kind != VERDICT_NONE)
		search_tell_tail(p->search, &p->command_log);
	return 0;
}

/* Where there is a sample a side: the merge base gives the number to beat. */
static int measure_single(struct promote *p, struct lane *lane, struct error *err)
{
	struct record *r = &p->record;
	CLEANUP_LOGS struct logs others = LOGS_INIT;
	int ret =
		compare_incumbent(lane, r->base, true, 1, "beside the result", r, &others, err);

	if (ret)
		return ret;
	trial_sample(&r->trials[r->trials_nr - 1], r->metric_name, &r->incumbent);
	return compare_trial(lane, r->promotion->result, false, 1, r, &p->logs, err);
}

int promote_measure(struct promote *p, struct error *err)
{
	struct search *s = p->search;
	struct lane *lane = lane_first(s);
	struct record *r = &p->record;
	int ret = search_prepare(s, err);

	if (ret)
		return ret;
	/* From here on the slot's HEAD names it. */
	if (slot_move(lane->slot, r->promotion->result, err))
		return -1;
	repo_keep_no_more(s->repo);
	p->keeps = false;
	/* Seeds that no experiment had: what was chosen for its luck with some has no luck here. */
	lane->begun_as = s->totals.experiments + 1;
	ret = pass_command(p, lane, err);
	if (!ret && r->verdict.kind == VERDICT_NONE) {
		search_refer(s, r);
		ret = search_trials(s) == 1
			      ? measure_single(p, lane, err)
			      : compare_pairs(lane, r->promotion->result, r, &p->logs, err);
		if (!ret)
			record_judge(&s->config, r);
	}
	r->gpu_hours = r->duration * lane->gpus / 3600;
	return ret;
}
