#ifndef MODEL_BASELINE_H
#define MODEL_BASELINE_H

/*
 * When the incumbent is measured by itself, and what comes of it. A new campaign, and one whose
 * branch a person has moved, begins with a baseline. Later the incumbent is measured again: at
 * the start of a run on another machine, or after a reboot; and after BASELINE_EXPERIMENTS
 * experiments, if they have taken BASELINE_SECONDS of work. It is both, since either alone would
 * cost somebody much: so it is at most one experiment's time of 50, and nobody whose experiments
 * take seconds is bothered all the time.
 */

#include <stdbool.h>
#include <stdint.h>

#include "model/noise.h"

#define BASELINE_SAMPLES 8 /* where there is noise to be known */
#define BASELINE_EXPERIMENTS 50
#define BASELINE_SECONDS (2 * 60 * 60)

/* Why the incumbent is measured again. */
enum again {
	AGAIN_NOT,
	AGAIN_TIME,    /* it is long ago */
	AGAIN_MACHINE, /* another machine, or another kernel, boot or number of lanes */
	AGAIN_NR,
};

/* "time", "machine"; NULL for AGAIN_NOT. */
const char *again_name(enum again again);
/* 0 or -1. */
int again_parse(const char *name, enum again *ret);

/* What the newest baseline found; a part of the campaign's totals. */
struct measured {
	int64_t experiments; /* that there were */
	double time;	     /* s that had been worked */
	char machine[65];    /* digest of what it ran on; "" unknown */
	int trials;	     /* of a candidate, settled by it; 0: nobody knows */
	bool has_noise;
	double noise; /* the standard deviation of one sample */
};

/* Whether it is time to measure the incumbent again, after so many experiments and seconds of
 * work, on `machine` ("": unknown, as no reason). */
enum again baseline_due(const struct measured *newest, int64_t experiments, double time,
			const char *machine);

/* An incumbent that was measured again, in the record of that baseline. */
struct remeasured {
	enum again why;	    /* AGAIN_NOT: it begins a comparison */
	double before;	    /* its value until then */
	struct drift drift; /* p is below 0 where there were too few samples for a test */
};

#endif
