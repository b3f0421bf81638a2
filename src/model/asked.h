#ifndef MODEL_ASKED_H
#define MODEL_ASKED_H

/* What asking a model for one proposal came to, as the record keeps it. */

#include <stdbool.h>
#include <stdint.h>

#include "base/strbuf.h"

struct asked {
	char *endpoint;	    /* whom: "host:port", "unix:/path" */
	char *model;	    /* as it is configured */
	char *served;	    /* as the server calls what answered; "" where it says nothing */
	double temperature; /* negative: not sent, as with the two below */
	int64_t max_tokens, seed;
	int64_t turns; /* 2 where the reply had to be mended */
	double seconds;
	int64_t prompt, completion; /* in tokens, of all turns */
	int64_t cached;		    /* of the prompt */
	bool estimated;		    /* from bytes: the server did not count them all */
	char digest[65];	    /* SHA-256 of prompt.md */
};

/* What has to be paid for. */
int64_t asked_tokens(const struct asked *asked); /* NULL: 0 */

/* Frees it as well; NULL is none. */
void asked_free(struct asked *asked);

#endif
