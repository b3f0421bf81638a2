#include "report/patch.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/process.h"
#include "report/line.h"

#define ANSWER_MAX (64 << 10)

enum slot {
	SLOT_CONTEXT,
	SLOT_META,
	SLOT_FRAG,
	SLOT_FUNC,
	SLOT_OLD,
	SLOT_NEW,
	SLOT_NR,
};

/* git's names of them, and its defaults. */
static const struct {
	const char *key, *color;
} slots[SLOT_NR] = {
	[SLOT_CONTEXT] = { "context", "" },   [SLOT_META] = { "meta", "\033[1m" },
	[SLOT_FRAG] = { "frag", "\033[36m" }, [SLOT_FUNC] = { "func", "" },
	[SLOT_OLD] = { "old", "\033[31m" },   [SLOT_NEW] = { "new", "\033[32m" },
};

/* False where git says nothing. */
static bool ask(const char *const *argv, struct strbuf *ret)
{
	struct error err = ERROR_INIT;

	return !process_run(argv, ret, ANSWER_MAX, &err);
}

static char *ask_color(enum slot slot)
{
	CLEANUP_FREE char *key = xstrfmt("color.diff.%s", slots[slot].key);
	const char *const argv[] = { "git", "config", "--get-color", key, NULL };
	const char *const is_set[] = { "git", "config", "--get", key, NULL };
	CLEANUP_STRBUF struct strbuf color = STRBUF_INIT;

	if (!ask(is_set, &color))
		return xstrdup(slots[slot].color);
	strbuf_reset(&color);
	return ask(argv, &color) ? strbuf_detach(&color, NULL) : xstrdup("");
}

static const char *color_of(enum slot slot)
{
	static const char *const any[] = { "git", "config", "--get-regexp", "^color\\.diff\\.",
					   NULL };
	static char *colors[SLOT_NR];

	if (!colors[SLOT_CONTEXT]) {
		CLEANUP_STRBUF struct strbuf list = STRBUF_INIT;
		bool asks = ask(any, &list);

		for (enum slot i = 0; i < SLOT_NR; i++)
			colors[i] = asks ? ask_color(i) : xstrdup(slots[i].color);
	}
	return colors[slot];
}

/* How many lines of a hunk are still to come on both sides: within one, `--- x` is a line that
 * begins with `-- x` and was removed. */
struct hunk {
	long long removed, added;
};

/* "-3,7", or "-3", which stands for one line: how many, and `p` behind it. */
static bool read_range(const char **p, char sign, long long *ret)
{
	char *end;

	if (**p != sign || !isdigit((unsigned char)(*p)[1]))
		return false;
	strtoll(*p + 1, &end, 10);
	*ret = 1;
	if (*end == ',') {
		if (!isdigit((unsigned char)end[1]))
			return false;
		*ret = strtoll(end + 1, &end, 10);
	}
	*p = end;
	return true;
}

/* The head of a hunk; `ret_func` is where what follows it begins. */
static bool read_hunk(const char *line, struct hunk *ret, const char **ret_func)
{
	const char *p = line + strlen("@@ ");
	struct hunk hunk;

	if (!starts_with(line, "@@ ") || !read_range(&p, '-', &hunk.removed) || *p++ != ' ' ||
	    !read_range(&p, '+', &hunk.added) || !starts_with(p, " @@"))
		return false;
	*ret_func = p + strlen(" @@");
	*ret = hunk;
	return true;
}

static enum slot slot_in_hunk(char first, struct hunk *hunk)
{
	hunk->removed -= first != '+' && first != '\\';
	hunk->added -= first != '-' && first != '\\';
	return first == '-' ? SLOT_OLD : first == '+' ? SLOT_NEW : SLOT_CONTEXT;
}

/* A part of a line, without what begins and ends a color where there is none. */
static void print(const char *text, size_t len, enum slot slot, FILE *out)
{
	CLEANUP_STRBUF struct strbuf visible = STRBUF_INIT;
	const char *color = color_of(slot);

	report_add_text(text, len, &visible);
	if (visible.len)
		fprintf(out, "%s%s%s", color, visible.buf, *color ? "\033[m" : "");
}

static void print_line(const char *line, size_t len, struct hunk *hunk, FILE *out)
{
	const char *func;

	if (hunk->removed > 0 || hunk->added > 0 || *line == '\\') {
		print(line, len, slot_in_hunk(*line, hunk), out);
	} else if (read_hunk(line, hunk, &func)) {
		print(line, (size_t)(func - line), SLOT_FRAG, out);
		print(func, len - (size_t)(func - line), SLOT_FUNC, out);
	} else {
		print(line, len, SLOT_META, out);
	}
	fputc('\n', out);
}

void report_patch(const char *text, size_t len, bool color, FILE *out)
{
	struct hunk hunk = { 0 };

	if (!color) {
		report_text(text, len, "", out);
		return;
	}
	while (len) {
		const char *end = memchr(text, '\n', len);
		size_t n = end ? (size_t)(end - text) : len;
		CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;

		strbuf_add(&line, text, n);
		print_line(line.buf, n, &hunk, out);
		text += n + (end ? 1 : 0);
		len -= n + (end ? 1 : 0);
	}
}
