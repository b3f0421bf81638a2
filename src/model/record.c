#include "model/record_parts.h"

const char *record_type_name(enum record_type type)
{
	static const char *const names[] = {
		[RECORD_BASELINE] = "baseline", [RECORD_EXPERIMENT] = "experiment",
		[RECORD_DECISION] = "decision", [RECORD_PROMOTION] = "promotion",
		[RECORD_REPLAY] = "replay",
	};

	return names[type];
}

static void add_string_or_null(struct json *o, const char *key, const char *s)
{
	json_add_string(o, key, s && *s ? s : NULL);
}

static void add_double_if(struct json *o, const char *key, bool known, double value)
{
	if (known)
		json_add_double(o, key, value);
	else
		json_add_null(o, key);
}

static void add_memory_peak(struct json *o, int64_t bytes)
{
	if (bytes >= 0)
		json_add_int(o, "memoryPeak", bytes);
	else
		json_add_null(o, "memoryPeak");
}

static void add_metrics(struct json *o, const struct record *r)
{
	CLEANUP_METRICS struct metrics metrics = { 0 };

	record_metrics(r, &metrics);
	record_add_metrics(o, "metrics", &metrics);
}

static void add_samples(struct json *o, const struct record *r)
{
	struct json *samples = json_add_array(o, "samples");
	double value;

	for (size_t i = 0; i < r->trials_nr; i++)
		if (!r->trials[i].of_incumbent &&
		    trial_sample(&r->trials[i], r->metric_name, &value))
			json_add_double(samples, NULL, value);
}

const char *record_metric_source(const struct record *r)
{
	const char *source = NULL;
	double value;

	if (r->imported && r->has_metric)
		source = "imported";
	if (r->type == RECORD_DECISION && r->has_metric)
		source = r->decision->self_reported ? "self-reported" : "evaluate";
	for (size_t i = 0; i < r->trials_nr; i++)
		if (trial_sample(&r->trials[i], r->metric_name, &value))
			source = r->trials[i].self_reported ? "self-reported" : "evaluate";
	return source;
}

/* How it ended is one member of three: `exit`, `signal`, or `killed` with the reason. */
void record_add_outcome(struct json *o, const struct outcome *outcome)
{
	CLEANUP_STRBUF struct strbuf reason = STRBUF_INIT;

	if (outcome->kind == OUTCOME_EXITED) {
		json_add_int(o, "exit", outcome->exit_code);
	} else if (outcome->kind == OUTCOME_SIGNALED) {
		json_add_int(o, "signal", outcome->signal);
	} else {
		outcome_reason(outcome, &reason);
		json_add_string(o, "killed", reason.buf);
	}
	json_add_double(o, "wall", outcome->wall);
	json_add_double(o, "cpu", outcome->cpu);
	add_memory_peak(o, outcome->memory_peak);
}

static void add_phase(struct json *phases, enum phase phase, const struct outcome *outcome)
{
	struct json *o = json_add_object(phases, NULL);

	json_add_string(o, "phase", phase_name(phase));
	record_add_outcome(o, outcome);
}

static void add_trials(struct json *o, const struct record *r)
{
	struct json *trials = json_add_array(o, "trials");

	for (size_t i = 0; i < r->trials_nr; i++) {
		const struct trial_result *t = &r->trials[i];
		struct json *trial = json_add_object(trials, NULL), *phases;

		record_add_side(trial, t);
		json_add_int(trial, "seed", (int64_t)t->seed);
		phases = json_add_array(trial, "phases");
		for (enum phase phase = PHASE_RUN; phase <= PHASE_EVALUATE; phase++)
			if (t->ran[phase])
				add_phase(phases, phase, &t->outcomes[phase]);
		record_add_metrics(trial, "metrics", &t->metrics);
	}
}

static void add_totals(struct json *o, const struct totals *t)
{
	struct json *totals = json_add_object(o, "totals"), *verdicts;

	json_add_int(totals, "experiments", t->experiments);
	if (t->imported)
		json_add_int(totals, "imported", t->imported);
	verdicts = json_add_object(totals, "verdicts");
	for (int kind = VERDICT_NONE + 1; kind < VERDICT_NR; kind++)
		json_add_int(verdicts, verdict_name(kind), t->verdicts[kind]);
	json_add_int(totals, "failuresInARow", t->failures_in_a_row);
	json_add_int(totals, "rejectionsInARow", t->rejections_in_a_row);
	json_add_int(totals, "stalled", t->stalled);
	json_add_double(totals, "time", t->time);
	json_add_int(totals, "tokens", t->tokens);
	json_add_double(totals, "gpuHours", t->gpu_hours);
	json_add_int(totals, "seed", (int64_t)t->seed);
	add_string_or_null(totals, "incumbent", t->incumbent);
	json_add_double(totals, "incumbentMetric", t->incumbent_metric);
	json_add_int(totals, "incumbentExperiment", t->incumbent_experiment);
	json_add_double(totals, "baselineMetric", t->baseline_metric);
	scores_add(totals, &t->scores);
	record_add_measured(totals, &t->measured);
}

static void add_measured(struct json *o, const struct record *r)
{
	json_add_string(o, "verdict", verdict_name(r->verdict.kind));
	json_add_string(o, "reason", r->verdict.reason);
	if (r->beaten_by)
		json_add_int(o, "beatenBy", r->beaten_by);
	json_add_string(o, "metricName", r->metric_name);
	add_double_if(o, "metric", r->has_metric, r->metric);
	add_double_if(o, "baseline", r->has_incumbent, r->incumbent);
	add_samples(o, r);
	add_metrics(o, r);
	json_add_string(o, "metricSource", record_metric_source(r));
}

