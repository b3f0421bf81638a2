#include "model/record_parts.h"

#include <stdlib.h>
#include <string.h>

static int malformed(const char *key, struct error *err)
{
	return error_set(err, "'%s' is malformed", key);
}

static int get_object(const struct json *o, const char *key, const struct json **ret,
		      struct error *err)
{
	*ret = json_get(o, key);
	return json_is_object(*ret) ? 0 : error_set(err, "'%s' is not an object", key);
}

static int get_array(const struct json *o, const char *key, size_t max, const struct json **ret,
		     struct error *err)
{
	*ret = json_get(o, key);
	if (!json_is_array(*ret) || json_array_len(*ret) > max)
		return malformed(key, err);
	return 0;
}

static int get_text(const struct json *o, const char *key, char **ret, struct error *err)
{
	const char *s;

	if (json_get_string(o, key, &s, err))
		return -1;
	*ret = xstrdup(s);
	return 0;
}

static int get_text_or_empty(const struct json *o, const char *key, char **ret,
			     struct error *err)
{
	const char *s = "";

	if (json_get_string_or_null(o, key, &s, err))
		return -1;
	*ret = xstrdup(s);
	return 0;
}

/* `len` lower-case hex digits, or "" for null. */
static int get_hex(const struct json *o, const char *key, size_t len, char *ret,
		   struct error *err)
{
	const char *s = "";

	if (json_get_string_or_null(o, key, &s, err))
		return -1;
	if (*s && (strlen(s) != len || strspn(s, "0123456789abcdef") != len))
		return malformed(key, err);
	memcpy(ret, s, strlen(s) + 1);
	return 0;
}

static int get_count(const struct json *o, const char *key, int64_t *ret, struct error *err)
{
	if (json_get_int(o, key, ret, err))
		return -1;
	return *ret < 0 ? malformed(key, err) : 0;
}

static int get_amount(const struct json *o, const char *key, double *ret, struct error *err)
{
	if (json_get_double(o, key, ret, err))
		return -1;
	return *ret < 0 ? malformed(key, err) : 0;
}

static int get_memory_peak(const struct json *o, int64_t *ret, struct error *err)
{
	*ret = -1;
	if (json_is_null(json_get(o, "memoryPeak")))
		return 0;
	return get_count(o, "memoryPeak", ret, err);
}

static int get_seed(const struct json *o, uint64_t *ret, struct error *err)
{
	int64_t seed;

	if (get_count(o, "seed", &seed, err))
		return -1;
	*ret = (uint64_t)seed;
	return 0;
}

static int get_double_if(const struct json *o, const char *key, bool *ret_known, double *ret,
			 struct error *err)
{
	*ret_known = !json_is_null(json_get(o, key));
	return json_get_double_or_null(o, key, ret, err);
}

/* RFC 3339, as far as it is safe to print. */
static int get_time(const struct json *o, const char *key, char ret[32], struct error *err)
{
	static const char shape[] = "dddd-dd-ddTdd:dd:dd";
	const char *s, *p;

	if (json_get_string(o, key, &s, err))
		return -1;
	p = s;
	for (size_t i = 0; shape[i]; i++, p++)
		if (shape[i] == 'd' ? *p < '0' || *p > '9' : *p != shape[i])
			return malformed(key, err);
	if (strlen(s) >= 32 || strspn(p, "0123456789.:+-Z") != strlen(p))
		return malformed(key, err);
	memcpy(ret, s, strlen(s) + 1);
	return 0;
}

static int read_type(const struct json *o, struct record *r, struct error *err)
{
	const char *type;
	int64_t version;

	if (json_get_int(o, "version", &version, err))
		return -1;
	if (version != RECORD_VERSION)
		return error_set(err, "version %lld of the record's format is not known",
				 (long long)version);
	if (json_get_string(o, "type", &type, err) ||
	    get_text(o, "campaign", &r->campaign, err) ||
	    get_hex(o, "previous", OID_HEX_LEN, r->previous, err))
		return -1;
	while (r->type < RECORD_TYPE_NR && strcmp(type, record_type_name(r->type)))
		r->type++;
	return r->type < RECORD_TYPE_NR ? 0 : error_set(err, "type '%s' is not known", type);
}

/* The baseline is number 0, and nothing else is, though it may be replayed. What has no number is
 * about one, and a promotion about several. */
static int read_number(const struct json *o, struct record *r, struct error *err)
{
	const char *key = record_is_about(r) ? "about" : "experiment";

	if (r->type == RECORD_PROMOTION)
		return promotion_read(o, &r->promotion, err);
	if (get_count(o, key, &r->experiment, err))
		return -1;
	if (r->type == RECORD_REPLAY)
		return 0;
	return (r->type == RECORD_BASELINE) == (r->experiment == 0) ? 0 : malformed(key, err);
}

