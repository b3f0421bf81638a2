#include "propose/fence.h"

#include <inttypes.h>
#include <string.h>

/*
 * Beside what strbuf_add_visible() shows: marks that no eye sees and every model reads. Of
 * them are the Arabic letter mark, zero-width spaces and joiners of words, the two
 * separators that some take for newlines, the byte order mark, and the tag characters, in
 * which whole sentences can be hidden. Joiners of letters stay: scripts need them.
 */
static bool is_hidden(const char *p, size_t n)
{
	const unsigned char *c = (const unsigned char *)p;

	if (n == 2)
		return c[0] == 0xd8 && c[1] == 0x9c;
	if (n == 3 && c[0] == 0xe2)
		return (c[1] == 0x80 && (c[2] == 0x8b || c[2] == 0xa8 || c[2] == 0xa9)) ||
		       (c[1] == 0x81 && c[2] >= 0xa0 && c[2] <= 0xa4);
	if (n == 3)
		return c[0] == 0xef && c[1] == 0xbb && c[2] == 0xbf;
	return n == 4 && c[0] == 0xf3 && c[1] == 0xa0 && (c[2] == 0x80 || c[2] == 0x81);
}

static void add_visible(struct strbuf *out, const char *p, size_t len)
{
	const char *end = p + len, *from = p;

	while (p < end) {
		size_t n = utf8_sequence(p, (size_t)(end - p));

		if (n && is_hidden(p, n)) {
			strbuf_add_visible(out, from, (size_t)(p - from));
			for (size_t i = 0; i < n; i++)
				strbuf_addf(out, "\\x%02x", (unsigned char)p[i]);
			from = p + n;
		}
		p += n ? n : 1;
	}
	strbuf_add_visible(out, from, (size_t)(end - from));
}

/* As add_visible(), but newlines and tabs stay; ends its line. */
static void add_visible_lines(struct strbuf *out, const char *p, size_t len)
{
	const char *end = p + len;

	while (p < end) {
		const char *from = p;

		while (p < end && *p != '\n' && *p != '\t')
			p++;
		add_visible(out, from,
			    (size_t)(p - from) -
				    (p > from && p[-1] == '\r' && (p == end || *p == '\n')));
		if (p < end)
			strbuf_addch(out, *p++);
	}
	if (len && end[-1] != '\n')
		strbuf_addch(out, '\n');
}

/* At most `max` bytes of a text, and no part of a character. */
static size_t cut_before(const struct strbuf *text, size_t max)
{
	if (text->len <= max)
		return text->len;
	while (max && ((unsigned char)text->buf[max] & 0xc0) == 0x80)
		max--;
	return max;
}

void fence_line(const struct fence *f, const char *words, size_t max, struct strbuf *out)
{
	CLEANUP_STRBUF struct strbuf masked = STRBUF_INIT, line = STRBUF_INIT;
	size_t cut;

	secrets_mask(f->secrets, SECRET_PROSE, words, strlen(words), &masked);
	add_visible(&line, masked.buf, masked.len);
	cut = cut_before(&line, max);
	strbuf_add(out, line.buf, cut);
	if (cut < line.len)
		strbuf_addstr(out, " ...");
}

size_t fence_lines(const struct fence *f, enum secret_text kind, const char *text, size_t len,
		   size_t max, struct strbuf *out)
{
	CLEANUP_STRBUF struct strbuf masked = STRBUF_INIT, lines = STRBUF_INIT;
	size_t cut;

	secrets_mask(f->secrets, kind, text, len, &masked);
	add_visible_lines(&lines, masked.buf, masked.len);
	cut = cut_before(&lines, max);
	if (cut < lines.len) {
		const char *newline = cut ? memrchr(lines.buf, '\n', cut) : NULL;

		if (newline)
			cut = (size_t)(newline - lines.buf) + 1;
	}
	strbuf_add(out, lines.buf, cut);
	if (cut && lines.buf[cut - 1] != '\n')
		strbuf_addch(out, '\n');
	return lines.len - cut;
}

/* What a terminal would show in the end: of each line what follows its last return. */
static void add_overwritten(struct strbuf *out, const char *p, size_t len)
{
	const char *end = p + len;

	while (p < end) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		const char *last = newline ? newline : end, *from = last;

		while (from > p && from[-1] == '\r')
			from--;
		while (from > p && from[-1] != '\r')
			from--;
		strbuf_add(out, from, (size_t)(last - from));
		if (newline)
			strbuf_addch(out, '\n');
		p = newline ? newline + 1 : end;
	}
}

void fence_tail(const struct fence *f, const char *log, size_t len, int lines, size_t max,
		struct strbuf *out)
{
	CLEANUP_STRBUF struct strbuf shown = STRBUF_INIT, text = STRBUF_INIT;
	size_t from;

	add_overwritten(&shown, log, len);
	fence_lines(f, SECRET_PROSE, shown.buf, shown.len, SIZE_MAX, &text);
	for (from = text.len; from && text.len - from < max; from--)
		if (from < text.len && text.buf[from - 1] == '\n' && !--lines)
			break;
	while (from < text.len && ((unsigned char)text.buf[from] & 0xc0) == 0x80)
		from++;
	strbuf_add(out, text.buf + from, text.len - from);
}

void fence_nonce(const struct fence *f, const char *text, size_t len, size_t digits,
		 char ret[DIGEST_HEX_LEN + 1])
{
	char hex[DIGEST_HEX_LEN + 1];

	for (unsigned round = 0;; round++) {
		CLEANUP_STRBUF struct strbuf key = STRBUF_INIT;
		struct digest d;

		strbuf_addf(&key, "fence %" PRIu64 " %u", f->seed, round);
		digest_init(&d);
		digest_add_field(&d, key.buf, key.len);
		digest_add_field(&d, text, len);
		digest_hex(&d, hex);
		for (size_t n = digits; n <= DIGEST_HEX_LEN; n++) {
			if (memmem(text, len, hex, n))
				continue;
			memcpy(ret, hex, n);
			ret[n] = '\0';
			return;
		}
	}
}

void fence_add(const struct fence *f, const char *kind, const struct strbuf *body,
	       struct strbuf *out)
{
	char nonce[DIGEST_HEX_LEN + 1];

	fence_nonce(f, body->buf, body->len, FENCE_DIGITS, nonce);
	strbuf_addf(out, "<data %s %s>\n", kind, nonce);
	strbuf_add(out, body->buf, body->len);
	if (body->len && body->buf[body->len - 1] != '\n')
		strbuf_addch(out, '\n');
	strbuf_addf(out, "</data %s>\n", nonce);
}
