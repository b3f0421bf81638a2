#ifndef REPORT_SCREEN_H
#define REPORT_SCREEN_H

/*
 * A terminal as a screen: what is drawn on it has a place, and is drawn over. Beside it,
 * report/terminal.h has what lines need that are printed one after the other.
 */

#include <stdbool.h>

#include "base/strbuf.h"
#include "report/terminal.h"

/* What a screen can show. */
struct screen_style {
	bool utf8; /* else ASCII alone */
	bool color;
};

struct screen_size {
	int columns, rows;
};

/* True for a terminal on which the cursor can be moved: not where TERM is unset or dumb. */
bool screen_is(int fd);

/* As the environment says: LC_ALL, else LC_CTYPE, else LANG name UTF-8; NO_COLOR and so on. */
struct screen_style screen_style(int fd);

/* Of the terminal behind `fd` as it is now; 80 by 24 where that says nothing. */
struct screen_size screen_size(int fd);

/*
 * Appends `text`, which is valid UTF-8 where it is not ASCII, up to `columns` of the screen, the
 * last of which says where something was left out; visible, as strbuf_add_visible(). Returns how
 * many it took: a character of which nobody can be sure counts as two. Without UTF-8 whatever is
 * not ASCII is a "?".
 */
int screen_add_text(struct strbuf *out, const struct screen_style *style, const char *text,
		    int columns);

/* A bar of `columns` that is full to `share`, from 0 to 1. */
void screen_add_bar(struct strbuf *out, const struct screen_style *style, double share,
		    int columns, enum paint paint);

#endif
