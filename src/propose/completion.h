#ifndef PROPOSE_COMPLETION_H
#define PROPOSE_COMPLETION_H

/*
 * The text of one /chat/completions exchange, as OpenAI has it and others copied it: the
 * request as JSON, and the answer, whether it comes as a stream of events or, from servers
 * that know no streams, whole. Text alone: it knows no connection.
 */

#include <stdint.h>

#include "base/strbuf.h"
#include "propose/http.h"
#include "propose/refusal.h"
#include "propose/retry.h"
#include "propose/sse.h"

struct chat_message {
	const char *role; /* "user" or "assistant" */
	const char *content;
};

struct chat_request {
	const char *model;
	const char *system; /* NULL for none */
	const struct chat_message *messages;
	size_t messages_nr;
	double temperature; /* negative: the server's own */
	int64_t max_tokens; /* of the answer; 0: the server's own */
	int64_t seed;	    /* negative: none */
};

/* Why the model ended. */
enum chat_finish {
	CHAT_FINISH_NONE, /* it did not */
	CHAT_FINISH_STOP,
	CHAT_FINISH_LENGTH, /* the answer is cut at max_tokens, or at the context's end */
	CHAT_FINISH_FILTER, /* it declined, or a filter cut it */
	CHAT_FINISH_OTHER,
};

/* In tokens. */
struct chat_usage {
	int64_t prompt, completion;
	int64_t cached; /* of the prompt; 0 where nothing is said */
	bool estimated; /* from bytes, since the server said nothing */
};

/* An answer that is read. Its members are for reading, once completion_end() was called. */
struct completion {
	struct strbuf text;
	enum chat_finish finish;
	struct chat_usage usage;
	char model[128]; /* what the server says that it is; "" where it does not */
	struct refusal refusal;
	bool refused; /* it is an error, which `refusal` holds */
	bool streamed;
	char malformed[256]; /* why it is no completion; "" */

	struct sse sse;
	struct strbuf body; /* what is not a stream; of a stream the beginning */
	bool begun, chosen, done, counted;
};

/* The parameters that a request has, without those that the endpoint refuses. */
unsigned completion_parameters(const struct chat_request *request, unsigned refused);

/* Appends the request's JSON with the parameters of `sent` (enum chat_parameter). */
void completion_write_request(const struct chat_request *request, unsigned sent,
			      struct strbuf *out);

/* The tokens of a prompt by its bytes: four a token, which holds for English and code within
 * a factor of two. */
int64_t completion_estimate_prompt(const struct chat_request *request);

void completion_init(struct completion *completion);

/* Reads on, of an answer with that HTTP status. False where no more is wanted. */
bool completion_feed(struct completion *completion, int status, const char *bytes, size_t len);

/*
 * The answer ended, so or so. Says what is wrong with it (for one that was refused that is of no
 * account), and fills in usage that is missing. `estimate` is of the prompt: half of it or
 * more has to have been read, or the server cut it.
 */
enum chat_flaw completion_end(struct completion *completion, int status, enum http_end end,
			      int64_t estimate);

void completion_release(struct completion *completion);

#endif
