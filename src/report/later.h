#ifndef REPORT_LATER_H
#define REPORT_LATER_H

/* What became of an experiment after it was recorded; what a person decided stands in itself. */

#include <stdio.h>

#include "git/ledger.h"

/* Appends the line that a later record is worth in what is printed of `experiment`, without a
 * newline; nothing where it is not about that. */
void report_add_later(const struct record *record, int64_t experiment, struct strbuf *out);

/* Appends when and by whom one of a promotion was promoted, and what came of it, without a newline. */
void report_add_picked(const struct record *promotion, const struct picked *picked,
		       struct strbuf *out);

/* Prints those lines, the newest first. Only what cannot be read of the ledger is an error. */
int report_later(struct ledger *ledger, const struct entry *entry, FILE *out,
		 struct error *err);

#endif