/* A baseline and a replay have no verdict, and all but accepted have a reason. */
static int read_verdict(const struct json *o, struct record *r, struct error *err)
{
	const char *verdict = NULL, *reason = NULL;

	if (json_get_string_or_null(o, "verdict", &verdict, err) ||
	    json_get_string_or_null(o, "reason", &reason, err))
		return -1;
	if ((verdict && verdict_parse(verdict, &r->verdict.kind)) ||
	    (verdict == NULL) != (r->type == RECORD_BASELINE || r->type == RECORD_REPLAY))
		return malformed("verdict", err);
	if ((reason == NULL) !=
	    (r->verdict.kind == VERDICT_NONE || r->verdict.kind == VERDICT_ACCEPTED))
		return malformed("reason", err);
	if (reason)
		r->verdict.reason = xstrdup(reason);
	if (json_get(o, "beatenBy"))
		return get_count(o, "beatenBy", &r->beaten_by, err);
	return 0;
}

/* Of a decision, that has it; a later program's member of that name elsewhere is ignored. */
static int read_decision(const struct json *o, struct record *r, struct error *err)
{
	const struct json *object;
	struct decision *d;
	const char *was;

	if (r->type != RECORD_DECISION)
		return 0;
	if (r->verdict.kind != VERDICT_ACCEPTED && r->verdict.kind != VERDICT_REJECTED)
		return malformed("verdict", err);
	d = r->decision = xcalloc(1, sizeof(*d));
	if (get_object(o, "decision", &object, err) || get_text(object, "by", &d->by, err) ||
	    get_text(object, "why", &d->why, err) ||
	    json_get_string(object, "was", &was, err) ||
	    get_hex(object, "commit", OID_HEX_LEN, d->commit, err) ||
	    get_hex(object, "reverts", OID_HEX_LEN, d->reverts, err))
		return -1;
	if (verdict_parse(was, &d->was) || d->was == r->verdict.kind)
		return malformed("was", err);
	return *d->commit ? 0 : malformed("commit", err);
}

static int name_parse(const char *name, char *ret, size_t size)
{
	if (!*name || strlen(name) >= size)
		return -1;
	memcpy(ret, name, strlen(name) + 1);
	return 0;
}

/* The inverse of outcome_reason() for what the sandbox ended. */
static int killed_parse(const char *killed, struct outcome *ret)
{
	CLEANUP_STRBUF struct strbuf reason = STRBUF_INIT;
	static const char syscall[] = "syscall ", network[] = "network ";

	if (starts_with(killed, syscall)) {
		ret->kind = OUTCOME_SYSCALL;
		return name_parse(killed + strlen(syscall), ret->syscall, sizeof(ret->syscall));
	}
	if (starts_with(killed, network)) {
		ret->kind = OUTCOME_NETWORK;
		return name_parse(killed + strlen(network), ret->network, sizeof(ret->network));
	}
	for (ret->kind = OUTCOME_TIMEOUT; ret->kind <= OUTCOME_OUTPUT; ret->kind++) {
		strbuf_reset(&reason);
		outcome_reason(ret, &reason);
		if (!strcmp(reason.buf, killed))
			return 0;
	}
	return -1;
}

static int read_ending(const struct json *o, struct outcome *ret, struct error *err)
{
	const char *killed = NULL;
	int64_t number;

	if (json_get_string_or_null(o, "killed", &killed, err))
		return -1;
	if (killed)
		return killed_parse(killed, ret) ? malformed("killed", err) : 0;
	if (!json_is_null(json_get(o, "signal"))) {
		if (json_get_int(o, "signal", &number, err))
			return -1;
		if (number < 1 || number > 64)
			return malformed("signal", err);
		ret->kind = OUTCOME_SIGNALED;
		ret->signal = (int)number;
		return 0;
	}
	if (json_get_int(o, "exit", &number, err))
		return -1;
	if (number < 0 || number > 255)
		return malformed("exit", err);
	ret->kind = OUTCOME_EXITED;
	ret->exit_code = (int)number;
	return 0;
}

int record_read_outcome(const struct json *o, struct outcome *ret, struct error *err)
{
	if (read_ending(o, ret, err) || get_amount(o, "wall", &ret->wall, err) ||
	    get_amount(o, "cpu", &ret->cpu, err))
		return -1;
	return get_memory_peak(o, &ret->memory_peak, err);
}

static int read_phase(const struct json *o, struct trial_result *t, struct error *err)
{
	enum phase phase;
	const char *name;

	if (json_get_string(o, "phase", &name, err))
		return -1;
	if (phase_parse(name, &phase) || phase < PHASE_RUN || phase > PHASE_EVALUATE ||
	    t->ran[phase])
		return malformed("phase", err);
	t->ran[phase] = true;
	return record_read_outcome(o, &t->outcomes[phase], err);
}

