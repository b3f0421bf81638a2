#ifndef MODEL_SIGNS_H
#define MODEL_SIGNS_H

/*
 * What shows that a campaign that is left alone comes to nothing: a rule over the verdicts of
 * one run and over what the machine has left. A campaign that shows a sign is ended, for a person
 * to look at; whoever starts it again has looked, so every run counts from nothing.
 *
 * How often is too often? An honest campaign may fail much. Where half of the candidates fail in
 * the same way though nothing is wrong, one campaign of 1,000 experiments in 65 sees 15 of them in
 * a row. Metrics that are missing and violations are rarer, and tell of a harness or a proposer
 * gone wrong: at three missing in ten one campaign in 20 sees 8 in a row, at one violation in ten
 * one in 100 sees 5.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "model/verdict.h"

#define SIGN_SAME_FAILURE 15 /* failed or invalid, in a row, for the same reason */
#define SIGN_NO_METRIC 8     /* in a row without the metric, which the incumbent gave */
#define SIGN_VIOLATIONS 5    /* in a row, for whatever reason */
/* Left of the disk that the store is on, or of the machine's memory, when it is short: less than
 * this many bytes, and less than this share, so that small ones are not short when empty. */
#define SIGN_LEFT (64LL << 20)
#define SIGN_LEFT_SHARE 0.05

enum sign {
	SIGN_NONE,
	SIGN_IS_SAME_FAILURE,
	SIGN_IS_NO_METRIC,
	SIGN_IS_VIOLATIONS,
	SIGN_IS_DISK,
	SIGN_IS_MEMORY,
};

/* What was seen in this run. A zeroed one has seen nothing. */
struct signs {
	enum verdict_kind kind;		     /* of the newest failure */
	char reason[128];		     /* cut, and still the same for the same */
	int64_t same, no_metric, violations; /* in a row */
};

/* In bytes; -1: not known. */
struct room {
	int64_t left, all;
};

/* Takes a verdict. Duplicates, and what could not be tested, say nothing. */
void signs_take(struct signs *signs, const struct verdict *verdict);

/* The sign that shows; where one does, `why` (a sentence without a full stop) is appended. */
enum sign signs_read(const struct signs *signs, const struct room *disk,
		     const struct room *memory, struct strbuf *why);

#endif
