#ifndef COMMAND_WATCH_H
#define COMMAND_WATCH_H

/* Shows what a search does: a line a record, and the progress of what runs. */

#include "loop/search.h"
#include "report/progress.h"

struct watch {
	struct watcher watcher;
	struct progress progress;
	bool waits; /* an outage that was told of goes on */
};

/* Begins to watch; `watch` must stay where it is until watch_end(). */
int watch_begin(struct watch *watch, struct search *s, struct error *err);
void watch_end(struct watch *watch);

#endif
