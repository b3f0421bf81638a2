#ifndef LOOP_SINGLE_H
#define LOOP_SINGLE_H

/* One command in the sandbox of a phase, and nothing recorded. */

#include "loop/audit_log.h"
#include "loop/search.h"

/* A folder below the store that no other process works in, held by s->lock until the search is
 * closed; its path below the store is the caller's. */
int single_take_place(struct search *s, struct repo *repo, char **ret_path, struct error *err);

/*
 * Runs `argv` on the incumbent of the campaign (`campaign` NULL: of the one that `start`
 * would take, or HEAD where there is none), in a slot of its own, so that it may run beside
 * a `start`. Without a config in that commit the documented defaults hold. What
 * the kernel saw of it is added to `log`. 0; 1 where a signal ended it, which is in `ret_signal`;
 * -1.
 */
int single_run(const char *campaign, enum phase phase, const char *const *argv,
	       void (*output)(enum stream stream, const char *data, size_t len, void *arg),
	       void *arg, struct audit_log *log, struct outcome *ret, int *ret_signal,
	       struct error *err);

#endif
