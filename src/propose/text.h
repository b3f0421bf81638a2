#ifndef PROPOSE_TEXT_H
#define PROPOSE_TEXT_H

/*
 * A file as it evolves under the changes of a reply. Its lines are borrowed from the
 * incumbent's content and from the reply, save for those that were indented anew. Where every
 * line ends in CRLF, so do the lines that come; a last line without a newline stays so.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"
#include "propose/patch.h"

/* What all looking for lines in one reply may cost, in lines compared: a bound on hostile
 * text, far above any honest one. */
#define TEXT_WORK_MAX ((size_t)1 << 26)

struct text {
	struct line *lines;
	size_t nr, alloc;
	bool crlf;
	bool open_end; /* the last line has no newline */
	char **owned;  /* lines that were indented anew */
	size_t owned_nr, owned_alloc;
};

#define TEXT_INIT \
	{         \
		0 \
	}

/* The lines of `content`, which outlives the text; the text is empty before. */
void text_split(struct text *text, const char *content, size_t len);

/* How many bytes text_join() appends. */
size_t text_size(const struct text *text);
void text_join(const struct text *text, struct strbuf *out);
void text_release(struct text *text);
#define CLEANUP_TEXT CLEANUP(text_release)

/*
 * How closely a place of the text equals what was looked for, from strict to lenient. At each
 * rung a place must be the only one; the next rung is tried where there is none.
 */
enum rung {
	RUNG_EXACT,
	RUNG_TRAILING, /* but for white space at the ends of lines */
	RUNG_INDENT,   /* and but for one indentation that all lines have more, or less */
	RUNG_NR,
};

#define PLACES_MAX 8

/* Where the old lines of a change stand. */
struct places {
	enum rung rung;
	size_t nr;	       /* how many there are */
	size_t at[PLACES_MAX]; /* the first of them, lines from 0 */
	struct line indent;    /* by which a line of the one place differs */
	bool deeper;	       /* the text has it more, not less */
};

#define TEXT_NO_HINT ((size_t)-1)

/*
 * Looks for the `nr` old lines. Where they stand in several places, and one of these is the
 * line `hint` (from 0), that is the only one. False where `*work` ran over TEXT_WORK_MAX:
 * then nothing is known.
 */
bool text_find(const struct text *text, const struct line *old, size_t nr, size_t hint,
	       size_t *work, struct places *ret);

/*
 * Applies a change at the place where its old lines stand: those that stay keep the text's own
 * bytes, those that come are indented as the place is. False, and nothing done, where a line
 * that comes is indented less than what it would have to lose, which is put in `ret_line`.
 */
bool text_apply(struct text *text, const struct patch_change *change,
		const struct places *place, struct line *ret_line);

/* True where a line equals `l` but for white space at its ends; counts into `*work`. */
bool text_has_line(const struct text *text, struct line l, size_t *work);

/*
 * The `nr` lines that are most like the old ones of a change: where they begin, from 0. False
 * where nothing is like them, or `*work` ran over.
 */
bool text_find_similar(const struct text *text, const struct line *old, size_t nr, size_t *work,
		       size_t *ret);

#endif
