#ifndef PROPOSE_LANGUAGE_H
#define PROPOSE_LANGUAGE_H

/*
 * As much of programming languages as it takes to tell code from comments and strings. A
 * file of a name that says nothing is read as text with `#` and `//` comments.
 */

#include <stdbool.h>
#include <stddef.h>

enum {
	LANGUAGE_TRIPLE = 1 << 0, /* a quote three times begins a string that crosses lines */
	LANGUAGE_CHARS = 1 << 1,  /* ' quotes one character alone: it has other uses */
	LANGUAGE_DASHES = 1 << 2, /* a word may hold dashes: gpt-2, 2024-01-31 */
	LANGUAGE_SPACED = 1 << 3, /* a line comment begins only where a word could */
};

/* A field that a language has no use for is NULL. */
struct language {
	const char *names;   /* extensions or whole file names, each between spaces */
	const char *line[2]; /* what begins a comment that ends with its line */
	const char *open;    /* what begins and ends a comment that may cross lines */
	const char *close;
	const char *quotes;   /* each begins a string */
	const char *spanning; /* those of them whose strings may cross lines */
	const char *raw;      /* those in whose strings a backslash is ordinary */
	const char *suffixes; /* of numbers, each between spaces */
	unsigned flags;
};

/* By the file's extension, or its name where it has none; never NULL. */
const struct language *language_of(const char *path);

bool language_has_suffix(const struct language *language, const char *s, size_t len);

#endif
