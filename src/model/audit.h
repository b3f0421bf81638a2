#ifndef MODEL_AUDIT_H
#define MODEL_AUDIT_H

/*
 * What the kernel saw of a trial: the records of ebpf/audit.h as lines of JSON, and what they
 * come to. git-autoresearch-ledger(5) has the format of the lines. A record was made by our own
 * programs, but its names are a candidate's: nothing of it is trusted.
 */

/* How much of a trial is seen and held; the higher, the more. */
enum audit_level {
	AUDIT_LEVEL_NONE, /* nothing was asked for */
	AUDIT_LEVEL_C,	  /* no eBPF: nothing is on record */
	AUDIT_LEVEL_B,	  /* cgroup programs and tracepoints */
	AUDIT_LEVEL_A,	  /* and LSM programs */
	AUDIT_LEVELS,
};

/* "none", "C", "B", "A". */
const char *audit_level_name(enum audit_level level);
/* 0, or -1 where `name` is none of them. */
int audit_level_parse(const char *name, enum audit_level *ret);

#endif
