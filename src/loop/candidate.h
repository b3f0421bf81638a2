#ifndef LOOP_CANDIDATE_H
#define LOOP_CANDIDATE_H

/* From a proposal to a commit that can be measured, or to the verdict that spares it. */

#include "loop/search.h"
#include "model/proposal.h"

struct candidate {
	char tree[OID_HEX_SIZE]; /* what is measured; the incumbent's for an invalid one */
	char commit[OID_HEX_SIZE];
	struct strbuf patch; /* what was proposed, against the incumbent */
};

#define CANDIDATE_INIT               \
	{                            \
		.patch = STRBUF_INIT \
	}
void candidate_release(struct candidate *c);
#define CLEANUP_CANDIDATE CLEANUP(candidate_release)

/*
 * Builds the tree of `proposal` on the commit that it edits, whose files differ from the
 * incumbent's in what is editable alone; holds it against the scope and everything tried before,
 * and makes the candidate commit of `record`, whose subject, rationale, base and tree it sets.
 * record->verdict is invalid or duplicate afterwards where it need not be run, none otherwise.
 */
int candidate_build(struct search *s, const struct proposal *proposal, struct record *record,
		    struct candidate *ret, struct error *err);

/* The number of the experiment that has this tree, recorded or under way, other than `but`
 * (NULL: none is left out); -1 where nobody has. */
int64_t candidate_find(const struct search *s, const char *tree, const struct record *but);

/* The same for a tree that is there already (`try`). */
int candidate_from_tree(struct search *s, const char *tree, struct record *record,
			struct candidate *ret, struct error *err);

#endif
