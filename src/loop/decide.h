#ifndef LOOP_DECIDE_H
#define LOOP_DECIDE_H

/*
 * What a person decides about an experiment, over the rules: it is recorded as theirs, and the
 * ledger branch goes on accordingly. History is never rewritten: what is accepted is carried onto
 * the branch as a commit, and what is rejected is reverted there by one. Nothing is run.
 *
 * Only what was measured can be accepted, so a rejected or an indecisive one: what failed has no
 * number for the next candidate to beat, and what was invalid was never a tree. An experiment
 * that is accepted on the very tree that it was measured on is the incumbent with its number; of
 * any other tree, and after a revert, the next start measures the baseline again.
 */

#include "git/repo.h"
#include "model/experiment.h"

/*
 * Accepts or rejects (`kind` is VERDICT_ACCEPTED or VERDICT_REJECTED) the experiment `number` for
 * the reason `why`. Takes the campaign's lock, and mends what a crash left, so nobody else may be
 * working on it. A decision that is none (it is accepted already), that may not be, or whose change
 * does not apply any more is an error with a hint, and nothing is recorded.
 *
 * `ret` is the decision's record; `ret_commit` the commit of the branch, "" where it did not move.
 */
int decide(struct repo *repo, const char *campaign, int64_t number, enum verdict_kind kind,
	   const char *why, struct record *ret, char ret_commit[OID_HEX_SIZE],
	   struct error *err);

#endif
