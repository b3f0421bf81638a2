#ifndef MODEL_AUDIT_H
#define MODEL_AUDIT_H

/*
 * What the kernel saw of a trial: the records of ebpf/audit.h as lines of JSON, and what they
 * come to. git-autoresearch-ledger(5) has the format of the lines. A record was made by our own
 * programs, but its names are a candidate's: nothing of it is trusted.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/json.h"
#include "base/strbuf.h"
#include "ebpf/audit.h"
#include "model/phase.h"

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

/* "exec", "process", …; "connect", "open", …; "allowed", "refused", "denied". */
const char *audit_class_name(enum audit_class class);
const char *audit_act_name(enum audit_act act);
const char *audit_verdict_name(enum audit_verdict verdict);

#define AUDIT_RECORD_MAX (sizeof(struct audit_record) + 2 * AUDIT_PATH_MAX) /* bytes */

/* One record, whole: its fixed part is a copy, its names are borrowed. */
struct audit_event {
	struct audit_record record;
	const char *path, *name;
};

/*
 * Takes the record that `data` begins with, of which `len` bytes are there. Its size in bytes; 0
 * where its end is not there yet; -1 where it makes no sense, however many bytes may follow:
 * its size is not that of its parts, or a value is none of its kind.
 */
ssize_t audit_event_next(const void *data, size_t len, struct audit_event *ret,
			 struct error *err);

/* When things were, in ns of CLOCK_MONOTONIC; 0 for a phase that did not run. */
struct audit_clock {
	uint64_t start; /* of the trial */
	uint64_t phase_start[PHASE_NR];
};

/* The name of a system call by AUDIT_ARCH_… and number; NULL where it has none. It has to last
 * until the next call alone. */
typedef const char *(*audit_call_name)(uint32_t arch, uint32_t number);

/* Appends the line of an event, or that of `nr` aggregated acts of a class. */
void audit_event_write(const struct audit_event *event, uint64_t seq,
		       const struct audit_clock *clock, audit_call_name call_name,
		       struct strbuf *out);
void audit_aggregate_write(enum audit_class class, uint64_t nr, uint64_t seq,
			   struct strbuf *out);

/* What one trial came to. All borrowed. */
struct audit_totals {
	enum audit_level level;
	const struct audit_counts *counts;
	uint64_t recorded[AUDIT_CLASSES]; /* events that arrived */
	const char *policy, *kernel;
	const struct string_list *programs;
};

/* Of a class: acts whose event arrived or was aggregated; and those that did not, whoever lost
 * them: what was emitted and is not there is lost, also where nobody counted it. */
uint64_t audit_received(const struct audit_totals *totals, enum audit_class class);
uint64_t audit_lost(const struct audit_totals *totals, enum audit_class class);

/* Appends the line of totals, the last one of a trial. */
void audit_totals_write(const struct audit_totals *totals, uint64_t seq,
			audit_call_name call_name, struct strbuf *out);

/* What is kept of the whole log of an experiment, in its record and its trailer. */
struct audit_summary {
	enum audit_level level; /* the lowest of its trials */
	int64_t events;		/* received: recorded or aggregated */
	int64_t denied;		/* refused quietly, or denied */
	int64_t lost;
	bool incomplete; /* lost what must not be: nothing may be concluded from the rest */
	char digest[65]; /* SHA-256 of audit.jsonl; "" where there is none */
};

/* True where what is not allowed was held by eBPF as well: level A or B. */
static inline bool audit_is_enforced(const struct audit_summary *summary)
{
	return summary->level >= AUDIT_LEVEL_B;
}

/*
 * Adds the totals of a trial. The log is incomplete where a critical act was lost (see
 * ebpf/audit.h), and where something is missing that nobody counted, or more arrived of a class
 * than was emitted: then the counts are not to be believed.
 */
void audit_summary_add(struct audit_summary *summary, const struct audit_totals *totals);

/* Adds the member "audit" as `log --json` has it: level, events, denied, lost. The object. */
struct json *audit_summary_json(const struct audit_summary *summary, struct json *parent);

#endif
