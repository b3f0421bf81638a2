#ifndef REPORT_LINE_H
#define REPORT_LINE_H

/* An experiment in a line, and in a page, for people. */

#include <stdio.h>

#include "git/ledger.h"

/* "   12  accepted    2.0312   -3.2%  learning_rate 0.01 -> 0.03" and a newline. All text of
 * a proposer is made visible, so that it cannot drive a terminal. */
void report_line(const struct record *record, FILE *out);

/* Everything about one experiment: head, words, trials. Patch and logs follow separately. */
void report_experiment(const struct entry *entry, FILE *out);

/* A log or patch with control characters made visible, line by line, with `prefix` before each. */
void report_text(const char *text, size_t len, const char *prefix, FILE *out);

#endif
