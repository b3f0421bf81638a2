#ifndef LOOP_ASK_H
#define LOOP_ASK_H

/*
 * One proposal that a model is asked for: briefing, prompt, reply, edits, in at most two turns.
 * The first is begun at once and goes on in the event loop, whatever else that does.
 */

#include "loop/footing.h"
#include "loop/propose.h"

struct asking;

/*
 * Asks `p` for the proposal of experiment `number`, on that footing; model_open() came
 * before. 0 with it in `ret`; 1, and nothing sent, where it could pass the budget of tokens
 * when `reserved` of them are kept for those that are asked already; -1.
 */
int asking_begin(struct proposer *p, int64_t number, const struct footing *footing,
		 int64_t reserved, struct asking **ret, struct error *err);

/* The experiment that it is asked for. */
int64_t asking_number(const struct asking *a);

/* The most that its first turn may come to, in tokens. */
int64_t asking_reserve(const struct asking *a);

/*
 * Waits in `lane` for the reply and makes a proposal of it. What was asked for on the incumbent of
 * then is for that of now (tree_carry() brings it there where that is another). A reply that cannot
 * be used is sent back once, if `reserved` leaves the budget for it; the second such is a proposal
 * that is refused. 0; 1 where a person ended it; -1 with status 2 where the endpoint fails, and
 * will go on to.
 */
int asking_finish(struct asking *a, struct lane *lane, int64_t reserved, struct proposal *ret,
		  struct error *err);

/* Ends it where it goes on, and frees it; NULL is none. A reply that came and nobody took waits
 * in the journal; tokens that were paid for nothing are added to the totals. */
void asking_free(struct asking *a);

#endif
