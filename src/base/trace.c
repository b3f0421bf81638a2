#include "base/trace.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/fiber.h"
#include "base/strbuf.h"

static struct {
	FILE *file; /* NULL: there is none */
	char *path;
	pid_t pid; /* a child that was forked meanwhile writes nothing */
	bool begun;
} trace;

int trace_open(const char *path, struct error *err)
{
	trace.file = fopen(path, "we");
	if (!trace.file)
		return error_errno(err, "cannot write the trace '%s'", path);
	trace.path = xstrdup(path);
	trace.pid = getpid();
	trace.begun = false;
	return 0;
}

int trace_close(struct error *err)
{
	CLEANUP_FREE char *path = steal_ptr(trace.path);
	FILE *file = steal_ptr(trace.file);
	int failed;

	if (!file)
		return 0;
	fputs(trace.begun ? "\n]\n" : "[]\n", file);
	failed = ferror(file);
	if (fclose(file) || failed)
		return error_errno(err, "cannot write the trace '%s'", path);
	return 0;
}

static int64_t microseconds(const struct timespec *t)
{
	return t->tv_sec * INT64_C(1000000) + t->tv_nsec / 1000;
}

void trace_span(const char *name, const struct timespec *begin, const struct timespec *end)
{
	int64_t from = microseconds(begin), to = microseconds(end);

	if (!trace.file || getpid() != trace.pid)
		return;
	/* A list that ends in the middle, because we were killed, can be read all the same. */
	fprintf(trace.file,
		"%s{\"name\":\"%s\",\"ph\":\"X\",\"ts\":%" PRId64 ",\"dur\":%" PRId64
		",\"pid\":%d,\"tid\":%d}",
		trace.begun ? ",\n" : "[\n", name, from, to - from, (int)trace.pid,
		fiber_number());
	trace.begun = true;
}

struct span span_begin(const char *name)
{
	struct span span = { 0 };

	if (!trace.file)
		return span;
	span.name = name;
	clock_gettime(CLOCK_MONOTONIC, &span.begin);
	return span;
}

void span_end(struct span *span)
{
	struct timespec now;

	if (!span->name)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	trace_span(span->name, &span->begin, &now);
}
