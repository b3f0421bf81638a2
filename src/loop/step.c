#include "loop/step.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/timer.h"
#include "loop/candidate.h"
#include "loop/measure.h"
#include "loop/propose.h"

/* What every record says of where and when it was made. */
static void record_begin(struct search *s, struct record *r, enum record_type type,
			 int64_t experiment)
{
	time_t now = time(NULL);
	struct tm tm;

	r->type = type;
	r->campaign = xstrdup(s->campaign);
	r->experiment = experiment;
	r->metric_name = xstrdup(s->config.metric);
	r->memory_peak = -1;
	r->host = xstrdup(s->host);
	memcpy(r->policy, s->policy, sizeof(r->policy));
	memcpy(r->warm, s->warm_digest, sizeof(r->warm));
	strftime(r->started, sizeof(r->started), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
}

static void add_costs(struct record *r, const struct trial_result *trial)
{
	for (enum phase p = 0; p < PHASE_NR; p++) {
		if (!trial->ran[p])
			continue;
		r->duration += trial->outcomes[p].wall;
		r->cpu += trial->outcomes[p].cpu;
		if (trial->outcomes[p].memory_peak > r->memory_peak)
			r->memory_peak = trial->outcomes[p].memory_peak;
	}
}

/* Runs the trials of the candidate that `commit` names, into the record. 0; 1 cancelled; -1. */
static int measure(struct lane *lane, const char *commit, struct record *r, struct logs *logs,
		   struct error *err)
{
	int ret;

	if (slot_move(lane->slot, commit, err))
		return -1;
	r->trials = xcalloc(1, sizeof(*r->trials));
	ret = measure_trial(lane, r->experiment, 1, r->trials, logs, &r->removed, err);
	if (ret)
		return ret;
	r->trials_nr = 1;
	add_costs(r, r->trials);
	return 0;
}

/* The verdict on what was measured, beside the incumbent. */
static void decide(struct search *s, struct record *r)
{
	double value;

	r->has_incumbent = true;
	r->incumbent = s->totals.incumbent_metric;
	if (trial_judge(&s->config, r->trials, &value, &r->verdict))
		return;
	r->has_metric = true;
	r->metric = value;
	verdict_decide(&s->config, value, &r->trials->metrics, r->incumbent, &r->verdict);
}

/* What the files of a record are made of; NULL where there is no such thing. */
struct evidence {
	const struct strbuf *patch;
	const char *prompt, *reply;
	const struct logs *logs;
};

static struct record_content content_of(const char *name, const struct strbuf *text)
{
	return (struct record_content){ .name = name, .data = text->buf, .len = text->len };
}

static struct record_content text_of(const char *name, const char *text)
{
	return (struct record_content){ .name = name, .data = text, .len = strlen(text) };
}

/* Appends the record with its files, and takes the campaign one step on. */
static int append(struct lane *lane, struct record *r, const char *commit,
		  const struct evidence *e, const struct timespec *start,
		  char ret_commit[OID_HEX_SIZE], struct error *err)
{
	struct search *s = lane->search;
	struct record_content files[6];
	double elapsed = seconds_since(start);
	size_t n = 0;

	if (e->patch)
		files[n++] = content_of("patch", e->patch);
	if (e->prompt)
		files[n++] = text_of(PROMPT_FILE_NAME, e->prompt);
	if (e->reply)
		files[n++] = text_of("reply.md", e->reply);
	if (r->trials_nr)
		files[n++] = content_of("run.log", &e->logs->run);
	if (r->trials_nr && r->trials->ran[PHASE_EVALUATE])
		files[n++] = content_of("evaluate.log", &e->logs->evaluate);
	if (lane->audit && audit_log_end(lane->audit, &r->audit, err))
		return -1;
	if (lane->audit && audit_log_file(lane->audit))
		files[n++] = (struct record_content){ .name = AUDIT_FILE_NAME,
						      .file = audit_log_file(lane->audit) };
	/* The proposer and our own work take time as well. */
	if (elapsed > r->duration)
		s->totals.time += elapsed - r->duration;
	totals_advance(&s->totals, r);
	if (ledger_append(&s->ledger, r, commit, files, n, ret_commit, err))
		return -1;
	audit_log_free(steal_ptr(lane->audit));
	s->totals = r->totals;
	if (r->verdict.kind == VERDICT_ACCEPTED)
		strcpy(s->totals.incumbent, ret_commit);
	if (tried_add(s->tried, r->tree, r->experiment, err))
		return -1;
	if (s->watcher && s->watcher->recorded)
		s->watcher->recorded(r, ret_commit, s->watcher->data);
	return 0;
}

/* Measures a candidate that was built, decides, and records. `p` is NULL where a person made
 * it. */
static int experiment(struct lane *lane, struct record *r, const struct proposal *p,
		      struct candidate *c, const struct timespec *start, enum step *ret,
		      char *ret_commit, struct error *err)
{
	CLEANUP_LOGS struct logs logs = LOGS_INIT;
	struct evidence evidence = { .patch = &c->patch,
				     .prompt = p ? p->prompt : NULL,
				     .reply = p ? p->reply : NULL,
				     .logs = &logs };
	int cancelled = 0;

	if (r->verdict.kind == VERDICT_NONE) {
		cancelled = measure(lane, c->commit, r, &logs, err);
		if (cancelled < 0)
			return -1;
	}
	if (cancelled) {
		*ret = STEP_CANCELLED;
		return 0;
	}
	if (r->verdict.kind == VERDICT_NONE)
		decide(lane->search, r);
	*ret = STEP_RECORDED;
	return append(lane, r, c->commit, &evidence, start, ret_commit, err);
}

int search_step(struct search *s, enum step *ret, struct error *err)
{
	CLEANUP_PROPOSAL struct proposal proposal = PROPOSAL_INIT;
	CLEANUP_CANDIDATE struct candidate candidate = CANDIDATE_INIT;
	CLEANUP_RECORD struct record record = { 0 };
	char commit[OID_HEX_SIZE];
	enum proposed proposed;
	struct lane *lane = lane_first(s);
	struct timespec start;

	clock_gettime(CLOCK_MONOTONIC, &start);
	record_begin(s, &record, RECORD_EXPERIMENT, s->totals.experiments + 1);
	if (slot_move(lane->slot, search_incumbent(s), err) ||
	    propose(lane, record.experiment, &proposal, &proposed, err))
		return -1;
	if (proposed != PROPOSED) {
		*ret = proposed == PROPOSED_NOTHING	? STEP_EXHAUSTED
		       : proposed == PROPOSED_TOO_DEAR	? STEP_TOO_DEAR
		       : proposed == PROPOSED_CANCELLED ? STEP_CANCELLED
							: STEP_PROPOSER_FAILED;
		return 0;
	}
	record.asked = steal_ptr(proposal.asked);
	if (candidate_build(s, &proposal, &record, &candidate, err))
		return -1;
	return experiment(lane, &record, &proposal, &candidate, &start, ret, commit, err);
}

int search_try(struct search *s, const char *tree, const char *subject, const char *rationale,
	       enum step *ret_step, struct record *r, char ret_commit[OID_HEX_SIZE],
	       struct error *err)
{
	CLEANUP_CANDIDATE struct candidate candidate = CANDIDATE_INIT;
	struct timespec start;

	clock_gettime(CLOCK_MONOTONIC, &start);
	*r = (struct record){ 0 };
	record_begin(s, r, RECORD_EXPERIMENT, s->totals.experiments + 1);
	r->subject = xstrdup(subject);
	r->rationale = xstrdup(rationale);
	r->proposed_by = xstrdup("try");
	if (candidate_from_tree(s, tree, r, &candidate, err))
		return -1;
	return experiment(lane_first(s), r, NULL, &candidate, &start, ret_step, ret_commit,
			  err);
}

/* The campaign's seed: of what is measured and how it is called, so that it can be told. */
static uint64_t seed_of(const struct search *s, const char *commit)
{
	char hex[DIGEST_HEX_LEN + 1];
	struct digest d;
	uint64_t seed;

	digest_init(&d);
	digest_add_field(&d, s->campaign, strlen(s->campaign));
	digest_add_field(&d, commit, strlen(commit));
	digest_hex(&d, hex);
	/* Thirteen hex digits are 52 bits, which JSON's numbers hold exactly. */
	hex[13] = '\0';
	if (sscanf(hex, "%lx", &seed) != 1)
		return 1;
	return seed;
}

static int baseline_failed(struct search *s, const struct record *r, const struct logs *logs,
			   const struct verdict *v, struct error *err)
{
	search_tell_tail(s, r->trials->ran[PHASE_EVALUATE] ? &logs->evaluate : &logs->run);
	error_set(err, "the baseline could not be measured: %s", v->reason);
	error_hint(err, "try the commands one by one: git autoresearch sandbox -- sh -c '…'");
	return error_status(err, EXIT_FAILING);
}

int search_baseline(struct search *s, enum step *ret, struct error *err)
{
	CLEANUP_VERDICT struct verdict verdict = { 0 };
	CLEANUP_LOGS struct logs logs = LOGS_INIT;
	const struct evidence evidence = { .logs = &logs };
	CLEANUP_RECORD struct record r = { 0 };
	char commit[OID_HEX_SIZE], made[OID_HEX_SIZE];
	struct lane *lane = lane_first(s);
	struct timespec start;
	int cancelled;

	clock_gettime(CLOCK_MONOTONIC, &start);
	strcpy(commit, search_incumbent(s));
	if (!s->totals.seed)
		s->totals.seed = seed_of(s, commit);
	record_begin(s, &r, RECORD_BASELINE, 0);
	r.subject = xstrfmt("baseline of %s", s->campaign);
	r.rationale = xstrdup("");
	r.proposed_by = xstrdup("");
	if (repo_commit_tree(s->repo, commit, r.tree, err))
		return -1;
	cancelled = measure(lane, commit, &r, &logs, err);
	if (cancelled < 0)
		return -1;
	if (cancelled) {
		*ret = STEP_CANCELLED;
		return 0;
	}
	if (trial_judge(&s->config, r.trials, &r.metric, &verdict))
		return baseline_failed(s, &r, &logs, &verdict, err);
	r.has_metric = true;
	strcpy(s->totals.incumbent, commit);
	if (!*s->ledger.branch && ledger_create_branch(&s->ledger, commit, err))
		return -1;
	*ret = STEP_RECORDED;
	return append(lane, &r, commit, &evidence, &start, made, err);
}
