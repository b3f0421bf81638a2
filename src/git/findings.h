#ifndef GIT_FINDINGS_H
#define GIT_FINDINGS_H

/* What does not match in a ledger: told line by line, and counted. */

#include "git/ledger.h"

struct findings {
	mismatch_fn report;
	void *data;
	int64_t nr;
};

void mismatch(struct findings *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* "experiment 12: …" */
void wrong(struct findings *f, const struct entry *entry, const char *what);

/* How such a line begins: "experiment", "decision on", "replay of". */
const char *about_what(enum record_type type);

#endif
