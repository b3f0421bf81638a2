#ifndef REPORT_SAMPLES_H
#define REPORT_SAMPLES_H

/* What several trials of a record say: a line for each pair, the estimate and its interval,
 * and why the comparison ended. */

#include <stdio.h>

#include "model/experiment.h"

/* The samples of a baseline, or the pairs of a comparison; nothing for a single trial. */
void report_samples(const struct record *r, FILE *out);

/* "0.05, from 0.03 to 0.07 at a confidence of 0.95": the gain of a record that was compared in
 * pairs, with its interval. Appended. */
void report_gain(const struct record *r, struct strbuf *out);

#endif
