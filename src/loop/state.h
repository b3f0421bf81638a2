#ifndef LOOP_STATE_H
#define LOOP_STATE_H

/*
 * How the last `start` on this machine ended: the one thing about a campaign that the
 * ledger does not say. A file in the campaign's folder, replaced whole.
 */

#include <stdbool.h>

#include "base/error.h"
#include "base/strbuf.h"

enum state {
	STATE_NEW,
	STATE_RUNNING,
	STATE_PAUSED,
	STATE_STOPPED,
	STATE_TARGET,
	STATE_BUDGET,
	STATE_EXHAUSTED,
	STATE_FAILING,
	STATE_NR,
};

/* "new", "running", … as `status --json` has it. */
const char *state_name(enum state state);

/* Writes it, durably, and in a second line why (NULL: nothing is to be said). */
int state_write(const char *dir, enum state state, const char *why, struct error *err);

/* Appends why the last `start` ended as it did, made visible; nothing where that is not said. */
void state_why(const char *dir, struct strbuf *ret);

/*
 * Where the campaign stands: running while somebody holds its lock, or paused, unless the warden has
 * marked that they hang; what the file says otherwise; failing where it says that it runs and it does
 * not (it was killed); stopped where there is no file but there are records (they were
 * fetched). `has_records` tells the rest.
 */
enum state state_read(const char *dir, int has_records);

/* Whether the last `start` ended as failing or was killed; for the one that holds the lock. */
bool state_was_failing(const char *dir);

#endif
