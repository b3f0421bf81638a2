#include "propose/text.h"

#include <stdlib.h>
#include <string.h>

static void add_line(struct text *text, struct line l)
{
	if (text->nr == text->alloc) {
		text->alloc = text->alloc ? 2 * text->alloc : 64;
		text->lines = xrealloc(text->lines, text->alloc * sizeof(*text->lines));
	}
	text->lines[text->nr++] = l;
}

void text_split(struct text *text, const char *content, size_t len)
{
	const char *p = content, *end = content + len;
	struct line l;

	text->crlf = len > 0;
	while (line_next(&p, end, &l)) {
		text->open_end = l.s + l.len == end;
		if (!text->open_end && (!l.len || l.s[l.len - 1] != '\r'))
			text->crlf = false;
		add_line(text, l);
	}
	if (text->nr == 1 && text->open_end)
		text->crlf = false;
	for (size_t i = 0; text->crlf && i < text->nr - text->open_end; i++)
		text->lines[i].len--;
}

size_t text_size(const struct text *text)
{
	size_t size = text->nr * (text->crlf ? 2 : 1);

	for (size_t i = 0; i < text->nr; i++)
		size += text->lines[i].len;
	return size - (text->nr && text->open_end ? (text->crlf ? 2 : 1) : 0);
}

void text_join(const struct text *text, struct strbuf *out)
{
	strbuf_grow(out, text_size(text));
	for (size_t i = 0; i < text->nr; i++) {
		strbuf_add(out, text->lines[i].s, text->lines[i].len);
		if (i + 1 < text->nr || !text->open_end)
			strbuf_addstr(out, text->crlf ? "\r\n" : "\n");
	}
}

void text_release(struct text *text)
{
	for (size_t i = 0; i < text->owned_nr; i++)
		free(text->owned[i]);
	free(text->owned);
	free(text->lines);
	*text = (struct text)TEXT_INIT;
}

/* The white space that a line begins with, none of it where it is blank. */
static size_t indent_len(struct line l)
{
	size_t n = 0;

	l = line_rtrim(l);
	while (n < l.len && (l.s[n] == ' ' || l.s[n] == '\t'))
		n++;
	return n;
}

/* What comes is indented by so much at most: nobody's honest code needs more. */
#define INDENT_MAX 256

/*
 * The indentation by which `have` and `want` differ, where they are equal but for it: the
 * longer begins with it. Both are no blank lines, without white space at their ends.
 */
static bool indent_between(struct line have, struct line want, struct line *ret, bool *deeper)
{
	struct line longer, shorter;

	*deeper = have.len >= want.len;
	longer = *deeper ? have : want;
	shorter = *deeper ? want : have;
	*ret = (struct line){ longer.s, longer.len - shorter.len };
	return ret->len <= INDENT_MAX && ret->len <= indent_len(longer) &&
	       line_equal((struct line){ longer.s + ret->len, shorter.len }, shorter);
}

static bool equal_at_indent(const struct line *have, const struct line *want, size_t nr,
			    size_t *work, struct places *ret)
{
	bool known = false;

	for (size_t i = 0; i < nr; i++) {
		struct line a = line_rtrim(have[i]), b = line_rtrim(want[i]), indent;
		bool deeper;

		*work += 1 + (have[i].len + want[i].len) / 32;
		if (!a.len != !b.len)
			return false;
		if (!a.len)
			continue;
		if (!indent_between(a, b, &indent, &deeper))
			return false;
		if (!known) {
			ret->indent = indent;
			ret->deeper = deeper;
			known = true;
		} else if (deeper != ret->deeper || !line_equal(indent, ret->indent)) {
			return false;
		}
	}
	return known;
}

static bool equal_at(enum rung rung, const struct line *have, const struct line *want,
		     size_t nr, size_t *work, struct places *ret)
{
	if (rung == RUNG_INDENT)
		return equal_at_indent(have, want, nr, work, ret);
	for (size_t i = 0; i < nr; i++) {
		bool trim = rung == RUNG_TRAILING;
		struct line a = trim ? line_rtrim(have[i]) : have[i];
		struct line b = trim ? line_rtrim(want[i]) : want[i];

		*work += 1 + (have[i].len + want[i].len) / 32;
		if (!line_equal(a, b))
			return false;
	}
	return true;
}

