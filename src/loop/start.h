#ifndef LOOP_START_H
#define LOOP_START_H

/* The loop around the step: when it goes on, and why it ends. */

#include "loop/search.h"
#include "loop/state.h"

struct start_options {
	int64_t max_experiments; /* of this run; 0: no bound */
	double max_time;	 /* s of this run; 0: no bound */
	/* Called once nothing of the settings can be wrong any more, before anything is measured;
	 * NULL. -1 ends it. */
	int (*begun)(void *data, struct error *err);
	void *data;
};

/* Why it ended. */
struct start_result {
	enum state state;
	int status;	    /* the exit status */
	const char *reason; /* "budget.failures", "time", …; static, or the error's message */
	int signal;	    /* the one that ended it, or 0 */
	int64_t experiments; /* of this run */
	bool begun;	     /* else something was wrong before anything was measured */
	bool stalled;	     /* exhausted, and not since a proposer says so */
	bool moved;	     /* people committed to the ledger branch: open the campaign anew */
};

/*
 * Works on a campaign that search_open_campaign() opened until a budget, the target, the
 * proposer or a person ends it, and writes the state; or until the ledger branch is found to be
 * where somebody else moved it, whose config, files and baseline count from then on. -1 is a
 * failure of ours; or, with status 2, a baseline that cannot be measured, a proposer that fails, a
 * bad sign, or the end of the warden. `ret` says why in either case.
 */
int start_run(struct search *s, const struct start_options *options, struct start_result *ret,
	      struct error *err);

#endif
