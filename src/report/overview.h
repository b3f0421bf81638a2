#ifndef REPORT_OVERVIEW_H
#define REPORT_OVERVIEW_H

/* A campaign as one JSON object, for other programs. */

#include "report/survey.h"

/*
 * Appends one JSON object: what `status --json` says by the same names, what the campaign came to
 * beyond that, and `log`: what table_object() has of each experiment and baseline, oldest first, with
 * who proposed it, and the interval around its metric.
 */
int overview_json(struct ledger *ledger, const struct survey_place *place, struct strbuf *out,
		  struct error *err);

#endif
