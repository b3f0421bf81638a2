#ifndef LOOP_MEASURE_H
#define LOOP_MEASURE_H

/* From a commit to numbers: setup once, and then trials. */

#include "loop/audit_log.h"
#include "loop/lane.h"
#include "model/verdict.h"

/* What a trial printed, capped by the output limit, and what the kernel saw of it. */
struct logs {
	struct strbuf run; /* of run, and of check behind it */
	struct strbuf evaluate;
};

#define LOGS_INIT                                            \
	{                                                    \
		.run = STRBUF_INIT, .evaluate = STRBUF_INIT, \
	}
void logs_release(struct logs *logs);
#define CLEANUP_LOGS CLEANUP(logs_release)

/*
 * One trial of what the lane's slot holds, as trial number `number` (from 1) of `experiment`. 0; 1
 * where it was cancelled: nothing is judged or recorded then; -1.
 */
int measure_trial(struct lane *lane, int64_t experiment, int number, struct trial_result *ret,
		  struct logs *logs, struct string_list *ret_removed, struct error *err);

/*
 * Makes sure that the warm snapshot of the incumbent's (command, declared tree) is there:
 * runs setup where it is not. The lane's slot holds the incumbent. 0; 1 cancelled; -1, also where
 * setup fails, with the tail of what it printed.
 */
int measure_warm(struct lane *lane, struct error *err);

/* Adds what was seen of a trial that is over to the log of the record that is being made.
 * `ret_complete`: see audit_log_add(). */
int measure_audit(struct lane *lane, struct trial *trial, bool *ret_complete,
		  struct error *err);

/* The editable files of the incumbent, which setup must not see. */
int measure_editable(struct search *s, struct string_list *ret, struct error *err);

/* Where programs are found inside. */
#define PATH_INSIDE "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* The environment of a phase, PATH first: NULL-terminated, to be freed by environment_free(). */
char **environment_new(const struct lane *lane, enum phase phase, int64_t experiment,
		       int trial);
void environment_free(char **env);

/*
 * The seed of a trial, below 2^31: the same for candidate and incumbent, so that they differ in
 * nothing else. Where there is one sample a candidate it is the same for all, since they are
 * held against one number; where there are pairs each experiment has seeds of its own, so that
 * nothing is selected for its luck with some. A replay has those of then.
 */
uint64_t trial_seed(const struct search *s, int64_t experiment, int trial);

/* The last lines of a log, for a message. */
void log_tail(const struct strbuf *log, struct strbuf *out);

#endif
