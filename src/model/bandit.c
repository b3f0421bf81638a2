#include "model/bandit.h"

#include <math.h>
#include <string.h>

#include "base/random.h"

bool bandit_counts(enum verdict_kind kind, bool *ret_won)
{
	*ret_won = kind == VERDICT_ACCEPTED;
	return kind != VERDICT_NONE && kind != VERDICT_SKIPPED;
}

void bandit_observe(struct bandit *b, size_t arm, bool won)
{
	for (size_t i = 0; i < b->nr; i++) {
		b->arms[i].won *= BANDIT_DISCOUNT;
		b->arms[i].lost *= BANDIT_DISCOUNT;
	}
	if (won)
		b->arms[arm].won++;
	else
		b->arms[arm].lost++;
}

/* Beta(1, 1), every chance alike, is what is believed of an unknown one. */
double bandit_score(const struct bandit *b, size_t arm)
{
	const struct bandit_arm *a = &b->arms[arm];

	return (a->won + 1) / (a->won + a->lost + 2);
}

/* A number of the gamma distribution with `shape`, 1 or more (Marsaglia and Tsang, A simple
 * method for generating gamma variables, 2000). */
static double draw_gamma(double shape, uint64_t *state)
{
	double d = shape - 1.0 / 3, c = 1 / sqrt(9 * d);

	for (;;) {
		double x = random_normal(state), v = pow(1 + c * x, 3);

		if (v > 0 && log(random_uniform(state)) < x * x / 2 + d - d * v + d * log(v))
			return d * v;
	}
}

static double draw_chance(const struct bandit_arm *a, uint64_t *state)
{
	double won = draw_gamma(a->won + 1, state), lost = draw_gamma(a->lost + 1, state);

	return won / (won + lost);
}

void bandit_deal(const struct bandit *b, uint64_t seed, uint64_t round, size_t places,
		 size_t *ret_counts)
{
	uint64_t state = seed;

	/* Neighbouring seeds and rounds must not share a part of one sequence. */
	state = random_next(&state) ^ round;
	state = random_next(&state);
	memset(ret_counts, 0, b->nr * sizeof(*ret_counts));
	for (size_t i = 0; i < places; i++) {
		size_t best = 0;
		double highest = -1;

		for (size_t arm = 0; arm < b->nr; arm++) {
			double chance = draw_chance(&b->arms[arm], &state);

			if (chance > highest) {
				highest = chance;
				best = arm;
			}
		}
		ret_counts[best]++;
	}
}
