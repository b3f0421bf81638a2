#include "loop/candidate.h"

#include <string.h>

#include "base/trace.h"
#include "git/tree.h"
#include "loop/race.h"

/* As much of a patch as a record keeps. */
#define PATCH_MAX (8 << 20)

void candidate_release(struct candidate *c)
{
	strbuf_release(&c->patch);
}

static void refuse(struct record *record, const char *path)
{
	CLEANUP_STRBUF struct strbuf quoted = STRBUF_INIT;

	strbuf_add_quoted_path(&quoted, path);
	verdict_set(&record->verdict, VERDICT_INVALID, "out-of-scope %s", quoted.buf);
}

int64_t candidate_find(const struct search *s, const char *tree, const struct record *but)
{
	int64_t tried = tried_find(s->tried, tree);

	return tried >= 0 ? tried : race_find_tree(s->race, tree, but);
}

/* Sets the verdict of a tree that need not be run. */
static int sort_out(struct search *s, const char *tree, struct record *record,
		    struct error *err)
{
	CLEANUP_STRBUF struct strbuf path = STRBUF_INIT;
	char incumbent[OID_HEX_SIZE];
	int64_t same;
	int out_of_scope = tree_check_scope(s->repo, search_incumbent(s), tree,
					    &s->config.editable, &s->config.hidden, &path, err);

	if (out_of_scope < 0 || repo_commit_tree(s->repo, search_incumbent(s), incumbent, err))
		return -1;
	same = candidate_find(s, tree, record);
	if (out_of_scope)
		refuse(record, path.buf);
	else if (!strcmp(tree, incumbent))
		verdict_set(&record->verdict, VERDICT_INVALID, "empty");
	else if (same >= 0)
		verdict_set_same_as(&record->verdict, same);
	return 0;
}

int candidate_from_tree(struct search *s, const char *tree, struct record *record,
			struct candidate *ret, struct error *err)
{
	if (tree_patch(s->repo, search_incumbent(s), tree, PATCH_MAX, &ret->patch, err) ||
	    sort_out(s, tree, record, err))
		return -1;
	strcpy(ret->tree, tree);
	/* What is out of scope must never be checked out: the patch alone keeps it. */
	if (record->verdict.kind == VERDICT_INVALID &&
	    repo_commit_tree(s->repo, search_incumbent(s), ret->tree, err))
		return -1;
	strcpy(record->base, search_incumbent(s));
	strcpy(record->tree, ret->tree);
	return ledger_commit_candidate(&s->ledger, record, ret->commit, err);
}

/* A proposal that no tree can hold: its words and the names of its files are what is kept. */
static void describe_refused(const struct proposal *proposal, struct strbuf *patch)
{
	for (size_t i = 0; i < proposal->edits_nr; i++) {
		const struct edit *edit = &proposal->edits[i];

		strbuf_addf(patch, "%s ", edit->content ? "write" : "remove");
		strbuf_add_quoted_path(patch, edit->path);
		strbuf_addch(patch, '\n');
	}
}

/* The commit of what never becomes a tree: the incumbent's stands for it. */
static int candidate_of_nothing(struct search *s, struct record *record, struct candidate *ret,
				struct error *err)
{
	if (repo_commit_tree(s->repo, search_incumbent(s), ret->tree, err))
		return -1;
	strcpy(record->base, search_incumbent(s));
	strcpy(record->tree, ret->tree);
	return ledger_commit_candidate(&s->ledger, record, ret->commit, err);
}

int candidate_build(struct search *s, const struct proposal *proposal, struct record *record,
		    struct candidate *ret, struct error *err)
{
	CLEANUP_STRBUF struct strbuf refused = STRBUF_INIT;
	const char *base = *proposal->base ? proposal->base : search_incumbent(s);
	char tree[OID_HEX_SIZE];
	int impossible;
	SPAN("build");

	record->searched = proposal->searched;
	if (strcmp(base, search_incumbent(s)))
		strcpy(record->searched.from, base);
	record->subject = xstrdup(proposal->subject);
	record->rationale = xstrdup(proposal->rationale);
	record->proposed_by = xstrdup(proposal->proposed_by);
	if (proposal->refused) {
		verdict_set(&record->verdict, VERDICT_INVALID, "%s", proposal->refused);
		return candidate_of_nothing(s, record, ret, err);
	}
	impossible = tree_apply_edits(s->repo, base, proposal, tree, &refused, err);
	if (impossible < 0)
		return -1;
	if (!impossible)
		return candidate_from_tree(s, tree, record, ret, err);
	refuse(record, refused.buf);
	describe_refused(proposal, &ret->patch);
	return candidate_of_nothing(s, record, ret, err);
}
