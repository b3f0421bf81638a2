#ifndef REPORT_REHEARSAL_H
#define REPORT_REHEARSAL_H

/* What `start --dry-run` found, for people: a line a thing, its name in the first column. */

#include <stdio.h>

#include "model/rehearsal.h"

void report_rehearsal(const struct campaign_config *config, const struct totals *totals,
		      const struct rehearsal *r, FILE *out);

#endif
