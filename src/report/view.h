#ifndef REPORT_VIEW_H
#define REPORT_VIEW_H

/* A campaign on one screen: what `status --watch` draws on a terminal. */

#include <sys/types.h>

#include "model/activity.h"
#include "model/budget.h"
#include "report/course.h"
#include "report/screen.h"

struct view {
	const char *campaign, *state, *metric;
	const char *reason; /* of the state; "" */
	pid_t pid;	    /* of the process that works on it; 0 */
	bool pauses;	    /* then nothing runs, whatever the activities say */
	bool has_record;    /* else it has only a name and a state */
	bool is_measured;   /* as report_best() has it */
	const struct totals *totals;
	const struct budget *budget;
	const struct activities *activities;
	size_t lanes; /* at least so many lines for them, so that not all moves when one ends */
	const struct course *course;
	double now; /* s of CLOCK_MONOTONIC */
};

/*
 * The lines of it, no more than there are rows and none wider than the columns; the last one says
 * how to leave. What there is no room for is left out, the picture first, and the rest in the
 * order in which it would be missed least.
 */
void view_draw(const struct view *view, const struct screen_style *style,
	       struct screen_size size, struct string_list *ret);

#endif
