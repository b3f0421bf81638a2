#ifndef COMMAND_DETACH_H
#define COMMAND_DETACH_H

/*
 * `start --detach`: a process of its own works on the campaign and outlives the terminal. The one
 * that was called waits until that has begun, so that whatever is wrong until then is told where
 * it was called, and by its exit status.
 */

#include "base/error.h"

/* Where a campaign's output goes then, below its folder. */
#define DETACH_LOG "log"

struct detach {
	int begun; /* the end of a pipe that is told */
};

/*
 * Forks, before anything is open: a lock is its process's. 0 in the process that is to work; 1 in the
 * one that was called, once the other has begun or ended, with the status to exit with; -1.
 */
int detach_fork(struct detach *detach, int *ret_status, struct error *err);

/*
 * The other has begun: says on the terminal where it is to be found, and leaves it for a session of
 * its own and the log in the campaign's folder `dir`.
 */
int detach_leave(struct detach *detach, const char *campaign, const char *dir,
		 struct error *err);

#endif
