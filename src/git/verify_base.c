#include "git/verify_base.h"

#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"

void overtaken_release(struct overtaken *o)
{
	free(o->items);
}

bool overtaken_take(struct overtaken *o, const struct record *r, const char *incumbent)
{
	bool other = r->type == RECORD_EXPERIMENT && strcmp(r->base, incumbent);
	size_t kept = 0;

	if (other) {
		o->items = xrealloc(o->items, (o->nr + 1) * sizeof(*o->items));
		o->items[o->nr].experiment = r->experiment;
		memcpy(o->items[o->nr++].base, r->base, OID_HEX_SIZE);
	}
	for (size_t i = 0; i < o->nr; i++)
		if (strcmp(o->items[i].base, incumbent))
			o->items[kept++] = o->items[i];
	o->nr = kept;
	return !other || r->verdict.kind != VERDICT_ACCEPTED;
}
