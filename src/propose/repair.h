#ifndef PROPOSE_REPAIR_H
#define PROPOSE_REPAIR_H

/* The turn that asks a model to mend a reply that could not be used. */

#include "propose/complaint.h"

/* Appends what the model is told, as the next message behind its own reply. */
void repair_build(const struct complaint *why, struct strbuf *out);

#endif
