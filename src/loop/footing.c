#include "loop/footing.h"

#include <string.h>

#include "base/number.h"
#include "git/tree.h"

/* The furthest that a stage goes back. */
#define BACK_MAX (1 << (LADDER_STAGES - 3))

/* Whether candidates may be proposed on `commit`: 0; 1 with the path that they would change and
 * must not; -1. */
static int cannot_stand_on(struct repo *repo, const struct campaign_config *config,
			   const char *incumbent, const char *commit, struct strbuf *ret_path,
			   struct error *err)
{
	char tree[OID_HEX_SIZE];

	if (repo_commit_tree(repo, commit, tree, err))
		return -1;
	return tree_check_scope(repo, incumbent, tree, &config->editable, &config->hidden,
				ret_path, err);
}

/* The incumbent and what was accepted before it, newest first, as far back as one may go. */
static int find_earlier(struct repo *repo, const struct campaign_config *config,
			const char *incumbent, int64_t accepted,
			char commits[BACK_MAX + 1][OID_HEX_SIZE], int64_t *ret,
			struct error *err)
{
	int64_t n = 0;

	strcpy(commits[0], incumbent);
	while (n < BACK_MAX && n < accepted) {
		CLEANUP_STRBUF struct strbuf path = STRBUF_INIT;
		int r = repo_commit_parent(repo, commits[n], 0, commits[n + 1], err);

		if (!r)
			r = cannot_stand_on(repo, config, incumbent, commits[n + 1], &path,
					    err);
		if (r < 0)
			return -1;
		if (r)
			break;
		n++;
	}
	*ret = n;
	return 0;
}

int footing_find(struct repo *repo, const struct campaign_config *config, const char *incumbent,
		 const struct totals *totals, int64_t stage, struct footing *ret,
		 struct error *err)
{
	char commits[BACK_MAX + 1][OID_HEX_SIZE];
	int64_t earlier = 0;

	strcpy(commits[0], incumbent);
	if (ladder_at(stage, BACK_MAX).rung == LADDER_RESTART &&
	    find_earlier(repo, config, incumbent, totals->verdicts[VERDICT_ACCEPTED], commits,
			 &earlier, err))
		return -1;
	ret->stage = ladder_at(stage, earlier);
	strcpy(ret->base, commits[ret->stage.back]);
	ret->incumbent = !ret->stage.back;
	return 0;
}

int footing_of(struct search *s, int64_t stage, struct footing *ret, struct error *err)
{
	const char *incumbent = search_incumbent(s);

	if (footing_find(s->repo, &s->config, incumbent, &s->totals, stage, ret, err))
		return -1;
	if (!ret->stage.back && *s->from && !strcmp(s->from_incumbent, incumbent))
		strcpy(ret->base, s->from);
	ret->incumbent = !strcmp(ret->base, incumbent);
	return 0;
}

int64_t footing_stage(const struct search *s)
{
	return ladder_stage(s->totals.stalled, s->config.patience, s->config.candidates);
}

void footing_mark(const struct footing *footing, struct proposal *proposal)
{
	proposal->searched = (struct searched){ .known = true,
						.rung = footing->stage.rung,
						.widen = footing->stage.widen };
	strcpy(proposal->base, footing->incumbent ? "" : footing->base);
}

int footing_tell(struct search *s, const struct footing *footing, struct proposal *proposal,
		 struct error *err)
{
	footing_mark(footing, proposal);
	if (!footing->incumbent)
		return 0;
	return tree_carry(s->repo, footing->base, search_incumbent(s), proposal, NULL, err);
}

/* --- A person's choice */

static int find_accepted(struct search *s, int64_t number, char ret[OID_HEX_SIZE],
			 struct error *err)
{
	CLEANUP_ENTRY struct entry entry = { 0 };
	const struct verdict *verdict = &entry.record.verdict;

	/* It is one up to the newest. */
	if (ledger_find(&s->ledger, number, &entry, err))
		return -1;
	if (number && verdict->kind != VERDICT_ACCEPTED) {
		error_set(err, "--from: experiment %lld is %s: it is not on the branch",
			  (long long)number, verdict_name(verdict->kind));
		return error_hint(err, "git autoresearch log --accepted");
	}
	strcpy(ret, entry.commit);
	return 0;
}

static int find_choice(struct search *s, const char *given, char ret[OID_HEX_SIZE],
		       struct error *err)
{
	int64_t number;

	if (*s->ledger.tip && !number_parse_count(given, &number) &&
	    number <= s->totals.experiments)
		return find_accepted(s, number, ret, err);
	if (!repo_resolve_commit(s->repo, given, ret, err))
		return 0;
	error_context(err, "--from");
	return error_hint(err, "the number of an accepted experiment, or a commit of the "
			       "campaign's branch: git autoresearch log --accepted");
}

/* 0 where `commit` is in the first-parent history of the branch; 1; -1. */
static int is_no_ancestor(struct search *s, const char *commit, struct error *err)
{
	char at[OID_HEX_SIZE], parent[OID_HEX_SIZE];
	int last = 0;

	for (strcpy(at, search_incumbent(s)); strcmp(at, commit); strcpy(at, parent)) {
		last = repo_commit_parent(s->repo, at, 0, parent, err);
		if (last)
			return last;
	}
	return 0;
}

int footing_choose(struct search *s, struct error *err)
{
	CLEANUP_STRBUF struct strbuf path = STRBUF_INIT;
	const char *given = s->from_given;
	char commit[OID_HEX_SIZE];
	int r;

	if (!given)
		return 0;
	if (find_choice(s, given, commit, err))
		return -1;
	r = is_no_ancestor(s, commit, err);
	if (r < 0)
		return -1;
	if (r) {
		error_set(err, "--from: %.12s is not in the first-parent history of '%s'",
			  commit, s->ledger.branch_ref);
		return error_hint(err, "git autoresearch log --accepted");
	}
	r = cannot_stand_on(s->repo, &s->config, search_incumbent(s), commit, &path, err);
	if (r < 0)
		return -1;
	if (r) {
		error_set(err,
			  "--from: %.12s has another '%s', which candidates may not change",
			  commit, path.buf);
		return error_hint(err, "choose a commit since that was changed");
	}
	strcpy(s->from, commit);
	strcpy(s->from_incumbent, search_incumbent(s));
	s->totals.stalled = 0;
	return 0;
}
