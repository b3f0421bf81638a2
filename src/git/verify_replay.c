#include "git/verify_replay.h"

#include <stdlib.h>
#include <string.h>

void replays_release(struct replays *r)
{
	free(r->items);
}

static void add(struct replays *r, const struct entry *entry)
{
	r->items = xrealloc(r->items, (r->nr + 1) * sizeof(*r->items));
	r->items[r->nr].experiment = entry->record.experiment;
	memcpy(r->items[r->nr++].oid, entry->oid, OID_HEX_SIZE);
}

static void judge(struct ledger *ledger, const char *oid, const struct entry *then,
		  struct rejudge *j, struct findings *f)
{
	CLEANUP_ENTRY struct entry replay = { 0 };
	struct error err = ERROR_INIT;

	if (ledger_read(ledger, oid, &replay, &err)) {
		mismatch(f, "%s", err.message);
		return;
	}
	if (strcmp(replay.commit, then->commit) ||
	    strcmp(replay.record.tree, then->record.tree) ||
	    strcmp(replay.record.base, then->record.base))
		wrong(f, &replay, "its candidate is not the experiment's");
	else if (rejudge_replay(j, &replay, then, &err))
		wrong(f, &replay, err.message);
}

void replays_take(struct replays *r, struct ledger *ledger, const struct entry *entry,
		  struct rejudge *j, struct findings *f)
{
	size_t kept = 0;

	if (entry->record.type == RECORD_REPLAY)
		add(r, entry);
	if (entry->record.type != RECORD_EXPERIMENT && entry->record.type != RECORD_BASELINE)
		return;
	for (size_t i = 0; i < r->nr; i++) {
		if (r->items[i].experiment == entry->record.experiment)
			judge(ledger, r->items[i].oid, entry, j, f);
		else
			r->items[kept++] = r->items[i];
	}
	r->nr = kept;
}

void replays_end(struct replays *r, struct findings *f)
{
	for (size_t i = 0; i < r->nr; i++)
		mismatch(f, "replay of %lld: no such experiment came before it",
			 (long long)r->items[i].experiment);
}