static int read_trial(const struct json *o, struct trial_result *t, struct error *err)
{
	const struct json *phases, *phase;

	if (get_seed(o, &t->seed, err) || record_read_metrics(o, "metrics", &t->metrics, err) ||
	    get_array(o, "phases", PHASE_NR, &phases, err))
		return -1;
	for (size_t i = 0; (phase = json_array_at(phases, i)); i++)
		if (read_phase(phase, t, err))
			return -1;
	return 0;
}

static int read_trials(const struct json *o, struct record *r, struct error *err)
{
	const struct json *trials, *trial;
	const char *source = NULL;
	bool self_reported;

	if (json_get_string_or_null(o, "metricSource", &source, err) ||
	    get_array(o, "trials", TRIALS_MAX, &trials, err))
		return -1;
	if (source && strcmp(source, "evaluate") && strcmp(source, "self-reported") &&
	    (strcmp(source, "imported") || !r->imported))
		return malformed("metricSource", err);
	self_reported = source && !strcmp(source, "self-reported");
	if (r->decision)
		r->decision->self_reported = self_reported;
	r->trials = xcalloc(json_array_len(trials), sizeof(*r->trials));
	while ((trial = json_array_at(trials, r->trials_nr))) {
		struct trial_result *t = &r->trials[r->trials_nr++];

		t->self_reported = self_reported;
		if (record_read_side(trial, (int)r->trials_nr, t, err) ||
		    read_trial(trial, t, err))
			return -1;
	}
	return 0;
}

/* Of a replay, as of a decision. */
static int read_replay(const struct json *o, struct record *r, struct error *err)
{
	return r->type == RECORD_REPLAY ? replay_read(o, &r->replay, err) : 0;
}

/* A count, or -1 for null. */
static int get_count_if(const struct json *o, const char *key, int64_t *ret, struct error *err)
{
	*ret = -1;
	return json_is_null(json_get(o, key)) ? 0 : get_count(o, key, ret, err);
}

static int read_asked(const struct json *o, struct record *r, struct error *err)
{
	const struct json *asked = json_get(o, "asked"), *tokens;
	struct asked *a;
	bool known;

	if (json_is_null(asked))
		return 0;
	a = r->asked = xcalloc(1, sizeof(*a));
	if (get_object(o, "asked", &asked, err) ||
	    get_text(asked, "endpoint", &a->endpoint, err) ||
	    get_text(asked, "model", &a->model, err) ||
	    get_text_or_empty(asked, "served", &a->served, err) ||
	    get_double_if(asked, "temperature", &known, &a->temperature, err) ||
	    get_count_if(asked, "maxTokens", &a->max_tokens, err) ||
	    get_count_if(asked, "seed", &a->seed, err) ||
	    get_count(asked, "turns", &a->turns, err) ||
	    get_amount(asked, "seconds", &a->seconds, err) ||
	    get_object(asked, "tokens", &tokens, err) ||
	    get_count(tokens, "prompt", &a->prompt, err) ||
	    get_count(tokens, "completion", &a->completion, err) ||
	    get_count(tokens, "cached", &a->cached, err) ||
	    json_get_bool(tokens, "estimated", &a->estimated, err) ||
	    get_hex(asked, "promptDigest", SHA256_HEX_LEN, a->digest, err))
		return -1;
	if (!known)
		a->temperature = -1;
	return *a->digest ? 0 : malformed("promptDigest", err);
}

static int read_candidate(const struct json *o, struct record *r, struct error *err)
{
	if (get_text(o, "metricName", &r->metric_name, err) ||
	    get_double_if(o, "metric", &r->has_metric, &r->metric, err) ||
	    get_double_if(o, "baseline", &r->has_incumbent, &r->incumbent, err) ||
	    get_hex(o, "base", OID_HEX_LEN, r->base, err) ||
	    get_hex(o, "tree", OID_HEX_LEN, r->tree, err) ||
	    get_text(o, "subject", &r->subject, err) ||
	    get_text(o, "rationale", &r->rationale, err) ||
	    get_text_or_empty(o, "proposedBy", &r->proposed_by, err) || read_asked(o, r, err) ||
	    imported_read(o, &r->imported, err) || searched_read(o, &r->searched, err))
		return -1;
	return metric_name_is_valid(r->metric_name) ? 0 : malformed("metricName", err);
}

/* Records that were written before there was an audit have a level alone, which is none. */
static int read_audit(const struct json *o, struct audit_summary *a, struct error *err)
{
	const struct json *audit;
	const char *level;

	if (get_object(o, "audit", &audit, err) || json_get_string(audit, "level", &level, err))
		return -1;
	if (audit_level_parse(level, &a->level))
		return malformed("level", err);
	if (a->level == AUDIT_LEVEL_NONE)
		return 0;
	if (get_count(audit, "events", &a->events, err) ||
	    get_count(audit, "denied", &a->denied, err) ||
	    get_count(audit, "lost", &a->lost, err) ||
	    get_hex(audit, "digest", SHA256_HEX_LEN, a->digest, err))
		return -1;
	return json_get_bool(audit, "incomplete", &a->incomplete, err);
}

