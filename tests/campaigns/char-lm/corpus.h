#ifndef CORPUS_H
#define CORPUS_H

/*
 * Text without end from a small grammar: sentences whose verb agrees with its subject. The
 * same seed gives the same text; another seed gives other sentences of the same language.
 */

#include <stddef.h>
#include <stdint.h>

#define SYMBOLS 28 /* a to z, then the space, then the full stop */

/* Fills `text` with n symbols, each below SYMBOLS. */
void corpus_generate(uint64_t seed, unsigned char *text, size_t n);

/* The next number of a splitmix64 generator, whose state is any number. */
uint64_t random_next(uint64_t *state);

#endif
