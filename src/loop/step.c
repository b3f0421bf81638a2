#include "loop/step.h"

#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/timer.h"
#include "base/trace.h"
#include "git/tree.h"
#include "loop/activity.h"
#include "loop/audit_log.h"
#include "loop/baseline.h"
#include "loop/compare.h"
#include "loop/journal.h"
#include "loop/pause.h"
#include "loop/recording.h"
#include "model/judge.h"

void record_begin(const struct search *s, struct record *r, enum record_type type,
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
	memcpy(r->machine, s->machine, sizeof(r->machine));
	memcpy(r->warm, s->warm_digest, sizeof(r->warm));
	strftime(r->started, sizeof(r->started), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
}

void experiment_init(struct experiment *x, struct search *s, int64_t number)
{
	*x = (struct experiment){ .proposal = PROPOSAL_INIT,
				  .candidate = CANDIDATE_INIT,
				  .logs = LOGS_INIT };
	record_begin(s, &x->record, RECORD_EXPERIMENT, number);
}

void experiment_release(struct experiment *x)
{
	record_release(&x->record);
	proposal_release(&x->proposal);
	candidate_release(&x->candidate);
	logs_release(&x->logs);
	audit_log_free(x->audit);
}

/* What was built is measured, and judged by the incumbent that it was built on, which another
 * candidate may have replaced by then. */
static int examine(struct lane *lane, struct experiment *x, struct error *err)
{
	int cancelled = 0;

	if (x->record.verdict.kind == VERDICT_NONE)
		cancelled =
			compare_candidate(lane, x->candidate.commit, &x->record, &x->logs, err);
	x->audit = steal_ptr(lane->audit);
	if (cancelled < 0)
		return -1;
	if (cancelled)
		x->how = PROPOSED_CANCELLED;
	return 0;
}

/* Whether nothing more is to begin for it. Who asked while nothing ran has ended nothing. A
 * proposal that has come is still measured, where what is in flight is. */
static bool is_ended(const struct search *s, const struct experiment *x)
{
	return s->ends || s->stop > STOP_AFTER || (s->stop != STOP_NO && !x->proposal.subject);
}

/* What would begin while a pause is asked for does not before that ends. */
static int hold(struct lane *lane, struct experiment *x, struct error *err)
{
	int ended = pause_hold(lane, err);

	if (ended > 0 || lane->closed || is_ended(lane->search, x))
		x->how = PROPOSED_CANCELLED;
	return ended < 0 ? -1 : 0;
}

int search_ask(struct lane *lane, struct experiment *x, struct error *err)
{
	if (hold(lane, x, err))
		return -1;
	if (x->how != PROPOSED || x->proposal.subject)
		return 0;
	if (propose(lane, x->record.experiment, &x->proposal, &x->how, err))
		return -1;
	strcpy(x->incumbent, search_incumbent(lane->search));
	return hold(lane, x, err);
}

/* Another may have been accepted while it waited. */
static int bring(struct search *s, struct experiment *x, struct error *err)
{
	const char *incumbent = search_incumbent(s);

	if (*x->proposal.base || !strcmp(x->incumbent, incumbent))
		return 0;
	return tree_carry(s->repo, x->incumbent, incumbent, &x->proposal, NULL, err);
}

int search_step(struct lane *lane, struct experiment *x, struct error *err)
{
	struct search *s = lane->search;

	if (search_ask(lane, x, err))
		return -1;
	if (x->how != PROPOSED)
		return 0;
	if (journal_begin(s, x->proposal.key, err) || bring(s, x, err))
		return -1;
	x->record.asked = steal_ptr(x->proposal.asked);
	if (candidate_build(s, &x->proposal, &x->record, &x->candidate, err))
		return -1;
	return examine(lane, x, err);
}

int search_try(struct search *s, const char *tree, const char *subject, const char *rationale,
	       struct experiment *x, char ret_commit[OID_HEX_SIZE], struct error *err)
{
	experiment_init(x, s, s->totals.experiments + 1);
	x->record.subject = xstrdup(subject);
	x->record.rationale = xstrdup(rationale);
	x->record.proposed_by = xstrdup("try");
	if (candidate_from_tree(s, tree, &x->record, &x->candidate, err) ||
	    examine(lane_first(s), x, err))
		return -1;
	return x->how == PROPOSED ? search_record(s, x, ret_commit, err) : 0;
}

uint64_t search_seed(const struct search *s, const char *commit)
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

/* One that has nothing yet but its words, and what it measures. */
static int baseline_init(struct search *s, struct experiment *x, struct error *err)
{
	struct record *r = &x->record;

	experiment_init(x, s, 0);
	r->type = RECORD_BASELINE;
	r->subject = xstrfmt("baseline of %s", s->campaign);
	r->rationale = xstrdup("");
	r->proposed_by = xstrdup("");
	strcpy(x->candidate.commit, search_incumbent(s));
	return repo_commit_tree(s->repo, x->candidate.commit, r->tree, err);
}

int search_baseline(struct search *s, struct error *err)
{
	CLEANUP_EXPERIMENT struct experiment x;
	struct lane *lane = lane_first(s);
	struct record *r = &x.record;
	char commit[OID_HEX_SIZE];
	int cancelled;

	if (baseline_init(s, &x, err))
		return -1;
	strcpy(commit, x.candidate.commit);
	if (!s->totals.seed)
		s->totals.seed = search_seed(s, commit);
	cancelled = baseline_measure(lane, commit, r, &x.logs, err);
	x.audit = steal_ptr(lane->audit);
	if (cancelled)
		return cancelled;
	search_refer(s, r);
	strcpy(s->totals.incumbent, commit);
	if (!*s->ledger.branch && ledger_create_branch(&s->ledger, commit, err))
		return -1;
	activity_end(lane);
	return search_record(s, &x, commit, err);
}
