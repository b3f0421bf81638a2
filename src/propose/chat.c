#include "propose/chat.h"

#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <time.h>

#include "base/timer.h"

/* A key below this many bytes is no secret, and masking it would spoil text. */
#define KEY_MIN 8

struct chat {
	struct evloop *loop;
	struct http *http;
	struct chat_options options; /* its strings are owned, all of them below */
	char *url, *unix_socket, *name, *authorization;
	unsigned refused; /* enum chat_parameter: what this endpoint does not take */
	struct chat_exchange *exchanges;
};

struct chat_exchange {
	struct chat_exchange *next;
	struct chat *chat;
	struct chat_request request; /* a copy */
	chat_fn fn;
	void *data;
	int timer;		    /* waits for the next attempt, or bounds the present one */
	struct http_exchange *http; /* of the present attempt; NULL while waiting */
	struct completion completion;
	unsigned sent;
	int attempts, failures;
	struct timespec began;	      /* the present attempt */
	struct timespec first_failed; /* where there were failures */
};

static void attempt(struct chat_exchange *x);

static char *copy(const char *s)
{
	return s ? xstrdup(s) : NULL;
}

static void copy_request(const struct chat_request *from, struct chat_request *to)
{
	struct chat_message *messages = xcalloc(from->messages_nr, sizeof(*messages));

	for (size_t i = 0; i < from->messages_nr; i++) {
		messages[i].role = xstrdup(from->messages[i].role);
		messages[i].content = xstrdup(from->messages[i].content);
	}
	*to = *from;
	to->model = xstrdup(from->model);
	to->system = copy(from->system);
	to->messages = messages;
}

static void release_request(struct chat_request *request)
{
	for (size_t i = 0; i < request->messages_nr; i++) {
		free((char *)request->messages[i].role);
		free((char *)request->messages[i].content);
	}
	free((struct chat_message *)request->messages);
	free((char *)request->system);
	free((char *)request->model);
}

static void free_exchange(struct chat_exchange *x)
{
	for (struct chat_exchange **p = &x->chat->exchanges; *p; p = &(*p)->next) {
		if (*p == x) {
			*p = x->next;
			break;
		}
	}
	http_cancel(x->http);
	evloop_remove(x->chat->loop, x->timer);
	close(x->timer);
	completion_release(&x->completion);
	release_request(&x->request);
	free(x);
}

void chat_cancel(struct chat_exchange *exchange)
{
	if (exchange)
		free_exchange(exchange);
}

/* Puts stars over the key wherever it stands. */
static void mask(const struct chat *chat, struct strbuf *text)
{
	const char *key = chat->options.key;
	size_t len = key ? strlen(key) : 0;

	if (len < KEY_MIN)
		return;
	for (char *p = text->buf; (p = strstr(p, key)); p += len)
		memset(p, '*', len);
}

/* "host:port: HTTP 503: Loading model" */
static void describe(const struct chat_exchange *x, const struct http_answer *answer,
		     enum chat_flaw flaw, int64_t estimate, struct strbuf *out)
{
	CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;
	const struct completion *c = &x->completion;

	bool elsewhere = answer->status >= 300 && answer->status < 400 && answer->location;

	strbuf_addf(&line, "%s: ", x->chat->name);
	if (answer->status >= 300)
		strbuf_addf(&line, "HTTP %d%s", answer->status,
			    *c->refusal.message || elsewhere ? ": " : "");
	if (elsewhere)
		strbuf_addf(&line, "redirected to %.200s", answer->location);
	else if (c->refused)
		strbuf_addstr(&line, *c->refusal.message || answer->status >= 300
					     ? c->refusal.message
					     : "an error without words");
	else if (flaw == CHAT_MALFORMED)
		strbuf_addf(&line, "the answer is no completion: %s", c->malformed);
	else if (flaw == CHAT_TRUNCATED)
		strbuf_addf(&line,
			    "the server read %lld tokens of a prompt of about %lld, and cut "
			    "the rest without a word",
			    (long long)c->usage.prompt, (long long)estimate);
	else if (answer->end == HTTP_TOO_LARGE)
		strbuf_addf(&line, "an answer of more than %zu bytes", x->chat->options.cap);
	else if (*answer->error)
		strbuf_addstr(&line, answer->error);
	else
		strbuf_addstr(&line, "the answer ended too early");
	strbuf_add_visible(out, line.buf, line.len);
	mask(x->chat, out);
}

