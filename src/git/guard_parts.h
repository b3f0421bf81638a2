#ifndef GIT_GUARD_PARTS_H
#define GIT_GUARD_PARTS_H

/* What the parts of git/guard.h share. */

#include "git/guard.h"

void guard_refuse(struct guard *guard, const char *ref, const char *why, const char *hint);

/* The refs have been supposed to have moved. */
int guard_protected(struct guard *guard, const struct ref_updates *updates, struct error *err);

#endif
