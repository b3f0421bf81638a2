#include "propose/patch.h"

#include <stdlib.h>
#include <string.h>

#define NOTHING "/dev/null"

struct diff {
	const struct reply_block *block;
	struct patch *patch;
	struct complaint *why;
	struct line *lines;
	size_t nr;
	struct patch_file *file;     /* whose hunks follow; NULL before the first */
	struct patch_change *change; /* the hunk that is open */
};

static void split(struct diff *d)
{
	const char *p = d->block->text, *end = p + d->block->len;
	size_t alloc = 0;
	struct line l;

	while (line_next(&p, end, &l)) {
		if (d->nr == alloc) {
			alloc = alloc ? 2 * alloc : 64;
			d->lines = xrealloc(d->lines, alloc * sizeof(*d->lines));
		}
		d->lines[d->nr++] = l;
	}
}

/* "--- " and "+++ ". In a hunk these may be its own lines, unless another hunk follows. */
static bool is_header(const struct diff *d, size_t i)
{
	if (i + 1 >= d->nr || !line_starts(d->lines[i], "--- ") ||
	    !line_starts(d->lines[i + 1], "+++ "))
		return false;
	return !d->change || (i + 2 < d->nr && line_starts(d->lines[i + 2], "@@"));
}

/* The name on a header's line, without a date. */
static char *header_name(struct line l)
{
	const char *tab = memchr(l.s, '\t', l.len);

	if (tab)
		l.len = (size_t)(tab - l.s);
	l = line_trim((struct line){ l.s + 4, l.len - 4 });
	while (line_starts(l, "./"))
		l = (struct line){ l.s + 2, l.len - 2 };
	return xstrndup(l.s, l.len);
}

static const char *without(const char *name, const char *prefix)
{
	return starts_with(name, prefix) ? name + strlen(prefix) : name;
}

/* The one file that both names mean; NULL where they are two. */
static const char *same_file(const char *old, const char *new)
{
	if (!strcmp(new, NOTHING))
		return without(old, "a/");
	if (!strcmp(old, NOTHING) || !strcmp(without(old, "a/"), without(new, "b/")))
		return without(new, "b/");
	return strcmp(old, new) ? NULL : new;
}

static int take_header(struct diff *d, size_t i)
{
	CLEANUP_FREE char *old = header_name(d->lines[i]);
	CLEANUP_FREE char *new = header_name(d->lines[i + 1]);
	const char *above = d->block->path, *path = same_file(old, new);
	bool created = !strcmp(old, NOTHING), removed = !strcmp(new, NOTHING);

	if (created && removed)
		return complaint_set(d->why, "a diff has " NOTHING " on both sides");
	if (!path)
		return complaint_set(d->why,
				     "a diff is from '%s' to '%s': files cannot be renamed",
				     old, new);
	if (above && strcmp(above, path)) {
		/* A folder may be called "a". */
		if (strcmp(above, created ? new : old))
			return complaint_set(d->why,
					     "a diff of '%s' stands below the path '%s'", path,
					     above);
		path = above;
	}
	d->file = patch_add_file(d->patch, path,
				 created   ? PATCH_CREATE
				 : removed ? PATCH_REMOVE
					   : PATCH_CHANGE);
	return 0;
}

/* Blank lines at its end may be there for looks, and tell little of the place. */
static void close_hunk(struct diff *d)
{
	struct patch_change *c = d->change;

	while (c && c->nr && c->lines[c->nr - 1].kind == ' ' && !c->lines[c->nr - 1].line.len)
		c->nr--;
	d->change = NULL;
}

/* The 12 of "@@ -12,4 +12,5 @@". */
static size_t read_hint(struct line l)
{
	size_t ret = 0, i = 0;

	while (i < l.len && (l.s[i] == '@' || l.s[i] == ' ' || l.s[i] == '-'))
		i++;
	for (; i < l.len && l.s[i] >= '0' && l.s[i] <= '9' && ret < 100000000; i++)
		ret = 10 * ret + (size_t)(l.s[i] - '0');
	return ret;
}

