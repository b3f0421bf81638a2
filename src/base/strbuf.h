#ifndef BASE_STRBUF_H
#define BASE_STRBUF_H

/*
 * Growing byte strings and lists of strings, in the manner of git's. `buf` is always
 * NUL-terminated and never NULL; the bytes may hold NULs, so `len` counts. Running out of
 * memory ends the program with "fatal: out of memory", as it does in git: nothing durable is
 * half-written then, since refs move last.
 */

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/cleanup.h"

void *xmalloc(size_t size);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t size);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t len);
char *xstrfmt(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

struct strbuf {
	char *buf;
	size_t len, alloc;
};

extern char strbuf_slopbuf[];
#define STRBUF_INIT                   \
	{                             \
		.buf = strbuf_slopbuf \
	}
#define CLEANUP_STRBUF CLEANUP(strbuf_release)

void strbuf_release(struct strbuf *sb);
void strbuf_reset(struct strbuf *sb);
void strbuf_grow(struct strbuf *sb, size_t extra);
void strbuf_add(struct strbuf *sb, const void *data, size_t len);
void strbuf_addstr(struct strbuf *sb, const char *s);
void strbuf_addch(struct strbuf *sb, int c);
void strbuf_addf(struct strbuf *sb, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void strbuf_vaddf(struct strbuf *sb, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));
void strbuf_setlen(struct strbuf *sb, size_t len);
void strbuf_rtrim(struct strbuf *sb); /* trailing white space */

/* The text, which the caller owns; `sb` becomes empty. */
char *strbuf_detach(struct strbuf *sb, size_t *ret_len);

/*
 * Reads `fd` to its end, at most `cap` bytes. 0; -1 with errno, EFBIG where there was more.
 */
int strbuf_read_fd(struct strbuf *sb, int fd, size_t cap);

/* The same for a file by its path. */
int strbuf_read_file(struct strbuf *sb, const char *path, size_t cap);

/* The length of the valid UTF-8 sequence that `s` begins with (RFC 3629), at most `len`; 0
 * where there is none. A NUL byte is a sequence of one. */
size_t utf8_sequence(const char *s, size_t len);

/* Appends `s`, each byte that is not part of valid UTF-8 as U+FFFD. */
void strbuf_add_utf8(struct strbuf *sb, const char *s, size_t len);

/* Appends `s` with control characters, marks of text direction and invalid UTF-8 as \xNN, for
 * people to read. */
void strbuf_add_visible(struct strbuf *sb, const char *s, size_t len);

/* Appends `s` as a shell takes it for one word: a branch may be called nearly anything. */
void strbuf_add_shell_word(struct strbuf *sb, const char *s);

/* The same by itself. The caller frees it. */
char *shell_word(const char *s);

struct string_list {
	char **items;
	size_t nr, alloc;
};

#define STRING_LIST_INIT \
	{                \
		0        \
	}
#define CLEANUP_STRING_LIST CLEANUP(string_list_release)

void string_list_add(struct string_list *list, const char *s); /* copies */
void string_list_release(struct string_list *list);
void string_list_sort(struct string_list *list); /* by bytes */
bool string_list_has(const struct string_list *list, const char *s);

bool starts_with(const char *s, const char *prefix);
bool ends_with(const char *s, const char *suffix);

#endif
