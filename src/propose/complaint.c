#include "propose/complaint.h"

#include <stdlib.h>
#include <string.h>

/* At most `cap` bytes of it, and no half of a character; tabs stay. */
static void add_capped(struct strbuf *out, const char *s, size_t len, size_t cap)
{
	const char *end = s + len;

	if (len > cap) {
		while (cap && ((unsigned char)s[cap] & 0xc0) == 0x80)
			cap--;
		end = s + cap;
	}
	while (s < end) {
		const char *tab = memchr(s, '\t', (size_t)(end - s)) ?: end;

		strbuf_add_visible(out, s, (size_t)(tab - s));
		if (tab < end)
			strbuf_addch(out, '\t');
		s = tab + (tab < end);
	}
	if (len > cap)
		strbuf_addstr(out, " ...");
}

static char *format(const char *fmt, va_list ap)
{
	struct strbuf text = STRBUF_INIT;

	strbuf_vaddf(&text, fmt, ap);
	return strbuf_detach(&text, NULL);
}

int complaint_set(struct complaint *c, const char *fmt, ...)
{
	CLEANUP_FREE char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = format(fmt, ap);
	va_end(ap);
	strbuf_reset(&c->sentence);
	strbuf_reset(&c->quote);
	add_capped(&c->sentence, text, strlen(text), COMPLAINT_SENTENCE_MAX);
	return complaint_reason(c, COMPLAINT_MALFORMED);
}

int complaint_reason(struct complaint *c, const char *fmt, ...)
{
	va_list ap;

	free(c->reason);
	va_start(ap, fmt);
	c->reason = format(fmt, ap);
	va_end(ap);
	return -1;
}

void complaint_quote(struct complaint *c, const char *heading, const struct line *lines,
		     size_t nr, size_t first)
{
	size_t shown = nr < COMPLAINT_LINES_MAX ? nr : COMPLAINT_LINES_MAX;

	strbuf_addf(&c->quote, "%s\n", heading);
	for (size_t i = 0; i < shown; i++) {
		if (first)
			strbuf_addf(&c->quote, "%zu: ", first + i);
		add_capped(&c->quote, lines[i].s, lines[i].len, COMPLAINT_WIDTH_MAX);
		strbuf_addch(&c->quote, '\n');
	}
	if (shown < nr)
		strbuf_addf(&c->quote, "(and %zu lines more)\n", nr - shown);
}

void complaint_release(struct complaint *c)
{
	free(c->reason);
	strbuf_release(&c->sentence);
	strbuf_release(&c->quote);
	c->reason = NULL;
}
