#ifndef LOOP_AGAIN_H
#define LOOP_AGAIN_H

/*
 * Changes that were made on one incumbent, and are measured again on top of another: of those that
 * passed and were not the best of their round, each gets a second experiment.
 */

#include "loop/step.h"

struct second_try;

struct second_tries {
	struct second_try *items;
	size_t nr;
};

/* Keeps the change of one that lost to experiment `winner`. What was paid for it is on its own
 * record. */
void second_tries_keep(struct second_tries *tries, const struct experiment *x, int64_t winner);

/* The first that still has something to say, which is the caller's then; where none is left
 * `ret`, which is empty, stays so. */
int second_tries_take(struct second_tries *tries, struct search *s, struct proposal *ret,
		      struct error *err);

void second_tries_release(struct second_tries *tries);

/*
 * Brings a proposal, of `own` where that has run, from one incumbent to that of now. `ret_new` is
 * false where there is nothing to measure: it says what was tried, or was accepted, already;
 * `ret_clean` where both change the same lines.
 */
int again_carry(struct search *s, const char *base, struct proposal *p,
		const struct record *own, bool *ret_new, bool *ret_clean, struct error *err);

#endif
