/*
 * A record that parses, whoever wrote it, is written as text that parses to the same record:
 * the same bytes, the same messages. What is refused leaves the result alone.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "model/trailer.h"

#define CHECK(condition)          \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_messages(const struct record *a, const struct record *b)
{
	CLEANUP_STRBUF struct strbuf one = STRBUF_INIT, two = STRBUF_INIT;

	message_accepted(a, "0", &one);
	message_note(a, "0", &one);
	message_accepted(b, "0", &two);
	message_note(b, "0", &two);
	CHECK(one.len == two.len && !memcmp(one.buf, two.buf, one.len));
}

static void check_log(const struct record *r)
{
	CLEANUP_JSON struct json *o = record_log_json(r, r->base);
	CLEANUP_JSON struct json *back = NULL;
	CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;
	struct error err = ERROR_INIT;

	json_write(o, false, &line);
	CHECK(!strchr(line.buf, '\n') && strlen(line.buf) == line.len);
	CHECK(!json_parse(line.buf, line.len, &back, &err));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP_RECORD struct record r = { 0 }, back = { 0 };
	CLEANUP_STRBUF struct strbuf written = STRBUF_INIT, again = STRBUF_INIT;
	struct error err = ERROR_INIT;

	if (record_parse((const char *)data, size, &r, &err)) {
		CHECK(*err.message && !r.campaign && !r.trials);
		return 0;
	}
	record_write(&r, &written);
	CHECK(!record_parse(written.buf, written.len, &back, &err));
	record_write(&back, &again);
	CHECK(written.len == again.len && !memcmp(written.buf, again.buf, again.len));
	check_messages(&r, &back);
	check_log(&back);
	return 0;
}
