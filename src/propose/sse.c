#include "propose/sse.h"

#include <stdio.h>
#include <string.h>

void sse_init(struct sse *sse, size_t cap, sse_fn fn, void *data)
{
	*sse = (struct sse){
		.fn = fn,
		.fn_data = data,
		.cap = cap,
		.line = STRBUF_INIT,
		.event_data = STRBUF_INIT,
	};
}

void sse_release(struct sse *sse)
{
	strbuf_release(&sse->line);
	strbuf_release(&sse->event_data);
}

/* A blank line: an event without data is none. */
static void dispatch(struct sse *sse)
{
	const struct sse_event event = {
		.name = sse->name,
		.data = sse->event_data.buf,
		.len = sse->event_data.len,
	};

	if (sse->has_data && !sse->fn(&event, sse->fn_data))
		sse->status = SSE_STOPPED;
	strbuf_reset(&sse->event_data);
	sse->has_data = false;
	sse->name[0] = '\0';
}

static void add_data(struct sse *sse, const char *value, size_t len)
{
	if (sse->event_data.len + sse->has_data + len > sse->cap) {
		sse->status = SSE_TOO_LARGE;
		return;
	}
	if (sse->has_data)
		strbuf_addch(&sse->event_data, '\n');
	strbuf_add(&sse->event_data, value, len);
	sse->has_data = true;
}

static void set_name(struct sse *sse, const char *value, size_t len)
{
	snprintf(sse->name, sizeof(sse->name), "%.*s",
		 (int)(len < sizeof(sse->name) ? len : sizeof(sse->name) - 1), value);
}

static bool is_field(const char *line, size_t len, const char *name)
{
	return len == strlen(name) && !memcmp(line, name, len);
}

static void take_line(struct sse *sse)
{
	const char *line = sse->line.buf, *end = line + sse->line.len;
	const char *colon = memchr(line, ':', sse->line.len);
	size_t len = (size_t)((colon ? colon : end) - line);
	const char *value = colon ? colon + 1 : end;

	if (value < end && *value == ' ')
		value++;
	if (line == end) {
		dispatch(sse);
	} else if (is_field(line, len, "data")) {
		add_data(sse, value, (size_t)(end - value));
	} else if (is_field(line, len, "event")) {
		set_name(sse, value, (size_t)(end - value));
	} else if (is_field(line, len, "error")) {
		set_name(sse, "error", strlen("error"));
		add_data(sse, value, (size_t)(end - value));
	}
	strbuf_reset(&sse->line);
}

/* The first line may begin with a mark, of which the first bytes may be all that is there. */
static void skip_mark(struct sse *sse)
{
	static const char mark[] = "\xef\xbb\xbf";

	if (!sse->past_mark && sse->line.len >= 3 && !memcmp(sse->line.buf, mark, 3)) {
		memmove(sse->line.buf, sse->line.buf + 3, sse->line.len - 3);
		strbuf_setlen(&sse->line, sse->line.len - 3);
	}
	sse->past_mark = true;
}

static size_t until_line_end(const char *bytes, size_t len)
{
	const char *lf = memchr(bytes, '\n', len);
	size_t n = lf ? (size_t)(lf - bytes) : len;
	const char *cr = memchr(bytes, '\r', n);

	return cr ? (size_t)(cr - bytes) : n;
}

enum sse_status sse_feed(struct sse *sse, const char *bytes, size_t len)
{
	while (len && sse->status == SSE_MORE) {
		size_t n;

		if (sse->after_cr && *bytes == '\n') {
			bytes++;
			len--;
		}
		sse->after_cr = false;
		n = until_line_end(bytes, len);
		if (sse->line.len + n > sse->cap) {
			sse->status = SSE_TOO_LARGE;
			break;
		}
		strbuf_add(&sse->line, bytes, n);
		if (n == len)
			break;
		sse->after_cr = bytes[n] == '\r';
		bytes += n + 1;
		len -= n + 1;
		skip_mark(sse);
		take_line(sse);
	}
	return sse->status;
}

enum sse_status sse_finish(struct sse *sse)
{
	if (sse->status == SSE_MORE && !sse->line.len)
		dispatch(sse);
	return sse->status;
}