bool text_find(const struct text *text, const struct line *old, size_t nr, size_t hint,
	       size_t *work, struct places *ret)
{
	struct places hinted = { 0 };

	*ret = (struct places){ 0 };
	for (enum rung rung = 0; rung < RUNG_NR && !ret->nr; rung++) {
		for (size_t i = 0; nr <= text->nr && i <= text->nr - nr; i++) {
			struct places found = { .rung = rung, .nr = 1, .at = { i } };

			if (*work > TEXT_WORK_MAX)
				return false;
			if (!equal_at(rung, text->lines + i, old, nr, work, &found))
				continue;
			if (i == hint)
				hinted = found;
			if (!ret->nr)
				*ret = found;
			else if (ret->nr++ < PLACES_MAX)
				ret->at[ret->nr - 1] = i;
		}
	}
	if (ret->nr > 1 && hinted.nr)
		*ret = hinted;
	return true;
}

static struct line own(struct text *text, char *s, size_t len)
{
	if (text->owned_nr == text->owned_alloc) {
		text->owned_alloc = text->owned_alloc ? 2 * text->owned_alloc : 16;
		text->owned = xrealloc(text->owned, text->owned_alloc * sizeof(*text->owned));
	}
	text->owned[text->owned_nr++] = s;
	return (struct line){ s, len };
}

/* The line as the place has it indented. */
static struct line indented(struct text *text, struct line l, const struct places *place)
{
	struct strbuf sb = STRBUF_INIT;
	size_t len;
	char *s;

	if (!place->indent.len || line_is_blank(l))
		return l;
	if (!place->deeper)
		return (struct line){ l.s + place->indent.len, l.len - place->indent.len };
	strbuf_add(&sb, place->indent.s, place->indent.len);
	strbuf_add(&sb, l.s, l.len);
	s = strbuf_detach(&sb, &len);
	return own(text, s, len);
}

static bool can_be_indented(const struct patch_change *change, const struct places *place,
			    struct line *ret_line)
{
	const struct line *less = &place->indent;

	for (size_t i = 0; i < change->nr && !place->deeper; i++) {
		struct line l = change->lines[i].line;

		if (change->lines[i].kind != '+' || line_is_blank(l))
			continue;
		if (l.len < less->len || (less->len && memcmp(l.s, less->s, less->len))) {
			*ret_line = l;
			return false;
		}
	}
	return true;
}

bool text_apply(struct text *text, const struct patch_change *change,
		const struct places *place, struct line *ret_line)
{
	size_t at = place->at[0], from = at, nr = 0, tail;
	struct line *lines;

	if (!can_be_indented(change, place, ret_line))
		return false;
	lines = xcalloc(change->nr, sizeof(*lines));
	for (size_t i = 0; i < change->nr; i++) {
		const struct patch_line *l = &change->lines[i];

		if (l->kind == '+')
			lines[nr++] = indented(text, l->line, place);
		else if (l->kind == ' ')
			lines[nr++] = text->lines[from++];
		else
			from++;
	}
	tail = text->nr - from;
	if (!tail && change->end != PATCH_END_KEPT)
		text->open_end = change->end == PATCH_END_OPEN;
	while (at + nr + tail > text->alloc) {
		text->alloc = text->alloc ? 2 * text->alloc : 64;
		text->lines = xrealloc(text->lines, text->alloc * sizeof(*text->lines));
	}
	if (tail)
		memmove(text->lines + at + nr, text->lines + from, tail * sizeof(*lines));
	if (nr)
		memcpy(text->lines + at, lines, nr * sizeof(*lines));
	text->nr = at + nr + tail;
	free(lines);
	return true;
}

bool text_has_line(const struct text *text, struct line l, size_t *work)
{
	l = line_trim(l);
	*work += text->nr;
	for (size_t i = 0; i < text->nr; i++)
		if (line_equal(line_trim(text->lines[i]), l))
			return true;
	return false;
}
