#ifndef BASE_DELIMITED_H
#define BASE_DELIMITED_H

/*
 * Tables as text: a line a row, cells between separators. Where the separator is a tab or a bar
 * no cell is quoted, and a double quote is one; else cells are quoted as RFC 4180 has it, and a
 * quoted one may hold separators and ends of line.
 */

#include <stdint.h>

#include "base/error.h"
#include "base/strbuf.h"

struct delimited {
	const char *text; /* borrowed, without NULs */
	const char *at;	  /* where the next row begins */
	char separator;
	int64_t line; /* of that row, from 1 */
};

/* Reads `text` from its beginning, without a byte order mark. The separator is the one of tab,
 * comma, semicolon and bar that its first line has most of; a comma where it has none. */
void delimited_init(struct delimited *d, const char *text);

/*
 * The cells of the next row that is not blank, which `ret` is overwritten with, and the line that
 * it began in. White space around a bar's cell is not part of it. 1; 0 at the end; -1 where a
 * quote is never closed, or something stands behind one.
 */
int delimited_next(struct delimited *d, struct string_list *ret, int64_t *ret_line,
		   struct error *err);

/* Appends a cell of a CSV, quoted where it has to be. */
void strbuf_add_csv(struct strbuf *out, const char *cell);

#endif
