#ifndef PROPOSE_SSE_H
#define PROPOSE_SSE_H

/*
 * A text/event-stream, read as it comes in (the HTML standard, "Server-sent events"): lines
 * that end in LF, CR or CRLF, comments, fields, data of several lines, a byte order mark.
 * Bytes are handed on as they are; where a chunk ends says nothing. `id` and `retry` are
 * left out, since nobody reconnects. One thing is added: a field `error` counts as data of an
 * event of that name, as llama.cpp's server sent it until late 2025.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"

/* An event's name is cut here: "message" and "error" is all that one needs. */
#define SSE_NAME_MAX 32

struct sse_event {
	const char *name; /* "" where the stream names none */
	const char *data; /* NUL-terminated; may hold NULs, so `len` counts */
	size_t len;
};

/* Returns false where no more events are wanted. The event is borrowed for the call. */
typedef bool (*sse_fn)(const struct sse_event *event, void *data);

enum sse_status {
	SSE_MORE,
	SSE_STOPPED,   /* the function wanted no more */
	SSE_TOO_LARGE, /* a line or an event is above the cap */
};

/* Its members belong to sse.c. */
struct sse {
	sse_fn fn;
	void *fn_data;
	size_t cap;
	enum sse_status status;
	struct strbuf line, event_data;
	char name[SSE_NAME_MAX];
	bool has_data;	/* of an event that is not complete */
	bool after_cr;	/* an LF now belongs to the line before */
	bool past_mark; /* where a byte order mark may stand */
};

/* `cap` is in bytes, of a line and of an event's data. */
void sse_init(struct sse *sse, size_t cap, sse_fn fn, void *data);

/* Reads on. What comes after any other status than SSE_MORE is ignored. */
enum sse_status sse_feed(struct sse *sse, const char *bytes, size_t len);

/*
 * The stream ended as it should. An event whose lines are complete and that lacks only the
 * blank line is handed on (the standard would drop it; servers forget it); a line without
 * its end is dropped.
 */
enum sse_status sse_finish(struct sse *sse);

void sse_release(struct sse *sse);

#endif
