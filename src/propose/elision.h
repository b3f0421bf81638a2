#ifndef PROPOSE_ELISION_H
#define PROPOSE_ELISION_H

/*
 * Models leave out what they would have to repeat, and say so in a comment: "# ... rest of
 * the code unchanged ...". Written to a file that comment would stand in place of the code.
 */

#include "propose/text.h"

/* True where the line is a comment, brackets or dots that stand for lines left out. */
bool line_is_elision(struct line l);

/*
 * The first such line among `lines` that does not stand in `old` as well; false where there
 * is none.
 */
bool elision_find(const struct line *lines, size_t nr, const struct text *old, size_t *work,
		  struct line *ret);

/* How many of the lines of `old` that are not blank do not stand in `new`. */
size_t elision_lost(const struct text *old, const struct text *new);

#endif
