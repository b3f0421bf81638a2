#ifndef LOOP_LOCK_H
#define LOOP_LOCK_H

/*
 * One `start` (or `try`) a campaign at a time. The lock is the kernel's (fcntl(2)), on a
 * file in the campaign's folder, so a dead process never holds it; the file's text says who
 * does, for people.
 */

#include <sys/types.h>

#include "base/error.h"

/* Takes the lock: 0 with its descriptor, which holds it while it is open. 1 where another
 * process has it, whose pid is in `ret_pid`. */
int lock_take(const char *dir, int *ret_fd, pid_t *ret_pid, struct error *err);

/* The same for a campaign, by its name: that another process has it is an error with a hint. */
int lock_campaign(const char *dir, const char *campaign, int *ret_fd, struct error *err);

/* The pid of the process that holds it, 0 where nobody does. */
pid_t lock_holder(const char *dir);

#endif
