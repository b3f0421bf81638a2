#ifndef REPORT_PROGRESS_H
#define REPORT_PROGRESS_H

/*
 * What `start` and `try` show while they work, where stderr is a terminal whose cursor can be
 * moved: a line with a bar for each lane that is busy, below all that was printed. It is drawn
 * over in place, several times a second.
 */

#include "model/activity.h"
#include "report/screen.h"

#define PROGRESS_LINES 8 /* at most, however many lanes there are */

struct progress {
	bool terminal; /* else nothing is shown */
	struct screen_style style;
	struct activities now;
	const char *note;		/* static; NULL */
	int widths[PROGRESS_LINES + 1]; /* columns of the lines that stand there */
	int drawn;			/* lines */
};

void progress_init(struct progress *p);
void progress_activity(struct progress *p, int lane, const struct activity *a);
void progress_tick(struct progress *p);
/* An outage, until the next activity: asked again in so many seconds. */
void progress_wait(struct progress *p, const char *why, double seconds);
/* Words (static) that stand there instead, until the next activity. */
void progress_note(struct progress *p, const char *words);
/* Takes it all away, before anything else is printed; the next tick draws it again. */
void progress_clear(struct progress *p);

/*
 * Appends one busy lane as a line of at most `columns`, 30 or more, without a newline; `now` is
 * of CLOCK_MONOTONIC, in seconds. Returns the columns that it takes.
 */
int progress_line(const struct activity *a, double now, const struct screen_style *style,
		  int columns, struct strbuf *out);

/* The same for something else of which a share, 0 to 1, is used; name and text are ASCII. */
int progress_bar(const char *name, double share, enum paint color, const char *text,
		 const struct screen_style *style, int columns, struct strbuf *out);

/* The same for an outage. */
int progress_outage(const struct outage *o, double now, const struct screen_style *style,
		    int columns, struct strbuf *out);

#endif
