#include "report/screen.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

bool screen_is(int fd)
{
	const char *term = getenv("TERM");

	return term && *term && strcmp(term, "dumb") && isatty(fd);
}

static bool is_set(const char *value)
{
	return value && *value;
}

static bool locale_is_utf8(void)
{
	const char *all = getenv("LC_ALL"), *type = getenv("LC_CTYPE"), *lang = getenv("LANG");
	const char *name = is_set(all) ? all : is_set(type) ? type : is_set(lang) ? lang : "";

	return strcasestr(name, "utf-8") || strcasestr(name, "utf8");
}

struct screen_style screen_style(int fd)
{
	return (struct screen_style){ .utf8 = locale_is_utf8(),
				      .color = color_wanted(fd, COLOR_UNSAID) };
}

struct screen_size screen_size(int fd)
{
	struct winsize size;

	if (ioctl(fd, TIOCGWINSZ, &size) || !size.ws_col || !size.ws_row)
		return (struct screen_size){ 80, 24 };
	return (struct screen_size){ size.ws_col, size.ws_row };
}

/* Columns of a valid sequence. Scripts that are wide, and signs that some terminals draw so,
 * take two. */
static int columns_of(const char *s, size_t len)
{
	const unsigned char *u = (const unsigned char *)s;
	uint32_t c;

	if (len < 3)
		return 1;
	c = len == 3 ? (u[0] & 0xfU) << 12 | (u[1] & 0x3fU) << 6 | (u[2] & 0x3fU) : 0x10000;
	if (c < 0x1100 || (c >= 0x1160 && c < 0x2300) || (c >= 0x2400 && c < 0x25a0) ||
	    (c >= 0x2800 && c < 0x2900))
		return 1;
	return 2;
}

int screen_add_text(struct strbuf *out, const struct screen_style *style, const char *text,
		    int columns)
{
	CLEANUP_STRBUF struct strbuf all = STRBUF_INIT;
	int taken = 0;
	size_t last = out->len; /* where there is still room for the mark */

	strbuf_add_visible(&all, text, strlen(text));
	for (size_t i = 0, len; i < all.len; i += len) {
		int more;

		len = utf8_sequence(all.buf + i, all.len - i);
		more = style->utf8 ? columns_of(all.buf + i, len) : 1;
		if (taken + more > columns) {
			strbuf_setlen(out, last);
			strbuf_addstr(out, columns < 1 ? "" : style->utf8 ? "…" : ">");
			return columns;
		}
		if (len == 1 || style->utf8)
			strbuf_add(out, all.buf + i, len);
		else
			strbuf_addch(out, '?');
		taken += more;
		if (taken < columns)
			last = out->len;
	}
	return taken;
}

void screen_add_bar(struct strbuf *out, const struct screen_style *style, double share,
		    int columns, enum paint color)
{
	const char *full = style->utf8 ? "━" : "#", *empty = style->utf8 ? "─" : ".";
	int filled = share >= 1 ? columns : share > 0 ? (int)(share * columns) : 0;

	strbuf_addstr(out, paint(style->color, color));
	for (int i = 0; i < filled; i++)
		strbuf_addstr(out, full);
	strbuf_addf(out, "%s%s", paint(style->color, PAINT_NONE),
		    paint(style->color, PAINT_FAINT));
	for (int i = filled; i < columns; i++)
		strbuf_addstr(out, empty);
	strbuf_addstr(out, paint(style->color, PAINT_NONE));
}
