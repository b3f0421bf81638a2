#include "model/wager.h"

#include <math.h>

#define BOLD 0.9 /* of the wealth, on the largest difference so far */

void wager_init(struct wager *w, size_t pairs, double goal)
{
	/*
	 * By Kelly's rule the stake is the edge, 2p - 1 for a coin that falls right with chance
	 * p, and the wealth grows by about half its square a pair. Half of `pairs` shall do.
	 */
	double patient = sqrt(4 * log(goal) / (double)pairs);

	*w = (struct wager){ { BOLD, fmin(BOLD, patient) }, { 0.5, 0.5 } };
}

void wager_bet(struct wager *w, const double *differences, size_t nr)
{
	double last = differences[nr - 1], rank = 0;
	int sign = (last > 0) - (last < 0);

	for (size_t i = 0; i < nr; i++)
		rank += fabs(differences[i]) <= fabs(last);
	for (size_t i = 0; i < 2; i++)
		w->wealth[i] *= 1 + sign * w->stakes[i] * (1 + rank / (double)nr) / 2;
}

double wager_wealth(const struct wager *w)
{
	return w->wealth[0] + w->wealth[1];
}

double wager_best(const struct wager *w, size_t more)
{
	double sum = 0;

	for (size_t i = 0; i < 2; i++)
		sum += w->wealth[i] * pow(1 + w->stakes[i], (double)more);
	return sum;
}
