#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/strbuf.h"

/* By way of a copy, so that the old message may be one of the arguments. */
static void __attribute__((format(printf, 2, 0)))
set_message(struct error *err, const char *fmt, va_list ap)
{
	char message[sizeof(err->message)];

	vsnprintf(message, sizeof(message), fmt, ap);
	memcpy(err->message, message, sizeof(message));
	err->status = EXIT_FATAL;
	err->hint[0] = '\0';
}

int error_set(struct error *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set_message(err, fmt, ap);
	va_end(ap);
	return -1;
}

int error_errno(struct error *err, const char *fmt, ...)
{
	int saved = errno;
	size_t len;
	va_list ap;

	va_start(ap, fmt);
	set_message(err, fmt, ap);
	va_end(ap);
	len = strlen(err->message);
	snprintf(err->message + len, sizeof(err->message) - len, ": %s", strerror(saved));
	return -1;
}

int error_context(struct error *err, const char *fmt, ...)
{
	char context[sizeof(err->hint)];
	size_t len, keep, room;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(context, sizeof(context) - 2, fmt, ap);
	va_end(ap);
	strcat(context, ": ");
	len = strlen(context);
	room = sizeof(err->message) - 1 - len;
	keep = strnlen(err->message, room);
	memmove(err->message + len, err->message, keep);
	memcpy(err->message, context, len);
	err->message[len + keep] = '\0';
	return -1;
}

int error_hint(struct error *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err->hint, sizeof(err->hint), fmt, ap);
	va_end(ap);
	return -1;
}

int error_status(struct error *err, int status)
{
	err->status = status;
	return -1;
}

void warning(const char *fmt, ...)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT, line = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&text, fmt, ap);
	va_end(ap);
	strbuf_add_visible(&line, text.buf, text.len);
	fprintf(stderr, "warning: %s\n", line.buf);
}
