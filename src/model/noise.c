#include "model/noise.h"

#include <math.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/strbuf.h"

#define UPPER_LIMIT 0.8	  /* Browne's */
#define POWER 0.9	  /* of a confirmation */
#define PITMAN (3 / M_PI) /* the signed-rank test's efficiency beside the t-test's */
#define USUAL_GAIN 2	  /* standard deviations */
#define TRIALS_TOP 1000000

/* The value that a standard normal one stays below with chance `p`. */
static double normal_quantile(double p)
{
	double low = -40, high = 40;

	for (int i = 0; i < 100; i++) {
		double mid = (low + high) / 2;

		if (erfc(-mid * M_SQRT1_2) / 2 < p)
			low = mid;
		else
			high = mid;
	}
	return low;
}

/* The same of chi-square with `df` degrees, by Wilson and Hilferty's approximation. */
static double chi_square_quantile(double p, double df)
{
	double spread = 2 / (9 * df);

	return df * pow(1 - spread + normal_quantile(p) * sqrt(spread), 3);
}

void noise_of(const double *samples, size_t nr, struct noise *ret)
{
	double n = (double)nr, sum = 0, df;

	for (size_t i = 1; i < nr; i++) {
		double step = samples[i] - samples[i - 1];

		sum += step * step;
	}
	ret->sd = sqrt(sum / (2 * (n - 1)));
	/* The degrees of freedom that give chi-square the estimate's own variance. */
	df = 2 * (n - 1) * (n - 1) / (3 * n - 4);
	ret->above = ret->sd * sqrt(df / chi_square_quantile(1 - UPPER_LIMIT, df));
}

int noise_trials(const struct noise *noise, double gain, double confidence)
{
	double risk = 1 - confidence, sds, z, reach, pairs;

	if (noise->sd <= 0)
		return 1;
	sds = gain > 0 ? gain / noise->above : USUAL_GAIN;
	/* A difference varies by 2 sd^2, and half of what is far out is on the good side. */
	if (gain > 0 && sds * sds >= 1 / risk)
		return 1;
	z = normal_quantile(1 - risk / 2);
	reach = z + normal_quantile(POWER);
	pairs = ceil(2 * reach * reach / (sds * sds) / PITMAN + z * z / 2);
	return (int)fmin(TRIALS_TOP, fmax(2, pairs));
}

/*
 * The chance that at least `wins` of the n * m comparisons of n things with m others go to
 * the first, where all orders are alike: of the ways to choose which n of n + m ranks are
 * theirs, those with so large a sum.
 */
static double rank_sum_tail(size_t n, size_t m, size_t wins)
{
	size_t top = n * m;
	CLEANUP_FREE double *ways = xcalloc((n + 1) * (top + 1), sizeof(*ways));
	double tail = 0, all = 0;

	/* ways[k][w]: k are chosen so far, and have won w comparisons with those left out. */
	ways[0] = 1;
	for (size_t rank = 0; rank < n + m; rank++) {
		for (size_t k = rank + 1 < n ? rank + 1 : n; k > 0; k--) {
			size_t beaten = rank - (k - 1);
			double *to = ways + k * (top + 1), *from = to - (top + 1);

			if (beaten > m)
				continue;
			for (size_t w = beaten; w <= top; w++)
				to[w] += from[w - beaten];
		}
	}
	for (size_t w = 0; w <= top; w++) {
		all += ways[n * (top + 1) + w];
		tail += w >= wins ? ways[n * (top + 1) + w] : 0;
	}
	return tail / all;
}

bool samples_are_apart(const double *a, size_t a_nr, const double *b, size_t b_nr)
{
	bool above = true, below = true;

	for (size_t i = 0; i < a_nr; i++) {
		for (size_t j = 0; j < b_nr; j++) {
			above = above && a[i] > b[j];
			below = below && a[i] < b[j];
		}
	}
	return above || below;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static bool all_the_same(const double *values, size_t nr)
{
	for (size_t i = 1; i < nr; i++)
		if (values[i] != values[0])
			return false;
	return true;
}

/* Passes over all but the last DRIFT_SAMPLES_MAX. */
static void take_last(const double **values, size_t *nr)
{
	if (*nr > DRIFT_SAMPLES_MAX) {
		*values += *nr - DRIFT_SAMPLES_MAX;
		*nr = DRIFT_SAMPLES_MAX;
	}
}

void drift_of(const double *old, size_t old_nr, const double *new, size_t new_nr,
	      double confidence, struct drift *ret)
{
	double shifts[DRIFT_SAMPLES_MAX * DRIFT_SAMPLES_MAX];
	size_t nr = 0, up = 0, down = 0;

	take_last(&old, &old_nr);
	take_last(&new, &new_nr);
	for (size_t i = 0; i < new_nr; i++) {
		for (size_t j = 0; j < old_nr; j++) {
			shifts[nr++] = new[i] - old[j];
			up += new[i] > old[j];
			down += new[i] < old[j];
		}
	}
	qsort(shifts, nr, sizeof(*shifts), by_value);
	ret->shift = shifts[(nr - 1) / 2] / 2 + shifts[nr / 2] / 2;
	ret->p = fmin(1, 2 * rank_sum_tail(new_nr, old_nr, up > down ? up : down));
	if (old_nr > 1 && new[0] != old[0] && all_the_same(old, old_nr) &&
	    all_the_same(new, new_nr))
		ret->p = 0;
	ret->drifted = ret->p <= 1 - confidence;
}
