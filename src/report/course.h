#ifndef REPORT_COURSE_H
#define REPORT_COURSE_H

/*
 * What became of a campaign so far, as a picture needs it: a point for each record, and the newest
 * of them in words. Kept by whoever looks again and again: each record is read once. An old ledger
 * is read from its tip back, a bit at a time, so that the newest of it shows at once.
 */

#include "git/ledger.h"
#include "report/chart.h"

#define COURSE_EVENTS 64

/* One of the newest records: an experiment, a decision or a baseline. Its words are as they came. */
struct event {
	enum record_type type;
	int64_t experiment;
	enum verdict_kind verdict;
	char *reason;  /* of the verdict, or who decided; NULL */
	char *subject; /* its first line, cut */
	bool has_metric;
	double metric;
	char *change; /* of it, as report_change() has it */
};

struct points {
	struct chart_point *items;
	size_t nr, alloc;
};

struct course {
	struct points past;		    /* read from the first tip back: the newest first */
	struct points since;		    /* what came later, the oldest first */
	struct event events[COURSE_EVENTS]; /* the newest first */
	size_t events_nr;
	char newest[OID_HEX_SIZE]; /* the newest record that is in it */
	char next[OID_HEX_SIZE];   /* the one to go on with, into the past; "" at the end */
	uint64_t changes;	   /* grows with each record that is read */
};

/*
 * Reads what is new in `ledger`, which was opened just now, and then into the past for about
 * so many seconds, until all is read. Where the ledger is not the one that it was (it was
 * rewritten), it begins again.
 */
int course_read(struct course *course, struct ledger *ledger, double seconds,
		struct error *err);

/* All points, the oldest first, to be freed. */
struct chart_point *course_points(const struct course *course, size_t *ret_nr);

void course_release(struct course *course);

#endif
