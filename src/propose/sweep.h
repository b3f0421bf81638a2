#ifndef PROPOSE_SWEEP_H
#define PROPOSE_SWEEP_H

/*
 * A search that needs no model: it varies the literals of the editable files (literal.h says
 * which, and what a mark is). Where any file holds a mark, the marked ones are its parameters;
 * otherwise every number is.
 *
 * The method is compass search, the plainest generating set search (Kolda, Lewis and Torczon,
 * "Optimization by direct search", SIAM Review 45(3), 2003). The incumbent is the centre. Each
 * parameter is stepped up and down by a coarse step, then by finer ones (a number by the factors 3,
 * 1.5, 1.2 and 1.05; an integer by 2, 1.5 and 1.25 and then by one), a marked word becomes each of
 * its other alternatives. A wide sweep begins with the factors 10 and 4, and half of a range.
 * Polling is opportunistic: the first improvement is the new centre, and the poll begins again
 * there; and it is randomised: the order within a step size is drawn from the seed and the centre's
 * text. When single steps are used up, pairs of steps of the same size follow, for the two coarsest
 * of these (and the widest). So the neighbourhood is finite, and a sweep of it ends.
 *
 * Steps are factors, which is a log scale, save for reals of a range that is not marked `log`,
 * for a range with a bound below 0 and for what is 0: these step by a quarter of the range, an
 * eighth, and so on. A step over a bound ends at it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "model/proposal.h"

/* One editable file of the incumbent. Borrowed. */
struct sweep_file {
	const char *path;
	unsigned mode;
	const char *content;
	size_t len;
};

struct sweep;

/* Whether the proposal's edits, which are all that it has yet, give a tree that was tried before: 1, 0,
 * or -1. */
typedef int (*sweep_tried_fn)(const struct proposal *proposal, void *data, struct error *err);

/*
 * A sweep over the literals of `files`, the incumbent's. `seed` is the campaign's. The files
 * are copied. A new incumbent needs a new sweep. A wide one has a yet coarser step in front
 * of the others: it proposes all that the other does, and more.
 */
struct sweep *sweep_new(const struct sweep_file *files, size_t nr, bool wide, uint64_t seed);
void sweep_free(struct sweep *sweep);

/* Of all files together; further ones are left alone. */
#define SWEEP_PARAMETERS_MAX 10000

/* How many literals and marked words it may change. 0: it can propose nothing. */
size_t sweep_parameters(const struct sweep *sweep);

/* Appends "path:line: what" for each comment of the files that looks like a mark and marks
 * nothing. */
void sweep_problems(const struct sweep *sweep, struct string_list *ret);

/*
 * The next proposal that `tried` has not seen. 0 with it in `ret`; 1 where every candidate
 * that this sweep can form was tried; -1.
 */
int sweep_next(struct sweep *sweep, sweep_tried_fn tried, void *data, struct proposal *ret,
	       struct error *err);

#endif
