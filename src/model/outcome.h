#ifndef MODEL_OUTCOME_H
#define MODEL_OUTCOME_H

/*
 * How one sandboxed command ended, as seen from outside: a value that the sandbox makes,
 * the verdict judges and the record keeps.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/strbuf.h"

enum outcome_kind {
	OUTCOME_EXITED,	  /* by itself: `exit_code` */
	OUTCOME_SIGNALED, /* by a signal that was not ours: `signal` */
	OUTCOME_TIMEOUT,  /* the kinds below were ended by us */
	OUTCOME_MEMORY,
	OUTCOME_DISK,
	OUTCOME_PIDS,
	OUTCOME_OUTPUT,
	OUTCOME_SYSCALL,   /* a forbidden system call: `syscall` names it */
	OUTCOME_NETWORK,   /* a connection that is not allowed: `network` is its address */
	OUTCOME_CANCELLED, /* by the person who runs us; never judged, never recorded */
};

struct outcome {
	enum outcome_kind kind;
	int exit_code;
	int signal;
	char syscall[48];    /* "ptrace", "i386:mount", "x32:1073741825" */
	char network[64];    /* "192.0.2.1:80", "[2001:db8::1]:80" */
	double wall;	     /* s, from exec to the death of the last process */
	double cpu;	     /* s, user and system, of all processes */
	int64_t memory_peak; /* bytes; -1 where the kernel does not say */
};

/* True where the command exited with 0 and no limit was hit. */
bool outcome_is_success(const struct outcome *o);

/* Appends "timeout", "out-of-memory", …, "exit 3", "signal SIGSEGV", "syscall ptrace", as
 * git-autoresearch-ledger(5) lists the reasons; nothing for success. */
void outcome_reason(const struct outcome *o, struct strbuf *out);

/* True where it did what is forbidden: a system call, a connection. */
bool outcome_is_violation(const struct outcome *o);

/* True where the sandbox ended it: a limit, a forbidden call, the person who runs us. */
bool outcome_was_killed(const struct outcome *o);

#endif
