#include "propose/reply.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* What was found around the path. */
struct wrapping {
	bool code;  /* backticks */
	bool label; /* "File:" */
	bool other; /* a heading's mark, bold, a colon */
};

static void skip(struct line *l, size_t n)
{
	l->s += n;
	l->len -= n;
	*l = line_trim(*l);
}

static bool begins_with(struct line l, const char *word)
{
	size_t len = strlen(word);

	return l.len >= len && !strncasecmp(l.s, word, len);
}

/* "# ", "- ", "* ", "2. ", "> " */
static bool peel_mark(struct line *l)
{
	size_t n = 0;

	while (n < l->len && l->s[n] == '#')
		n++;
	if (!n && l->len && memchr("-*+>", *l->s, 4))
		n = 1;
	if (!n) {
		while (n < l->len && isdigit((unsigned char)l->s[n]))
			n++;
		if (!n || n == l->len || (l->s[n] != '.' && l->s[n] != ')'))
			return false;
		n++;
	}
	if (n >= l->len || l->s[n] != ' ')
		return false;
	skip(l, n);
	return true;
}

/* "File:", "**File:**", "Path:", … */
static bool peel_label(struct line *l)
{
	static const char *const labels[] = { "filename",  "filepath", "file name",
					      "file path", "file",     "path" };
	struct line rest = *l;

	while (rest.len && *rest.s == '*')
		skip(&rest, 1);
	for (size_t i = 0; i < ARRAY_SIZE(labels); i++) {
		size_t n = strlen(labels[i]);

		if (!begins_with(rest, labels[i]))
			continue;
		while (n < rest.len && rest.s[n] == '*')
			n++;
		if (n == rest.len || rest.s[n++] != ':')
			continue;
		while (n < rest.len && rest.s[n] == '*')
			n++;
		skip(&rest, n);
		/* Bold may end behind the label, or here. */
		while (rest.len && rest.s[rest.len - 1] == '*')
			rest.len--;
		*l = line_trim(rest);
		return l->len > 0;
	}
	return false;
}

static bool peel_remark(struct line *l)
{
	static const char *const remarks[] = { "(new)",	     "(new file)",  "(created)",
					       "(modified)", "(updated)",   "(changed)",
					       "(full)",     "(full file)", "(complete)",
					       "(rewritten)" };

	for (size_t i = 0; i < ARRAY_SIZE(remarks); i++) {
		size_t n = strlen(remarks[i]);

		if (l->len > n + 1 && !strncasecmp(l->s + l->len - n, remarks[i], n) &&
		    l->s[l->len - n - 1] == ' ') {
			l->len -= n;
			*l = line_trim(*l);
			return true;
		}
	}
	return false;
}

/* The same on both ends: `x`, ``x``, **x**, "x". */
static bool peel_pair(struct line *l, char c, size_t most)
{
	size_t n = 0;

	while (n < most && 2 * n + 2 < l->len && l->s[n] == c && l->s[l->len - 1 - n] == c)
		n++;
	if (!n)
		return false;
	l->s += n;
	l->len -= 2 * n;
	*l = line_trim(*l);
	return true;
}

static struct wrapping peel(struct line *l)
{
	struct wrapping w = { 0 };
	bool more = true;

	*l = line_trim(*l);
	while (more && l->len) {
		more = false;
		if (peel_label(l))
			more = w.label = true;
		if (peel_pair(l, '`', 2))
			more = w.code = true;
		if (peel_pair(l, '*', 2) || peel_pair(l, '"', 1) || peel_pair(l, '\'', 1) ||
		    peel_remark(l) || peel_mark(l))
			more = w.other = true;
		if (l->len && l->s[l->len - 1] == ':') {
			l->len--;
			*l = line_trim(*l);
			more = w.other = true;
		}
	}
	return w;
}

/* A word that would be taken for a path in any sentence. */
static bool looks_like_path(struct line l)
{
	bool letter = false, inner = false;

	if (!l.len || l.s[l.len - 1] == '.')
		return false;
	for (size_t i = 0; i < l.len; i++) {
		unsigned char c = (unsigned char)l.s[i];

		if (strchr("`*()<>|,;\"'{}", c))
			return false;
		letter |= isalpha(c) || c >= 0x80;
		inner |= c == '/' || c == '.';
	}
	return letter && inner;
}

static bool next_word(struct line *rest, struct line *ret)
{
	size_t n = 0;

	*rest = line_trim(*rest);
	while (n < rest->len && !strchr(" \t\v\f\r", rest->s[n]))
		n++;
	*ret = (struct line){ rest->s, n };
	skip(rest, n);
	return n > 0;
}

/* How many paths the line is made of; 0 where it holds anything else. */
static size_t count_paths(struct line l)
{
	static const char *const between[] = { "and", "&", "->", "=>", "\u2192", "+", "," };
	struct line word;
	size_t nr = 0;

	while (next_word(&l, &word)) {
		bool joins = false;

		for (size_t i = 0; i < ARRAY_SIZE(between); i++)
			joins |= word.len == strlen(between[i]) &&
				 !memcmp(word.s, between[i], word.len);
		if (joins)
			continue;
		while (word.len && strchr(",;", word.s[word.len - 1]))
			word.len--;
		peel(&word);
		if (!looks_like_path(word))
			return 0;
		nr++;
	}
	return nr;
}

static bool is_path(struct line l, const struct wrapping *w, bool adjacent)
{
	unsigned char first = (unsigned char)*l.s;
	bool letter = false;

	if (memmem(l.s, l.len, "://", 3))
		return false;
	/* Backticks say that it is a name, whatever it looks like. */
	if (w->code)
		return true;
	for (size_t i = 0; i < l.len; i++)
		letter |= isalpha((unsigned char)l.s[i]) || l.s[i] & 0x80;
	if (!letter || l.s[l.len - 1] == '.' ||
	    (!isalnum(first) && first < 0x80 && !memchr("._/-@", first, 5)))
		return false;
	/* "Makefile" is one, and so may be any bare word at the fence; "Output:" is none. */
	return looks_like_path(l) || w->label || (adjacent && !w->other);
}

char *reply_path(struct line l, bool adjacent, size_t *ret_paths)
{
	struct line path = l;
	struct wrapping w;

	*ret_paths = 0;
	/* No file system has longer ones, and a line of prose may be long. */
	if (line_trim(l).len > 4096)
		return NULL;
	w = peel(&path);
	if (!path.len || ((memchr(path.s, ' ', path.len) || memchr(path.s, '\t', path.len)) &&
			  !(w.label && w.code))) {
		*ret_paths = count_paths(l);
		return NULL;
	}
	if (!is_path(path, &w, adjacent))
		return NULL;
	while (path.len > 2 && line_starts(path, "./"))
		path = (struct line){ path.s + 2, path.len - 2 };
	*ret_paths = 1;
	return xstrndup(path.s, path.len);
}
