#include "base/strbuf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"

char strbuf_slopbuf[1];

static void *or_die(void *p)
{
	if (!p) {
		static const char msg[] = "fatal: out of memory\n";

		if (write(STDERR_FILENO, msg, sizeof(msg) - 1) < 0)
			_exit(EXIT_FATAL);
		_exit(EXIT_FATAL);
	}
	return p;
}

void *xmalloc(size_t size)
{
	return or_die(malloc(size ? size : 1));
}

void *xcalloc(size_t n, size_t size)
{
	return or_die(calloc(n ? n : 1, size ? size : 1));
}

void *xrealloc(void *p, size_t size)
{
	return or_die(realloc(p, size ? size : 1));
}

char *xstrdup(const char *s)
{
	return or_die(strdup(s));
}

char *xstrndup(const char *s, size_t len)
{
	return or_die(strndup(s, len));
}

char *xstrfmt(const char *fmt, ...)
{
	struct strbuf sb = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&sb, fmt, ap);
	va_end(ap);
	return strbuf_detach(&sb, NULL);
}

void strbuf_release(struct strbuf *sb)
{
	if (sb->alloc)
		free(sb->buf);
	*sb = (struct strbuf)STRBUF_INIT;
}

void strbuf_reset(struct strbuf *sb)
{
	strbuf_setlen(sb, 0);
}

void strbuf_grow(struct strbuf *sb, size_t extra)
{
	size_t need, alloc;

	if (extra >= SIZE_MAX / 2 - sb->len)
		or_die(NULL);
	need = sb->len + extra + 1;
	if (need <= sb->alloc)
		return;
	alloc = sb->alloc + sb->alloc / 2 + 64;
	if (alloc < need)
		alloc = need;
	sb->buf = xrealloc(sb->alloc ? sb->buf : NULL, alloc);
	sb->alloc = alloc;
	sb->buf[sb->len] = '\0';
}

void strbuf_add(struct strbuf *sb, const void *data, size_t len)
{
	if (!len)
		return;
	strbuf_grow(sb, len);
	memcpy(sb->buf + sb->len, data, len);
	strbuf_setlen(sb, sb->len + len);
}

void strbuf_addstr(struct strbuf *sb, const char *s)
{
	strbuf_add(sb, s, strlen(s));
}

void strbuf_addch(struct strbuf *sb, int c)
{
	char ch = (char)c;

	strbuf_add(sb, &ch, 1);
}

void strbuf_vaddf(struct strbuf *sb, const char *fmt, va_list ap)
{
	va_list again;
	size_t room;
	int len;

	/* Most fit into this, and are formatted once. */
	strbuf_grow(sb, 64);
	room = sb->alloc - sb->len;
	va_copy(again, ap);
	len = vsnprintf(sb->buf + sb->len, room, fmt, again);
	va_end(again);
	if (len >= 0 && (size_t)len >= room) {
		strbuf_grow(sb, (size_t)len);
		vsnprintf(sb->buf + sb->len, (size_t)len + 1, fmt, ap);
	}
	strbuf_setlen(sb, sb->len + (len > 0 ? (size_t)len : 0));
}

void strbuf_addf(struct strbuf *sb, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(sb, fmt, ap);
	va_end(ap);
}

void strbuf_setlen(struct strbuf *sb, size_t len)
{
	sb->len = len;
	if (sb->alloc)
		sb->buf[len] = '\0';
}

void strbuf_rtrim(struct strbuf *sb)
{
	size_t len = sb->len;

	while (len && strchr(" \t\r\n\v\f", sb->buf[len - 1]) && sb->buf[len - 1])
		len--;
	strbuf_setlen(sb, len);
}

char *strbuf_detach(struct strbuf *sb, size_t *ret_len)
{
	char *ret;

	strbuf_grow(sb, 0);
	ret = sb->buf;
	if (ret_len)
		*ret_len = sb->len;
	*sb = (struct strbuf)STRBUF_INIT;
	return ret;
}

int strbuf_read_fd(struct strbuf *sb, int fd, size_t cap)
{
	size_t start = sb->len, chunk = 4096;

	for (;; chunk = chunk < 65536 ? 2 * chunk : chunk) {
		size_t left = cap - (sb->len - start);
		ssize_t n;

		/* One byte more than is allowed tells "too large" from "just fits". */
		strbuf_grow(sb, left < chunk ? left + 1 : chunk);
		n = read(fd, sb->buf + sb->len, left < chunk ? left + 1 : chunk);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (!n)
			return 0;
		if ((size_t)n > left) {
			strbuf_setlen(sb, start + cap);
			errno = EFBIG;
			return -1;
		}
		strbuf_setlen(sb, sb->len + (size_t)n);
	}
}

