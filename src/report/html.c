#include "report/html.h"

#include <string.h>

static const char *entity(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

static void add_escaped(struct strbuf *out, const char *text, size_t len)
{
	size_t from = 0;

	for (size_t i = 0; i < len; i++) {
		const char *name = entity(text[i]);

		if (!name)
			continue;
		strbuf_add(out, text + from, i - from);
		strbuf_addstr(out, name);
		from = i + 1;
	}
	strbuf_add(out, text + from, len - from);
}

void html_add(struct strbuf *out, const char *text, size_t len)
{
	CLEANUP_STRBUF struct strbuf visible = STRBUF_INIT;
	size_t from = 0;

	for (size_t i = 0; i <= len; i++) {
		if (i < len && text[i] != '\n' && text[i] != '\t')
			continue;
		strbuf_add_visible(&visible, text + from, i - from);
		if (i < len)
			strbuf_addch(&visible, text[i]);
		from = i + 1;
	}
	add_escaped(out, visible.buf, visible.len);
}

void html_addstr(struct strbuf *out, const char *text)
{
	html_add(out, text, strlen(text));
}
