#ifndef BASE_ERROR_H
#define BASE_ERROR_H

/*
 * Why an operation of ours could not be done. A function that can fail takes a
 * `struct error *err` last and returns 0 or -1; it writes `err` on failure only. A candidate
 * that crashes, hangs or misbehaves is never an error: that is a verdict.
 *
 * The struct owns nothing, so it can live on the stack and be copied; a message that is too
 * long is cut. main() prints "fatal: <message>" and, where there is a remedy,
 * "hint: <hint>", and exits with `status`.
 */

enum {
	EXIT_DONE = 0,
	EXIT_NEGATIVE = 1, /* a negative answer: not accepted, does not verify */
	EXIT_FAILING = 2, /* the campaign cannot go on, or its baseline could not be measured */
	EXIT_BUDGET = 3,  /* a budget ran out */
	EXIT_FATAL = 128,
	EXIT_USAGE = 129,
};

struct error {
	int status; /* the exit status; 128 unless set otherwise */
	char message[1024];
	char hint[512];
};

#define ERROR_INIT                   \
	{                            \
		.status = EXIT_FATAL \
	}

/* Sets the message (and clears the hint, status 128). Returns -1, so: return error_set(…). */
int error_set(struct error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* As error_set(), with ": " and the text of the current errno behind it. */
int error_errno(struct error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Puts "<context>: " before the message; for the layer that knows what was being done. */
int error_context(struct error *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Sets the one-line remedy. Returns -1. */
int error_hint(struct error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Makes main() exit with `status` instead of 128. Returns -1. */
int error_status(struct error *err, int status);

/* A line "warning: …" on stderr: for the person who started us, never for a record. Control
 * characters in it are made visible. */
void warning(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
