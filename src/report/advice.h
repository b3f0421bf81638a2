#ifndef REPORT_ADVICE_H
#define REPORT_ADVICE_H

/* What a program that drives the search itself is told of an experiment. */

#include "model/experiment.h"

/*
 * The object of `try --json`: that of `log --json`, `incumbent` (the metric to beat from now
 * on), and `next`: commands that show what is worth reading after that verdict, each with
 * what it shows. `commit` is the candidate's. The caller frees it.
 */
struct json *advice_json(const struct record *record, const char *commit);

#endif
