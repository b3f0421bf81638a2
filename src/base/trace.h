#ifndef BASE_TRACE_H
#define BASE_TRACE_H

/*
 * Where the time went, for whoever wants to see it: spans, written to one file in the Trace Event
 * Format that chrome://tracing and ui.perfetto.dev open
 * (https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU). Where no file
 * is open a span is two comparisons. Spans of one fiber nest; each fiber is drawn in the row of its
 * number (fiber_number()).
 */

#include <stdint.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/error.h"

/* Opens the one trace of this process; replaces a file that is there. */
int trace_open(const char *path, struct error *err);

/* Writes what is left, and closes it. 0 where none is open; -1 where not all could be written. */
int trace_close(struct error *err);

struct span {
	const char *name; /* NULL: no trace is open */
	struct timespec begin;
};

struct span span_begin(const char *name);
void span_end(struct span *span);

/* Until the end of the block; one a block. `name` is borrowed, and needs no escapes. */
#define SPAN(name) \
	CLEANUP(span_end) __attribute__((unused)) struct span span_ = span_begin(name)

/* A span between two moments of CLOCK_MONOTONIC, of the fiber that tells of it. */
void trace_span(const char *name, const struct timespec *begin, const struct timespec *end);

#endif
