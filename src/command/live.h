#ifndef COMMAND_LIVE_H
#define COMMAND_LIVE_H

/*
 * `status --watch` on a terminal: a view that is drawn again twice a second, on a screen of its
 * own, until `q`, a signal, or the end of the terminal. It only reads, so the campaign does not
 * know of it, and need not run, or be there yet.
 */

#include "command/command.h"

/* True where stdout is a terminal that can show it. */
bool live_is_possible(void);

/* Returns the exit status: 0, or 128 and a signal's number; -1. */
int live_watch(struct repo *repo, const char *campaign, struct error *err);

#endif
