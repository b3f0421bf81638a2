#ifndef REPORT_REPLAY_H
#define REPORT_REPLAY_H

/* What a replay came to, for people and for programs. */

#include <stdio.h>

#include "model/experiment.h"

/*
 * "main/3: reproduced: loss 90, as then" and, where there is more to say, the lines below it: the
 * samples, the interval, the difference and how sure that is, and what was not as then.
 */
void report_replay(const struct record *r, const struct record *then, FILE *out);

/* The object of `replay --json`. The caller frees it. `commit` is the candidate's. */
struct json *replay_json(const struct record *r, const struct record *then, const char *commit);

#endif
