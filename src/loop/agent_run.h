#ifndef LOOP_AGENT_RUN_H
#define LOOP_AGENT_RUN_H

/* One run of an external proposer, from its sandbox to its end; what it came to is judged
 * elsewhere. */

#include <time.h>

#include "loop/agent.h"
#include "loop/footing.h"
#include "propose/prompt.h"
#include "propose/transcript.h"

struct agent_run {
	struct lane *lane;
	struct search *s;
	struct proposer *p;
	const struct footing *footing;
	const struct adapter *adapter; /* NULL: a plain command */
	const struct prompt *prompt;
	struct trial *trial; /* still open, with the scratch copy in it */
	struct limits limits;
	struct transcript transcript;
	struct outcome outcome;
	bool fell_silent; /* and was ended for that */

	/* Of the watch for a sign of life. */
	int timer;
	int64_t traffic; /* at the last look that found some */
	struct timespec alive;
};

/* Runs it on the files of `footing`, which the lane's slot holds then, for experiment `number`. The
 * caller releases it either way. */
int agent_run(struct agent_run *run, struct proposer *p, struct lane *lane,
	      const struct footing *footing, int64_t number, const struct prompt *prompt,
	      struct error *err);

void agent_run_release(struct agent_run *run);
#define CLEANUP_AGENT_RUN CLEANUP(agent_run_release)

#endif
