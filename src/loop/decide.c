#include "loop/decide.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#include "git/ledger.h"
#include "git/tree.h"
#include "loop/lock.h"
#include "loop/search.h"
#include "loop/store.h"

/* A campaign that is held, without anything that could run a trial. */
struct desk {
	struct repo *repo; /* borrowed */
	struct ledger ledger;
	struct entry newest, entry;    /* of the chain; of the experiment, as it stands now */
	struct campaign_config config; /* of the branch's tip */
	int lock;
};

static void desk_release(struct desk *d)
{
	entry_release(&d->newest);
	entry_release(&d->entry);
	campaign_config_release(&d->config);
	ledger_release(&d->ledger);
	if (d->lock >= 0)
		close(d->lock);
}

static int take_lock(struct desk *d, const char *campaign, struct error *err)
{
	CLEANUP_FREE char *store = NULL, *path = store_campaign_path(campaign), *dir = NULL;

	return store_open(d->repo, &store, err) || store_make(store, path, &dir, err) ||
			       lock_campaign(dir, campaign, &d->lock, err)
		       ? -1
		       : 0;
}

static int find(struct desk *d, int64_t number, struct error *err)
{
	int missing = ledger_find(&d->ledger, number, &d->entry, err);

	if (missing < 0)
		return -1;
	if (missing) {
		error_set(err, "campaign '%s' has no experiment %lld", d->ledger.campaign,
			  (long long)number);
		return error_hint(err, "git autoresearch log");
	}
	if (d->entry.record.imported) {
		error_set(err, "experiment %lld was imported: nothing of it was measured here",
			  (long long)number);
		return error_hint(err, "git autoresearch try <commit>");
	}
	if (d->entry.record.type == RECORD_EXPERIMENT)
		return 0;
	error_set(err, "0 is the baseline, and no experiment");
	return error_hint(err,
			  "what you commit to the branch 'autoresearch/%s' is measured by "
			  "the next start",
			  d->ledger.campaign);
}

static int open_desk(struct desk *d, const char *campaign, int64_t number, struct error *err)
{
	struct ledger *ledger = &d->ledger;

	campaign_config_defaults(&d->config);
	if (take_lock(d, campaign, err) || ledger_open(ledger, d->repo, campaign, err) ||
	    ledger_mend(ledger, err))
		return -1;
	if (!*ledger->branch || !*ledger->tip) {
		CLEANUP_FREE char *name = shell_word(campaign);

		error_set(err, "campaign '%s' has no %s", campaign,
			  *ledger->tip ? "ledger branch any more" : "baseline yet");
		return error_hint(err, "git autoresearch start %s", name);
	}
	if (ledger_read(ledger, ledger->tip, &d->newest, err) || find(d, number, err))
		return -1;
	return config_of_commit(d->repo, ledger->branch, &d->config, NULL, err) ? -1 : 0;
}

/* --- What may be decided */

static const char *hint_not_acceptable(enum verdict_kind kind)
{
	switch (kind) {
	case VERDICT_DUPLICATE:
		return "decide about the experiment that it is the same as";
	case VERDICT_INVALID:
		return "what it proposed is in 'git autoresearch show': make a change of your own "
		       "of it, for 'git autoresearch try'";
	default:
		return "only what was measured can be; 'git autoresearch try <commit>' measures "
		       "its commit once more";
	}
}

/* An experiment, and why nothing can be decided about it. */
static int refuse(const struct record *r, const char *why, struct error *err)
{
	return error_set(err, "experiment %lld is %s%s%s%s, %s", (long long)r->experiment,
			 verdict_name(r->verdict.kind), r->verdict.reason ? " (" : "",
			 r->verdict.reason ? r->verdict.reason : "",
			 r->verdict.reason ? ")" : "", why);
}

static int check_accept(const struct record *r, struct error *err)
{
	if (r->verdict.kind == VERDICT_ACCEPTED)
		return refuse(r, "there is nothing to decide", err);
	if (verdict_may_be_accepted(r->verdict.kind) && r->has_metric)
		return 0;
	refuse(r, "and cannot be accepted: it has no metric", err);
	return error_hint(err, "%s", hint_not_acceptable(r->verdict.kind));
}

static int check_reject(const struct record *r, struct error *err)
{
	if (verdict_may_be_rejected(r->verdict.kind))
		return 0;
	return refuse(r, "there is nothing to decide", err);
}

/* --- What becomes of the branch */

static int conflict(const struct desk *d, const char *hint, struct error *err)
{
	error_context(err, "experiment %lld", (long long)d->entry.record.experiment);
	return error_hint(err, "%s", hint);
}

/* Its change was in scope by the rules of its time; by those of the branch it may be no more. */
static int check_scope(struct desk *d, const char *tree, struct error *err)
{
	CLEANUP_STRBUF struct strbuf path = STRBUF_INIT, quoted = STRBUF_INIT;
	int outside = tree_check_scope(d->repo, d->ledger.branch, tree, &d->config.editable,
				       &d->config.hidden, &path, err);

	if (outside <= 0)
		return outside;
	strbuf_add_quoted_path(&quoted, path.buf);
	error_set(err, "experiment %lld changes %s, which is out of scope by now",
		  (long long)d->entry.record.experiment, quoted.buf);
	return error_hint(err,
			  "campaign.editable of the branch's config says what is in scope");
}

