#ifndef REPORT_RESULTS_H
#define REPORT_RESULTS_H

/* A campaign for other programs. */

#include "report/survey.h"

/*
 * Appends the results.tsv of the loop that this program takes after, oldest first: commit (7
 * digits), the metric by its name, memory_gb, status and description. The status is keep for the
 * baselines and what was accepted, crash for what measured nothing (its value is 0), else discard. A
 * tab or newline in a description is a space.
 */
int results_tsv(struct ledger *ledger, struct strbuf *out, struct error *err);

/*
 * Appends one JSON object: what `status --json` says by the same names, what the campaign came to
 * beyond that, and `log`: an object for each experiment as `log --json` has it, oldest first, with
 * its type, who proposed it, and the interval around its metric.
 */
int results_json(struct ledger *ledger, const struct survey_place *place, struct strbuf *out,
		 struct error *err);

#endif
