#ifndef LOOP_LANE_H
#define LOOP_LANE_H

/*
 * What one of the trials that run side by side has to itself: a slot, the trial that runs in
 * it, and what was seen of it so far. A campaign has as many lanes as jobs; whatever needs
 * only one takes the first. Behind them are its desks: lanes at which an agent or a command is
 * asked for the next proposals while the trials run, and nothing is measured.
 */

#include "loop/search.h"

struct runner;

struct lane {
	struct search *search;
	int number; /* from 0 */
	bool desk;
	bool closed; /* a desk: nobody is asked there any more */
	struct slot *slot;
	char *slot_path;	   /* of its files, below the store */
	char *hidden_path;	   /* of its hidden files */
	struct limits limits;	   /* of its trials: no more processors than it has */
	cpu_set_t processors;	   /* of its own; empty: it shares all */
	struct string_list groups; /* of devices, that it has to itself */
	int gpus;		   /* that a trial holds, by which gpuHours are counted */
	struct sandbox *sandbox;   /* that shows those devices; NULL: the one for all */
	struct audit_policy rules; /* the same */
	struct trial_place place;  /* where its trials run */
	struct audit_log *audit;   /* of what was done for the next record; NULL: nothing yet */
	struct trial *next;	   /* opened ahead of need; NULL: none */
	struct trial *running;	   /* what a signal cancels */
	bool proposing;		   /* and it is a proposer */
	int trial_number;	   /* where there are several of an experiment; 0 */
	struct runner *runner;	   /* of the race; NULL: the lane is free */
	int64_t begun_as; /* the number of the experiment that is measured, when that began: it
			   * may become another (race.h), and the seeds of a pair must not */
	bool held;	  /* by a pause, as long as that lasts */
	bool *waiting;	  /* for a model or a pause, until this is set; NULL: not now */
};

/*
 * Makes the lanes of a search that is open but for them: s->jobs of them, and as many desks where
 * rounds race and somebody is asked at one. Each lane has processors of its own, where there are
 * as many, and its share of the groups of devices; an error where there are groups, and fewer
 * than lanes.
 */
int lanes_open(struct search *s, struct error *err);
void lanes_close(struct search *s);

/* The one that is used where there is nothing to share. */
struct lane *lane_first(const struct search *s);

/* Ends what a lane does, as far as a stop of that kind asks for it. */
void lane_end(struct lane *lane, enum stop stop);

/*
 * Opens a trial of the lane, for trial_close(): the one that was opened ahead, if there is.
 * lane_open_ahead() has the next get ready, on the lane's own processors, while no trial of it
 * runs and its record is written. Where it cannot, lane_open_trial() will say so.
 */
int lane_open_trial(struct lane *lane, struct trial **ret, struct error *err);
void lane_open_ahead(struct lane *lane);

/* Runs a phase of the lane's trial, where a signal reaches it, and tells whoever watches.
 * `experiment` 0 is the baseline. As trial_run(). */
int lane_run(struct lane *lane, struct trial *trial, int64_t experiment,
	     const struct trial_command *command, struct outcome *ret, struct error *err);

/* Waits in the event loop until `*over`, which a signal sets as well. */
int lane_wait(struct lane *lane, bool *over, struct error *err);

#endif
