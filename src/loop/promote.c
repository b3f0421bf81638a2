#include "loop/promote.h"

#include <string.h>

#include "git/tree.h"
#include "loop/step.h"
#include "model/judge.h"
#include "model/squash.h"

#define PATCH_MAX (8 << 20)

void promote_init(struct promote *p)
{
	*p = (struct promote){ .logs = LOGS_INIT,
			       .command_log = STRBUF_INIT,
			       .patch = STRBUF_INIT };
}

void promote_release(struct promote *p)
{
	if (p->keeps)
		repo_keep_no_more(p->search->repo);
	results_release(&p->results);
	picks_release(&p->picks);
	stack_release(&p->stack);
	record_release(&p->record);
	logs_release(&p->logs);
	strbuf_release(&p->command_log);
	strbuf_release(&p->patch);
}

int promote_open(struct promote *p, struct search *s, struct repo *repo, const char *campaign,
		 struct error *err)
{
	p->search = s;
	s->branch_stays = true;
	if (repo_head(repo, p->head, err) || search_open_campaign(s, repo, campaign, err))
		return -1;
	if (!*s->ledger.tip || !search_trials(s)) {
		CLEANUP_FREE char *name = shell_word(campaign);

		error_set(err, "campaign '%s' has no baseline yet", campaign);
		return error_hint(err, "git autoresearch start %s", name);
	}
	return results_open(&p->results, &s->ledger, err);
}

/* --- The commits */

/* What to call a commit of the stack. */
static char *name_of(const struct promote *p, size_t i)
{
	int64_t experiment = p->picks.items[i].experiment;

	return experiment ? xstrfmt("experiment %lld", (long long)experiment)
			  : xstrfmt("commit %.12s", p->stack.items[i].commit);
}

static int conflict(const struct promote *p, size_t i, struct error *err)
{
	CLEANUP_FREE char *name = name_of(p, i), *where = NULL;
	const char *found = strstr(err->message, "conflict in");

	if (!found)
		return error_context(err, "%s", name);
	where = xstrdup(found);
	error_set(err, "%s does not apply to the result: %s", name, where);
	for (size_t j = i; p->picks.items[i].needs && j; j--) {
		const struct pick *needed = &p->picks.items[j - 1];

		if (!p->picks.items[i].needs[j - 1] || needed->wanted || !needed->experiment)
			continue;
		error_set(err, "%s does not apply without experiment %lld, which was rejected",
			  name, (long long)needed->experiment);
		break;
	}
	return error_hint(err, "leave it out, or make the branch by hand: git cherry-pick");
}

/* Puts the change of a commit into `tree`, the result's so far. 0; 1 where it changes nothing; -1. */
static int apply(struct promote *p, size_t i, char tree[OID_HEX_SIZE], struct error *err)
{
	char next[OID_HEX_SIZE];

	if (tree_from_commit(p->search->repo, tree, p->stack.items[i].commit, next, err))
		return conflict(p, i, err);
	if (!strcmp(tree, next)) {
		if (p->picks.items[i].experiment)
			warning("experiment %lld changes nothing any more, and is left out",
				(long long)p->picks.items[i].experiment);
		return 1;
	}
	strcpy(tree, next);
	return 0;
}

static void pick(struct promote *p, size_t i)
{
	promotion_pick(p->record.promotion, p->picks.items[i].experiment,
		       p->stack.items[i].commit);
}

/* A commit each, on top of one another. */
static int build_commits(struct promote *p, char ret[OID_HEX_SIZE], struct error *err)
{
	struct promotion *promotion = p->record.promotion;
	char tree[OID_HEX_SIZE];

	strcpy(ret, p->stack.base);
	if (repo_commit_tree(p->search->repo, ret, tree, err))
		return -1;
	for (size_t k = 0; k < p->picks.nr; k++) {
		size_t i = p->picks.order[k];
		int empty = apply(p, i, tree, err);

		if (empty < 0)
			return -1;
		if (empty)
			continue;
		if (results_commit(&p->results, tree, ret, p->stack.items[i].commit, NULL, ret,
				   err))
			return -1;
		pick(p, i);
		strcpy(promotion->picked[promotion->nr - 1].commit, ret);
	}
	return 0;
}

