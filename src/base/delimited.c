#include "base/delimited.h"

#include <string.h>

static const char separators[] = "\t,;|";

void delimited_init(struct delimited *d, const char *text)
{
	size_t most = 0;

	if (starts_with(text, "\xef\xbb\xbf"))
		text += 3;
	*d = (struct delimited){ .text = text, .at = text, .separator = ',', .line = 1 };
	text += strspn(text, "\r\n");
	for (const char *s = separators; *s; s++) {
		const char *end = text + strcspn(text, "\n");
		size_t nr = 0;

		for (const char *p = text; p < end; p++)
			nr += *p == *s;
		if (nr > most) {
			most = nr;
			d->separator = *s;
		}
	}
}

static bool quotes(const struct delimited *d)
{
	return d->separator == ',' || d->separator == ';';
}

/* Behind the opening quote. */
static int read_quoted(struct delimited *d, struct strbuf *cell, struct error *err)
{
	int64_t line = d->line;
	bool closed = false;

	while (*d->at) {
		char c = *d->at++;

		/* Two of them are one; one is the end. */
		closed = c == '"' && *d->at != '"';
		if (closed)
			break;
		d->at += c == '"';
		if (c == '\n')
			d->line++;
		strbuf_addch(cell, c);
	}
	if (!closed)
		return error_set(err, "line %lld: a quote is never closed", (long long)line);
	if (*d->at && *d->at != d->separator && *d->at != '\n' && strncmp(d->at, "\r\n", 2))
		return error_set(err, "line %lld: something stands behind a quote",
				 (long long)d->line);
	return 0;
}

static int read_cell(struct delimited *d, struct strbuf *cell, struct error *err)
{
	const char stop[] = { d->separator, '\n', '\0' };
	size_t len;

	strbuf_reset(cell);
	if (*d->at == '"' && quotes(d)) {
		d->at++;
		return read_quoted(d, cell, err);
	}
	if (d->separator == '|')
		d->at += strspn(d->at, " ");
	len = strcspn(d->at, stop);
	strbuf_add(cell, d->at, len);
	d->at += len;
	if (*d->at != d->separator && cell->len && cell->buf[cell->len - 1] == '\r')
		strbuf_setlen(cell, cell->len - 1);
	if (d->separator == '|')
		strbuf_rtrim(cell);
	return 0;
}

static void skip_blank(struct delimited *d)
{
	for (;;) {
		size_t len = strspn(d->at, "\r");

		if (d->at[len] != '\n')
			return;
		d->at += len + 1;
		d->line++;
	}
}

int delimited_next(struct delimited *d, struct string_list *ret, int64_t *ret_line,
		   struct error *err)
{
	CLEANUP_STRBUF struct strbuf cell = STRBUF_INIT;

	string_list_release(ret);
	skip_blank(d);
	*ret_line = d->line;
	if (!*d->at)
		return 0;
	for (;;) {
		if (read_cell(d, &cell, err))
			return -1;
		string_list_add(ret, cell.buf);
		if (*d->at != d->separator)
			break;
		d->at++;
	}
	d->at += strspn(d->at, "\r");
	if (*d->at == '\n') {
		d->at++;
		d->line++;
	}
	return 1;
}

void strbuf_add_csv(struct strbuf *out, const char *cell)
{
	if (!strpbrk(cell, ",\"\r\n")) {
		strbuf_addstr(out, cell);
		return;
	}
	strbuf_addch(out, '"');
	for (; *cell; cell++) {
		if (*cell == '"')
			strbuf_addch(out, '"');
		strbuf_addch(out, *cell);
	}
	strbuf_addch(out, '"');
}
