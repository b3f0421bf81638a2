#ifndef PROPOSE_FENCE_H
#define PROPOSE_FENCE_H

/*
 * How text of others enters a prompt: files, diffs, logs, and the words of proposers. It is
 * masked (model/secret.h), what nobody would see in it is made visible, its length is
 * capped, and it stands between two lines that nothing inside it can imitate:
 *
 *	<data file 9f86d081884c7d65>
 *	...
 *	</data 9f86d081884c7d65>
 *
 * The nonce is made of the campaign's seed and of the text: the same text has the same fence
 * in every prompt, which keeps the front of prompts equal, byte by byte; and no text knows
 * its own, so the rare one that holds it by chance gets a longer one.
 */

#include <stdint.h>

#include "base/digest.h"
#include "model/secret.h"

#define FENCE_DIGITS 16

struct fence {
	uint64_t seed;
	const struct secrets *secrets; /* borrowed; NULL: known shapes alone are masked */
};

/* One line of words, at most `max` bytes (then " ..." behind them). */
void fence_line(const struct fence *f, const char *words, size_t max, struct strbuf *out);

/*
 * Lines, as they are to be read: CRLF as a newline, tabs kept, the last one ended. At most
 * `max` bytes, up to the end of a line where there is one. Returns how many bytes of it are
 * missing.
 */
size_t fence_lines(const struct fence *f, enum secret_text kind, const char *text, size_t len,
		   size_t max, struct strbuf *out);

/* The last `lines` lines of a log, of which at most `max` bytes. What a carriage return let
 * be written over, such as the steps of a progress bar, is left out. */
void fence_tail(const struct fence *f, const char *log, size_t len, int lines, size_t max,
		struct strbuf *out);

/* Appends `body` (made by the functions above) between its fences; `kind` is one word. */
void fence_add(const struct fence *f, const char *kind, const struct strbuf *body,
	       struct strbuf *out);

/* A nonce of at least `digits` hexadecimal digits that does not occur in the text. */
void fence_nonce(const struct fence *f, const char *text, size_t len, size_t digits,
		 char ret[DIGEST_HEX_LEN + 1]);

#endif
