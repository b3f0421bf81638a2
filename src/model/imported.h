#ifndef MODEL_IMPORTED_H
#define MODEL_IMPORTED_H

/*
 * Where a record says that another loop ran the experiment, and what that one wrote down of it:
 * nothing of it was measured here, and nothing else in the record says that it was.
 */

#include "base/json.h"
#include "model/measurement.h"
#include "model/verdict.h"

/* A table such as the original loop's results.tsv, and the log of the pi extension. */
#define IMPORT_TABLE "results.tsv"
#define IMPORT_PI "autoresearch.jsonl"

struct imported {
	char *format;	 /* IMPORT_TABLE or IMPORT_PI */
	char source[65]; /* SHA-256 of the file */
	int64_t line;	 /* of it, from 1 */
	struct imported_cell {
		char *name, *value; /* as they were written */
	} * row;
	size_t row_nr;
	struct metrics metrics; /* the numbers among them, by names that a metric may have */
	/* Not kept: whether its commit is that of the candidate, and not the one it was made on. */
	bool names_candidate;
};

/* Frees it as well; NULL is none. */
void imported_free(struct imported *i);

/* Copies both. */
void imported_add(struct imported *i, const char *name, const char *value);

/* What a column is for, by the names that it goes by in the loops that are known. */
enum column {
	COLUMN_OTHER,
	COLUMN_COMMIT,
	COLUMN_STATUS,
	COLUMN_DESCRIPTION,
	COLUMN_MEMORY, /* in GB */
	COLUMN_TIME,
	COLUMN_NUMBER, /* of the experiment */
};
enum column column_of(const char *name);

/* The first cell that is for that; NULL. Borrowed. */
const char *imported_cell(const struct imported *i, enum column column);

/* The cell that has the metric of that name (metric_name_make() of a column's); NULL. */
const char *imported_metric_cell(const struct imported *i, const char *metric);

/* Appends a column's name as one that a metric may have: what may not be in one is `_`. */
void metric_name_make(const char *column, struct strbuf *out);

/* The verdict that a word such as "keep" or "crash" stands for; indecisive where nobody knows. The
 * reason is the word itself. */
void imported_verdict(const char *status, struct verdict *ret);

/* The member `imported` of record.json: added where `i` is not NULL, and read where it is there. */
void imported_write(const struct imported *i, struct json *record);
int imported_read(const struct json *record, struct imported **ret, struct error *err);

#endif
