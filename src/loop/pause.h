#ifndef LOOP_PAUSE_H
#define LOOP_PAUSE_H

/*
 * `pause` and `resume`: a running start is asked to make no further trials, and to go on. The
 * request is a file in the campaign's folder that names the process, so it needs nobody to
 * hear it at once, and ends with that process: whoever says `start` again means it.
 */

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

struct lane;
struct search;

/* Asks the process `pid`, which holds the campaign's lock, to pause; takes that back. */
int pause_ask(const char *dir, pid_t pid, struct error *err);
int pause_withdraw(const char *dir, struct error *err);

/* True where that process is asked to pause, whether or not it has got there. */
bool pause_is_asked(const char *dir, pid_t pid);

/*
 * Called by a lane where a proposal or a trial would begin: where a pause is asked for, waits
 * until it is over or somebody asks to stop, while all else that is under way goes on. Once every
 * lane waits or is free, the state is `paused`. 0; 1 where it ended since somebody asked to stop, and
 * nothing should begin; -1.
 */
int pause_hold(struct lane *lane, struct error *err);

/* How long this run has been paused, which is not work: once for all lanes. */
double pause_seconds(const struct search *s);

#endif
