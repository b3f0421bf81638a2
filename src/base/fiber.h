#ifndef BASE_FIBER_H
#define BASE_FIBER_H

/*
 * A function with a stack of its own, which gives way where it would wait and is resumed there:
 * several of them take turns in one thread, and each is written as if it were alone. Only the
 * main stack resumes fibers, and only at places of its choice (evloop_run()), so nothing else
 * runs between two lines that do not wait. Contexts are those of makecontext(3).
 */

#include <stdbool.h>

#include "base/error.h"

struct fiber;

/* Makes a fiber of `fn(data)`, which does not run yet. The caller frees it. */
int fiber_new(struct fiber **ret, void (*fn)(void *data), void *data, struct error *err);

/* From the main stack: lets it run until it parks or is over. */
void fiber_resume(struct fiber *fiber);

/* From within a fiber: gives way until it is resumed. */
void fiber_park(void);

/* The one that runs; NULL on the main stack. */
struct fiber *fiber_current(void);

/* What whoever makes fibers calls this one, to tell them apart; 0 is the main stack, and one that
 * was given no number. */
void fiber_set_number(struct fiber *fiber, int number);
int fiber_number(void);

/* True once its function has returned. */
bool fiber_is_over(const struct fiber *fiber);

/* One that is parked is dropped as it stands: nothing that it holds is given back. */
void fiber_free(struct fiber *fiber);

#endif