static int read_run(const struct json *o, struct record *r, struct error *err)
{
	const struct json *removed, *item;
	const char *name;

	if (get_time(o, "started", r->started, err) ||
	    get_amount(o, "duration", &r->duration, err) ||
	    get_amount(o, "cpu", &r->cpu, err) || get_memory_peak(o, &r->memory_peak, err) ||
	    read_audit(o, &r->audit, err) ||
	    get_hex(o, "policy", SHA256_HEX_LEN, r->policy, err) ||
	    get_hex(o, "warm", SHA256_HEX_LEN, r->warm, err) ||
	    get_text_or_empty(o, "host", &r->host, err) ||
	    get_hex(o, "machine", SHA256_HEX_LEN, r->machine, err) ||
	    get_array(o, "removed", REMOVED_MAX, &removed, err) ||
	    (json_get(o, "gpuHours") && get_amount(o, "gpuHours", &r->gpu_hours, err)))
		return -1;
	for (size_t i = 0; (item = json_array_at(removed, i)); i++) {
		if (json_as_string(item, &name))
			return malformed("removed", err);
		string_list_add(&r->removed, name);
	}
	return 0;
}

static int read_files(const struct json *o, struct record *r, struct error *err)
{
	const struct json *files;
	const char *name;

	if (get_object(o, "files", &files, err))
		return -1;
	for (size_t i = 0; json_member_at(files, i, &name); i++) {
		struct record_file *file = &r->files[i];

		if (i == ARRAY_SIZE(r->files) || !*name || strlen(name) >= sizeof(file->name))
			return malformed("files", err);
		memcpy(file->name, name, strlen(name) + 1);
		if (get_hex(files, name, OID_HEX_LEN, file->oid, err))
			return -1;
		if (!*file->oid)
			return malformed("files", err);
		r->files_nr++;
	}
	return 0;
}

/* Older programs knew of no ladder: it begins at its foot. */
static int read_stalled(const struct json *totals, int64_t *ret, struct error *err)
{
	*ret = 0;
	return json_is_null(json_get(totals, "stalled"))
		       ? 0
		       : get_count(totals, "stalled", ret, err);
}

static int read_totals(const struct json *o, struct totals *t, struct error *err)
{
	const struct json *totals, *verdicts;

	if (get_object(o, "totals", &totals, err) ||
	    get_object(totals, "verdicts", &verdicts, err))
		return -1;
	for (int kind = VERDICT_NONE + 1; kind < VERDICT_NR; kind++)
		if (get_count(verdicts, verdict_name(kind), &t->verdicts[kind], err))
			return -1;
	if (get_count(totals, "experiments", &t->experiments, err) ||
	    get_count(totals, "failuresInARow", &t->failures_in_a_row, err) ||
	    get_count(totals, "rejectionsInARow", &t->rejections_in_a_row, err) ||
	    (json_get(totals, "imported") &&
	     get_count(totals, "imported", &t->imported, err)) ||
	    read_stalled(totals, &t->stalled, err) || scores_read(totals, &t->scores, err) ||
	    get_amount(totals, "time", &t->time, err) ||
	    get_count(totals, "tokens", &t->tokens, err) ||
	    get_amount(totals, "gpuHours", &t->gpu_hours, err) ||
	    get_seed(totals, &t->seed, err) ||
	    get_hex(totals, "incumbent", OID_HEX_LEN, t->incumbent, err) ||
	    json_get_double(totals, "incumbentMetric", &t->incumbent_metric, err) ||
	    get_count(totals, "incumbentExperiment", &t->incumbent_experiment, err) ||
	    record_read_measured(totals, &t->measured, err))
		return -1;
	return json_get_double(totals, "baselineMetric", &t->baseline_metric, err);
}

int record_parse(const char *text, size_t len, struct record *ret, struct error *err)
{
	CLEANUP_JSON struct json *o = NULL;
	CLEANUP_RECORD struct record r = { 0 };

	if (json_parse(text, len, &o, err) || read_type(o, &r, err) ||
	    read_number(o, &r, err) || read_verdict(o, &r, err) || read_decision(o, &r, err) ||
	    read_replay(o, &r, err) || read_candidate(o, &r, err) || read_trials(o, &r, err) ||
	    record_read_judged(o, &r, err) || read_run(o, &r, err) || read_files(o, &r, err) ||
	    read_totals(o, &r.totals, err))
		return -1;
	*ret = r;
	r = (struct record){ 0 };
	return 0;
}
