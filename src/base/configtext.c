#include "base/configtext.h"

#include <ctype.h>
#include <string.h>

#include "base/strbuf.h"

#define END (-1)

struct parser {
	const char *name;
	const char *p, *end;
	int line; /* of the next byte */
	struct strbuf section, key, value;
	const char *subsection; /* inside `section`, or NULL */
	config_entry_fn fn;
	void *data;
	struct error *err;
};

static void parser_release(struct parser *ps)
{
	strbuf_release(&ps->section);
	strbuf_release(&ps->key);
	strbuf_release(&ps->value);
}

/* The next byte without taking it; CRLF reads as a newline. */
static int peek(const struct parser *ps)
{
	if (ps->p == ps->end)
		return END;
	if (ps->p[0] == '\r' && ps->p + 1 < ps->end && ps->p[1] == '\n')
		return '\n';
	return (unsigned char)*ps->p;
}

static int next(struct parser *ps)
{
	int c = peek(ps);

	if (c == END)
		return END;
	ps->p += c == '\n' && *ps->p == '\r' ? 2 : 1;
	ps->line += c == '\n';
	return c;
}

static bool is_blank(int c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool at_line_end(const struct parser *ps)
{
	return peek(ps) == '\n' || peek(ps) == END;
}

static void skip_blanks(struct parser *ps)
{
	while (is_blank(peek(ps)))
		next(ps);
}

static void skip_line(struct parser *ps)
{
	while (!at_line_end(ps))
		next(ps);
}

static int malformed(struct parser *ps, int line, const char *what)
{
	return error_set(ps->err, "%s:%d: %s", ps->name, line, what);
}

static int give(struct parser *ps, int line, const char *key, const char *value, bool cut)
{
	struct config_entry entry = {
		.section = ps->section.buf,
		.subsection = ps->subsection,
		.key = key,
		.value = value,
		.line = line,
		.cut = cut,
	};

	return ps->fn(&entry, ps->data, ps->err) ? -1 : 0;
}

/* The quoted subsection, from its opening quote on; only \\ and \" need their escape. */
static int parse_subsection(struct parser *ps)
{
	int c;

	if (next(ps) != '"')
		return -1;
	while (!at_line_end(ps)) {
		c = next(ps);
		if (c == '"')
			return 0;
		if (c == '\\' && !at_line_end(ps))
			c = next(ps);
		strbuf_addch(&ps->section, c);
	}
	return -1;
}

/* A header; `[a.b]` and `[a "b"]` both give the section a and the subsection b. */
static int parse_header(struct parser *ps)
{
	int line = ps->line;
	char *dot;

	strbuf_reset(&ps->section);
	next(ps); /* the bracket */
	while (isalnum(peek(ps)) || peek(ps) == '-' || peek(ps) == '.')
		strbuf_addch(&ps->section, tolower(next(ps)));
	if (is_blank(peek(ps))) {
		skip_blanks(ps);
		strbuf_addch(&ps->section, '.');
		if (parse_subsection(ps))
			return malformed(ps, line, "malformed section header");
	}
	if (!ps->section.len || ps->section.buf[0] == '.' || peek(ps) != ']')
		return malformed(ps, line, "malformed section header");
	next(ps);
	dot = strchr(ps->section.buf, '.');
	ps->subsection = dot ? dot + 1 : NULL;
	if (dot)
		*dot = '\0';
	return give(ps, line, NULL, NULL, false);
}

/* What follows a backslash in a value; a line's end joins the next line and adds nothing. */
static int parse_escape(struct parser *ps)
{
	static const char from[] = "\\\"ntb", to[] = "\\\"\n\t\b";
	const char *at;
	int c = next(ps);

	if (c == '\n' || c == END)
		return 0;
	at = c ? strchr(from, c) : NULL;
	if (!at)
		return -1;
	strbuf_addch(&ps->value, to[at - from]);
	return 0;
}

/* Up to the end of the line; white space outside quotes at either end is no part of it. */
static int parse_value(struct parser *ps, int line, bool *ret_cut)
{
	bool quoted = false;
	size_t keep = 0; /* what comes after are blanks, which may turn out to be the last */
	int c;

	strbuf_reset(&ps->value);
	skip_blanks(ps);
	while (!at_line_end(ps)) {
		c = next(ps);
		if (is_blank(c) && !quoted) {
			if (ps->value.len)
				strbuf_addch(&ps->value, c);
			continue;
		}
		if ((c == ';' || c == '#') && !quoted) {
			*ret_cut = true;
			skip_line(ps);
			break;
		}
		if (c == '"')
			quoted = !quoted;
		else if (c != '\\')
			strbuf_addch(&ps->value, c);
		else if (parse_escape(ps))
			return malformed(ps, ps->line, "unknown escape in a value");
		keep = ps->value.len;
	}
	if (quoted)
		return malformed(ps, line, "a quote is not closed");
	strbuf_setlen(&ps->value, keep);
	return 0;
}

static int parse_key(struct parser *ps)
{
	int line = ps->line;
	bool cut = false;

	if (!ps->section.len)
		return malformed(ps, line, "a key before the first section");
	strbuf_reset(&ps->key);
	while (isalnum(peek(ps)) || peek(ps) == '-')
		strbuf_addch(&ps->key, tolower(next(ps)));
	while (peek(ps) == ' ' || peek(ps) == '\t')
		next(ps);
	if (at_line_end(ps))
		return give(ps, line, ps->key.buf, NULL, false);
	if (next(ps) != '=')
		return malformed(ps, line, "expected '=' after the key");
	if (parse_value(ps, line, &cut))
		return -1;
	return give(ps, line, ps->key.buf, ps->value.buf, cut);
}

static int parse_all(struct parser *ps)
{
	int c;

	while ((c = peek(ps)) != END) {
		if (is_blank(c) || c == '\n') {
			next(ps);
		} else if (c == ';' || c == '#') {
			skip_line(ps);
		} else if (c == '[') {
			if (parse_header(ps))
				return -1;
		} else if (isalpha(c)) {
			if (parse_key(ps))
				return -1;
		} else {
			return malformed(ps, ps->line,
					 "neither a section, a key nor a comment");
		}
	}
	return 0;
}

int config_text_parse(const char *name, const char *text, size_t len, config_entry_fn fn,
		      void *data, struct error *err)
{
	static const char mark[] = "\xef\xbb\xbf";
	CLEANUP(parser_release)
	struct parser ps = {
		.name = name,
		.p = text,
		.end = text + len,
		.line = 1,
		.section = STRBUF_INIT,
		.key = STRBUF_INIT,
		.value = STRBUF_INIT,
		.fn = fn,
		.data = data,
		.err = err,
	};
	const char *nul = len ? memchr(text, '\0', len) : NULL;

	if (nul) {
		for (const char *p = text; p < nul; p++)
			ps.line += *p == '\n';
		return malformed(&ps, ps.line, "a NUL byte");
	}
	if (len >= 3 && !memcmp(text, mark, 3))
		ps.p += 3;
	return parse_all(&ps);
}
