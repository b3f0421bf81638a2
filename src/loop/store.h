#ifndef LOOP_STORE_H
#define LOOP_STORE_H

/*
 * Where the program keeps what is its own on this machine: a folder below the repository's
 * common directory, so that no folder of the user's is touched and all worktrees share it.
 * Nothing in it is needed to read a ledger.
 *
 *     <git dir>/autoresearch/cgroups                groups that may have to be removed
 *     <git dir>/autoresearch/warm/<key>/            what setup left behind
 *     <git dir>/autoresearch/campaigns/<name>/      lock, state, activity, pause, tried, slots/, home/,
 *                                               proposals/ (loop/journal.h)
 *     <git dir>/autoresearch/sandbox/<n>/           the same for `sandbox`, by a free number
 */

#include "base/error.h"
#include "base/strbuf.h"
#include "git/repo.h"

/* The store, made where it is missing; absolute, without a slash at the end. */
int store_open(struct repo *repo, char **ret, struct error *err);

/* A campaign's folder below the store: its name with all but letters, digits and `-._` as %xx. */
char *store_campaign_path(const char *campaign);

/* Replaces the file `name` in the folder `dir` whole, durably. */
int store_write(const char *dir, const char *name, const char *text, struct error *err);

/* Makes `path` below the store with the folders above it. The path made, absolute. */
int store_make(const char *store, const char *path, char **ret, struct error *err);

#endif
