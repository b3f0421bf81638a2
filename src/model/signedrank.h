#ifndef MODEL_SIGNEDRANK_H
#define MODEL_SIGNEDRANK_H

/*
 * What a handful of paired differences says about their centre: the signed-rank test of
 * Wilcoxon (Individual comparisons by ranking methods, Biometrics Bulletin 1, 1945) with the
 * estimate of Hodges and Lehmann (Annals of Mathematical Statistics 34, 1963), and the
 * interval that belongs to both, by Tukey's way of writing the test: all three are read off
 * the means of every two differences, a difference with itself included (Walsh averages).
 *
 * Why this one. Candidate and incumbent are measured in pairs, so what both share, such as a
 * machine that slows down, is gone from a difference, and of two that do not differ it is
 * symmetric about 0, however skewed the noise of each. That symmetry is all the test assumes:
 * its distribution is counted exactly, for 6 differences as well as for 60, where a t-test
 * would need normal ones. Of normal noise it still uses 95 % (3/pi: Pitman's efficiency), and
 * one wild value moves its estimate by little, a mean by any amount.
 * (A candidate that leaves the middle of a skewed noise where it is and changes its shape
 * does differ: it is judged by the middle of what two measurements differ by on average.)
 *
 * Ties and zeros count for nobody, which makes the interval wider, never narrower
 * (Noether, Journal of the American Statistical Association 62, 1967).
 */

#include <stdbool.h>
#include <stddef.h>

#define SIGNED_RANK_MAX 300 /* differences; the caller passes no more */

struct effect {
	double value;	  /* the estimate, in the metric's unit */
	bool bounded;	  /* false: too few differences for an interval at that confidence */
	double low, high; /* both ends belong to it; the infinities where it is not bounded */
	/* The highest confidence at which the interval still lies above 0; 0 where it never
	 * does. So `low` > 0 says the same as that this one is at least the one asked for. */
	double confidence;
};

/*
 * Of `nr` finite differences in any order, 1 or more, with an interval of two sides at
 * `confidence`, between 0 and 1 (of which each side takes half the risk).
 */
void signed_rank(const double *differences, size_t nr, double confidence, struct effect *ret);

/* The fewest differences that can be told from 0 at `confidence`: 6 at 0.95. */
size_t signed_rank_least(double confidence);

/* The estimate alone, for values of any kind: the median of their Walsh averages. It stands
 * between mean and median. It is a number for people to read, so it has 14 decimal digits. 1 to
 * SIGNED_RANK_MAX values. */
double hodges_lehmann(const double *values, size_t nr);

#endif
