#ifndef LOOP_STEP_H
#define LOOP_STEP_H

/*
 * The path that a candidate takes. Read search_step() first: everything the program does is
 * in it, and every noun in it is a struct of the model. What it came to waits for the others
 * of its round (race.h), and is written down then (recording.h).
 */

#include "loop/candidate.h"
#include "loop/measure.h"
#include "loop/propose.h"

/* An experiment on its way from a proposal to a record. */
struct experiment {
	struct record record;
	struct proposal proposal;
	char incumbent[OID_HEX_SIZE]; /* that the proposal was brought to */
	struct candidate candidate;
	struct logs logs;
	struct audit_log *audit; /* NULL: nothing was done */
	/* Whether there is a proposal, and where there is none, why; a person's cancelling of its
	 * trials is PROPOSED_CANCELLED as well. Nothing else is recorded then. */
	enum proposed how;
	bool renumbered; /* since the candidate's commit was made */
};

/* What every record says of where and when it was made. */
void record_begin(const struct search *s, struct record *r, enum record_type type,
		  int64_t experiment);

/* One that has nothing yet but its number. */
void experiment_init(struct experiment *x, struct search *s, int64_t number);
void experiment_release(struct experiment *x);
#define CLEANUP_EXPERIMENT CLEANUP(experiment_release)

/* The first part of search_step(): up to the proposal. */
int search_ask(struct lane *lane, struct experiment *x, struct error *err);

/*
 * Asks for a proposal, where `x` does not hold one, makes a candidate of it and measures that in
 * the lane, beside the incumbent of now. x->how says whether there is a verdict. -1 also where
 * the proposer failed (PROPOSED_FAILURE): the error says how.
 */
int search_step(struct lane *lane, struct experiment *x, struct error *err);

/*
 * One experiment on a tree that a person made, with their words: measured and recorded. In `x`
 * is the verdict, and x->how says whether a person cancelled it.
 */
int search_try(struct search *s, const char *tree, const char *subject, const char *rationale,
	       struct experiment *x, char ret_commit[OID_HEX_SIZE], struct error *err);

/* A new campaign's seed: of what is measured and how it is called, so that it can be told. */
uint64_t search_seed(const struct search *s, const char *commit);

/*
 * Measures the incumbent and records it as the baseline; makes the ledger branch where there is
 * none. 0; 1 where a person cancelled it; -1, with status 2 where it cannot be measured, and
 * nothing is recorded.
 */
int search_baseline(struct search *s, struct error *err);

#endif
