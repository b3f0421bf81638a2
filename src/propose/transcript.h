#ifndef PROPOSE_TRANSCRIPT_H
#define PROPOSE_TRANSCRIPT_H

/*
 * What an agent prints while it works, read as it comes in: its words, what it says of
 * errors, the tokens that it used, and the end of it all for a person. Nothing of it is
 * believed but as words: whether there is a proposal is seen from the files.
 */

#include <regex.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "propose/adapter.h"

/* A line of JSON above this length is passed over, and so is what an agent says beyond it. */
#define TRANSCRIPT_LINE_MAX (8 << 20)
#define TRANSCRIPT_TEXT_MAX (1 << 20)

/* As much of the end of what was printed is kept. */
#define TRANSCRIPT_TAIL_MAX (64 << 10)

struct transcript_tokens {
	bool known, rounded;
	int64_t prompt, cached, completion; /* what was cached is part of the prompt */
};

struct transcript {
	const struct adapter *adapter; /* NULL: all of its standard output is its words */
	struct strbuf words;
	struct strbuf errors; /* a line each */
	struct strbuf tail;   /* of both streams */
	struct transcript_tokens tokens;
	struct strbuf lines[2]; /* what has no end yet, of stdout and stderr */
	bool skipping[2];	/* the line that is too long */
	regex_t *tokens_line;	/* compiled on first use */
};

#define TRANSCRIPT_INIT                                                           \
	{                                                                         \
		.words = STRBUF_INIT, .errors = STRBUF_INIT, .tail = STRBUF_INIT, \
		.lines = { STRBUF_INIT, STRBUF_INIT },                            \
	}

/* Reads on. `errors`: it is of the standard error. */
void transcript_feed(struct transcript *t, bool errors, const char *data, size_t len);

/* There is no more: takes what no newline ended. */
void transcript_end(struct transcript *t);

/* Why an agent that changed nothing did not, as far as it said. */
enum transcript_refusal {
	TRANSCRIPT_NOTHING, /* it said that it succeeded, or nothing */
	TRANSCRIPT_ERROR,
	TRANSCRIPT_LIMITED,
	TRANSCRIPT_REFUSED,
};

/* Appends the line that tells it to `ret_line`; of TRANSCRIPT_NOTHING the first of its words. */
enum transcript_refusal transcript_judge(const struct transcript *t, struct strbuf *ret_line);

void transcript_release(struct transcript *t);
#define CLEANUP_TRANSCRIPT CLEANUP(transcript_release)

#endif
