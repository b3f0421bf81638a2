#ifndef MODEL_PROPOSAL_H
#define MODEL_PROPOSAL_H

/*
 * A proposal: what somebody wants to try on top of the incumbent, as whole files. Where it
 * came from does not show, nor whether it is in scope: that is judged on the tree.
 */

#include <stddef.h>

#include "model/asked.h"
#include "model/ladder.h"

struct edit {
	char *path;    /* from the top; any bytes but NUL */
	char *content; /* owned; NULL: the file is removed */
	size_t len;
	unsigned mode; /* as git has it: 0100644, 0100755, 0120000 (content is the target) */
};

struct proposal {
	char *subject;	   /* never NULL once proposed */
	char *rationale;   /* may be "" */
	char *proposed_by; /* "sweep", "command/<program>", "endpoint/<model>", "try" */
	char *refused;	   /* why it is invalid whatever it edits, "malformed"; NULL */
	/* Where a model was asked: what that came to, what it was sent, and what it said, for the
	 * record; else NULL. */
	struct asked *asked;
	char *prompt, *reply;
	char base[OID_HEX_SIZE];  /* the commit that it edits; "": the incumbent */
	struct searched searched; /* why that one; its `from` is left to candidate_build() */
	int64_t key; /* under which it is kept until it has its record; 0: it is not */
	struct edit *edits;
	size_t edits_nr, edits_alloc;
};

#define PROPOSAL_INIT \
	{             \
		0     \
	}

/* Adds a copy of an edit; `content` NULL removes the file. */
void proposal_add_edit(struct proposal *p, const char *path, unsigned mode, const char *content,
		       size_t len);

/* Adds a copy of every edit of `from`. */
void proposal_copy_edits(const struct proposal *from, struct proposal *to);

/* Sets the words, copying them. */
void proposal_describe(struct proposal *p, const char *subject, const char *rationale,
		       const char *proposed_by);
void proposal_release(struct proposal *p);
#define CLEANUP_PROPOSAL CLEANUP(proposal_release)

#endif
