#ifndef PROPOSE_COMPLAINT_H
#define PROPOSE_COMPLAINT_H

/*
 * Why a model's reply cannot be used, as a value: for the model, which may mend it in one
 * more turn (repair.h), and for the record. What it quotes came from a model or a candidate:
 * control characters in it are visible, its lines and their number are capped.
 */

#include "base/strbuf.h"
#include "propose/lines.h"

#define COMPLAINT_MALFORMED "malformed"
#define COMPLAINT_EMPTY "empty"

/* Of what is quoted: lines of one excerpt, and bytes of a line and of the sentence. */
#define COMPLAINT_LINES_MAX 16
#define COMPLAINT_WIDTH_MAX 200
#define COMPLAINT_SENTENCE_MAX 600

struct complaint {
	char *reason;		/* a verdict's: malformed, empty, out-of-scope <path> */
	struct strbuf sentence; /* one line, without its full stop */
	struct strbuf quote;	/* the place, and what stands there instead; may be "" */
};

#define COMPLAINT_INIT                                        \
	{                                                     \
		.sentence = STRBUF_INIT, .quote = STRBUF_INIT \
	}

/* Sets the sentence (and clears the quote, reason `malformed`). Returns -1. */
int complaint_set(struct complaint *c, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Gives it another reason. Returns -1. */
int complaint_reason(struct complaint *c, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Adds a line of our own to the quote, then lines of somebody's text; those are numbered from
 * `first` on, unless it is 0. */
void complaint_quote(struct complaint *c, const char *heading, const struct line *lines,
		     size_t nr, size_t first);

void complaint_release(struct complaint *c);
#define CLEANUP_COMPLAINT CLEANUP(complaint_release)

#endif
