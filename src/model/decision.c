#include "model/decision.h"

#include <stdlib.h>
#include <string.h>

void decision_free(struct decision *d)
{
	if (!d)
		return;
	free(d->by);
	free(d->why);
	free(d);
}

bool verdict_may_be_accepted(enum verdict_kind kind)
{
	return kind == VERDICT_REJECTED || kind == VERDICT_INDECISIVE;
}

bool verdict_may_be_rejected(enum verdict_kind kind)
{
	return kind == VERDICT_ACCEPTED || kind == VERDICT_INDECISIVE;
}

void decision_person(const struct decision *d, struct strbuf *out)
{
	size_t len = strcspn(d->by, "<");

	while (len && d->by[len - 1] == ' ')
		len--;
	strbuf_add(out, d->by, len ? len : strlen(d->by));
}

void decision_write(const struct decision *d, struct json *record)
{
	struct json *o = json_add_object(record, "decision");

	json_add_string(o, "by", d->by);
	json_add_string(o, "why", d->why);
	json_add_string(o, "was", verdict_name(d->was));
	json_add_string(o, "commit", d->commit);
	json_add_string(o, "reverts", *d->reverts ? d->reverts : NULL);
}
