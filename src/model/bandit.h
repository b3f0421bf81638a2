#ifndef MODEL_BANDIT_H
#define MODEL_BANDIT_H

/*
 * Who is asked for the next candidates, where several proposers share a campaign: each by how
 * well it has done. Discounted Thompson sampling (Thompson, Biometrika 25, 1933; with a
 * discount: Raj and Kalyani, Taming non-stationary bandits: a Bayesian approach, 2017). What
 * is known of a proposer's chance of an accepted candidate is a Beta distribution; for each
 * place in a round a chance is drawn from each, and the largest gets the place.
 *
 * Why this one. Accepted candidates are rare, so little is known for long, and a rule that
 * weighs by what is known, not by a tuned share of exploration, is near the best there is.
 * It is drawn, so a whole round can be dealt before any of it is measured. And the discount
 * forgets: what one proposer is good at is used up, and the incumbent that another one found
 * hopeless is not the one of today; who lost is asked again now and then.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/verdict.h"

#define BANDIT_ARMS_MAX 16
#define BANDIT_DISCOUNT 0.98 /* of all that is known, a candidate: about 50 are remembered */

struct bandit_arm {
	double won, lost; /* candidates, discounted */
};

struct bandit { /* all 0 but `nr`: nothing is known of anyone */
	struct bandit_arm arms[BANDIT_ARMS_MAX];
	size_t nr; /* proposers, 1 to BANDIT_ARMS_MAX */
};

/* Whether a verdict says something about who proposed it, and then if it was well done:
 * accepted is, everything else is not; `skipped` and no verdict say nothing. */
bool bandit_counts(enum verdict_kind kind, bool *ret_won);

/* Takes one candidate of proposer `arm` into account; in the order of the experiments. */
void bandit_observe(struct bandit *b, size_t arm, bool won);

/* The proposer's chance of an accepted candidate as it is believed to be, for people: the
 * mean of its distribution, 0.5 where nothing is known. */
double bandit_score(const struct bandit *b, size_t arm);

/*
 * Deals the `places` of a round: ret_counts[arm] is how many each of b->nr proposers gets.
 * The same bandit, seed and round (its first experiment's number) are dealt the same.
 */
void bandit_deal(const struct bandit *b, uint64_t seed, uint64_t round, size_t places,
		 size_t *ret_counts);

#endif
