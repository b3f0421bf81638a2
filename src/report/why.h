#ifndef REPORT_WHY_H
#define REPORT_WHY_H

/* Why a verdict is what it is, in words: what was held against what, and which limit was hit. */

#include "model/experiment.h"

/*
 * Appends half a sentence ("0.0665 (3.17%) better than the incumbent"); nothing for a baseline, for
 * what a person decided, and where pairs decided, of which report_samples() tells. `config` is
 * what was in force, for the figures that were asked for; NULL where nobody knows it.
 */
void report_why(const struct record *record, const struct campaign_config *config,
		struct strbuf *out);

#endif
