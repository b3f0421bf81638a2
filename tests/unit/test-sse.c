#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "propose/sse.h"

/* Events as "name|data;" one after the other. */
struct seen {
	struct strbuf text;
	const char *last; /* an event with this data is the last that is wanted */
};

static bool on_event(const struct sse_event *event, void *data)
{
	struct seen *seen = data;

	strbuf_addf(&seen->text, "%s|", event->name);
	strbuf_add(&seen->text, event->data, event->len);
	strbuf_addch(&seen->text, ';');
	return !seen->last || strcmp(seen->last, event->data);
}

/* Fed in chunks of every length, the same comes out. */
static void assert_events_of(const char *stream, size_t len, const char *expected)
{
	for (size_t step = 1; step <= len; step++) {
		struct seen seen = { .text = STRBUF_INIT };
		struct sse sse;

		sse_init(&sse, 64, on_event, &seen);
		for (size_t at = 0; at < len; at += step)
			assert_int_equal(
				sse_feed(&sse, stream + at, at + step < len ? step : len - at),
				SSE_MORE);
		assert_int_equal(sse_finish(&sse), SSE_MORE);
		assert_string_equal(seen.text.buf, expected);
		strbuf_release(&seen.text);
		sse_release(&sse);
	}
}

#define EVENTS(stream, expected) assert_events_of(stream, sizeof(stream) - 1, expected)

static void events(void **state)
{
	(void)state;
	EVENTS("data: a\n\ndata: b\n\n", "|a;|b;");
	EVENTS("data:a\n\n", "|a;");
	EVENTS("data:  a\n\n", "| a;");		  /* one space belongs to the field, no more */
	EVENTS("data\n\n", "|;");		  /* a field without a value */
	EVENTS("data: a\ndata: b\n\n", "|a\nb;"); /* lines are joined */
	EVENTS("data: \xe2\x82\xac\n\n", "|\xe2\x82\xac;");
	EVENTS("data: {\"a\":1}\n\n", "|{\"a\":1};");
}

static void names(void **state)
{
	(void)state;
	EVENTS("event: error\ndata: a\n\ndata: b\n\n", "error|a;|b;");
	EVENTS("data: a\nevent: x\n\n", "x|a;");
	EVENTS("error: {}\n\n", "error|{};"); /* as llama.cpp had it */
	EVENTS("event: 0123456789012345678901234567890123456789\ndata: a\n\n",
	       "0123456789012345678901234567890|a;");
}

static void line_ends(void **state)
{
	(void)state;
	EVENTS("data: a\r\n\r\ndata: b\r\n\r\n", "|a;|b;");
	EVENTS("data: a\r\rdata: b\r\r", "|a;|b;");
	EVENTS("data: a\n\r\ndata: b\r\n\n", "|a;|b;");
	EVENTS("\r\n\n\rdata: a\n\n", "|a;");
}

static void what_is_left_out(void **state)
{
	(void)state;
	EVENTS(": a comment\n\n:\n\ndata: a\n: another\n\n", "|a;");
	EVENTS("id: 7\nretry: 100\nfoo: bar\ndata: a\n\n", "|a;");
	EVENTS("datax: a\n data: b\nDATA: c\n\n", "");
	EVENTS("event: x\n\ndata: a\n\n", "|a;"); /* without data there is no event */
	EVENTS("\xef\xbb\xbf"
	       "data: a\n\n",
	       "|a;");
	EVENTS("data: a\n\n\xef\xbb\xbf"
	       "data: b\n\n",
	       "|a;"); /* no mark but at the front */
}

static void the_end(void **state)
{
	(void)state;
	EVENTS("data: a\n", "|a;");
	EVENTS("data: a\n\ndata: b", "|a;"); /* a line that may have been cut */
	EVENTS("data: a\ndata: b", "");
	EVENTS("data: a\r", "|a;");
	EVENTS("x", "");
}

static void nobody_wants_more(void **state)
{
	static const char stream[] = "data: a\n\ndata: [DONE]\n\ndata: b\n\n";
	struct seen seen = { .text = STRBUF_INIT, .last = "[DONE]" };
	struct sse sse;

	(void)state;
	sse_init(&sse, 64, on_event, &seen);
	assert_int_equal(sse_feed(&sse, stream, strlen(stream)), SSE_STOPPED);
	assert_int_equal(sse_feed(&sse, stream, strlen(stream)), SSE_STOPPED);
	assert_int_equal(sse_finish(&sse), SSE_STOPPED);
	assert_string_equal(seen.text.buf, "|a;|[DONE];");
	strbuf_release(&seen.text);
	sse_release(&sse);
}

static enum sse_status feed_with_cap(size_t cap, const char *stream)
{
	struct seen seen = { .text = STRBUF_INIT };
	enum sse_status status = SSE_MORE;
	struct sse sse;

	sse_init(&sse, cap, on_event, &seen);
	for (const char *p = stream; *p; p++)
		status = sse_feed(&sse, p, 1);
	if (status == SSE_TOO_LARGE)
		assert_string_equal(seen.text.buf, "");
	strbuf_release(&seen.text);
	sse_release(&sse);
	return status;
}

static void caps(void **state)
{
	(void)state;
	assert_int_equal(feed_with_cap(10, "data: 6789\n\n"), SSE_MORE);
	assert_int_equal(feed_with_cap(10, "data: 6789a\n\n"), SSE_TOO_LARGE);
	assert_int_equal(feed_with_cap(10, ":comment that is long"), SSE_TOO_LARGE);
	/* Many short lines: four of two bytes and three newlines are eleven. */
	assert_int_equal(feed_with_cap(11, "data:ab\ndata:ab\ndata:ab\ndata:ab\n\n"), SSE_MORE);
	assert_int_equal(feed_with_cap(10, "data:ab\ndata:ab\ndata:ab\ndata:ab\n\n"),
			 SSE_TOO_LARGE);
	assert_int_equal(feed_with_cap(10, "data\ndata\ndata\ndata\ndata\ndata\ndata\ndata\n"
					   "data\ndata\ndata\ndata\n\n"),
			 SSE_TOO_LARGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events),    cmocka_unit_test(names),
		cmocka_unit_test(line_ends), cmocka_unit_test(what_is_left_out),
		cmocka_unit_test(the_end),   cmocka_unit_test(nobody_wants_more),
		cmocka_unit_test(caps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