int strbuf_read_file(struct strbuf *sb, const char *path, size_t cap)
{
	CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	return strbuf_read_fd(sb, fd, cap);
}

/* How many bytes a sequence with this first byte has; 0 where none begins so. */
static size_t utf8_expected(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first < 0xc2 || first > 0xf4)
		return 0;
	return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

size_t utf8_sequence(const char *s, size_t len)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t n = len ? utf8_expected(p[0]) : 0;

	if (n == 1)
		return 1;
	if (!n || n > len)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	/* Too long for what they say, surrogates, and what lies beyond U+10FFFF. */
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return n;
}

/* How much of it is valid, from its beginning. */
static size_t utf8_valid_len(const char *s, size_t len)
{
	size_t valid = 0, n;

	while (valid < len && (n = utf8_sequence(s + valid, len - valid)))
		valid += n;
	return valid;
}

void strbuf_add_utf8(struct strbuf *sb, const char *s, size_t len)
{
	while (len) {
		size_t valid = utf8_valid_len(s, len);

		strbuf_add(sb, s, valid);
		if (valid < len) {
			strbuf_addstr(sb, "\xef\xbf\xbd"); /* U+FFFD */
			valid++;
		}
		s += valid;
		len -= valid;
	}
}

/* U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069 turn the direction of text around, so
 * that a line reads as what it is not. */
static bool is_bidi(const unsigned char *p)
{
	return p[0] == 0xe2 && ((p[1] == 0x80 && (p[2] == 0x8e || p[2] == 0x8f ||
						  (p[2] >= 0xaa && p[2] <= 0xae))) ||
				(p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9));
}

void strbuf_add_visible(struct strbuf *sb, const char *s, size_t len)
{
	static const char hex[] = "0123456789abcdef";
	const unsigned char *p = (const unsigned char *)s;

	while (len) {
		size_t n = utf8_sequence((const char *)p, len);
		/* C1 controls (U+0080 to U+009F) drive terminals as C0 does. */
		bool control = *p < 0x20 || *p == 0x7f ||
			       (n == 2 && *p == 0xc2 && p[1] < 0xa0) || (n == 3 && is_bidi(p));

		if (!n || control) {
			char escape[] = { '\\', 'x', hex[*p >> 4], hex[*p & 15] };

			strbuf_add(sb, escape, sizeof(escape));
			n = 1;
		} else {
			strbuf_add(sb, p, n);
		}
		p += n;
		len -= n;
	}
}

void string_list_add(struct string_list *list, const char *s)
{
	if (list->nr == list->alloc) {
		list->alloc = list->alloc ? 2 * list->alloc : 8;
		list->items = xrealloc(list->items, list->alloc * sizeof(*list->items));
	}
	list->items[list->nr++] = xstrdup(s);
}

void string_list_release(struct string_list *list)
{
	for (size_t i = 0; i < list->nr; i++)
		free(list->items[i]);
	free(list->items);
	*list = (struct string_list)STRING_LIST_INIT;
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void string_list_sort(struct string_list *list)
{
	if (list->nr)
		qsort(list->items, list->nr, sizeof(*list->items), by_bytes);
}

bool string_list_has(const struct string_list *list, const char *s)
{
	for (size_t i = 0; i < list->nr; i++)
		if (!strcmp(list->items[i], s))
			return true;
	return false;
}

bool starts_with(const char *s, const char *prefix)
{
	return !strncmp(s, prefix, strlen(prefix));
}

bool ends_with(const char *s, const char *suffix)
{
	size_t len = strlen(s), n = strlen(suffix);

	return len >= n && !strcmp(s + len - n, suffix);
}

void strbuf_add_shell_word(struct strbuf *sb, const char *s)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789/._-+=@%:,";

	if (*s && !s[strspn(s, plain)]) {
		strbuf_addstr(sb, s);
		return;
	}
	strbuf_addch(sb, '\'');
	for (; *s; s++) {
		if (*s == '\'')
			strbuf_addstr(sb, "'\\'");
		strbuf_addch(sb, *s);
	}
	strbuf_addch(sb, '\'');
}

char *shell_word(const char *s)
{
	struct strbuf word = STRBUF_INIT;

	strbuf_add_shell_word(&word, s);
	return word.buf;
}