static void add_int_if(struct json *o, const char *key, int64_t value)
{
	if (value >= 0)
		json_add_int(o, key, value);
	else
		json_add_null(o, key);
}

static void add_asked(struct json *o, const struct asked *asked)
{
	struct json *object, *tokens;

	if (!asked) {
		json_add_null(o, "asked");
		return;
	}
	object = json_add_object(o, "asked");
	json_add_string(object, "endpoint", asked->endpoint);
	json_add_string(object, "model", asked->model);
	add_string_or_null(object, "served", asked->served);
	add_double_if(object, "temperature", asked->temperature >= 0, asked->temperature);
	add_int_if(object, "maxTokens", asked->max_tokens);
	add_int_if(object, "seed", asked->seed);
	json_add_int(object, "turns", asked->turns);
	json_add_double(object, "seconds", asked->seconds);
	tokens = json_add_object(object, "tokens");
	json_add_int(tokens, "prompt", asked->prompt);
	json_add_int(tokens, "completion", asked->completion);
	json_add_int(tokens, "cached", asked->cached);
	json_add_bool(tokens, "estimated", asked->estimated);
	json_add_string(object, "promptDigest", asked->digest);
}

static void add_candidate(struct json *o, const struct record *r)
{
	add_string_or_null(o, "base", r->base);
	add_string_or_null(o, "tree", r->tree);
	json_add_string(o, "subject", r->subject);
	json_add_string(o, "rationale", r->rationale);
	add_string_or_null(o, "proposedBy", r->proposed_by);
	add_asked(o, r->asked);
	imported_write(r->imported, o);
	searched_add(o, &r->searched);
}

/* Of level none there is nothing to say. */
static void add_audit(struct json *o, const struct audit_summary *audit)
{
	struct json *object;

	if (audit->level == AUDIT_LEVEL_NONE) {
		json_add_string(json_add_object(o, "audit"), "level", "none");
		return;
	}
	object = audit_summary_json(audit, o);
	json_add_bool(object, "incomplete", audit->incomplete);
	add_string_or_null(object, "digest", audit->digest);
}

static void add_run(struct json *o, const struct record *r)
{
	struct json *list;

	json_add_string(o, "started", r->started);
	json_add_double(o, "duration", r->duration);
	json_add_double(o, "cpu", r->cpu);
	if (r->gpu_hours > 0)
		json_add_double(o, "gpuHours", r->gpu_hours);
	add_memory_peak(o, r->memory_peak);
	add_trials(o, r);
	record_add_judged(o, r);
	add_audit(o, &r->audit);
	add_string_or_null(o, "policy", r->policy);
	add_string_or_null(o, "warm", r->warm);
	add_string_or_null(o, "host", r->host);
	add_string_or_null(o, "machine", r->machine);
	list = json_add_array(o, "removed");
	for (size_t i = 0; i < r->removed.nr && i < REMOVED_MAX; i++)
		json_add_string(list, NULL, r->removed.items[i]);
	list = json_add_object(o, "files");
	for (size_t i = 0; i < r->files_nr; i++)
		json_add_string(list, r->files[i].name, r->files[i].oid);
}

/* What takes no number names the one that it is about, and a promotion all of them. */
static void add_number(struct json *o, const struct record *r)
{
	if (r->type == RECORD_PROMOTION) {
		json_add_null(o, "experiment");
		promotion_write(r->promotion, o);
		return;
	}
	if (!record_is_about(r)) {
		json_add_int(o, "experiment", r->experiment);
		json_add_null(o, "about");
		return;
	}
	json_add_null(o, "experiment");
	json_add_int(o, "about", r->experiment);
	if (r->type == RECORD_DECISION)
		decision_write(r->decision, o);
	else
		replay_write(r->replay, o);
}

void record_write(const struct record *r, struct strbuf *out)
{
	CLEANUP_JSON struct json *o = json_new_object();
	const struct json *value;
	const char *key;

	json_add_int(o, "version", RECORD_VERSION);
	json_add_string(o, "type", record_type_name(r->type));
	json_add_string(o, "campaign", r->campaign);
	if (*r->previous)
		json_add_string(o, "previous", r->previous);
	add_number(o, r);
	add_measured(o, r);
	add_candidate(o, r);
	add_run(o, r);
	add_totals(o, &r->totals);

	/* A line a member, so that records compare well with diff(1). */
	for (size_t i = 0; (value = json_member_at(o, i, &key)); i++) {
		strbuf_addf(out, "%s\n\t\"%s\": ", i ? "," : "{", key);
		json_write(value, false, out);
	}
	strbuf_addstr(out, "\n}\n");
}

struct json *record_log_json(const struct record *r, const char *commit)
{
	struct json *o = json_new_object();

	json_add_int(o, "experiment", r->experiment);
	json_add_string(o, "campaign", r->campaign);
	json_add_string(o, "verdict", verdict_name(r->verdict.kind));
	json_add_string(o, "reason", r->verdict.reason);
	if (r->beaten_by)
		json_add_int(o, "beatenBy", r->beaten_by);
	add_double_if(o, "metric", r->has_metric, r->metric);
	add_double_if(o, "baseline", r->has_incumbent, r->incumbent);
	add_samples(o, r);
	add_string_or_null(o, "commit", commit);
	add_string_or_null(o, "base", r->base);
	json_add_string(o, "subject", r->subject);
	json_add_string(o, "started", r->started);
	json_add_double(o, "duration", r->duration);
	json_add_double(o, "cpu", r->cpu);
	add_memory_peak(o, r->memory_peak);
	audit_summary_json(&r->audit, o);
	add_metrics(o, r);
	json_add_int(o, "tokens", asked_tokens(r->asked));
	imported_write(r->imported, o);
	searched_add(o, &r->searched);
	return o;
}
