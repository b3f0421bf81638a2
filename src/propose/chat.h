#ifndef PROPOSE_CHAT_H
#define PROPOSE_CHAT_H

/*
 * A model that is asked: one endpoint, any number of exchanges at once, each of which begins
 * in no time and ends by a call from the event loop, with an answer or with the reason why
 * there will be none. Retries are inside (retry.h says which): what the caller sees of them
 * is the time that it takes, and `on_wait`.
 *
 * The key stands in one header of the requests and nowhere else: where a server repeats it,
 * in an answer or in an error, it is masked.
 */

#include "base/evloop.h"
#include "propose/completion.h"
#include "propose/endpoint.h"
#include "propose/retry.h"

struct chat;
struct chat_exchange;

struct chat_options {
	const struct endpoint *endpoint;
	const char *key; /* NULL: none is sent */
	/* git's http.sslCAInfo, http.sslCert, http.sslKey, http.proxy; NULL where not set.
	 * Without a proxy the environment's is used, by libcurl's rules, but never for an
	 * endpoint on loopback. */
	const char *ca_info, *cert, *cert_key, *proxy;

	/* Of one attempt, in seconds: to connect; then to the first byte of the answer, for
	 * which a model reads all of the prompt; between bytes; in all. */
	double connect_timeout, first_byte_timeout, idle_timeout, total_timeout;
	size_t cap; /* bytes of one answer as it is sent: a stream takes 50 times its text */
	struct retry_policy retry;

	/* An attempt failed and will be repeated in so many seconds. May be NULL. */
	void (*on_wait)(const char *why, double seconds, void *data);
	void *data;
};

#define CHAT_OPTIONS_INIT                                                              \
	{                                                                              \
		.connect_timeout = 15, .first_byte_timeout = 600, .idle_timeout = 120, \
		.total_timeout = 3600, .cap = 64 << 20, .retry = RETRY_POLICY_INIT     \
	}

enum chat_status {
	CHAT_DONE,
	CHAT_CONTEXT, /* the prompt does not fit, or the server cut it without a word */
	CHAT_AUTH,    /* the key is refused, or missing */
	CHAT_REFUSED, /* any other error that would come again, and what is no completion */
	CHAT_OUTAGE,  /* it was waited for until the deadline */
};

struct chat_result {
	enum chat_status status;
	const char *text; /* valid UTF-8; "" unless done */
	enum chat_finish finish;
	struct chat_usage usage; /* what was paid for: of a prompt that was cut, too */
	const char *model;	 /* as the server says, visible; "" */
	unsigned sent;		 /* enum chat_parameter: those that the last request held */
	double seconds;		 /* that the last attempt took */
	int attempts;
	int http_status;   /* of the last attempt; 0 where none came */
	const char *error; /* one visible line that begins with the endpoint's name; "" */
	const char *hint;  /* what to do about it; NULL */
};

/* The result is borrowed for the call, and the exchange is gone when it returns. Others may
 * be begun and cancelled in it. */
typedef void (*chat_fn)(const struct chat_result *result, void *data);

/* An endpoint to ask; everything in `options` is copied. `loop` is borrowed until it is freed.
 * Nothing is connected yet. */
int chat_new(struct chat **ret, struct evloop *loop, const struct chat_options *options,
	     struct error *err);

/* Frees it and cancels all of its exchanges. Not to be called by their functions. */
void chat_free(struct chat *chat);

/*
 * Begins an exchange, of which the request is copied; `fn` is called once, always by the loop
 * and never by this function.
 */
int chat_ask(struct chat *chat, const struct chat_request *request, chat_fn fn, void *data,
	     struct chat_exchange **ret, struct error *err);

/* Ends it at once, without a call. NULL is none. */
void chat_cancel(struct chat_exchange *exchange);

#endif
