#ifndef MODEL_KEPT_H
#define MODEL_KEPT_H

/*
 * A proposal as it is kept on disk from the moment that it came until its record is written:
 * what it is, what it was made on, and of which campaign. The text has its own digest, so that
 * one that was torn, or is of another version of the program, is known as such.
 */

#include "base/error.h"
#include "model/experiment.h"
#include "model/proposal.h"

struct kept {
	int64_t number;		 /* of its experiment */
	uint64_t seed;		 /* the campaign's */
	char base[OID_HEX_SIZE]; /* the commit that it was made on */
	struct proposal proposal;
};

void kept_release(struct kept *kept);
#define CLEANUP_KEPT CLEANUP(kept_release)

/* Appends the text. `proposal` is borrowed for the call; the one in `kept` is not looked at. */
void kept_write(const struct kept *kept, const struct proposal *proposal, struct strbuf *out);

/* Reads it back: `ret` is overwritten, on success only. */
int kept_parse(const char *text, size_t len, struct kept *ret, struct error *err);

#endif
