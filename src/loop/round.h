#ifndef LOOP_ROUND_H
#define LOOP_ROUND_H

/*
 * The experiments of a round: whose they are, and what is asked for at once and ahead. Models
 * are asked for all that is theirs in a round at once, so that a server answers side by side;
 * candidates are tried in their order. The next round's are asked for when the last of this one
 * goes to its trial: no slot waits for a model. What was accepted since a proposal was asked for
 * is merged into it.
 */

#include "loop/propose.h"

/*
 * Deals the experiments from `number` to the end of its round, but `left` of them at most,
 * among those members of the team that are in; and asks the models for theirs, as far as the
 * budget of tokens has room. With nobody in, nothing is dealt.
 */
int round_deal(struct search *s, int64_t number, int64_t left, struct error *err);

/* Whose experiment `number` is; NULL where it was not dealt. */
struct proposer *round_owner(const struct team *team, int64_t number);

/*
 * Gives that one experiment to one of those that are in, or, where nobody is, to the one that
 * failed and is to be asked again first; NULL where all have no more ideas.
 */
struct proposer *round_substitute(struct search *s, int64_t number);

#endif