/* One commit, with the words of all of them. */
static int build_squashed(struct promote *p, char ret[OID_HEX_SIZE], struct error *err)
{
	CLEANUP(squash_release) struct squash squash = SQUASH_INIT;
	CLEANUP_STRBUF struct strbuf message = STRBUF_INIT;
	struct promotion *promotion = p->record.promotion;
	char tree[OID_HEX_SIZE];

	if (repo_commit_tree(p->search->repo, p->stack.base, tree, err))
		return -1;
	for (size_t k = 0; k < p->picks.nr; k++) {
		CLEANUP_STRBUF struct strbuf words = STRBUF_INIT, author = STRBUF_INIT;
		size_t i = p->picks.order[k];
		int empty = apply(p, i, tree, err);

		if (empty < 0 ||
		    repo_commit_message(p->search->repo, p->stack.items[i].commit, &words,
					err) ||
		    repo_commit_author(p->search->repo, p->stack.items[i].commit, &author, err))
			return -1;
		if (empty)
			continue;
		pick(p, i);
		squash_add(&squash, p->picks.items[i].experiment, words.buf, author.buf);
	}
	if (!promotion->nr)
		return 0;
	squash_message(&squash, p->search->campaign, &message);
	if (results_commit(&p->results, tree, p->stack.base, NULL, message.buf, ret, err))
		return -1;
	for (size_t k = 0; k < promotion->nr; k++)
		strcpy(promotion->picked[k].commit, ret);
	return 0;
}

static int has_experiment(const struct promotion *promotion)
{
	for (size_t i = 0; i < promotion->nr; i++)
		if (promotion->picked[i].experiment)
			return 1;
	return 0;
}

/* To merge it is the person's, and may be work. */
static int warn_of_conflict(struct promote *p, const char *result, struct error *err)
{
	CLEANUP_STRBUF struct strbuf path = STRBUF_INIT, quoted = STRBUF_INIT;
	int merges = stack_merges(p->search->repo, p->head, result, &path, err);

	if (merges)
		return merges < 0 ? -1 : 0;
	strbuf_add_quoted_path(&quoted, path.buf);
	warning("HEAD has moved on since, and will not merge with it by itself: conflict in %s",
		quoted.buf);
	return 0;
}

static int begin_record(struct promote *p, enum promotion_form form, struct error *err)
{
	struct record *r = &p->record;
	char *by;

	if (repo_author(&by, err))
		return -1;
	record_begin(p->search, r, RECORD_PROMOTION, 0);
	r->rationale = xstrdup("");
	r->proposed_by = xstrdup("");
	r->promotion = xcalloc(1, sizeof(*r->promotion));
	r->promotion->by = by;
	r->promotion->form = form;
	strcpy(r->promotion->branch, p->search->ledger.branch);
	strcpy(r->base, p->stack.base);
	return 0;
}

static int end_record(struct promote *p, struct error *err)
{
	CLEANUP_STRBUF struct strbuf about = STRBUF_INIT;
	struct record *r = &p->record;

	promotion_experiments(r->promotion, &about);
	r->subject = xstrfmt("results/%s of %s", p->search->campaign, about.buf);
	return repo_commit_tree(p->search->repo, r->promotion->result, r->tree, err) ||
	       tree_patch(p->search->repo, r->base, r->tree, PATCH_MAX, &p->patch, err);
}

int promote_build(struct promote *p, const struct promote_options *options, struct error *err)
{
	struct search *s = p->search;
	struct promotion *promotion;

	if (stack_open(&p->stack, s->repo, s->ledger.branch, p->head, PICKED_MAX, err) ||
	    picks_choose(&p->picks, &s->ledger, &p->stack, &s->config, options, err) ||
	    begin_record(p, options->form, err))
		return -1;
	repo_keep_objects(s->repo);
	p->keeps = true;
	promotion = p->record.promotion;
	/* One alone keeps its words. */
	if (p->picks.nr == 1)
		promotion->form = PROMOTION_COMMITS;
	if (promotion->form == PROMOTION_SQUASH ? build_squashed(p, promotion->result, err)
						: build_commits(p, promotion->result, err))
		return -1;
	if (!has_experiment(promotion))
		return error_set(err, "nothing is left to promote: the merge base has it all");
	if (warn_of_conflict(p, promotion->result, err))
		return -1;
	return end_record(p, err);
}

/* --- The record */

static struct record_content content_of(const char *name, const struct strbuf *text)
{
	return (struct record_content){ .name = name, .data = text->buf, .len = text->len };
}

static size_t gather_files(const struct promote *p, struct audit_log *audit,
			   struct record_content files[5])
{
	const struct record *r = &p->record;
	size_t n = 0;

	files[n++] = content_of("patch", &p->patch);
	if (r->promotion->has_command)
		files[n++] = content_of("promote.log", &p->command_log);
	if (record_last_own(r))
		files[n++] = content_of("run.log", &p->logs.run);
	if (record_last_own(r) && record_last_own(r)->ran[PHASE_EVALUATE])
		files[n++] = content_of("evaluate.log", &p->logs.evaluate);
	return n + audit_log_content(audit, &files[n]);
}

int promote_record(struct promote *p, struct error *err)
{
	struct search *s = p->search;
	struct lane *lane = lane_first(s);
	CLEANUP_AUDIT_LOG struct audit_log *audit = steal_ptr(lane->audit);
	struct record_content files[5];
	struct record *r = &p->record;

	if (audit)
		audit_log_end(audit, &r->audit);
	totals_advance(&s->totals, r);
	return results_publish(&p->results, r, files, gather_files(p, audit, files), err);
}
