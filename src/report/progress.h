#ifndef REPORT_PROGRESS_H
#define REPORT_PROGRESS_H

/*
 * What `start` and `try` say while they work: a line a record on stdout, and, where stderr
 * is a terminal, one line that tells which phase runs and how long it may still take; of
 * several lanes, the one that has been at it longest, and what the others do.
 */

#include <stdbool.h>
#include <stdint.h>

#include "model/experiment.h"
#include "model/phase.h"

#define PROGRESS_LANES_MAX 64 /* further ones are not told of */

struct progress_phase {
	int64_t experiment;
	enum phase phase;
	double timeout;
	double began; /* s, monotonic; 0: there is none */
};

struct progress {
	bool terminal;
	bool drawn;
	struct progress_phase lanes[PROGRESS_LANES_MAX];
};

void progress_init(struct progress *p);
void progress_phase(struct progress *p, int lane, int64_t experiment, enum phase phase,
		    double timeout);
/* No lane works on that experiment any more. */
void progress_over(struct progress *p, int64_t experiment);
void progress_tick(struct progress *p);
/* An outage, until the next phase: asked again in so many seconds. */
void progress_wait(struct progress *p, const char *why, double seconds);
/* Words that stand there until the next phase. */
void progress_note(struct progress *p, const char *words);
/* Takes the line away, before anything else is printed; the next tick draws it again. */
void progress_clear(struct progress *p);

#endif
