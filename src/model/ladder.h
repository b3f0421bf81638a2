#ifndef MODEL_LADDER_H
#define MODEL_LADDER_H

/*
 * What a search that has stalled does about it, as a ladder. The search is greedy: each
 * candidate is proposed on top of the incumbent. Where nothing has been accepted for long it
 * goes a stage up: to wider steps and temperatures, with proposers being told that another
 * direction is wanted; then to earlier accepted commits, one after the other, on which it
 * proposes as if it had not gone on from there; then it is exhausted. What is accepted takes
 * it back to the first stage. A candidate is measured against the incumbent on every stage.
 *
 * How long is long: after n failures in a row the chance of a success is below 3/n with a
 * confidence of 95 % (the rule of three: Hanley and Lippman-Hand, If nothing goes wrong, is
 * everything all right?, JAMA 249, 1983). After the default of LADDER_PATIENCE that is 15 %,
 * which is what good proposers live on; at the end of the ladder 0.6 %.
 */

#include <stdint.h>

#include "base/error.h"
#include "base/json.h"
#include "model/oid.h"

#define LADDER_PATIENCE 20 /* experiments a stage; 0: the ladder is never gone up */

/* The names of proposers: at most so many bytes. */
#define PROPOSER_NAME_MAX 200

enum ladder_rung {
	LADDER_GREEDY,
	LADDER_WIDER,
	LADDER_RESTART,
	LADDER_EXHAUSTED,
	LADDER_NR,
};

/* "greedy", "wider", "restart", "exhausted". */
const char *ladder_rung_name(enum ladder_rung rung);

/* One stage of it. */
struct ladder_stage {
	enum ladder_rung rung;
	double widen; /* times the high end of a range of temperatures; 1: as it is */
	int64_t back; /* so many accepted changes before the incumbent is proposed on */
};

/* Greedy, wider, back by one, two and four accepted changes; what comes is the end. */
#define LADDER_STAGES 5
/* So often are all but the first gone through before that: every time there is more that was
 * tried, and that a proposer is told of. */
#define LADDER_ROUNDS 6

/*
 * The stage after `stalled` experiments of which none was accepted: each takes `patience` of
 * them, but two rounds of `candidates` at least, since those of one round know nothing of each
 * other. LADDER_STAGES is the end.
 */
int64_t ladder_stage(int64_t stalled, int64_t patience, int64_t candidates);

/*
 * What is done on it. `earlier` is how many accepted changes there are to go back; where there
 * are none the steps stay wider until the end.
 */
struct ladder_stage ladder_at(int64_t stage, int64_t earlier);

/* True where two stages are the same search. */
bool ladder_is_same(const struct ladder_stage *a, const struct ladder_stage *b);

/* The high end of a range of temperatures on that stage: wider, but not above `max`. */
double ladder_temperature(const struct ladder_stage *stage, double high, double max);

/* How a candidate was searched for, as its record keeps it. */
struct searched {
	bool known; /* false: a baseline's, a person's, an older program's */
	enum ladder_rung rung;
	double widen;
	char from[OID_HEX_SIZE]; /* the commit that it was proposed on; "": its base */
	char proposer[PROPOSER_NAME_MAX + 1]; /* of several, whose it is; "": there is one */
};

/* Adds it as the member `search`, null where it is not known; and reads that back. */
void searched_add(struct json *record, const struct searched *searched);
int searched_read(const struct json *record, struct searched *ret, struct error *err);

#endif
