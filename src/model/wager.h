#ifndef MODEL_WAGER_H
#define MODEL_WAGER_H

/*
 * Evidence that may be looked at after every pair. Each difference is bet on: that it is
 * above 0, with a stake that grows with its size. Where candidate and incumbent do not differ
 * its sign is a fair coin, whatever its size, so nobody gets rich: the wealth, 1 to begin
 * with, is a martingale, and it ever reaches 20 with a chance of at most 1/20 (Ville, Étude
 * critique de la notion de collectif, 1939), however often one looks and for whatever reason
 * one stops. So the error holds over the whole sequence without a table of looks to keep to.
 *
 * The method is testing by betting (Shafer, Journal of the Royal Statistical Society A 184,
 * 2021; for symmetric differences: Ramdas, Ruf, Larsson and Koolen, Admissible anytime-valid
 * sequential inference must rely on nonnegative martingales, 2020); the stakes are those of
 * sequential ranks (Reynolds, A sequential signed-rank test for symmetry, Annals of
 * Statistics 3, 1975): of what a bettor may stake, half goes on every difference, and half
 * by its rank among those seen so far. Ranks, for the reasons in model/signedrank.h; besides,
 * a rank moves one way when every difference is moved, so a candidate that is worse than the
 * incumbent has less chance still than one that does not differ.
 *
 * Two bettors share the wealth at the start. The bold one stakes most of what it has, which
 * shows a large effect in half a dozen pairs and is ruined by a small one; the patient one
 * stakes as befits the effect that the given number of pairs can just show.
 */

#include <stddef.h>

struct wager {
	double stakes[2], wealth[2];
};

/* For a sequence of at most `pairs` differences that is to reach `goal` (above 1). */
void wager_init(struct wager *w, size_t pairs, double goal);

/* Bets on the last of `nr` finite differences; those before it were bet on already. */
void wager_bet(struct wager *w, const double *differences, size_t nr);

/* What there is in all. */
double wager_wealth(const struct wager *w);

/* What there would be after `more` differences that are all won, each the largest so far. */
double wager_best(const struct wager *w, size_t more);

#endif
