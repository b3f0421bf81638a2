#ifndef COMMAND_REPLAY_H
#define COMMAND_REPLAY_H

#include "loop/replay.h"

/*
 * Replays one experiment in a search of its own, with its progress shown. 0; where a signal ended
 * it the exit status that says so; -1.
 */
int replay_one(struct repo *repo, const struct entry *then, size_t trials, struct replayed *ret,
	       struct error *err);

#endif