static enum chat_status status_of(enum retry_verdict verdict)
{
	switch (verdict) {
	case RETRY_TAKE:
		return CHAT_DONE;
	case RETRY_CONTEXT:
		return CHAT_CONTEXT;
	case RETRY_AUTH:
		return CHAT_AUTH;
	case RETRY_OUTAGE:
		return CHAT_OUTAGE;
	default:
		return CHAT_REFUSED;
	}
}

static void finish(struct chat_exchange *x, const struct retry *retry, int http_status,
		   const char *error)
{
	struct completion *c = &x->completion;
	bool done = retry->verdict == RETRY_TAKE;
	struct chat_result result = {
		.status = status_of(retry->verdict),
		.finish = done ? c->finish : CHAT_FINISH_NONE,
		.usage = c->usage,
		.model = c->model,
		.sent = x->sent,
		.seconds = seconds_since(&x->began),
		.attempts = x->attempts,
		.http_status = http_status,
		.error = error,
		.hint = retry->hint,
	};

	mask(x->chat, &c->text);
	result.text = done ? c->text.buf : "";
	x->http = NULL;
	x->fn(&result, x->data);
	free_exchange(x);
}

static double chance(void)
{
	uint32_t n = 0;

	/* Without it the waits are the shortest that they can be. */
	if (getrandom(&n, sizeof(n), GRND_NONBLOCK) != sizeof(n))
		return 0;
	return n / 4294967296.0;
}

static void wait_and_repeat(struct chat_exchange *x, double seconds, const char *why)
{
	struct chat_options *o = &x->chat->options;

	if (!x->failures++)
		clock_gettime(CLOCK_MONOTONIC, &x->first_failed);
	timer_arm(x->timer, seconds, 0);
	if (o->on_wait)
		o->on_wait(why, seconds, o->data);
}

static void take_answer(struct chat_exchange *x, const struct http_answer *answer)
{
	int64_t estimate = completion_estimate_prompt(&x->request);
	CLEANUP_STRBUF struct strbuf error = STRBUF_INIT;
	struct retry_attempt a = { .end = answer->end,
				   .status = answer->status,
				   .retry_after = answer->retry_after,
				   .sent = x->sent };
	struct retry retry;

	x->http = NULL;
	a.flaw = completion_end(&x->completion, answer->status, answer->end, estimate);
	a.refusal = x->completion.refused ? &x->completion.refusal : NULL;
	a.streamed = x->completion.streamed;
	retry = retry_decide(&x->chat->options.retry, &a, x->failures,
			     x->failures ? seconds_since(&x->first_failed) : 0, chance(),
			     time(NULL));
	if (retry.verdict != RETRY_TAKE)
		describe(x, answer, a.flaw, estimate, &error);
	if (retry.verdict == RETRY_LATER) {
		wait_and_repeat(x, retry.seconds, error.buf);
	} else if (retry.verdict == RETRY_WITHOUT) {
		x->chat->refused |= retry.parameter;
		attempt(x);
	} else {
		finish(x, &retry, answer->status, error.buf);
	}
}

static void on_end(const struct http_answer *answer, void *data)
{
	take_answer(data, answer);
}

static bool on_data(int status, const char *bytes, size_t len, void *data)
{
	struct chat_exchange *x = data;

	return completion_feed(&x->completion, status, bytes, len);
}

