#ifndef LOOP_ASK_H
#define LOOP_ASK_H

/*
 * One proposal that a model is asked for: briefing, prompt, reply, edits, in at most two turns.
 * The first is begun at once and goes on in the event loop, whatever else that does.
 */

#include "loop/lane.h"
#include "model/proposal.h"

struct asking;

/*
 * Asks for the proposal of experiment `number`, on top of the incumbent; model_open() came
 * before. 0 with it in `ret`; 1, and nothing sent, where it could pass the budget of tokens
 * when `reserved` of them are kept for those that are asked already; -1.
 */
int asking_begin(struct search *s, int64_t number, int64_t reserved, struct asking **ret,
		 struct error *err);

/* The most that its first turn may come to, in tokens. */
int64_t asking_reserve(const struct asking *a);

/*
 * Waits in `lane` for the reply and makes a proposal of it, for the incumbent of now (tree_carry() brings
 * it there where that is another). A reply that cannot be used is sent back once, if `reserved`
 * leaves the budget for it; the second such is a proposal that is refused. 0; 1 where a person
 * ended it; -1 with status 2 where the endpoint fails, and will go on to. Without a proposal to
 * tell of them, the tokens are added to the totals.
 */
int asking_finish(struct asking *a, struct lane *lane, int64_t reserved, struct proposal *ret,
		  struct error *err);

/* Ends it where it goes on, and frees it; NULL is none. */
void asking_free(struct asking *a);

#endif
