#ifndef MODEL_RACE_H
#define MODEL_RACE_H

/*
 * Of several candidates that all passed against one incumbent, which is taken: the one with
 * the largest gain; but where another is as good, the one that changes less. As good means:
 * behind by less than what is worth having.
 */

#include <stddef.h>
#include <stdint.h>

struct finisher {
	double gain;	/* above 0, in the metric's unit */
	uint64_t lines; /* that its diff adds and removes */
};

/*
 * The index of the one that is taken of `nr`, 1 or more. `min_effect` is the least gain of
 * interest in the metric's unit; 0: only equal ones tie. Ties are with the best alone, so
 * that no chain of them leads far away from it. Of equal diffs the larger gain, then the
 * first goes.
 */
size_t race_winner(const struct finisher *finishers, size_t nr, double min_effect);

/* As many lines as a patch, of git diff, adds and removes. NULL has none. */
uint64_t race_lines(const char *patch);

#endif
