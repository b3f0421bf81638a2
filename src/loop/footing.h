#ifndef LOOP_FOOTING_H
#define LOOP_FOOTING_H

/*
 * The commit that is proposed on. That is the incumbent; on the upper stages of the ladder
 * (model/ladder.h) an accepted commit before it; or the one that a person chose by
 * `start --from`, until something is accepted in that run.
 *
 * The ledger branch stays linear all the same: what is proposed on an earlier commit is still a
 * candidate beside the incumbent, measured against that, and its child where it is accepted.
 * Its tree just differs more. So an earlier commit is one to propose on only where it differs
 * from the incumbent in nothing but what is editable; further back nobody goes.
 */

#include "loop/search.h"
#include "model/proposal.h"

struct footing {
	struct ladder_stage stage;
	char base[OID_HEX_SIZE];
	bool incumbent; /* that is the incumbent of the time when it was found */
};

/* That of a stage, for the campaign whose incumbent and totals are given. */
int footing_find(struct repo *repo, const struct campaign_config *config, const char *incumbent,
		 const struct totals *totals, int64_t stage, struct footing *ret,
		 struct error *err);

/* The same for a campaign that is being worked on, with the person's choice. */
int footing_of(struct search *s, int64_t stage, struct footing *ret, struct error *err);

/* The stage that the campaign has come to by counting what was in vain. */
int64_t footing_stage(const struct search *s);

/* Tells a proposal what it was made on, without bringing it anywhere. */
void footing_mark(const struct footing *footing, struct proposal *proposal);

/*
 * Tells the proposal that was made on it. One that was made on the incumbent of then is brought
 * to that of now (tree_carry()); one that was made on another commit stays on that.
 */
int footing_tell(struct search *s, const struct footing *footing, struct proposal *proposal,
		 struct error *err);

/*
 * Takes s->from_given, an accepted experiment's number or a commit of the branch's first-parent
 * history, as the base of this run, and begins the ladder again at its foot. An error with a
 * hint where it is neither, or cannot be proposed on.
 */
int footing_choose(struct search *s, struct error *err);

#endif
