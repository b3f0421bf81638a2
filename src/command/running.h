#ifndef COMMAND_RUNNING_H
#define COMMAND_RUNNING_H

/* The `start` that works on a campaign, for the commands that talk to it. */

#include <sys/types.h>

#include "command/command.h"

struct running {
	char *campaign;
	char *dir; /* the campaign's folder */
	pid_t pid; /* 0: nobody works on it */
};

/*
 * Finds the campaign that `name` (NULL: what the command concerns by default) says, and who works
 * on it. One that measures its first baseline has no ref yet, and is found.
 */
int running_find(struct running *ret, struct repo *repo, const char *name, struct error *err);

/* Says on stderr that no start is running. Returns the exit status. */
int running_none(const struct running *r);

/* True while that process is at it. */
bool running_lasts(const struct running *r);

/* Until the next look. */
void running_nap(void);

void running_release(struct running *r);
#define CLEANUP_RUNNING CLEANUP(running_release)

#endif
