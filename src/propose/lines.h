#ifndef PROPOSE_LINES_H
#define PROPOSE_LINES_H

/* Lines of text, borrowed from whoever holds it: without their ends, and never a string. */

#include <stdbool.h>
#include <stddef.h>

struct line {
	const char *s;
	size_t len;
};

/* The line at `*p`, which moves behind it and its LF; false at `end`. */
bool line_next(const char **p, const char *end, struct line *ret);

/* Without white space at its end, or at both. */
struct line line_rtrim(struct line l);
struct line line_trim(struct line l);

bool line_is_blank(struct line l);
bool line_equal(struct line a, struct line b);
bool line_starts(struct line l, const char *prefix);

/* The length of the marker where the line is 5 to 9 times `c`, then `word`, and nothing else
 * but white space; 0 otherwise. `word` may be "". */
size_t line_marker(struct line l, char c, const char *word);

#endif
