#ifndef GIT_VERIFY_VOUCH_H
#define GIT_VERIFY_VOUCH_H

/*
 * What vouches for a record is a commit of the branch, or a note; and what one record says of
 * another is to be true. Both can be told when all of the chain is read: until then a few words
 * of every record are remembered, so the notes are read once, in their own order.
 */

#include "git/findings.h"
#include "git/internal.h"
#include "git/verify_promotion.h"

/* One that vouches. A decision may have both a commit and a note: then there are two. */
struct voucher {
	int64_t experiment;
	size_t age;	 /* of the record; 1: the newest */
	git_oid record;	 /* its commit */
	git_oid commit;	 /* of the branch, or that has the note */
	git_oid tree;	 /* of the record */
	char digest[65]; /* of its record.json */
	char note[65];	 /* of the note's text, without the newline at its end */
	size_t note_len;
	enum record_type type;
	bool on_branch, seen;
	enum verdict_kind verdict, was; /* `was` of a decision */
	int64_t other;			/* what it is the same as, or was beaten by; -1 */
	double metric, against;		/* its own, and what it was held against; NAN: none */
};

struct vouchers {
	struct ledger *ledger;
	struct findings *findings;
	/* Newest first; once all are taken, by number before that. */
	struct voucher *items;
	size_t nr, alloc;
	struct taken taken;	  /* by promotions: the caller adds them */
	char first[OID_HEX_SIZE]; /* the commit that the first baseline measured; "" */
};

void vouchers_release(struct vouchers *v);

/* Takes the records one after the other, from the newest, which has age 1. */
void vouchers_take(struct vouchers *v, const struct entry *entry, size_t age);

/* Holds all of them against the branch, the notes, and each other. */
void vouchers_check(struct vouchers *v);

#endif
