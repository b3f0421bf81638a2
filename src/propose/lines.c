#include "propose/lines.h"

#include <string.h>

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

bool line_next(const char **p, const char *end, struct line *ret)
{
	const char *newline;

	if (*p >= end)
		return false;
	newline = memchr(*p, '\n', (size_t)(end - *p)) ?: end;
	*ret = (struct line){ *p, (size_t)(newline - *p) };
	*p = newline + (newline < end);
	return true;
}

struct line line_rtrim(struct line l)
{
	while (l.len && is_space(l.s[l.len - 1]))
		l.len--;
	return l;
}

struct line line_trim(struct line l)
{
	l = line_rtrim(l);
	while (l.len && is_space(*l.s)) {
		l.s++;
		l.len--;
	}
	return l;
}

bool line_is_blank(struct line l)
{
	return !line_rtrim(l).len;
}

bool line_equal(struct line a, struct line b)
{
	return a.len == b.len && (!a.len || !memcmp(a.s, b.s, a.len));
}

bool line_starts(struct line l, const char *prefix)
{
	size_t len = strlen(prefix);

	return l.len >= len && !memcmp(l.s, prefix, len);
}

size_t line_marker(struct line l, char c, const char *word)
{
	size_t run = 0, len = strlen(word);

	l = line_rtrim(l);
	while (run < l.len && l.s[run] == c)
		run++;
	if (run < 5 || run > 9)
		return 0;
	l.s += run;
	l.len -= run;
	/* Models close the tag that they take the marker for: "<<<<<<< SEARCH>". */
	if (len && l.len && (l.s[l.len - 1] == '>' || l.s[l.len - 1] == '<'))
		l.len--;
	l = line_trim(l);
	return l.len == len && !memcmp(l.s, word, len) ? run : 0;
}
