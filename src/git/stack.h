#ifndef GIT_STACK_H
#define GIT_STACK_H

/*
 * The commits that a ledger branch has on top of somebody's own branch, as changes that may be
 * taken one without the other; and which of them another one stands on.
 *
 * That is told by commuting: a change is brought past the one before it, by a merge of the files
 * that either touches, and so on down to the merge base. One that it cannot be brought past, since
 * both touch the same lines, is one that it stands on, and goes along from there. So the answer
 * holds for changes of text; what a change needs in another place it does not know.
 */

#include "git/repo.h"

struct stack_item {
	char commit[OID_HEX_SIZE];
	char parent[OID_HEX_SIZE]; /* the first; "" of a root */
	struct string_list paths;  /* that it changes */
};

struct stack {
	struct repo *repo;	  /* borrowed */
	char base[OID_HEX_SIZE];  /* the merge base */
	struct stack_item *items; /* the first-parent history of the tip, oldest first */
	size_t nr;
	struct commuting *commuting;
};

/* At most `max` commits of `tip` that `head` has not: an error where there are more, or where the two
 * have nothing in common. None is no error. */
int stack_open(struct stack *ret, struct repo *repo, const char *tip, const char *head,
	       size_t max, struct error *err);
void stack_release(struct stack *stack);
#define CLEANUP_STACK CLEANUP(stack_release)

/* True for each item before `i` that it stands on, directly or not; one for each of the stack,
 * borrowed. No object is written. NULL on error. */
const bool *stack_needs(struct stack *stack, size_t i, struct error *err);

/* Whether two commits can be merged; if not, the first path in conflict is in `ret_conflict`. 1 or
 * 0; -1. */
int stack_merges(struct repo *repo, const char *ours, const char *theirs,
		 struct strbuf *ret_conflict, struct error *err);

#endif
