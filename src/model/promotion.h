#ifndef MODEL_PROMOTION_H
#define MODEL_PROMOTION_H

/*
 * What a person took home of a campaign, as the record keeps it: accepted changes, committed on
 * the merge base of the ledger branch and their own, and measured there once more. A record of
 * this type has the merge base as its base, the result's tree, and the verdict on the result
 * beside the merge base; accepted: then the branch `results/<campaign>` is at it.
 */

#include "base/json.h"
#include "model/oid.h"
#include "model/outcome.h"

#define PICKED_MAX 10000 /* commits of one promotion */

enum promotion_form {
	PROMOTION_COMMITS, /* a commit each, in the order of the ledger branch */
	PROMOTION_SPLIT,   /* a commit each, right behind what it builds on */
	PROMOTION_SQUASH,  /* one commit */
	PROMOTION_FORM_NR,
};

/* "commits", "split", "squash". */
const char *promotion_form_name(enum promotion_form form);

/* A commit of the ledger branch that is in the result. */
struct picked {
	int64_t experiment;	   /* 0: of a person, and an experiment builds on it */
	char from[OID_HEX_SIZE];   /* the commit of the ledger branch */
	char commit[OID_HEX_SIZE]; /* that of the result; one for all where it is squashed */
};

struct promotion {
	char *by; /* as git's identity: "Ada <ada@example.org>" */
	enum promotion_form form;
	char branch[OID_HEX_SIZE]; /* the ledger branch's tip, by whose config it was judged */
	char result[OID_HEX_SIZE]; /* the tip of what was made */
	char replaced[OID_HEX_SIZE]; /* where `results/<campaign>` was until then; "" */
	struct picked *picked;	     /* in the order of the result, from the merge base up */
	size_t nr;
	bool has_command; /* promote.command was run: */
	struct outcome command;
};

/* Frees it as well; NULL is none. */
void promotion_free(struct promotion *p);

/* Adds one; `commit` is not known yet. */
void promotion_pick(struct promotion *p, int64_t experiment, const char *from);

/* "experiment 3", "experiments 1, 3, 4": those that it is about. Appended. */
void promotion_experiments(const struct promotion *p, struct strbuf *out);

/* The members `about` and `promotion` of record.json. */
void promotion_write(const struct promotion *p, struct json *record);
/* `ret` is made; the caller owns it. */
int promotion_read(const struct json *record, struct promotion **ret, struct error *err);

#endif
