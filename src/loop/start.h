#ifndef LOOP_START_H
#define LOOP_START_H

/* The loop around the step: when it goes on, and why it ends. */

#include "loop/search.h"
#include "loop/state.h"

struct start_options {
	int64_t max_experiments; /* of this run; 0: no bound */
	double max_time;	 /* s of this run; 0: no bound */
};

/* Why it ended. */
struct start_result {
	enum state state;
	int status;	     /* the exit status */
	const char *reason;  /* "budget.experiments", "target", …; static */
	int signal;	     /* the one that ended it, or 0 */
	int64_t experiments; /* of this run */
};

/*
 * Works on a campaign that search_open_campaign() opened until a budget, the target, the
 * proposer or a person ends it, and writes the state. -1 is a failure of ours, or a baseline that
 * cannot be measured (status 2).
 */
int start_run(struct search *s, const struct start_options *options, struct start_result *ret,
	      struct error *err);

#endif
