#ifndef MODEL_DECISION_H
#define MODEL_DECISION_H

/* What a person decided about an experiment, over the rules, as the record keeps it. */

#include "base/json.h"
#include "model/verdict.h"

struct decision {
	char *by;	       /* as git's author: "Ada <ada@example.org>" */
	char *why;	       /* their words, as they came */
	enum verdict_kind was; /* the verdict until then */
	char commit[41];       /* the experiment's candidate: a note there tells of it */
	char reverts[41];      /* the commit of the branch whose change is taken back; "" */
	bool self_reported;    /* the metric, where the decision has one */
	char decided[32];      /* when, in an experiment that was decided about; RFC 3339 */
};

/* Frees it as well; NULL is none. */
void decision_free(struct decision *d);

/* True for a verdict that a person may overrule by accepting: something was measured, and the
 * rules said no, or nothing. What failed has no number for the next candidate to beat. */
bool verdict_may_be_accepted(enum verdict_kind kind);

/* True for one that a person may overrule by rejecting. */
bool verdict_may_be_rejected(enum verdict_kind kind);

/* The name alone, without the address. Appended. */
void decision_person(const struct decision *d, struct strbuf *out);

/* The member `decision` of record.json. */
void decision_write(const struct decision *d, struct json *record);

#endif
