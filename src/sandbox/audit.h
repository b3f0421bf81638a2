#ifndef SANDBOX_AUDIT_H
#define SANDBOX_AUDIT_H

/*
 * What is handed over of a trial once every process of it is dead: the kernel's records, as
 * they came, and the counts that they are held against. model/audit.h reads them.
 */

#include <stdint.h>

#include "base/strbuf.h"
#include "ebpf/audit.h"
#include "model/audit.h"
#include "model/phase.h"

struct trial_audit {
	enum audit_level level;	     /* that was in force; below B there are no records */
	int records;		     /* a file of `struct audit_record`s, or -1; owned */
	struct audit_counts *counts; /* of all processors; NULL where nothing counts; owned */
	uint64_t start;		     /* of the trial: ns, CLOCK_MONOTONIC */
	uint64_t phase_start[PHASE_NR]; /* of each phase; 0: it did not run */
	struct string_list programs;	/* "name:tag" of what was loaded */
	char kernel[65];		/* its release */
	char policy[65];		/* SHA-256 of the policy, in hex */
};

#define TRIAL_AUDIT_INIT      \
	{                     \
		.records = -1 \
	}

/* Makes one of level none, which holds nothing. */
void trial_audit_init(struct trial_audit *audit);
void trial_audit_release(struct trial_audit *audit);
#define CLEANUP_TRIAL_AUDIT CLEANUP(trial_audit_release)

#endif
