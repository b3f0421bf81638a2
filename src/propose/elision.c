#include "propose/elision.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_LEN 160 /* a longer line says more than that something is left out */
#define WORDS_MAX 12

/* What a line says, in lower case, each word between spaces. */
struct saying {
	char words[LINE_MAX_LEN + 3];
	size_t nr;
	bool aside;	/* in a comment or in brackets */
	bool dots;	/* "..." or an ellipsis anywhere */
	bool dots_lead; /* and at the beginning, before a space */
};

/* What comments begin with in any language: a model is not always in the right one. */
static bool skip_comment(struct line *l)
{
	static const char *const leads[] = { "//", "/*", "<!--", "--", "#", ";", "%", "*" };

	for (size_t i = 0; i < ARRAY_SIZE(leads); i++) {
		size_t n = strlen(leads[i]);

		if (!line_starts(*l, leads[i]))
			continue;
		while (n < l->len && strchr("#/*;%-", l->s[n]) && l->s[n])
			n++;
		*l = line_trim((struct line){ l->s + n, l->len - n });
		return true;
	}
	return false;
}

static bool is_bracketed(struct line l)
{
	static const char pairs[] = "[](){}<>";

	for (size_t i = 0; i + 1 < sizeof(pairs); i += 2)
		if (l.len > 2 && l.s[0] == pairs[i] && l.s[l.len - 1] == pairs[i + 1])
			return true;
	return false;
}

static size_t dots_at(struct line l, size_t i)
{
	struct line rest = { l.s + i, l.len - i };

	return line_starts(rest, "...") || line_starts(rest, "\u2026") ? 3 : 0;
}

static void read_words(struct line l, struct saying *s)
{
	size_t n = 0;

	s->words[n++] = ' ';
	for (size_t i = 0; i < l.len; i++) {
		if (isalnum((unsigned char)l.s[i])) {
			s->words[n++] = (char)tolower((unsigned char)l.s[i]);
		} else if (s->words[n - 1] != ' ') {
			s->words[n++] = ' ';
			s->nr++;
		}
	}
	if (s->words[n - 1] != ' ') {
		s->words[n++] = ' ';
		s->nr++;
	}
	s->words[n] = '\0';
}

static bool says_any(const struct saying *s, const char *const *phrases, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (strstr(s->words, phrases[i]))
			return true;
	return false;
}

static bool read_saying(struct line l, struct saying *s)
{
	size_t lead;

	*s = (struct saying){ 0 };
	l = line_trim(l);
	if (!l.len || l.len > LINE_MAX_LEN)
		return false;
	s->aside = skip_comment(&l);
	if (is_bracketed(l)) {
		s->aside = true;
		l = line_trim((struct line){ l.s + 1, l.len - 2 });
	}
	for (size_t i = 0; i < l.len; i++)
		s->dots |= dots_at(l, i) > 0;
	lead = dots_at(l, 0);
	while (lead && lead < l.len && l.s[lead] == '.')
		lead++;
	/* Without the space it spreads an object: "...rest" is code. */
	s->dots_lead = lead && (lead == l.len || l.s[lead] == ' ');
	read_words(l, s);
	return true;
}

bool line_is_elision(struct line l)
{
	/* Each says it by itself in a comment. */
	static const char *const phrases[] = {
		" existing code ",
		" rest of the code ",
		" rest of code ",
		" rest of file ",
		" rest of the file ",
		" rest of the function ",
		" rest of the class ",
		" rest of the script ",
		" rest of the program ",
		" rest of the method ",
		" rest of the model ",
		" rest of the implementation ",
		" rest of your ",
		" rest is unchanged ",
		" rest unchanged ",
		" rest remains ",
		" remaining code ",
		" remaining lines ",
		" remains the same ",
		" remain the same ",
		" remains unchanged ",
		" remain unchanged ",
		" stays the same ",
		" same as before ",
		" same as above ",
		" same as original ",
		" same as the original ",
		" unchanged code ",
		" code unchanged ",
		" lines unchanged ",
		" omitted for brevity ",
		" code omitted ",
		" lines omitted ",
		" keep the rest ",
		" no changes ",
		" code continues ",
		" everything else unchanged ",
	};
	/* These do where little else is said, or where dots stand before them. */
	static const char *const words[] = {
		" unchanged ", " omitted ", " unmodified ", " elided ", " snip ", " as before ",
	};
	static const char *const dotted[] = {
		" rest ",     " remaining ", " existing ", " same ",  " previous ", " other ",
		" original ", " code ",	     " above ",	   " below ", " lines ",
	};
	struct saying s;

	if (!read_saying(l, &s) || s.nr > WORDS_MAX)
		return false;
	if (s.dots_lead && s.nr)
		return says_any(&s, phrases, ARRAY_SIZE(phrases)) ||
		       says_any(&s, words, ARRAY_SIZE(words)) ||
		       says_any(&s, dotted, ARRAY_SIZE(dotted));
	if (!s.aside)
		return false;
	if (!s.nr)
		return s.dots;
	return says_any(&s, phrases, ARRAY_SIZE(phrases)) ||
	       (s.nr <= 5 && says_any(&s, words, ARRAY_SIZE(words)));
}

bool elision_find(const struct line *lines, size_t nr, const struct text *old, size_t *work,
		  struct line *ret)
{
	for (size_t i = 0; i < nr && *work <= TEXT_WORK_MAX; i++) {
		*work += 1 + lines[i].len / 32;
		if (line_is_elision(lines[i]) && !text_has_line(old, lines[i], work)) {
			*ret = lines[i];
			return true;
		}
	}
	return false;
}

static int by_bytes(const void *a, const void *b)
{
	const struct line *x = a, *y = b;
	int order = memcmp(x->s, y->s, x->len < y->len ? x->len : y->len);

	return order ? order : (x->len > y->len) - (x->len < y->len);
}

size_t elision_lost(const struct text *old, const struct text *new)
{
	struct line *sorted = xcalloc(new->nr, sizeof(*sorted));
	size_t nr = 0, lost = 0;

	for (size_t i = 0; i < new->nr; i++)
		if (!line_is_blank(new->lines[i]))
			sorted[nr++] = line_trim(new->lines[i]);
	qsort(sorted, nr, sizeof(*sorted), by_bytes);
	for (size_t i = 0; i < old->nr; i++) {
		struct line l = line_trim(old->lines[i]);

		lost += l.len && !bsearch(&l, sorted, nr, sizeof(*sorted), by_bytes);
	}
	free(sorted);
	return lost;
}
