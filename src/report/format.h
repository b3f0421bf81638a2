#ifndef REPORT_FORMAT_H
#define REPORT_FORMAT_H

/*
 * An experiment as `log --format=<string>` wants it. What git has a letter for has the same one;
 * all else goes by its name in `log --json`: %(metric), %(audit.denied), %(metrics.peak_mb).
 * git-autoresearch(1) has the list.
 */

#include <time.h>

#include "git/ledger.h"

/* Whether each placeholder is one: 0; -1 with an error that names the first that is not. */
int format_check(const char *format, struct error *err);

struct format_context {
	struct ledger *ledger; /* trailers are read from its commits and notes */
	bool color;
	time_t now; /* which ages are told by */
};

/* Appends it, without a newline at the end. Control characters that a proposer chose are made
 * visible. `format` was checked. Only what cannot be read of git is an error. */
int format_write(const char *format, const struct format_context *context,
		 const struct entry *entry, struct strbuf *out, struct error *err);

#endif
