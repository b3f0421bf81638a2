#ifndef PROPOSE_SCAN_H
#define PROPOSE_SCAN_H

/*
 * What can be varied in a source text without understanding it: its numeric literals, and
 * the words that a comment names.
 *
 * A mark is a comment that begins on the same line, behind what it marks:
 *
 *	rate = 0.01         # autoresearch: 0.001..0.1 log
 *	int hidden = 64;    // autoresearch: 8..256
 *	act = "tanh"        # autoresearch: relu|tanh|gelu
 *
 *	shift = -1.5        # autoresearch: -3..3
 *
 * A range bounds the first number on its line. Where its lower bound is below 0, a sign right
 * before the number belongs to it, unless it stands right behind what it would be subtracted
 * from (x-1); under other ranges a sign stays what it is. An integer stays one unless a bound
 * of its mark has a point or an exponent. Alternatives mark the first place on the line where
 * one of them stands as a whole word, in a string too. Whatever else a comment says is no mark;
 * where it looks like one (a number, "..", or '|'), and where a mark finds nothing on its line,
 * `problems` of the list says so.
 *
 * Comments, strings and suffixes are told by the language, the language by the file's name.
 * No literals are: numbers inside words (x1, a.b2, $1), numbers with a base (0x1f, 0b1, 017),
 * versions and dates (1.2.3), numbers with a unit (10px), and integers of 2^53 and above.
 */

#include "propose/literal.h"

#define LITERALS_MAX 10000   /* of one text; what follows is left alone */
#define MARK_COLUMN_MAX 4096 /* a mark further right is none */
#define MARK_WORDS_MAX 64    /* one with more alternatives is none */
#define MARK_PROBLEMS_MAX 20 /* of one text */

/* The literals of a text, marked or not, in order of their lines; `ret` is empty before. A
 * text that holds a NUL is binary and has none. */
void literals_scan(const char *path, const char *text, size_t len, struct literal_list *ret);

#endif
