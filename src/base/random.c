#include "base/random.h"

#include <math.h>

uint64_t random_next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

double random_uniform(uint64_t *state)
{
	/* 53 bits are what a double holds below 1; the half keeps 0 out. */
	return ((double)(random_next(state) >> 12) + 0.5) * 0x1p-52;
}

double random_normal(uint64_t *state)
{
	double radius = sqrt(-2 * log(random_uniform(state)));

	return radius * cos(2 * M_PI * random_uniform(state));
}
