#ifndef REPORT_LINE_H
#define REPORT_LINE_H

/* An experiment in a line, for people. All text of a proposer is made visible, so that it
 * cannot drive a terminal. */

#include <stdio.h>

#include "git/ledger.h"

/* Appends "   12  accepted    2.0312   -3.2%  learning_rate 0.01 -> 0.03". A metric of more
 * digits than the column has is rounded. */
void report_add_line(const struct record *record, bool color, struct strbuf *out);

/* Appends how far its metric is from what it was compared with: "-3.17%"; nothing where that
 * cannot be said. */
void report_change(const struct record *record, struct strbuf *out);

/* Appends a line of text with control characters made visible; a tab is a tab. */
void report_add_text(const char *line, size_t len, struct strbuf *out);

/* A log with control characters made visible, line by line, with `prefix` before each. */
void report_text(const char *text, size_t len, const char *prefix, FILE *out);

#endif
