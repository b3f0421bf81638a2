#include "propose/patch.h"

#include <stdlib.h>
#include <string.h>

/* The next member of a growing array, zeroed. */
static void *grow(void **items, size_t *nr, size_t *alloc, size_t size)
{
	char *item;

	if (*nr == *alloc) {
		*alloc = *alloc ? 2 * *alloc : 4;
		*items = xrealloc(*items, *alloc * size);
	}
	item = (char *)*items + (*nr)++ * size;
	memset(item, 0, size);
	return item;
}

struct patch_file *patch_add_file(struct patch *patch, const char *path, enum patch_kind kind)
{
	void *items = patch->files;
	struct patch_file *file = grow(&items, &patch->nr, &patch->alloc, sizeof(*file));

	patch->files = items;
	file->path = xstrdup(path);
	file->kind = kind;
	return file;
}

struct patch_change *patch_add_change(struct patch_file *file, const char *name)
{
	void *items = file->changes;
	struct patch_change *change = grow(&items, &file->nr, &file->alloc, sizeof(*change));

	file->changes = items;
	change->name = name;
	change->number = file->nr;
	return change;
}

void patch_add_line(struct patch_change *change, char kind, struct line line)
{
	void *items = change->lines;
	struct patch_line *l = grow(&items, &change->nr, &change->alloc, sizeof(*l));

	change->lines = items;
	*l = (struct patch_line){ kind, line };
}

/* The lines of a SEARCH and REPLACE, markers aside. */
struct halves {
	struct line *lines;
	size_t nr, alloc;
	size_t opening;	 /* the length of its first marker */
	size_t divider;	 /* which line it is */
	size_t dividers; /* how many it could be */
	bool exact;	 /* the divider is as long as the opening marker */
};

static void take_half(struct halves *h, struct line l)
{
	size_t marker = line_marker(l, '=', "");
	void *items = h->lines;
	struct line *line = grow(&items, &h->nr, &h->alloc, sizeof(*line));
	bool exact = marker == h->opening;

	h->lines = items;
	*line = l;
	/* A heading's rule may look like it; the one as long as the opening is meant. */
	if (!marker || (h->exact && !exact))
		return;
	h->dividers = exact && !h->exact ? 1 : h->dividers + 1;
	h->exact |= exact;
	h->divider = h->nr - 1;
}

static void add_halves(struct patch_file *file, const struct halves *h)
{
	struct patch_change *change = patch_add_change(file, "SEARCH");
	const struct line *old = h->lines, *new = h->lines + h->divider + 1;
	size_t olds = h->divider, news = h->nr - h->divider - 1, head = 0, tail = 0;

	while (head < olds && head < news && line_equal(old[head], new[head]))
		head++;
	while (tail < olds - head && tail < news - head &&
	       line_equal(old[olds - 1 - tail], new[news - 1 - tail]))
		tail++;
	for (size_t i = 0; i < head; i++)
		patch_add_line(change, ' ', old[i]);
	for (size_t i = head; i < olds - tail; i++)
		patch_add_line(change, '-', old[i]);
	for (size_t i = head; i < news - tail; i++)
		patch_add_line(change, '+', new[i]);
	for (size_t i = olds - tail; i < olds; i++)
		patch_add_line(change, ' ', old[i]);
}

/* From behind a SEARCH to its REPLACE. */
static int parse_halves(struct patch_file *file, const char **p, const char *end,
			struct halves *h, struct complaint *why)
{
	size_t number = file->nr + 1;
	bool closed = false;
	struct line l;

	while (!closed && line_next(p, end, &l)) {
		closed = line_marker(l, '>', "REPLACE");
		if (line_marker(l, '<', "SEARCH"))
			return complaint_set(
				why, "SEARCH %zu for '%s' begins anew before its REPLACE",
				number, file->path);
		if (!closed)
			take_half(h, l);
	}
	if (!closed)
		return complaint_set(why, "SEARCH %zu for '%s' has no line '>>>>>>> REPLACE'",
				     number, file->path);
	if (h->dividers != 1)
		return complaint_set(why,
				     "SEARCH %zu for '%s' has %zu lines '=======' where one "
				     "divides it; make the markers longer than the others",
				     number, file->path, h->dividers);
	add_halves(file, h);
	return 0;
}

static int parse_search(const struct reply_block *block, struct patch *ret,
			struct complaint *why)
{
	struct patch_file *file = patch_add_file(ret, block->path, PATCH_CHANGE);
	const char *p = block->text, *end = p + block->len;
	struct line l;

	while (line_next(&p, end, &l)) {
		struct halves h = { .opening = line_marker(l, '<', "SEARCH") };
		int failed;

		if (line_is_blank(l))
			continue;
		if (!h.opening) {
			complaint_set(
				why,
				"the block for '%s' holds a line that is in no SEARCH and "
				"no REPLACE",
				block->path);
			complaint_quote(why, "The line:", &l, 1, 0);
			return -1;
		}
		failed = parse_halves(file, &p, end, &h, why);
		free(h.lines);
		if (failed)
			return -1;
	}
	return 0;
}

int patch_parse(const struct reply_block *block, struct patch *ret, struct complaint *why)
{
	return block->kind == BLOCK_SEARCH ? parse_search(block, ret, why)
					   : patch_parse_diff(block, ret, why);
}

void patch_release(struct patch *patch)
{
	for (size_t i = 0; i < patch->nr; i++) {
		for (size_t j = 0; j < patch->files[i].nr; j++)
			free(patch->files[i].changes[j].lines);
		free(patch->files[i].changes);
		free(patch->files[i].path);
	}
	free(patch->files);
	*patch = (struct patch){ 0 };
}
