#ifndef GIT_GUARD_H
#define GIT_GUARD_H

/*
 * What git's hooks ask of refs that are about to move: that no ledger is rewritten, that what is
 * there afterwards verifies, and that no experiment comes to a protected branch that nobody has
 * promoted. Nothing is written.
 */

#include <stdbool.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "model/oid.h"

struct repo;

/* A ref as it is, and as it will be; "" where it is not there. */
struct ref_update {
	char *ref; /* its full name; owned */
	char from[OID_HEX_SIZE], to[OID_HEX_SIZE];
};

struct ref_updates {
	struct ref_update *items;
	size_t nr, alloc;
};

#define REF_UPDATES_INIT \
	{                \
		0        \
	}
#define CLEANUP_REF_UPDATES CLEANUP(ref_updates_release)

/* Adds one; ids are 40 hex digits, of which 40 zeros stand for none. Anything else is an error. */
int ref_updates_add(struct ref_updates *updates, const char *ref, const char *from,
		    const char *to, struct error *err);
void ref_updates_release(struct ref_updates *updates);

/* Called with each ref that must not move so, why, and what could be done ("": nothing). All of
 * it is text that may hold somebody's names. */
typedef void (*refusal_fn)(const char *ref, const char *why, const char *hint, void *data);

struct guard {
	struct repo *repo;  /* borrowed */
	const char *remote; /* whose refs they are; NULL: the repository's own */
	refusal_fn refused;
	void *data;
	size_t refusals; /* counted */
};

/*
 * What git is about to do to refs of our own, "prepared" as githooks(5) has it: each ledger and the
 * notes move forward and stay there; the old tip is in the chain of the new one. What they point to
 * now is asked of the repository and not of `from`, which git leaves out where it moves a ref
 * wherever it was.
 */
int guard_transaction(struct guard *guard, const struct ref_updates *updates,
		      struct error *err);

/*
 * What is pushed: the same; and then, of the refs as they would be,
 *
 * - what comes to a protected branch holds no commit that says it is an experiment, but for those
 *   that a promotion made. Protected are the patterns of autoresearch.protectedBranch, else
 *   `main`, `master`, and the branch that HEAD of the repository, or of the remote, stands for;
 * - every campaign of which the ledger, the branch or a note moves verifies. Of a remote's other
 *   refs nothing is known, so they are taken to be as ours. Where anything else was refused it
 *   is not looked at.
 *
 * From then on `repo` answers as if the refs had moved.
 */
int guard_pushed(struct guard *guard, const struct ref_updates *updates, struct error *err);

/*
 * The message in `file`, as git hands it to a commit-msg hook, claims nothing by our trailers
 * that no record says: 0; 1 with the reason in `err`; -1.
 */
int guard_message(struct repo *repo, const char *file, struct error *err);

#endif
