/*
 * Whatever a model's server sends: wherever its chunks end, the same events come out of it,
 * and the answer that is read from them is text in UTF-8, or says what is wrong with it.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "propose/completion.h"

#define CHECK(condition)          \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

#define CAP 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool on_event(const struct sse_event *event, void *data)
{
	struct strbuf *seen = data;

	CHECK(event->len <= CAP && strlen(event->name) < SSE_NAME_MAX);
	CHECK(!event->data[event->len]);
	strbuf_addf(seen, "%s|%zu|", event->name, event->len);
	strbuf_add(seen, event->data, event->len);
	return event->len != 3;
}

/* The events in chunks of that many bytes at most. */
static enum sse_status read_events(const char *bytes, size_t len, size_t step,
				   struct strbuf *seen)
{
	enum sse_status status;
	struct sse sse;

	sse_init(&sse, CAP, on_event, seen);
	for (size_t at = 0; at < len; at += step)
		sse_feed(&sse, bytes + at, len - at < step ? len - at : step);
	status = sse_finish(&sse);
	sse_release(&sse);
	return status;
}

static void check_events(const char *bytes, size_t len, size_t step)
{
	CLEANUP_STRBUF struct strbuf whole = STRBUF_INIT, parts = STRBUF_INIT;
	enum sse_status status = read_events(bytes, len, len + 1, &whole);

	CHECK(read_events(bytes, len, step, &parts) == status);
	CHECK(whole.len == parts.len && !memcmp(whole.buf, parts.buf, whole.len));
}

static enum chat_flaw read_answer(struct completion *c, int status, const char *bytes,
				  size_t len, size_t step)
{
	bool more = true;

	completion_init(c);
	for (size_t at = 0; at < len && more; at += step)
		more = completion_feed(c, status, bytes + at,
				       len - at < step ? len - at : step);
	return completion_end(c, status, more ? HTTP_WHOLE : HTTP_STOPPED, 1000);
}

static void check_answer(int status, const char *bytes, size_t len, size_t step)
{
	struct completion whole, parts;
	enum chat_flaw flaw = read_answer(&whole, status, bytes, len, len + 1);

	CHECK(read_answer(&parts, status, bytes, len, step) == flaw);
	CHECK(!strcmp(whole.text.buf, parts.text.buf) && whole.finish == parts.finish);
	CHECK(whole.refused == parts.refused);
	CHECK(!strcmp(whole.refusal.message, parts.refusal.message));
	for (size_t i = 0, n; i < whole.text.len; i += n) {
		n = utf8_sequence(whole.text.buf + i, whole.text.len - i);
		CHECK(n);
	}
	CHECK((flaw == CHAT_MALFORMED) == !!*whole.malformed || whole.refused);
	CHECK(flaw != CHAT_FLAWLESS || whole.finish != CHAT_FINISH_NONE);
	CHECK(whole.usage.prompt >= 0 && whole.usage.completion >= 0 &&
	      whole.usage.cached >= 0);
	completion_release(&whole);
	completion_release(&parts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes;
	size_t step;

	if (size < 2)
		return 0;
	bytes = (const char *)data + 2;
	step = data[0] % 16 + 1;
	check_events(bytes, size - 2, step);
	check_answer(data[1] % 4 ? 200 : 400, bytes, size - 2, step);
	return 0;
}
