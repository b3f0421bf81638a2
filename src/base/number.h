#ifndef BASE_NUMBER_H
#define BASE_NUMBER_H

/*
 * Numbers as people and programs write them, read strictly: the whole text must be the
 * number, in the C locale (the program never sets another), finite and in range. Every
 * parser returns 0, or -1 where the text is anything else, and then leaves its result alone.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/strbuf.h"

/*
 * A finite decimal number: optional sign, digits with at most one point, optional exponent.
 * No white space, no hexadecimal, no "inf", no "nan", no locale's comma.
 */
int number_parse_double(const char *s, double *ret);

/* True where `s` reads as a number by C's strtod, but not a finite one: nan, inf, 1e999. */
bool number_is_not_finite(const char *s);

/* A count: digits and an optional k, M or G of 1000 (either case), to INT64_MAX. */
int number_parse_count(const char *s, int64_t *ret);

/* A size in bytes: digits and an optional k, M, G or T of 1024 (either case). */
int number_parse_bytes(const char *s, int64_t *ret);

/* A time in seconds: a decimal number without a sign and an optional ms, s, m, h or d; bare
 * is seconds. At most 1e9 s, so that every timer can hold it. */
int number_parse_duration(const char *s, double *ret_seconds);

/* The decimal text of fewest digits that reads back as the same double ("2.0312", "1e-05");
 * whole numbers below 1e15 are written out ("3", "1500000"). */
void strbuf_add_number(struct strbuf *sb, double value);

/* "512M", "1.5G", "830k", "17" (factors of 1024, at most one decimal). */
void strbuf_add_bytes(struct strbuf *sb, int64_t bytes);

/* "0.42s", "12.4s", "3m05s", "2h07m": for people. */
void strbuf_add_duration(struct strbuf *sb, double seconds);

/* True where two results of the same arithmetic may be called the same: it may differ in the last
 * digits from one machine to the next. */
bool number_is_close(double a, double b);

#endif
