#ifndef REPORT_PROGRESS_H
#define REPORT_PROGRESS_H

/*
 * What `start` and `try` say while they work: a line a record on stdout, and, where stderr
 * is a terminal, one line that tells which phase runs and how long it may still take.
 */

#include <stdbool.h>
#include <stdint.h>

#include "model/experiment.h"
#include "model/phase.h"

struct progress {
	bool terminal;
	bool drawn;
	int64_t experiment;
	enum phase phase;
	double timeout;
	double began; /* s, monotonic */
};

void progress_init(struct progress *p);
void progress_phase(struct progress *p, int64_t experiment, enum phase phase, double timeout);
void progress_tick(struct progress *p);
/* An outage, instead of the phase: asked again in so many seconds. */
void progress_wait(struct progress *p, const char *why, double seconds);
/* Takes the line away, before anything else is printed. */
void progress_clear(struct progress *p);

#endif
