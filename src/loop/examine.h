#ifndef LOOP_EXAMINE_H
#define LOOP_EXAMINE_H

/*
 * What `doctor` looks at: the machine, with the repository's store where there is one; and where
 * a model proposes, whom it would ask. That one is sent nothing.
 */

#include "sandbox/probe.h"
#include "base/error.h"

int examine(struct probes *ret, struct error *err);

#endif
