#include "loop/again.h"

#include <string.h>

#include "git/tree.h"
#include "loop/candidate.h"

struct second_try {
	struct proposal proposal;
	char base[OID_HEX_SIZE]; /* that it was made on */
};

int again_carry(struct search *s, const char *base, struct proposal *p,
		const struct record *own, bool *ret_new, bool *ret_clean, struct error *err)
{
	CLEANUP_STRBUF struct strbuf refused = STRBUF_INIT;
	char tree[OID_HEX_SIZE], incumbent[OID_HEX_SIZE];
	int r;

	*ret_clean = true;
	/* What was proposed on another commit than the incumbent (footing.h) stays on that. */
	if ((!*p->base && tree_carry(s->repo, base, search_incumbent(s), p, ret_clean, err)) ||
	    repo_commit_tree(s->repo, search_incumbent(s), incumbent, err))
		return -1;
	r = tree_id_of_edits(s->repo, *p->base ? p->base : search_incumbent(s), p, tree,
			     &refused, err);
	if (r < 0)
		return -1;
	*ret_new = !r && strcmp(tree, incumbent) && candidate_find(s, tree, own) < 0;
	return 0;
}

void second_tries_keep(struct second_tries *tries, const struct experiment *x, int64_t winner)
{
	struct second_try *t;

	tries->items = xrealloc(tries->items, (tries->nr + 1) * sizeof(*tries->items));
	t = &tries->items[tries->nr++];
	*t = (struct second_try){ .proposal = PROPOSAL_INIT };
	proposal_copy_edits(&x->proposal, &t->proposal);
	strcpy(t->proposal.base, x->proposal.base);
	t->proposal.searched = x->proposal.searched;
	t->proposal.subject = xstrdup(x->proposal.subject);
	t->proposal.rationale =
		xstrfmt("Experiment %lld, on top of experiment %lld, which was better.",
			(long long)x->record.experiment, (long long)winner);
	t->proposal.proposed_by = xstrdup(x->proposal.proposed_by);
	memcpy(t->base, x->record.base, sizeof(t->base));
}

int second_tries_take(struct second_tries *tries, struct search *s, struct proposal *ret,
		      struct error *err)
{
	while (tries->nr) {
		struct second_try t = tries->items[0];
		bool new, clean;
		int failed = again_carry(s, t.base, &t.proposal, NULL, &new, &clean, err);

		memmove(tries->items, tries->items + 1, --tries->nr * sizeof(*tries->items));
		if (!failed && new &&clean) {
			*ret = t.proposal;
			return 0;
		}
		proposal_release(&t.proposal);
		if (failed)
			return -1;
	}
	return 0;
}

void second_tries_release(struct second_tries *tries)
{
	for (size_t i = 0; i < tries->nr; i++)
		proposal_release(&tries->items[i].proposal);
	free(tries->items);
	*tries = (struct second_tries){ 0 };
}
