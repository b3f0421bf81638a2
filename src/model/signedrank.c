#include "model/signedrank.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/strbuf.h"

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The means of every two values, sorted; the caller frees them. */
static double *walsh_averages(const double *values, size_t nr, size_t *ret_nr)
{
	size_t total = nr * (nr + 1) / 2, at = 0;
	double *averages = xcalloc(total, sizeof(*averages));

	for (size_t i = 0; i < nr; i++)
		for (size_t j = i; j < nr; j++)
			averages[at++] = values[i] / 2 + values[j] / 2;
	qsort(averages, total, sizeof(*averages), by_value);
	*ret_nr = total;
	return averages;
}

static double median_of_sorted(const double *sorted, size_t nr)
{
	return sorted[(nr - 1) / 2] / 2 + sorted[nr / 2] / 2;
}

/*
 * The chance of each sum of ranks where the sign of each of `nr` ranks is a fair coin:
 * ret[w], for w from 0 to nr(nr+1)/2. The caller frees it.
 */
static double *rank_sum_chances(size_t nr)
{
	double *chance = xcalloc(nr * (nr + 1) / 2 + 1, sizeof(*chance));
	size_t top = 0;

	chance[0] = 1;
	for (size_t rank = 1; rank <= nr; rank++) {
		top += rank;
		for (size_t w = top + 1; w-- > 0;)
			chance[w] = chance[w] / 2 + (w >= rank ? chance[w - rank] / 2 : 0);
	}
	return chance;
}

/* How many averages an end of the interval leaves out, by a risk of `risk` a side. */
static size_t averages_left_out(const double *chance, size_t total, double risk)
{
	double sum = 0;

	for (size_t w = 0; w <= total; w++) {
		sum += chance[w];
		if (sum > risk)
			return w;
	}
	return total;
}

void signed_rank(const double *differences, size_t nr, double confidence, struct effect *ret)
{
	size_t total, out, above = 0;
	double tail = 0;
	CLEANUP_FREE double *averages = walsh_averages(differences, nr, &total);
	CLEANUP_FREE double *chance = rank_sum_chances(nr);

	out = averages_left_out(chance, total, (1 - confidence) / 2);
	for (size_t i = 0; i < total; i++)
		above += averages[i] > 0;
	/* By symmetry the chance of `above` or more is that of what is left, or less. */
	for (size_t w = 0; w <= total - above; w++)
		tail += chance[w];

	ret->value = median_of_sorted(averages, total);
	ret->bounded = out > 0;
	ret->low = out ? averages[out - 1] : -INFINITY;
	ret->high = out ? averages[total - out] : INFINITY;
	ret->confidence = fmax(0, 1 - 2 * tail);
}

size_t signed_rank_least(double confidence)
{
	size_t nr = 1;

	while (nr < SIGNED_RANK_MAX && ldexp(1, -(int)nr) > (1 - confidence) / 2)
		nr++;
	return nr;
}

double hodges_lehmann(const double *values, size_t nr)
{
	size_t total;
	CLEANUP_FREE double *averages = walsh_averages(values, nr, &total);
	char decimal[32];

	/* Half of a sum of two decimals has digits that nobody measured. */
	snprintf(decimal, sizeof(decimal), "%.14g", median_of_sorted(averages, total));
	return strtod(decimal, NULL);
}
