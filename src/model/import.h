#ifndef MODEL_IMPORT_H
#define MODEL_IMPORT_H

/*
 * What another loop wrote down, as records: experiments from 1 up, whose `imported` says where
 * each comes from. Nothing is looked up in a repository here, so base and tree are "".
 */

#include "model/experiment.h"

#define IMPORT_FILE_MAX (64 << 20) /* bytes */
#define IMPORT_ROWS_MAX 100000

struct import {
	const char *campaign;
	const char *now;    /* RFC 3339: what began nobody knows when is dated so */
	const char *metric; /* the column, or the config's metric; NULL: not said */
	struct record *records;
	size_t nr;
	size_t skipped; /* lines that tell of something else, such as a hook */
};

void import_release(struct import *import);
#define CLEANUP_IMPORT CLEANUP(import_release)

/* True where a line begins with a brace: it is no table. */
bool import_is_json(const char *text);

/*
 * A table with a line of names, as the original loop's results.tsv: `commit`, a metric, and in any
 * order `memory_gb`, `status`, `description` and whatever else, by the names of column_of(). The
 * metric is the column `metric` where there is one, else the first other one that holds numbers.
 * Without a line of names it has to be the five columns of the original. `text` ends with a NUL
 * and holds no other. An error names the line.
 */
int import_table(struct import *import, const char *text, struct error *err);

/*
 * JSON Lines of the pi extension: an object with `type` "config" names the metric from there on, one
 * with `run` or `status` is an experiment. Of one that was not kept, the commit is the one that it
 * was made on.
 */
int import_pi(struct import *import, const char *text, struct error *err);

/* For the two of them. */
struct record *import_new(struct import *import, const char *format, int64_t line);
/* Once the row is complete: words, verdict, time. `value` is the metric; NULL: there is none. */
void import_finish(struct import *import, struct record *r, const char *metric,
		   const double *value);

#endif
