#ifndef LOOP_LEFTOVERS_H
#define LOOP_LEFTOVERS_H

/*
 * What dead runs left on this machine. Mounts and processes die with the run that made
 * them; what can stay are cgroups, slots and snapshots. Nothing of the ledger is touched,
 * and nothing that a running process holds.
 */

#include <stdbool.h>

#include "git/repo.h"

/* Removes them (or only tells, with `dry_run`), calling `fn` for each. The slots of campaigns
 * that do not run and all warm snapshots count as leftovers: the next start makes them again. */
typedef void (*leftover_fn)(const char *what, void *data);
int leftovers_remove(struct repo *repo, bool dry_run, leftover_fn fn, void *data,
		     struct error *err);

#endif
