#ifndef MODEL_SQUASH_H
#define MODEL_SQUASH_H

/* The message of a commit that stands for several: what each of them said, and the trailers of all
 * of its experiments, one behind the other, as its last paragraph. */

#include <stdint.h>

#include "base/strbuf.h"

struct squash {
	struct strbuf words, trailers;
	struct string_list others; /* people whose commits are in it: "Ada <ada@example.org>" */
	size_t experiments;
};

#define SQUASH_INIT                                           \
	{                                                     \
		.words = STRBUF_INIT, .trailers = STRBUF_INIT \
	}
void squash_release(struct squash *squash);

/* Adds a commit by its message: of an accepted experiment, or, where `experiment` is 0, of a person,
 * whose words are their subject alone and who becomes a co-author. */
void squash_add(struct squash *squash, int64_t experiment, const char *message,
		const char *author);

/* The whole message. Appended. */
void squash_message(const struct squash *squash, const char *campaign, struct strbuf *out);

#endif
