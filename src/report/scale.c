#include "report/scale.h"

#include <math.h>
#include <stdlib.h>

#define WORSE_SHOWN 4.0	 /* times what a good quarter of the dots is away from the best */
#define BETTER_SHOWN 1.0 /* the same on the other side, where a cheat would be */
#define FAR_BEYOND 10.0	 /* times all else: so far may the line's worst be away from its best */
#define SOON_LEFT 0.9	 /* of the line, what is told from its worst */

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Of sorted values, how good the best `share` of them is at least. */
static double quantile(const double *sorted, size_t nr, double share, bool lower_is_better)
{
	size_t i = (size_t)(share * (double)(nr - 1));

	return sorted[lower_is_better ? i : nr - 1 - i];
}

/*
 * How far the line is shown from its best on: all of it, unless its worst is far beyond what it was
 * mostly, and half of the dots are.
 */
static double reach_of_line(const double *line, size_t line_nr, const double *dots,
			    size_t dots_nr, bool lower_is_better)
{
	double best = quantile(line, line_nr, 0, lower_is_better);
	double all = fabs(quantile(line, line_nr, 1, lower_is_better) - best);
	double most = fabs(quantile(line, line_nr, SOON_LEFT, lower_is_better) - best);

	if (dots_nr)
		most = fmax(most, fabs(quantile(dots, dots_nr, 0.5, lower_is_better) - best));
	return most > 0 && all / FAR_BEYOND > most ? most : all;
}

void scale_cover(double *line, size_t line_nr, double *dots, size_t dots_nr,
		 bool lower_is_better, double *ret_low, double *ret_high)
{
	double low, high, reach, good, below, above;

	if (line_nr)
		qsort(line, line_nr, sizeof(*line), by_value);
	if (dots_nr)
		qsort(dots, dots_nr, sizeof(*dots), by_value);
	if (line_nr) {
		low = line[0];
		high = line[line_nr - 1];
		reach = reach_of_line(line, line_nr, dots, dots_nr, lower_is_better);
		if (lower_is_better)
			high = fmin(high, low + reach);
		else
			low = fmax(low, high - reach);
	} else {
		low = high = dots_nr ? quantile(dots, dots_nr, 0, lower_is_better) : 0;
	}
	reach = high - low;
	if (dots_nr) {
		good = quantile(dots, dots_nr, 0.25, lower_is_better);
		reach = fmax(reach, fabs(good - (lower_is_better ? low : high)));
		below = lower_is_better ? low - BETTER_SHOWN * reach
					: high - WORSE_SHOWN * reach;
		above = lower_is_better ? low + WORSE_SHOWN * reach
					: high + BETTER_SHOWN * reach;
		low = fmin(low, fmax(dots[0], below));
		high = fmax(high, fmin(dots[dots_nr - 1], above));
	}
	if (high == low) {
		/* Of the very small ones there is no twentieth. */
		reach = fabs(low) > 1e-300 ? fabs(low) * 0.05 : 1;
		low -= reach;
		high += reach;
	}
	*ret_low = low;
	*ret_high = high;
}

void scale_ticks(double low, double high, int wanted, bool whole, struct scale *ret)
{
	static const double nice[] = { 1, 2, 5, 10 };
	/* Halves, so that what no double can hold is never computed. */
	double rough = (high / 2 - low / 2) / wanted * 2, power, step;
	size_t i = 0;

	/* Below that, neighbours would be the same double. */
	rough = fmax(rough, fmax(fabs(low), fabs(high)) * 1e-12);
	rough = fmax(rough, 1e-300);
	power = pow(10, floor(log10(rough)));
	/* What is a hair too small is what was meant. */
	while (i < 3 && nice[i] * power < rough * (1 - 1e-9))
		i++;
	step = nice[i] * power;
	if (whole)
		step = fmax(step, 1);
	*ret = (struct scale){ .low = floor(low / step) * step, .step = step };
	ret->nr = (int)(ceil(high / step) - floor(low / step)) + 1;
	ret->high = ret->low + (ret->nr - 1) * step;
}

void scale_label(const struct scale *scale, int i, struct strbuf *out)
{
	double largest = fmax(fabs(scale->low), fabs(scale->high));
	double value = scale->low + i * scale->step;
	int decimals = (int)-floor(log10(scale->step) + 1e-9);

	if (fabs(value) < scale->step / 2)
		value = 0;
	if (largest >= 1e7 || decimals > 8)
		strbuf_addf(out, "%.*g", (int)fmax(1, ceil(log10(largest / scale->step)) + 1),
			    value);
	else
		strbuf_addf(out, "%.*f", decimals > 0 ? decimals : 0, value);
}
