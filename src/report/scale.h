#ifndef REPORT_SCALE_H
#define REPORT_SCALE_H

/* The numbers along an axis: which part of them is shown, and where its ticks are. */

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"

/*
 * What an axis has to show so that a line through `line` (`line_nr` values, one an experiment) can be
 * read, with the dots around it; of both there may be none, and both get sorted. Outside are dots
 * that are much worse than a good quarter of them is, or much better than the best of the line:
 * one diverged run must not press all others flat. So is the worst of the line where that is much
 * worse than all else and was soon left behind. All values are finite.
 */
void scale_cover(double *line, size_t line_nr, double *dots, size_t dots_nr,
		 bool lower_is_better, double *ret_low, double *ret_high);

/* Ticks at low, low + step, …, high, each a multiple of `step`: 1, 2 or 5 times a power of ten. */
struct scale {
	double low, high, step;
	int nr;
};

/* About `wanted` ticks (2 or more), in all of which low to high lies; in whole numbers alone where
 * `whole`. */
void scale_ticks(double low, double high, int wanted, bool whole, struct scale *ret);

/* Appends the number at tick `i`, with as many decimals as the step has. */
void scale_label(const struct scale *scale, int i, struct strbuf *out);

#endif
