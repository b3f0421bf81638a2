/*
 * Hostile text on its way into a prompt. The first byte caps lengths, the second chooses the
 * kind of text; the rest is text, and its first eight bytes are a secret of the environment.
 * Whatever it holds, what comes out is visible text that stays between its two fence lines,
 * and no secret.
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "propose/fence.h"

#define CHECK(condition)          \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_visible(const struct strbuf *sb, bool lines)
{
	CHECK(strlen(sb->buf) == sb->len);
	for (size_t i = 0, n; i < sb->len; i += n) {
		const unsigned char *c = (const unsigned char *)sb->buf + i;

		n = utf8_sequence(sb->buf + i, sb->len - i);
		CHECK(n);
		CHECK((*c >= 0x20 && *c != 0x7f) || (lines && (*c == '\n' || *c == '\t')));
		CHECK(n != 2 || *c != 0xc2 || c[1] >= 0xa0);
		CHECK(n != 3 || memcmp(c, "\xe2\x80\xae", 3));
		CHECK(n != 3 || memcmp(c, "\xe2\x80\xa8", 3));
		CHECK(n != 4 || memcmp(c, "\xf3\xa0\x80", 3));
	}
}

/* A line of `text` that equals `line`, from `from` on. */
static const char *find_line(const char *text, const char *from, const char *line)
{
	size_t len = strlen(line);

	for (const char *p = from; (p = strstr(p, line)); p++)
		if ((p == text || p[-1] == '\n') && p[len] == '\n')
			return p;
	return NULL;
}

static void check_fenced(const struct fence *f, const struct strbuf *body)
{
	CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;
	CLEANUP_FREE char *close = NULL;
	char nonce[DIGEST_HEX_LEN + 1];
	const char *found;

	fence_add(f, "log", body, &out);
	CHECK(sscanf(out.buf, "<data log %64[0-9a-f]>\n", nonce) == 1);
	CHECK(strlen(nonce) >= FENCE_DIGITS);
	CHECK(!strstr(body->buf, nonce));
	close = xstrfmt("</data %s>", nonce);
	found = find_line(out.buf, out.buf, close);
	CHECK(found && found + strlen(close) + 1 == out.buf + out.len);
	/* And with a nonce so short that texts do hold it. */
	fence_nonce(f, body->buf, body->len, 1, nonce);
	CHECK(*nonce && !strstr(body->buf, nonce));
}

static void check_masks(const struct secrets *secrets, enum secret_text kind, const char *text,
			size_t len)
{
	CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;
	size_t masked = secrets_mask(secrets, kind, text, len, &out);

	CHECK(masked || (out.len == len && !memcmp(out.buf, text, len)));
	for (size_t i = 0; i < secrets->values.nr; i++) {
		const char *value = secrets->values.items[i];

		/* The mask's own letters may make up a value that is made of them. */
		if (!strpbrk(value, SECRET_MASK))
			CHECK(!memmem(out.buf, out.len, value, strlen(value)));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP_STRBUF struct strbuf line = STRBUF_INIT, lines = STRBUF_INIT,
				     tail = STRBUF_INIT;
	CLEANUP_SECRETS struct secrets secrets = { STRING_LIST_INIT };
	CLEANUP_FREE char *words = NULL, *value = NULL;
	struct fence f = { .seed = 7, .secrets = &secrets };
	enum secret_text kind;
	const char *text;
	size_t max;

	if (size < 2)
		return 0;
	max = data[0];
	kind = data[1] & 1 ? SECRET_CODE : SECRET_PROSE;
	text = (const char *)data + 2;
	size -= 2;
	words = xstrndup(text, size);
	value = xstrndup(text, size < SECRET_VALUE_MIN ? size : SECRET_VALUE_MIN);
	secrets_add(&secrets, value);

	check_masks(&secrets, kind, text, size);
	fence_line(&f, words, max, &line);
	check_visible(&line, false);
	CHECK(line.len <= max + strlen(" ..."));
	fence_lines(&f, kind, text, size, max, &lines);
	check_visible(&lines, true);
	CHECK(lines.len <= max + 1);
	CHECK(!lines.len || lines.buf[lines.len - 1] == '\n');
	check_fenced(&f, &lines);
	fence_tail(&f, text, size, 20, max, &tail);
	check_visible(&tail, true);
	CHECK(tail.len <= max);
	check_fenced(&f, &tail);
	return 0;
}
