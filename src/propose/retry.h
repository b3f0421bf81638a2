#ifndef PROPOSE_RETRY_H
#define PROPOSE_RETRY_H

/*
 * What to do about an attempt to get an answer: take it, try again later, try again without
 * a parameter, or give up. A rule alone: no I/O, no clock, no chance.
 *
 * An outage is waited for: no connection, a connection that broke or fell silent, 408, 429,
 * 5xx. What would fail again is not repeated: a prompt too long, a key refused, a model that
 * is not there. A parameter that a server refuses is left out from then on.
 */

#include <stdbool.h>
#include <time.h>

#include "propose/http.h"
#include "propose/refusal.h"

/* What a request may hold that some servers refuse; bits. */
enum chat_parameter {
	CHAT_MAX_TOKENS = 1 << 0,
	CHAT_MAX_COMPLETION_TOKENS = 1 << 1, /* what OpenAI's newer models call it */
	CHAT_SEED = 1 << 2,
	CHAT_TEMPERATURE = 1 << 3,
	CHAT_STREAM_OPTIONS = 1 << 4,
};

/* What is wrong with the body of an answer. */
enum chat_flaw {
	CHAT_FLAWLESS,
	CHAT_CUT,	/* it ends too early; `end` says why */
	CHAT_MALFORMED, /* it is no completion */
	CHAT_TRUNCATED, /* the server read only a part of the prompt, without a word */
};

/* How an attempt ended. */
struct retry_attempt {
	enum http_end end;
	int status; /* 0 where none came */
	enum chat_flaw flaw;
	const struct refusal *refusal; /* what the server said instead; NULL */
	bool streamed;		       /* the refusal came in the middle of a stream */
	const char *retry_after;       /* the header; NULL */
	unsigned sent;		       /* enum chat_parameter, those that the request held */
};

/* In seconds. */
struct retry_policy {
	double first;	     /* the first wait; each is twice the one before it */
	double longest;	     /* a wait */
	double longest_told; /* a wait that Retry-After asks for */
	double deadline;     /* how long an outage is waited for in all */
};

#define RETRY_POLICY_INIT                                                       \
	{                                                                       \
		.first = 1, .longest = 60, .longest_told = 300, .deadline = 600 \
	}

enum retry_verdict {
	RETRY_TAKE,    /* it is an answer */
	RETRY_LATER,   /* try again after `seconds` */
	RETRY_WITHOUT, /* try again at once, without `parameter` */
	RETRY_CONTEXT, /* the prompt does not fit */
	RETRY_AUTH,    /* the key is refused, or missing */
	RETRY_REFUSED, /* anything else that will not get better */
	RETRY_OUTAGE,  /* waited for long enough */
};

struct retry {
	enum retry_verdict verdict;
	double seconds;
	enum chat_parameter parameter;
	const char *hint; /* static; NULL where nobody has to do anything */
};

/*
 * Judges an attempt. `failures` came before it without an answer in between, the first of
 * them `down` seconds ago (0 for the first). `random` is from [0, 1): half of a wait is
 * chance, so that many clients do not come back together. `now` is the time of day, for a
 * Retry-After that holds a date.
 */
struct retry retry_decide(const struct retry_policy *policy,
			  const struct retry_attempt *attempt, int failures, double down,
			  double random, time_t now);

/* The seconds that a Retry-After asks for: a number, or an HTTP date (RFC 9110), of which
 * the past is 0. Negative where it reads as neither. */
double retry_after_seconds(const char *header, time_t now);

/* "max_tokens" and so on. */
const char *chat_parameter_name(enum chat_parameter parameter);

#endif
