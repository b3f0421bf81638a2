#ifndef GIT_EVIDENCE_H
#define GIT_EVIDENCE_H

/*
 * All of one campaign in a git bundle: branch, chain of records, notes and what was promoted. git
 * alone reads it.
 */

#include <stdio.h>

#include "git/ledger.h"
#include "model/secret.h"

struct evidence {
	struct evidence_ref {
		char *name; /* "refs/…", in order */
		char oid[OID_HEX_SIZE];
	} * refs;
	size_t refs_nr;
	size_t objects;		     /* in the pack */
	struct string_list suspects; /* "run.log of experiment 3": what looks like a secret */
};

void evidence_release(struct evidence *evidence);
#define CLEANUP_EVIDENCE CLEANUP(evidence_release)

/*
 * Looks through what a bundle would hold of the campaign's own for what looks like a secret, and
 * sets ret->suspects, of which there are SUSPECTS_MAX at most: each record's files, the config and
 * program.md of the commits that it began with and ended at; and for the values of `secrets` in
 * every file of these. It is a net and no proof, as model/secret.h says.
 */
#define SUSPECTS_MAX 20
int evidence_suspect(struct ledger *ledger, const struct secrets *secrets, struct evidence *ret,
		     struct error *err);

/*
 * Writes the bundle. Its notes are a commit of their own, with those of this campaign's records
 * alone, each as the repository has it where that says what the record does; where it does not, it
 * is missing, and whoever checks will see it. The same campaign gives the same bytes. Nothing is
 * written to the repository.
 */
int evidence_bundle(struct ledger *ledger, FILE *out, struct evidence *ret, struct error *err);

#endif
