#ifndef LOOP_AGENT_H
#define LOOP_AGENT_H

/*
 * The external proposer: any program, started once a candidate, in a scratch copy of the
 * incumbent and a sandbox of its own. What it changed there is its proposal.
 */

#include "loop/propose.h"

/*
 * Finds the program of `autoresearch.proposerCommand`: its first word, by a path (from the
 * current directory, else from the top of the working tree) or by PATH. The folder that it
 * lies in is shown to it, and where it is a link the folder of its target; but where that folder holds the
 * repository, only the program itself is, since a proposer sees no history and no hidden file.
 */
int agent_find(struct search *s, struct error *err);

/* As propose(). */
int agent_propose(struct search *s, int64_t number, struct proposal *ret,
		  enum proposed *ret_how, struct error *err);

#endif