/* The tree of the branch with the experiment's change on top. */
static int tree_accepted(struct desk *d, char ret[OID_HEX_SIZE], struct error *err)
{
	char now[OID_HEX_SIZE];

	if (tree_from_commit(d->repo, d->ledger.branch, entry_candidate(&d->entry), ret, err))
		return conflict(
			d,
			"adapt its patch to the incumbent, and try that: git autoresearch "
			"try --patch",
			err);
	if (repo_commit_tree(d->repo, d->ledger.branch, now, err))
		return -1;
	if (!strcmp(now, ret)) {
		CLEANUP_FREE char *name = shell_word(d->ledger.campaign);

		error_set(err, "the incumbent holds the change of experiment %lld already",
			  (long long)d->entry.record.experiment);
		return error_hint(err, "git log autoresearch/%s", name);
	}
	return check_scope(d, ret, err);
}

/* The tree of the branch without the experiment's change; "" where that is not in it. */
static int tree_rejected(struct desk *d, char ret[OID_HEX_SIZE], struct error *err)
{
	char now[OID_HEX_SIZE];

	*ret = '\0';
	if (d->entry.record.verdict.kind != VERDICT_ACCEPTED)
		return 0;
	if (tree_without_commit(d->repo, d->ledger.branch, d->entry.commit, ret, err))
		return conflict(
			d,
			"reject what was accepted on top of it first, or revert it by a "
			"commit of your own to the branch",
			err);
	if (repo_commit_tree(d->repo, d->ledger.branch, now, err))
		return -1;
	/* Somebody took it back by a commit of their own. */
	if (!strcmp(now, ret))
		*ret = '\0';
	return 0;
}

/* --- The record */

static void fill_words(const struct desk *d, struct record *r)
{
	const struct record *from = &d->entry.record;
	time_t now = time(NULL);
	struct tm tm;

	r->type = RECORD_DECISION;
	r->campaign = xstrdup(d->ledger.campaign);
	r->experiment = from->experiment;
	r->subject = xstrdup(from->subject);
	r->rationale = xstrdup(from->rationale);
	r->proposed_by = xstrdup(from->proposed_by);
	r->metric_name = xstrdup(from->metric_name);
	r->memory_peak = -1;
	strftime(r->started, sizeof(r->started), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
}

static void fill_verdict(struct record *r, enum verdict_kind kind)
{
	CLEANUP_STRBUF struct strbuf person = STRBUF_INIT;

	r->verdict.kind = kind;
	if (kind == VERDICT_ACCEPTED)
		return;
	decision_person(r->decision, &person);
	verdict_set(&r->verdict, kind, "by %s", person.buf);
}

static int fill(struct desk *d, enum verdict_kind kind, const char *why, struct record *r,
		struct error *err)
{
	const struct record *from = &d->entry.record;
	char *by;

	if (repo_author(&by, err))
		return -1;
	fill_words(d, r);
	r->decision = xcalloc(1, sizeof(*r->decision));
	*r->decision =
		(struct decision){ .by = by, .why = xstrdup(why), .was = from->verdict.kind };
	strcpy(r->decision->commit, entry_candidate(&d->entry));
	fill_verdict(r, kind);
	if (kind == VERDICT_ACCEPTED ? tree_accepted(d, r->tree, err)
				     : tree_rejected(d, r->tree, err))
		return -1;
	if (*r->tree)
		strcpy(r->base, d->ledger.branch);
	if (*r->tree && kind == VERDICT_REJECTED)
		strcpy(r->decision->reverts, d->entry.commit);
	if (kind == VERDICT_ACCEPTED && !strcmp(r->tree, from->tree)) {
		const char *source = record_metric_source(from);

		r->decision->self_reported = source && !strcmp(source, "self-reported");
		r->has_metric = true;
		r->metric = from->metric;
		r->has_incumbent = from->has_incumbent;
		r->incumbent = from->incumbent;
	}
	totals_advance(&d->newest.record.totals, r);
	return 0;
}

int decide(struct repo *repo, const char *campaign, int64_t number, enum verdict_kind kind,
	   const char *why, struct record *ret, char ret_commit[OID_HEX_SIZE],
	   struct error *err)
{
	CLEANUP(desk_release) struct desk d = { .repo = repo, .lock = -1 };
	CLEANUP_RECORD struct record r = { 0 };

	if (open_desk(&d, campaign, number, err))
		return -1;
	if (kind == VERDICT_ACCEPTED ? check_accept(&d.entry.record, err)
				     : check_reject(&d.entry.record, err))
		return -1;
	if (fill(&d, kind, why, &r, err) ||
	    ledger_append(&d.ledger, &r, r.decision->commit, NULL, 0, ret_commit, err))
		return -1;
	if (!record_is_on_branch(&r))
		*ret_commit = '\0';
	*ret = r;
	r = (struct record){ 0 };
	return 0;
}
