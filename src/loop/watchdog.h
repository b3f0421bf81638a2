#ifndef LOOP_WATCHDOG_H
#define LOOP_WATCHDOG_H

/*
 * Nobody looks at a campaign that is left alone, so two do. The warden looks at this process: where
 * it dies, is stopped or hangs, the warden kills the trials and marks the campaign for a person. And
 * this process looks at the campaign, between two experiments: where it shows a known bad sign
 * (model/signs.h), it ends as failing.
 */

#include "loop/search.h"

/*
 * A run begins: tells of how an earlier one ended where a person should know, and has the
 * warden watch from now on.
 */
int watchdog_begin(struct search *s, struct error *err);

/* Warns of each budget that is low, once a run. -1, status 2 with a hint, where a sign shows. */
int watchdog_look(struct search *s, struct error *err);

/*
 * The run is over: nobody need watch any more. Where the warden gave us up or was killed, `failure`
 * (what the run ended with) becomes that.
 */
void watchdog_end(struct search *s, struct error *failure);

/* Why the campaign is failing, for a person; `dir` is its folder. */
void watchdog_reason(const char *dir, struct strbuf *ret);

#endif
