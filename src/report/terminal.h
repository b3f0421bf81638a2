#ifndef REPORT_TERMINAL_H
#define REPORT_TERMINAL_H

/* Whom we print to: colours as git decides about them, and how wide it is. */

#include <stdbool.h>

#include "base/error.h"
#include "model/verdict.h"

enum color_when {
	COLOR_UNSAID, /* the settings decide */
	COLOR_NEVER,
	COLOR_AUTO,
	COLOR_ALWAYS,
};

/*
 * The value of --color=<when>: never, auto, always, or a boolean as git takes it; NULL, for
 * --color alone, is always. 0; -1 with an error of status 129.
 */
int color_parse(const char *value, enum color_when *ret, struct error *err);

/*
 * Whether what goes to `fd` (stdout or stderr) is to be coloured. COLOR_UNSAID: as
 * color.autoresearch, else color.ui say, which git is asked about once for each of both.
 * COLOR_AUTO, and "auto" there: a terminal, or stdout that a pager reads, unless
 * TERM is dumb or NO_COLOR is set. Call it after pager_start().
 */
bool color_wanted(int fd, enum color_when when);

/* Colours by what they say. */
enum paint {
	PAINT_NONE, /* ends one */
	PAINT_GOOD,
	PAINT_BAD,
	PAINT_DOUBT,
	PAINT_ALARM, /* worse than bad: somebody did what is forbidden */
	PAINT_NAME,  /* what a line is about: a number, a commit */
	PAINT_HEAD,  /* a title */
	PAINT_FAINT, /* what is there for completeness */
	PAINT_NR,
};

/* The sequence that begins it; "" where `color` is false. */
const char *paint(bool color, enum paint which);

/* How a verdict is painted wherever it stands. */
enum paint verdict_paint(enum verdict_kind kind);

/* Whether people read stdout: on a terminal or through a pager. */
bool people_read(void);

/* Columns: COLUMNS, else what the terminal behind `fd` says, else 80. */
int terminal_width(int fd);

#endif
