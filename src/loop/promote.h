#ifndef LOOP_PROMOTE_H
#define LOOP_PROMOTE_H

/*
 * From accepted experiments to a branch that a person reviews and pushes: their commits on the
 * merge base of the ledger branch and HEAD, measured there again beside it.
 *
 *     promote_open ─► promote_build ─► promote_measure ─► promote_record
 *      who may         commits, no      promote.command,    the record, and
 *                      ref is moved     then in pairs       results/<campaign>
 *
 * Nothing but that branch, the ledger and its notes is ever moved.
 */

#include "git/results.h"
#include "loop/measure.h"
#include "loop/promote_pick.h"

struct promote {
	struct search *search;	 /* borrowed */
	char head[OID_HEX_SIZE]; /* whose merge base it is */
	struct results results;
	struct stack stack;
	struct picks picks;
	struct record record; /* record.promotion says what was made */
	struct logs logs;
	struct strbuf command_log, patch;
	bool keeps; /* what was built has no name yet */
};

void promote_init(struct promote *p);
void promote_release(struct promote *p);
#define CLEANUP_PROMOTE CLEANUP(promote_release)

/*
 * Opens the campaign to work on it, as search_open_campaign() does, but that its branch may be checked
 * out; and finds the branch of the results.
 */
int promote_open(struct promote *p, struct search *s, struct repo *repo, const char *campaign,
		 struct error *err);

/*
 * Makes the commits, and the record of them. What conflicts is an error that names the experiment.
 * An experiment that changes nothing there any more is warned of, and left out.
 */
int promote_build(struct promote *p, const struct promote_options *options, struct error *err);

/*
 * Runs promote.command on the result, in the sandbox of a check, and where that passes measures the
 * merge base and the result: once each where verdict.trials is 1, else in pairs, as a candidate
 * beside the incumbent. p->record.verdict is accepted where the gain is there. 0; 1 cancelled; -1,
 * with status 2 where the merge base cannot be measured.
 */
int promote_measure(struct promote *p, struct error *err);

/* Writes the record, whatever it came to, and moves the branch where it is accepted. */
int promote_record(struct promote *p, struct error *err);

#endif
