#ifndef LOOP_ACTIVITY_H
#define LOOP_ACTIVITY_H

/*
 * Tells those who watch what goes on: s->watcher at once, and other processes by the file
 * `activity` in the campaign's folder, of fixed lines that are written over in place: a header
 * with the process, an outage, and one for each lane. A line costs one pwrite(2) and is never
 * synced: whoever reads it needs nothing but a glance. Where it cannot be written nobody is told,
 * and nothing else changes.
 */

#include <sys/types.h>

#include "loop/search.h"
#include "model/activity.h"

/* Makes the file, in s->dir, of a search that holds the campaign's lock. */
void activity_open(struct search *s);
void activity_close(struct search *s);

/* A phase begins in a lane, of which the trial is lane->trial_number. Nobody waits any more. */
void activity_begin(struct lane *lane, int64_t experiment, enum phase phase, double timeout);
/* The lane is free. */
void activity_end(struct lane *lane);

/* What fails is tried again in so many seconds, and waited for `at_most` in all. */
void activity_wait(struct search *s, const char *why, double seconds, double at_most);

/* What the process `pid` does, that works on the campaign of this folder; all 0 where it says
 * nothing. */
void activity_read(const char *dir, pid_t pid, struct activities *ret);

#endif
