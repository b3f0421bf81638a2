#include "propose/completion.h"

#include <stdio.h>
#include <string.h>

/* Of one event; the largest that is met is a whole answer in one. */
#define EVENT_MAX (4 << 20)

/* Of what a server says instead of an answer, and of the beginning of a stream. */
#define REFUSAL_MAX (64 << 10)

/* No server reads or says more of them in one answer. */
#define TOKENS_MAX 1000000000

/* A prompt below this many tokens is not worth a judgement on what was read of it. */
#define ESTIMATE_MIN 256

unsigned completion_parameters(const struct chat_request *request, unsigned refused)
{
	unsigned sent = CHAT_STREAM_OPTIONS & ~refused;

	if (request->max_tokens > 0 && !(refused & CHAT_MAX_TOKENS))
		sent |= CHAT_MAX_TOKENS;
	else if (request->max_tokens > 0)
		sent |= CHAT_MAX_COMPLETION_TOKENS & ~refused;
	if (request->seed >= 0)
		sent |= CHAT_SEED & ~refused;
	if (request->temperature >= 0)
		sent |= CHAT_TEMPERATURE & ~refused;
	return sent;
}

static void add_message(struct json *messages, const char *role, const char *content)
{
	struct json *message = json_add_object(messages, NULL);

	json_add_string(message, "role", role);
	json_add_string(message, "content", content);
}

void completion_write_request(const struct chat_request *request, unsigned sent,
			      struct strbuf *out)
{
	CLEANUP_JSON struct json *json = json_new_object();
	struct json *messages;

	json_add_string(json, "model", request->model);
	messages = json_add_array(json, "messages");
	if (request->system)
		add_message(messages, "system", request->system);
	for (size_t i = 0; i < request->messages_nr; i++)
		add_message(messages, request->messages[i].role, request->messages[i].content);
	json_add_bool(json, "stream", true);
	if (sent & CHAT_STREAM_OPTIONS)
		json_add_bool(json_add_object(json, "stream_options"), "include_usage", true);
	if (sent & CHAT_TEMPERATURE)
		json_add_double(json, "temperature", request->temperature);
	if (sent & CHAT_MAX_TOKENS)
		json_add_int(json, "max_tokens", request->max_tokens);
	if (sent & CHAT_MAX_COMPLETION_TOKENS)
		json_add_int(json, "max_completion_tokens", request->max_tokens);
	if (sent & CHAT_SEED)
		json_add_int(json, "seed", request->seed);
	json_write(json, false, out);
}

static int64_t tokens_of(size_t bytes)
{
	return (int64_t)(bytes + 3) / 4;
}

int64_t completion_estimate_prompt(const struct chat_request *request)
{
	size_t bytes = request->system ? strlen(request->system) : 0;

	for (size_t i = 0; i < request->messages_nr; i++)
		bytes += strlen(request->messages[i].content);
	return tokens_of(bytes);
}

static void set_malformed(struct completion *c, const char *why)
{
	snprintf(c->malformed, sizeof(c->malformed), "%.255s", why);
}

/* A string, or parts of which those that are text count. */
static void add_content(const struct json *content, struct strbuf *out)
{
	const char *text, *type;

	if (!json_as_string(content, &text))
		strbuf_addstr(out, text);
	for (size_t i = 0; i < json_array_len(content); i++) {
		const struct json *part = json_array_at(content, i);

		if (!json_as_string(json_get(part, "type"), &type) && !strcmp(type, "text") &&
		    !json_as_string(json_get(part, "text"), &text))
			strbuf_addstr(out, text);
	}
}

static enum chat_finish finish_of(const char *reason)
{
	if (!strcmp(reason, "stop") || !strcmp(reason, "eos"))
		return CHAT_FINISH_STOP;
	if (!strcmp(reason, "length"))
		return CHAT_FINISH_LENGTH;
	if (!strcmp(reason, "content_filter"))
		return CHAT_FINISH_FILTER;
	/* The server gave up in the middle. */
	return strcmp(reason, "error") ? CHAT_FINISH_OTHER : CHAT_FINISH_NONE;
}

