#include "git/verify_promotion.h"

#include <string.h>

#include "git/internal.h"

void taken_release(struct taken *taken)
{
	free(taken->items);
}

static void take(struct taken *taken, const struct picked *picked)
{
	struct taken_commit *item;

	taken->items = xrealloc(taken->items, (taken->nr + 1) * sizeof(*taken->items));
	item = &taken->items[taken->nr++];
	item->experiment = picked->experiment;
	memcpy(item->from, picked->from, sizeof(item->from));
}

/* -1 where it cannot be told. */
static int same_words(struct repo *repo, const struct picked *picked, struct error *err)
{
	CLEANUP_GIT(git_commit) git_commit *made = NULL;
	CLEANUP_GIT(git_commit) git_commit *from = NULL;
	const git_signature *a, *b;

	if (lookup_commit(repo, picked->commit, &made, err) ||
	    lookup_commit(repo, picked->from, &from, err))
		return -1;
	a = git_commit_author(made);
	b = git_commit_author(from);
	return !strcmp(git_commit_message_raw(made), git_commit_message_raw(from)) &&
	       !strcmp(a->name, b->name) && !strcmp(a->email, b->email) &&
	       a->when.time == b->when.time;
}

static int contradicts(struct error *err, const char *what)
{
	error_set(err, "%s", what);
	return 1;
}

int verify_promotion(struct taken *taken, struct ledger *ledger, const struct entry *entry,
		     struct error *err)
{
	const struct promotion *p = entry->record.promotion;
	char oid[OID_HEX_SIZE];

	if (strcmp(p->result, entry->commit))
		return contradicts(err, "its commit is not the result that it names");
	strcpy(oid, p->result);
	for (size_t i = p->nr; i; i--) {
		const struct picked *picked = &p->picked[i - 1];
		int same = 1;

		if (picked->experiment)
			take(taken, picked);
		if (strcmp(oid, picked->commit))
			return contradicts(err, "its commits are not those that it names");
		if (p->form != PROMOTION_SQUASH)
			same = same_words(ledger->repo, picked, err);
		if (same < 0)
			return 1;
		if (!same)
			return contradicts(err, "a commit has other words, or another author, "
						"than the one that it was made from");
		if ((i == 1 || strcmp(p->picked[i - 2].commit, oid)) &&
		    repo_commit_parent(ledger->repo, oid, 0, oid, err))
			return contradicts(err, "its commits are not those that it names");
	}
	return strcmp(oid, entry->record.base)
		       ? contradicts(err, "it does not stand on the base that it names")
		       : 0;
}
