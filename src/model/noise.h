#ifndef MODEL_NOISE_H
#define MODEL_NOISE_H

/*
 * What the baseline's own samples say: how noisy the metric is, how many pairs a gain of
 * interest would take because of that (`verdict.trials = auto`), and whether the baseline has
 * moved since it was last measured.
 */

#include <stdbool.h>
#include <stddef.h>

#define NOISE_SAMPLES_MIN 3 /* that say anything about noise; 8 say it well */

struct noise {
	double sd;    /* the standard deviation of one sample; 0: the metric is deterministic */
	double above; /* what it may be by so few samples: its upper limit at 80 % */
};

/*
 * Of `nr` finite samples in the order of time, NOISE_SAMPLES_MIN or more. By the differences
 * of neighbours (von Neumann, Kent, Bellinson and Hart, The mean square successive difference,
 * Annals of Mathematical Statistics 12, 1941), since that is what pairs will see of it: a
 * slow drift is not noise. The limit at 80 % is what a sample size should be planned with
 * (Browne, On the use of a pilot sample for sample size determination, Statistics in Medicine
 * 14, 1995): half of the time, the estimate itself would be too small.
 */
void noise_of(const double *samples, size_t nr, struct noise *ret);

/*
 * How many samples of a candidate (as for verdict.trials) confirm a true gain of `gain` at
 * `confidence` 9 times of 10; with the search before it, that is 3 times of 4 in all. `gain`
 * is in the metric's unit, and is minEffect as a rule: what is just as much as matters. 0
 * stands for two standard deviations, where nobody has said. It is the sample size of a
 * paired t-test over the signed-rank test's efficiency, 3/pi, with Guenther's correction for
 * few samples (Sample size formulas for normal theory t tests, The American Statistician 35,
 * 1981). (That the estimate is also at least minEffect is a rule of its own: a gain of just
 * that much meets it half of the time, however many samples there are.)
 *
 * 1 where one sample a side will do: the metric is deterministic, or the gain so much larger
 * than the noise that a candidate that does not differ shows it with a chance of at most
 * 1 - confidence, whatever the distribution (Chebyshev's inequality; 4.5 standard
 * deviations at 0.95). May be more than COMPARISON_TRIALS_MAX, which says that `gain` is too
 * little to be found; at most 1000000.
 */
int noise_trials(const struct noise *noise, double gain, double confidence);

#define DRIFT_SAMPLES_MAX 40 /* of each side; of more, the last ones are taken */

struct drift {
	bool drifted;
	double shift; /* new less old, in the metric's unit (Hodges and Lehmann) */
	double p;     /* the chance of as much or more without drift */
};

/* Whether all of one side are above all of the other. */
bool samples_are_apart(const double *a, size_t a_nr, const double *b, size_t b_nr);

/*
 * Whether the samples of one commit, taken at two times, differ by more than their noise: the
 * rank-sum test (Mann and Whitney, On a test of whether one of two random variables is
 * stochastically larger, Annals of Mathematical Statistics 18, 1947), exact, of two sides, at
 * `confidence`. Ties count for nobody. 5 samples before and 3 now are the fewest that can
 * show anything at 0.95 (8 and 2, or 4 and 4, do as well); with fewer, `drifted` is false and p
 * says so. Where the old samples (2 or more) are all the same and the new ones all another,
 * the metric is deterministic and has changed: drifted, p is 0. Each side is 1 or more.
 */
void drift_of(const double *old, size_t old_nr, const double *new, size_t new_nr,
	      double confidence, struct drift *ret);

#endif