/* Begins one attempt, with what is known by now of what the endpoint takes. */
static void attempt(struct chat_exchange *x)
{
	struct chat *chat = x->chat;
	CLEANUP_STRBUF struct strbuf body = STRBUF_INIT;
	CLEANUP_FREE char *url = xstrfmt("%s/chat/completions", chat->url);
	const char *headers[] = { "Content-Type: application/json",
				  "Accept: text/event-stream, application/json",
				  "User-Agent: git-autoresearch", chat->authorization };
	struct http_request request = {
		.method = "POST",
		.url = url,
		.unix_socket = chat->unix_socket,
		.headers = headers,
		.headers_nr = ARRAY_SIZE(headers) - !chat->authorization,
		.ca_info = chat->options.ca_info,
		.cert = chat->options.cert,
		.key = chat->options.cert_key,
		.proxy = chat->options.proxy,
		.connect_timeout = chat->options.connect_timeout,
		.first_byte_timeout = chat->options.first_byte_timeout,
		.idle_timeout = chat->options.idle_timeout,
		.cap = chat->options.cap,
		.on_data = on_data,
		.on_end = on_end,
		.data = x,
	};
	struct error err = ERROR_INIT;

	completion_release(&x->completion);
	completion_init(&x->completion);
	x->sent = completion_parameters(&x->request, chat->refused);
	completion_write_request(&x->request, x->sent, &body);
	request.body = body.buf;
	request.body_len = body.len;
	x->attempts++;
	clock_gettime(CLOCK_MONOTONIC, &x->began);
	timer_arm(x->timer, chat->options.total_timeout, 0);
	if (http_start(chat->http, &request, &x->http, &err)) {
		struct http_answer answer = { .end = HTTP_UNUSABLE, .error = err.message };

		take_answer(x, &answer);
	}
}

/* The wait is over, or the attempt takes too long. */
static void on_timer(uint32_t events, void *data)
{
	struct chat_exchange *x = data;
	struct http_answer answer = { .end = HTTP_IDLE, .error = "the answer took too long" };

	(void)events;
	if (!timer_take(x->timer))
		return;
	if (!x->http) {
		attempt(x);
		return;
	}
	http_cancel(x->http);
	take_answer(x, &answer);
}

int chat_ask(struct chat *chat, const struct chat_request *request, chat_fn fn, void *data,
	     struct chat_exchange **ret, struct error *err)
{
	int timer = timer_new(err);
	struct chat_exchange *x;

	if (timer < 0)
		return -1;
	x = xcalloc(1, sizeof(*x));
	*x = (struct chat_exchange){
		.next = chat->exchanges, .chat = chat, .fn = fn, .data = data, .timer = timer
	};
	chat->exchanges = x;
	copy_request(request, &x->request);
	completion_init(&x->completion);
	if (evloop_add(chat->loop, timer, EPOLLIN, on_timer, x, err)) {
		free_exchange(x);
		return -1;
	}
	timer_arm(timer, 0, 0); /* the first attempt is the loop's, as every other */
	*ret = x;
	return 0;
}

int chat_new(struct chat **ret, struct evloop *loop, const struct chat_options *options,
	     struct error *err)
{
	const struct endpoint *e = options->endpoint;
	bool direct = e->reach == ENDPOINT_LOOPBACK && !options->proxy;
	struct http *http;
	struct chat *chat;

	for (const char *p = options->key ? options->key : ""; *p; p++)
		if ((unsigned char)*p <= ' ' || *p == 0x7f)
			return error_set(err,
					 "the key for %s holds white space or a control "
					 "character",
					 e->name);
	if (http_new(&http, loop, err))
		return -1;
	chat = xcalloc(1, sizeof(*chat));
	*chat = (struct chat){ .loop = loop, .http = http, .options = *options };
	chat->url = xstrdup(e->url);
	chat->unix_socket = copy(e->unix_socket);
	chat->name = xstrdup(e->name);
	chat->options.endpoint = NULL;
	chat->options.key = copy(options->key);
	chat->options.ca_info = copy(options->ca_info);
	chat->options.cert = copy(options->cert);
	chat->options.cert_key = copy(options->cert_key);
	chat->options.proxy = direct ? xstrdup("") : copy(options->proxy);
	if (options->key)
		chat->authorization = xstrfmt("Authorization: Bearer %s", options->key);
	*ret = chat;
	return 0;
}

static void forget(char *secret)
{
	if (secret)
		explicit_bzero(secret, strlen(secret));
	free(secret);
}

void chat_free(struct chat *chat)
{
	if (!chat)
		return;
	while (chat->exchanges)
		free_exchange(chat->exchanges);
	http_free(chat->http);
	forget(chat->authorization);
	forget((char *)chat->options.key);
	free((char *)chat->options.ca_info);
	free((char *)chat->options.cert);
	free((char *)chat->options.cert_key);
	free((char *)chat->options.proxy);
	free(chat->url);
	free(chat->unix_socket);
	free(chat->name);
	free(chat);
}