static void take_choice(struct completion *c, const struct json *choice)
{
	const struct json *delta = json_get(choice, "delta");
	const char *text;

	if (!json_is_object(delta))
		delta = json_get(choice, "message");
	add_content(json_get(delta, "content"), &c->text);
	if (!json_as_string(json_get(choice, "finish_reason"), &text) && *text)
		c->finish = finish_of(text);
	if (!json_as_string(json_get(delta, "refusal"), &text) && *text) {
		strbuf_addstr(&c->text, text);
		c->finish = CHAT_FINISH_FILTER;
	}
	c->chosen = true;
}

static bool is_count(int64_t tokens)
{
	return tokens >= 0 && tokens <= TOKENS_MAX;
}

/* One that says nothing of the prompt says nothing: some servers send zeros. */
static void take_usage(struct completion *c, const struct json *usage)
{
	const struct json *details = json_get(usage, "prompt_tokens_details");
	int64_t prompt, completion, cached = 0;

	if (json_as_int(json_get(usage, "prompt_tokens"), &prompt) || !prompt ||
	    !is_count(prompt))
		return;
	if (json_as_int(json_get(usage, "completion_tokens"), &completion) ||
	    !is_count(completion))
		return;
	if (json_as_int(json_get(details, "cached_tokens"), &cached) || !is_count(cached))
		cached = 0;
	c->usage = (struct chat_usage){ prompt, completion, cached, false };
	c->counted = true;
}

/* A chunk of a stream, or the whole. False: no more is wanted. */
static bool take_object(struct completion *c, const struct json *json)
{
	const struct json *choices = json_get(json, "choices");
	CLEANUP_STRBUF struct strbuf model = STRBUF_INIT;
	const char *name;

	if (refusal_of_json(json, &c->refusal)) {
		c->refused = true;
		return false;
	}
	if (!json_is_array(choices) && !json_is_object(json_get(json, "usage"))) {
		set_malformed(c, "JSON that holds no choices");
		return false;
	}
	if (json_array_len(choices))
		take_choice(c, json_array_at(choices, 0));
	take_usage(c, json_get(json, "usage"));
	if (!*c->model && !json_as_string(json_get(json, "model"), &name)) {
		strbuf_add_visible(&model, name, strlen(name));
		snprintf(c->model, sizeof(c->model), "%s", model.buf);
	}
	return true;
}

/* As the standard has it, bytes that are no UTF-8 are replaced. */
static int parse(const char *data, size_t len, struct json **ret, struct error *err)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	strbuf_add_utf8(&text, data, len);
	return json_parse(text.buf, text.len, ret, err);
}

static bool on_event(const struct sse_event *event, void *data)
{
	CLEANUP_JSON struct json *json = NULL;
	struct completion *c = data;
	struct error err = ERROR_INIT;

	if (strspn(event->data, " \t\n") == event->len)
		return true;
	if (!strcmp(event->data, "[DONE]")) {
		c->done = true;
		return false;
	}
	if (!strcmp(event->name, "error")) {
		refusal_of_body(event->data, event->len, &c->refusal);
		c->refused = true;
		return false;
	}
	if (parse(event->data, event->len, &json, &err)) {
		set_malformed(c, err.message);
		return false;
	}
	return take_object(c, json);
}

void completion_init(struct completion *completion)
{
	*completion = (struct completion){ .text = STRBUF_INIT, .body = STRBUF_INIT };
	sse_init(&completion->sse, EVENT_MAX, on_event, completion);
}

void completion_release(struct completion *completion)
{
	strbuf_release(&completion->text);
	strbuf_release(&completion->body);
	sse_release(&completion->sse);
}

