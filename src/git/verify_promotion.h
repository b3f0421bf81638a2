#ifndef GIT_VERIFY_PROMOTION_H
#define GIT_VERIFY_PROMOTION_H

/* A promotion says of each of its commits which one of the ledger branch it is. */

#include "git/ledger.h"

/* What promotions took, until all accepted commits are known. */
struct taken {
	struct taken_commit {
		int64_t experiment;
		char from[OID_HEX_SIZE];
	} * items;
	size_t nr;
};

void taken_release(struct taken *taken);

/*
 * Holds the commits of a promotion against its record: from the merge base up they are those that
 * it names, each with the words and the author of the commit that it was made from. What it took
 * is added to `taken`. 0 where all is well; 1 with what is not, in `err`.
 */
int verify_promotion(struct taken *taken, struct ledger *ledger, const struct entry *entry,
		     struct error *err);

#endif
