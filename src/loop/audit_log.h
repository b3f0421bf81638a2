#ifndef LOOP_AUDIT_LOG_H
#define LOOP_AUDIT_LOG_H

/*
 * The log of what the kernel saw of the trials of one experiment: the file audit.jsonl as
 * git-autoresearch-ledger(5) describes it. The kernel's records are read block by block, so that
 * a flood of them costs disk and no memory; a log of one block, as most are, needs no file at all. It
 * is digested as it is written.
 */

#include <stdbool.h>

#include "git/ledger.h"
#include "model/audit.h"
#include "sandbox/audit.h"

struct audit_log;

/* A log that goes to a file without a name in the folder `dir` once it is longer than a block. */
void audit_log_open(struct audit_log **ret, const char *dir);

/* A log in the file `path`, which is made, or emptied, at once. */
int audit_log_create(struct audit_log **ret, const char *path, struct error *err);

/*
 * Adds a trial: a line for each event, for each class of which some were aggregated, and one of
 * totals. A file that was named has them when it returns. Below level B there is nothing to add but
 * the level. `ret_complete` says whether nothing was lost of this trial that must not be. A record that
 * makes no sense is an error.
 */
int audit_log_add(struct audit_log *log, const struct trial_audit *audit, bool *ret_complete,
		  struct error *err);

/* After the last trial: what the whole log comes to, and its digest. */
void audit_log_end(struct audit_log *log, struct audit_summary *ret);

/* After audit_log_end(), for a record; false where nothing was on record, or there is no log (NULL).
 * Borrowed from the log. */
bool audit_log_content(const struct audit_log *log, struct record_content *ret);

void audit_log_free(struct audit_log *log);
static inline void cleanup_audit_log_(struct audit_log **log)
{
	audit_log_free(*log);
}
#define CLEANUP_AUDIT_LOG CLEANUP(cleanup_audit_log_)

#endif