/* Keeps the beginning. False where there is no room for more. */
static bool keep(struct completion *c, const char *bytes, size_t len)
{
	size_t room = REFUSAL_MAX - c->body.len;

	strbuf_add(&c->body, bytes, len < room ? len : room);
	return len < room;
}

/*
 * Whether it is a stream is told by its first byte: servers label streams as JSON and JSON
 * as a stream, and answer with a whole completion what was asked for as a stream.
 */
bool completion_feed(struct completion *c, int status, const char *bytes, size_t len)
{
	if (status < 200 || status >= 300)
		return keep(c, bytes, len);
	while (!c->begun && len && strchr(" \t\r\n", *bytes)) {
		bytes++;
		len--;
	}
	if (!len)
		return true;
	if (!c->begun)
		c->streamed = !strchr("{[<", *bytes);
	c->begun = true;
	if (!c->streamed) {
		strbuf_add(&c->body, bytes, len);
		return true;
	}
	keep(c, bytes, len);
	if (sse_feed(&c->sse, bytes, len) == SSE_TOO_LARGE)
		set_malformed(c, "an event of more than 4 MiB");
	return c->sse.status == SSE_MORE;
}

/* What came whole. */
static void take_body(struct completion *c)
{
	CLEANUP_JSON struct json *json = NULL;
	struct error err = ERROR_INIT;

	if (!parse(c->body.buf, c->body.len, &json, &err)) {
		/* Google puts an error into a list. */
		if (take_object(c, json) && !c->chosen)
			set_malformed(c, "no choice");
	} else if (c->body.buf[0] == '<') {
		refusal_of_body(c->body.buf, c->body.len, &c->refusal);
		snprintf(c->malformed, sizeof(c->malformed), "a page: %.200s",
			 c->refusal.message);
	} else {
		set_malformed(c, err.message);
	}
}

/* A stream without any event: text that somebody else answered, or nothing yet. */
static void judge_eventless(struct completion *c)
{
	if (!c->body.len || c->body.buf[0] == ':')
		return;
	refusal_of_body(c->body.buf, c->body.len, &c->refusal);
	snprintf(c->malformed, sizeof(c->malformed), "no event: %.200s", c->refusal.message);
}

static void fill_usage(struct completion *c, int64_t estimate)
{
	if (!c->counted)
		c->usage = (struct chat_usage){ .prompt = estimate,
						.completion = tokens_of(c->text.len),
						.estimated = true };
}

/* Some servers do not count what they had cached, which must not look like a cut. */
static bool is_truncated(const struct completion *c, int64_t estimate)
{
	int64_t read = c->usage.prompt;

	if (c->usage.cached > read)
		read += c->usage.cached;
	return c->counted && estimate >= ESTIMATE_MIN && read < estimate / 2;
}

enum chat_flaw completion_end(struct completion *c, int status, enum http_end end,
			      int64_t estimate)
{
	bool whole = end == HTTP_WHOLE;

	if (status < 200 || status >= 300) {
		c->refused = status != 0; /* 0: nothing came */
		refusal_of_body(c->body.buf, c->body.len, &c->refusal);
		return CHAT_CUT;
	}
	if (c->streamed && whole)
		sse_finish(&c->sse);
	else if (whole && c->begun)
		take_body(c);
	if (whole && c->streamed && !c->chosen && !c->refused && !c->done)
		judge_eventless(c);
	fill_usage(c, estimate);
	if (*c->malformed)
		return CHAT_MALFORMED;
	/* One that said why it ended is complete, whatever became of the connection; without
	 * that a stream needs its mark, and JSON is whole or none. */
	if (c->refused || !c->chosen ||
	    (c->finish == CHAT_FINISH_NONE && c->streamed && !c->done))
		return CHAT_CUT;
	if (c->finish == CHAT_FINISH_NONE)
		c->finish = CHAT_FINISH_OTHER;
	return is_truncated(c, estimate) ? CHAT_TRUNCATED : CHAT_FLAWLESS;
}