static int open_hunk(struct diff *d, struct line l)
{
	if (!d->file && !d->block->path)
		return complaint_set(d->why, "a diff's hunk comes before any '---' and '+++'");
	if (!d->file)
		d->file = patch_add_file(d->patch, d->block->path, PATCH_CHANGE);
	d->change = patch_add_change(d->file, "hunk");
	d->change->hint = read_hint(l);
	return 0;
}

/* What git writes above the header, and what of it is refused. */
static int take_preamble(struct diff *d, struct line l)
{
	static const char *const refused[] = {
		"rename ",  "copy ",   "similarity ", "dissimilarity ",	 "old mode",
		"new mode", "Binary ", "GIT binary ", "new file mode 1",
	};

	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		if (!line_starts(l, refused[i]) || line_starts(l, "new file mode 100644"))
			continue;
		complaint_set(d->why,
			      "a diff may only change, add and remove text: no renames, "
			      "copies, modes and binary files");
		complaint_quote(d->why, "The line:", &l, 1, 0);
		return -1;
	}
	return 0;
}

static bool is_preamble(struct line l)
{
	return l.len && ((*l.s >= 'a' && *l.s <= 'z') || (*l.s >= 'A' && *l.s <= 'Z'));
}

static int take_line(struct diff *d, struct line l)
{
	struct patch_change *c = d->change;

	if (!l.len) {
		patch_add_line(c, ' ', l);
		return 0;
	}
	if (*l.s == '\\') {
		char last = c->nr ? c->lines[c->nr - 1].kind : ' ';

		c->end = last == '-' ? PATCH_END_CLOSED : PATCH_END_OPEN;
		return 0;
	}
	if (*l.s == ' ' || *l.s == '+' || *l.s == '-') {
		patch_add_line(c, *l.s, (struct line){ l.s + 1, l.len - 1 });
		return 0;
	}
	complaint_set(d->why,
		      "a line of hunk %zu for '%s' begins with none of ' ', '+' and '-'",
		      c->number, d->file->path);
	complaint_quote(d->why, "The line:", &l, 1, 0);
	return -1;
}

static int parse(struct diff *d)
{
	for (size_t i = 0; i < d->nr; i++) {
		struct line l = d->lines[i];
		int failed = 0;

		if (is_header(d, i)) {
			close_hunk(d);
			failed = take_header(d, i++);
		} else if (line_starts(l, "@@")) {
			close_hunk(d);
			failed = open_hunk(d, l);
		} else if (line_starts(l, "diff --git ")) {
			close_hunk(d);
			d->file = NULL;
		} else if (d->change) {
			failed = take_line(d, l);
		} else if (is_preamble(l)) {
			failed = take_preamble(d, l);
		} else if (!line_is_blank(l)) {
			complaint_set(d->why, "a line of a diff stands in no hunk: a hunk "
					      "begins with a line '@@ ... @@'");
			complaint_quote(d->why, "The line:", &l, 1, 0);
			failed = -1;
		}
		if (failed)
			return -1;
	}
	close_hunk(d);
	return 0;
}

/* A removal needs no hunk: it says all with its header. */
static int check(const struct diff *d)
{
	const struct patch *p = d->patch;

	for (size_t i = 0; i < p->nr; i++)
		if (!p->files[i].nr && p->files[i].kind != PATCH_REMOVE)
			return complaint_set(d->why, "the diff of '%s' holds no hunk",
					     p->files[i].path);
	return p->nr ? 0 : complaint_set(d->why, "a diff holds no hunk");
}

int patch_parse_diff(const struct reply_block *block, struct patch *ret, struct complaint *why)
{
	struct diff d = { .block = block, .patch = ret, .why = why };
	int failed;

	split(&d);
	failed = parse(&d) || check(&d);
	free(d.lines);
	return failed ? -1 : 0;
}
