#ifndef MODEL_ACTIVITY_H
#define MODEL_ACTIVITY_H

/*
 * What a lane does at the moment, and for how long it may: what the loop tells those who watch,
 * in its own process and, by a file, in any other.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "model/phase.h"

#define ACTIVITY_LINE 80   /* bytes of one as a line, its newline among them */
#define ACTIVITY_LANES 64  /* further ones are not told of */
#define ACTIVITY_WORDS 160 /* of an outage, at most */

struct activity {
	bool busy;	    /* else the lane is free, and all else is 0 */
	int64_t experiment; /* 0: the baseline */
	enum phase phase;
	int trial;	/* from 1; 0: it is none */
	double began;	/* s of CLOCK_MONOTONIC, which all processes of a machine share */
	double timeout; /* s; 0: no bound */
};

/* An outage that is waited for. */
struct outage {
	bool lasts;
	double until;		      /* s of CLOCK_MONOTONIC: when it is tried again */
	char why[ACTIVITY_WORDS + 1]; /* visible */
};

/* What a whole process does. */
struct activities {
	struct activity lanes[ACTIVITY_LANES];
	struct outage outage;
};

/* As a line of just ACTIVITY_LINE bytes, so that it can be written over in place. Appended. */
void activity_write(const struct activity *a, struct strbuf *out);

/* Reads ACTIVITY_LINE bytes. 0; -1 where they are not such a line, whole. */
int activity_parse(const char *line, struct activity *ret);

/* How many lanes are busy. */
size_t activities_busy(const struct activities *all);

#endif
