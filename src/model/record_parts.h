#ifndef MODEL_RECORD_PARTS_H
#define MODEL_RECORD_PARTS_H

/* Parts of record.json, for record.c and record_read.c alone. Readers: 0 or -1. */

#include "model/experiment.h"

/* How a command ended, and what it used, as members of `o`. */
void record_add_outcome(struct json *o, const struct outcome *outcome);
int record_read_outcome(const struct json *o, struct outcome *ret, struct error *err);

/* An object of numbers, null where one was not finite. */
void record_add_metrics(struct json *o, const char *key, const struct metrics *metrics);
int record_read_metrics(const struct json *o, const char *key, struct metrics *ret,
			struct error *err);

/* How several samples were judged: `comparison`, `reference`, `noise`, `again`. All of them
 * may be missing, as in records from before there were any. */
void record_add_judged(struct json *o, const struct record *r);
int record_read_judged(const struct json *o, struct record *r, struct error *err);

/* Which trial it is, of the `nr`-th (from 1) in the record. */
void record_add_side(struct json *o, const struct trial_result *t);
int record_read_side(const struct json *o, int nr, struct trial_result *t, struct error *err);

/* What the newest baseline found, in the totals. */
void record_add_measured(struct json *totals, const struct measured *m);
int record_read_measured(const struct json *totals, struct measured *m, struct error *err);

#endif
