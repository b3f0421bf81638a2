#ifndef PROPOSE_LITERAL_H
#define PROPOSE_LITERAL_H

/*
 * A place in a source text that a sweep may change: a number as it is written, or a word of
 * which others are alternatives. scan.h finds them.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"

#define LITERAL_INTEGER_MAX 9007199254740992.0 /* 2^53: a double skips some above it */

enum literal_kind {
	LITERAL_INTEGER,
	LITERAL_REAL,
	LITERAL_WORD,
};

struct literal {
	enum literal_kind kind;
	size_t start, len; /* in the text */
	size_t sign; /* 1 where `len` begins with a sign, which only a mark makes part of it */
	size_t suffix; /* how much of `len` is a suffix as in 1.0f */
	int line;      /* from 1 */
	bool marked;
	bool log;		  /* the mark says so */
	double value;		  /* of a number */
	double min, max;	  /* of a marked number */
	struct string_list words; /* alternatives of a marked word, itself included */
};

/* Zeroed it is empty. */
struct literal_list {
	struct literal *items;
	size_t nr, alloc;
	struct string_list problems; /* "line: what", of comments that look like marks */
};

struct literal *literals_add(struct literal_list *list); /* zeroed; valid until the next */
void literals_release(struct literal_list *list);
#define CLEANUP_LITERALS CLEANUP(literals_release)

/*
 * Writes `value` as the number `l` of `text` is written: a decimal stays a decimal, an
 * exponent an exponent, a suffix is kept; with two significant digits, and more only to come
 * within a fiftieth or to stay in bounds. A number below 0 is written only where a mark has a
 * bound below 0, and apart from a minus that it follows. False, and nothing written, where that
 * form cannot hold the value.
 */
bool literal_write(const struct literal *l, const char *text, double value, struct strbuf *out);

/* Appends the name of what the literal is assigned to on its line (`rate` in "rate = 0.1",
 * "#define rate 0.1", "--rate 0.1"); false, and nothing appended, where there is none. */
bool literal_name(const struct literal *l, const char *text, struct strbuf *out);

/* How many bytes at `s` are an unsigned decimal number: it stops before a range's "..". */
size_t literal_number_len(const char *s, size_t len);

/* The value of such a number: "1", "1.", ".5", "1_000", "2e-3". False where it is none. */
bool literal_read(const char *s, size_t len, double *ret);

/* True where it is written with a point or an exponent. */
bool literal_is_real(const char *s, size_t len);

#endif
