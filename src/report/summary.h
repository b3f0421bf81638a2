#ifndef REPORT_SUMMARY_H
#define REPORT_SUMMARY_H

/* What a campaign came to, in a few lines: what `start` ends with, and whoever was not there is
 * told in the morning. */

#include "model/experiment.h"

struct summary {
	const char *campaign, *state, *metric;
	const char *reason; /* of the state */
	bool has_record;    /* else nothing was measured yet */
	bool stalled;	    /* nothing was accepted for long, and that is why */
	const struct totals *totals;
	const struct record *best; /* of the best, where it is an experiment; NULL: not known */
	const char *diffstat;	   /* of all that was accepted: whole lines, visible; "" */
	const char *branch;	   /* that the user is on; NULL: none, and HEAD says it */
	bool has_report, has_promote; /* the program has that command */
};

/* Appends it: whole lines, what to look at further last, as commands for a shell. */
void report_summary(const struct summary *summary, struct strbuf *out);

/* "2.0312, baseline 2.0977 (-3.17%)"; where the branch's tip `is_measured` not, "to be measured"
 * and the baseline. */
void report_best(const struct totals *totals, bool is_measured, struct strbuf *out);

/* "3 accepted, 8 rejected": each verdict that there was. */
void report_verdicts(const struct totals *totals, struct strbuf *out);

#endif
