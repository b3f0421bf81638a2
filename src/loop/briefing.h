#ifndef LOOP_BRIEFING_H
#define LOOP_BRIEFING_H

/* Gathers what a proposer is told of a campaign from repository and ledger. */

#include "loop/search.h"

/* How many earlier experiments it is told of, and how much of a patch. */
#define BRIEFING_HISTORY 20
#define BRIEFING_PATCH_MAX (16 * 1024)

/* Appends the prompt for experiment `number` on the incumbent. */
int briefing_build(struct search *s, int64_t number, struct strbuf *out, struct error *err);

#endif
