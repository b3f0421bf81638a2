#ifndef LOOP_COMPARE_H
#define LOOP_COMPARE_H

/*
 * A candidate is measured: once, or in pairs with the incumbent (model/compare.h). Both of a
 * pair run on the same slot, one right after the other, as the same AUTORESEARCH_TRIAL with
 * the same AUTORESEARCH_SEED; between them the slot is moved, which costs by the diff of the
 * two trees.
 *
 * A candidate's trial that fails ends it with that verdict. An incumbent's has passed before,
 * so when it fails the machine is in trouble, or the incumbent is not reliable. Neither is the
 * candidate's fault: it is tried INCUMBENT_TRIES times (all of which are on record), and then
 * it is an error of status 2, and nothing is recorded.
 */

#include "loop/lane.h"
#include "loop/measure.h"

#define INCUMBENT_TRIES 3

/*
 * Measures the candidate `commit` beside the incumbent, which is r->base, and sets what
 * record_judge() does. 0; 1 where it was cancelled: nothing is to be recorded then; -1. `logs` are
 * those of the candidate's last trial, which is the one that failed if one did.
 */
int compare_candidate(struct lane *lane, const char *commit, struct record *r,
		      struct logs *logs, struct error *err);

/* The pairs of that alone, by the plan of the campaign: what precedes and follows them is the
 * caller's. `logs` as above. */
int compare_pairs(struct lane *lane, const char *commit, struct record *r, struct logs *logs,
		  struct error *err);

/*
 * One trial more of the record, as number `number` (from 1), on the slot moved to `commit`; its
 * costs are added. `logs` are emptied first. 0; 1 cancelled; -1.
 */
int compare_trial(struct lane *lane, const char *commit, bool of_incumbent, int number,
		  struct record *r, struct logs *logs, struct error *err);

/*
 * The same for a trial of the incumbent's, repeated where it measures nothing. `beside` says in
 * the error what it was for.
 */
int compare_incumbent(struct lane *lane, const char *commit, bool of_incumbent, int number,
		      const char *beside, struct record *r, struct logs *logs,
		      struct error *err);

#endif
