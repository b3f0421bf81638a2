#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "git/internal.h"

/*
 * The cache file: a header, then an entry a record, in the chain's order. Each entry names its
 * record by the first bytes of its id, so the file shows by itself how far it goes, and only
 * what came after that is read from the ledger.
 */
static const char header[16] = "tried trees, 1\n";

#define ENTRIES_MAX (64L << 20) /* bytes that are read of the file */

struct tried_entry {
	unsigned char tree[GIT_OID_RAWSZ];
	uint32_t experiment;
	unsigned char record[8];
};

struct tried {
	struct ledger *ledger; /* borrowed */
	char *path;
	struct tried_entry *entries;
	size_t nr, alloc, saved; /* as many of them are in the file */
	uint32_t *slots;	 /* index + 1 of the first entry with a tree; 0: free */
	size_t slots_nr;	 /* a power of two, at least twice `nr` */
};

static uint32_t *find_slot(const struct tried *t, const unsigned char *tree)
{
	size_t i, mask = t->slots_nr - 1;

	memcpy(&i, tree, sizeof(i)); /* an object id is as good as a hash */
	for (i &= mask; t->slots[i]; i = (i + 1) & mask)
		if (!memcmp(t->entries[t->slots[i] - 1].tree, tree, GIT_OID_RAWSZ))
			break;
	return &t->slots[i];
}

static void index_entry(struct tried *t, size_t i)
{
	uint32_t *slot = find_slot(t, t->entries[i].tree);

	if (!*slot)
		*slot = i + 1;
}

static void push(struct tried *t, const struct tried_entry *entry)
{
	if (t->nr == t->alloc) {
		t->alloc = t->alloc ? 2 * t->alloc : 256;
		t->entries = xrealloc(t->entries, t->alloc * sizeof(*t->entries));
	}
	t->entries[t->nr++] = *entry;
}

static void index_all(struct tried *t)
{
	free(t->slots);
	t->slots_nr = 256;
	while (t->slots_nr < 2 * t->nr + 2)
		t->slots_nr *= 2;
	t->slots = xcalloc(t->slots_nr, sizeof(*t->slots));
	for (size_t i = 0; i < t->nr; i++)
		index_entry(t, i);
}

static int make_entry(struct tried_entry *ret, const char *tree, int64_t experiment,
		      const char *record, struct error *err)
{
	git_oid tree_oid = { 0 }, record_oid;

	if (experiment < 0 || experiment > UINT32_MAX)
		return error_set(err, "there is no experiment %lld", (long long)experiment);
	/* What could not be read had no tree; the null id stands for it. */
	if ((*tree && oid_from_hex(&tree_oid, tree, err) < 0) ||
	    oid_from_hex(&record_oid, record, err) < 0)
		return -1;
	memcpy(ret->tree, tree_oid.id, sizeof(ret->tree));
	memcpy(ret->record, record_oid.id, sizeof(ret->record));
	ret->experiment = experiment;
	return 0;
}

/* Whatever is wrong with the file, it is only a cache. */
static void read_cache(struct tried *t)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	if (strbuf_read_file(&text, t->path, ENTRIES_MAX) < 0 || text.len < sizeof(header) ||
	    memcmp(text.buf, header, sizeof(header)) ||
	    (text.len - sizeof(header)) % sizeof(struct tried_entry))
		return;
	t->nr = t->alloc = (text.len - sizeof(header)) / sizeof(struct tried_entry);
	t->entries = xcalloc(t->alloc + 1, sizeof(*t->entries));
	memcpy(t->entries, text.buf + sizeof(header), text.len - sizeof(header));
}

static int write_cache(const struct tried *t, struct error *err)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	strbuf_add(&text, header, sizeof(header));
	if (t->nr)
		strbuf_add(&text, t->entries, t->nr * sizeof(*t->entries));
	return replace_file(t->path, text.buf, text.len, err);
}

/* Takes the entries that the cache does not have, newest first. */
struct catch_up {
	struct tried *tried;
	struct tried missing; /* as a growing array only */
	bool met;	      /* came to the record that the cache ends at */
};

static int take_missing(const struct entry *entry, void *data, struct error *err)
{
	struct catch_up *c = data;
	const struct tried *t = c->tried;
	const struct record *r = &entry->record;
	/* What was put together of them, or measured again, was no experiment of its own, and what
	 * another loop tried may be tried here. */
	bool passed_over = r->type == RECORD_PROMOTION || r->type == RECORD_REPLAY ||
			   r->imported;
	struct tried_entry item;

	if (make_entry(&item, passed_over ? "" : r->tree, r->experiment, entry->oid, err) < 0)
		return -1;
	if (t->nr && !memcmp(&item, &t->entries[t->nr - 1], sizeof(item))) {
		c->met = true;
		return 1;
	}
	push(&c->missing, &item);
	return 0;
}

static int catch_up(struct tried *t, struct error *err)
{
	struct catch_up c = { .tried = t };
	int r = ledger_walk(t->ledger, take_missing, &c, err);

	if (r >= 0 && !c.met)
		t->nr = 0;
	for (size_t i = c.missing.nr; r >= 0 && i; i--)
		push(t, &c.missing.entries[i - 1]);
	if (r >= 0 && (c.missing.nr || !c.met))
		r = write_cache(t, err);
	free(c.missing.entries);
	return r < 0 ? -1 : 0;
}

int tried_open(struct tried **ret, struct ledger *ledger, const char *dir, struct error *err)
{
	CLEANUP_TRIED struct tried *t = xcalloc(1, sizeof(*t));

	if (make_folders(dir, err) < 0)
		return -1;
	t->ledger = ledger;
	t->path = xstrfmt("%s/tried", dir);
	read_cache(t);
	if (catch_up(t, err) < 0)
		return error_context(err, "cannot learn which trees were tried");
	index_all(t);
	t->saved = t->nr;
	*ret = steal_ptr(t);
	return 0;
}

int64_t tried_find(const struct tried *tried, const char *tree)
{
	struct error ignored = ERROR_INIT;
	git_oid oid;
	uint32_t *slot;

	if (oid_from_hex(&oid, tree, &ignored) < 0)
		return -1;
	slot = find_slot(tried, oid.id);
	return *slot ? (int64_t)tried->entries[*slot - 1].experiment : -1;
}

int tried_add(struct tried *tried, const char *tree, int64_t experiment, struct error *err)
{
	struct tried_entry item;

	if (make_entry(&item, tree, experiment, tried->ledger->tip, err) < 0)
		return -1;
	push(tried, &item);
	if (2 * tried->nr + 2 > tried->slots_nr)
		index_all(tried);
	else
		index_entry(tried, tried->nr - 1);
	return 0;
}

int tried_save(struct tried *tried, struct error *err)
{
	size_t size = (tried->nr - tried->saved) * sizeof(*tried->entries);
	CLEANUP_CLOSE int fd = -1;

	if (!size)
		return 0;
	/* One write: what a crash leaves of it is seen by its length. */
	fd = open(tried->path, O_WRONLY | O_APPEND | O_CLOEXEC);
	if (fd < 0 || write(fd, tried->entries + tried->saved, size) != (ssize_t)size)
		return error_errno(err, "cannot write '%s'", tried->path);
	tried->saved = tried->nr;
	return 0;
}

void tried_free(struct tried *tried)
{
	if (!tried)
		return;
	free(tried->path);
	free(tried->entries);
	free(tried->slots);
	free(tried);
}
