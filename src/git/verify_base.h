#ifndef GIT_VERIFY_BASE_H
#define GIT_VERIFY_BASE_H

/*
 * Experiments run side by side, so one may be recorded when the commit that it was measured
 * beside is no longer the incumbent; but that has to have been, and what is accepted goes on top
 * of what is.
 */

#include "git/ledger.h"

/* Experiments whose base was not met yet, on the way from the newest record back. */
struct overtaken {
	struct {
		int64_t experiment;
		char base[OID_HEX_SIZE];
	} * items;
	size_t nr;
};

void overtaken_release(struct overtaken *o);

/* Takes the record that came after `incumbent` was that. False where it was accepted on top of
 * another. */
bool overtaken_take(struct overtaken *o, const struct record *r, const char *incumbent);

#endif
