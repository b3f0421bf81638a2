#ifndef REPORT_ACTS_H
#define REPORT_ACTS_H

/* The acts of an experiment that tell most: those that the sandbox stopped. */

#include <stdio.h>

#include "git/ledger.h"

/*
 * Prints a line for each kind of act that was denied, then of those that were refused, with how
 * often it was tried; of more than a few the first ones, and how many there are in all. Nothing where
 * the record says that nothing was stopped. Only an audit log that cannot be read is an error.
 */
int report_acts(struct ledger *ledger, const struct entry *entry, FILE *out, struct error *err);

#endif
