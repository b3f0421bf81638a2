#include "report/scale.h"

#include <math.h>
#include <stdlib.h>

#define WORSE_SHOWN 4.0	 /* times what a good quarter of the dots is away from the best */
#define BETTER_SHOWN 1.0 /* the same on the other side, where a cheat would be */

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

void scale_cover(const double *line, size_t line_nr, double *dots, size_t dots_nr,
		 bool lower_is_better, double *ret_low, double *ret_high)
{
	double low = NAN, high = NAN, reach, good, below, above;

	for (size_t i = 0; i < line_nr; i++) {
		low = fmin(low, line[i]);
		high = fmax(high, line[i]);
	}
	if (dots_nr)
		qsort(dots, dots_nr, sizeof(*dots), by_value);
	if (!line_nr)
		low = high = dots_nr ? quantile(dots, dots_nr, 0, lower_is_better) : 0;
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
		reach = low ? fabs(low) * 0.05 : 1;
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
