#ifndef SANDBOX_TRIAL_H
#define SANDBOX_TRIAL_H

/*
 * One trial: a cgroup leaf with its ceilings, a size-capped tmpfs that takes everything it
 * writes, and the phases that run in it, one after the other. What run leaves in OUT is
 * what check and evaluate find there, read-only; nothing else passes from one phase to
 * the next, and when the trial is closed all of it is gone.
 */

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/evloop.h"
#include "base/strbuf.h"
#include "model/campaign.h"
#include "model/network.h"
#include "model/outcome.h"
#include "model/phase.h"
#include "sandbox/audit.h"
#include "sandbox/cgroup.h"
#include "sandbox/sandbox.h"
#include "sandbox/syscalls.h"
#include "sandbox/warden.h"

enum stream {
	STREAM_STDOUT,
	STREAM_STDERR,
};

/* What one phase runs and sees. Paths of layers are relative to the sandbox's store; NULL
 * where there is none. All borrowed until the phase is over. */
struct trial_command {
	enum phase phase;
	const char *const *argv; /* NULL-terminated; found by the sandbox's PATH */
	const char *const *env;	 /* NULL-terminated "NAME=value" */
	double timeout;		 /* s */
	const char *tree;	 /* the slot's files */
	const char *hidden;	 /* for evaluate: laid over them */
	const char *warm;	 /* the snapshot of setup: below them */
	const char *
		upper; /* for setup: a folder with `upper` and `work`, which keeps what it writes */
	const struct string_list
		*masked;   /* for setup: paths of the tree that it must not see */
	const char *home;  /* for propose: the HOME that is kept */
	bool out_writable; /* OUT; false: read-only */
	const char *input; /* its stdin; NULL: empty */
	size_t input_len;
	void (*output)(enum stream stream, const char *data, size_t len, void *data_arg);
	void *data;
};

struct trial;

/* What all trials share, each as its own header has it. */
struct trial_place {
	const struct sandbox *sandbox;
	struct cgroup_base *cgroups;
	const struct syscall_filter *filter;
	struct warden *warden;	     /* NULL: no audit */
	const cpu_set_t *processors; /* that it may use; NULL: all */
	const struct audit_policy *policy;
	struct evloop *loop;
};

/*
 * Makes the leaf, and starts what its first phase needs whatever that will be: it gets ready while
 * the caller does something else. `network` is what it may reach, resolved; NULL: nothing. It and all
 * of `place` are borrowed until the trial is closed.
 */
int trial_open(struct trial **ret, const struct trial_place *place, const struct limits *limits,
	       const struct network_allow *network, struct error *err);

/*
 * Runs one phase to its end: until the command is dead, every process of the leaf is killed
 * and the leaf was seen empty. How it ended is data, in `ret`; an error means that we could
 * not run it. Output above the limit is not given to `output`.
 */
int trial_run(struct trial *trial, const struct trial_command *command, struct outcome *ret,
	      struct error *err);

/* Ends the phase that is running, from inside the event loop: its outcome is CANCELLED. */
void trial_cancel(struct trial *trial);

/*
 * What was left in the file `name` of the last phase's own folder on the disk (the metrics
 * file): a regular file with one link, at most `cap` bytes. 0; 1 where there is no such file;
 * -1 where it cannot be read as one.
 */
int trial_read_metrics(struct trial *trial, struct strbuf *ret, struct error *err);

/* Names that were taken out of OUT since they were no file and no folder. Borrowed. */
const struct string_list *trial_removed(const struct trial *trial);

/* For propose: every file that the phase changed against the tree below, through `fn`.
 * See harvest.h. */
int trial_upper_fd(struct trial *trial);

/* Ends its audit and hands it over, complete; no phase can run any more. */
int trial_audit(struct trial *trial, struct trial_audit *ret, struct error *err);

/* How many bytes the phase that runs has printed, sent and been sent so far. */
int64_t trial_traffic(const struct trial *trial);

/* Removes the leaf and lets the disk go. */
void trial_close(struct trial *trial);

#endif
