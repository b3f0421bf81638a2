#ifndef REPORT_TABLE_H
#define REPORT_TABLE_H

/*
 * A campaign as a table, oldest first. TSV is the five columns of the original loop's results.tsv,
 * by which others read it: a baseline and each experiment, `keep`, `discard` or `crash`, 0 where
 * nothing was measured; what was imported is written as it came. CSV has a column for all that
 * fits into one, for people: a cell that a spreadsheet would take for a formula begins with an
 * apostrophe. JSON Lines has all records, experiments and baselines as `log --json` prints them,
 * others as record.json has them, each with its `type`.
 */

#include "git/ledger.h"

enum table_format {
	TABLE_TSV,
	TABLE_CSV,
	TABLE_JSONL,
};

/* "tsv", "csv", "jsonl". 0 or -1. */
int table_format_parse(const char *name, enum table_format *ret);

/* Appends it, whole lines. */
int report_table(struct ledger *ledger, enum table_format format, struct strbuf *out,
		 struct error *err);

/* What JSON Lines has of an experiment or a baseline, for the caller to add to and to free. */
struct json *table_object(const struct entry *entry);

#endif
