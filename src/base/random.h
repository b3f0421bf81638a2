#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

/*
 * Numbers that look random and follow from a seed alone, so that whatever was drawn can be
 * drawn again. For choices and simulations; nothing secret is ever made of them. The state is
 * the caller's, and any value of it is a seed.
 */

#include <stdint.h>

/* 64 bits: splitmix64, by Sebastiano Vigna. */
uint64_t random_next(uint64_t *state);

/* Between 0 and 1, and neither of them. */
double random_uniform(uint64_t *state);

/* Of the standard normal distribution: Box and Muller's transform, one of its two numbers. */
double random_normal(uint64_t *state);

#endif
