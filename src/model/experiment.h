#ifndef MODEL_EXPERIMENT_H
#define MODEL_EXPERIMENT_H

/*
 * One experiment as the ledger keeps it: candidate, trials, verdict, and the campaign's
 * totals up to and with it. Object ids are 40 hex digits and a NUL ("" where there is none).
 */

#include "base/json.h"
#include "model/asked.h"
#include "model/audit.h"
#include "model/baseline.h"
#include "model/compare.h"
#include "model/decision.h"
#include "model/imported.h"
#include "model/ladder.h"
#include "model/oid.h"
#include "model/promotion.h"
#include "model/replay.h"
#include "model/scores.h"
#include "model/verdict.h"

#define SHA256_HEX_LEN 64

#define RECORD_VERSION 1 /* of the format of record.json */
#define TRIALS_MAX 1000	 /* of one record */
#define REMOVED_MAX 1000 /* names that a record keeps; further ones are dropped */

enum record_type {
	RECORD_BASELINE,
	RECORD_EXPERIMENT,
	RECORD_DECISION,  /* of a person, about an experiment */
	RECORD_PROMOTION, /* of a person, about several; see model/promotion.h */
	RECORD_REPLAY,	  /* its candidate was measured again; see model/replay.h */
	RECORD_TYPE_NR,
};

/* "baseline", "experiment", "decision", "promotion", "replay". */
const char *record_type_name(enum record_type type);

/* What the whole campaign came to so far, so that the newest record alone says where it
 * stands. A resumed start and `status` read nothing else. */
struct totals {
	int64_t experiments;	      /* the newest number */
	int64_t imported;	      /* of these; nothing else here counts them */
	int64_t verdicts[VERDICT_NR]; /* VERDICT_NONE is always 0 */
	int64_t failures_in_a_row;    /* failed, violation, invalid since the last other one */
	int64_t rejections_in_a_row;  /* everything but accepted since the last accepted */
	int64_t stalled; /* the same since the last baseline, accepted, or choice of a base */
	double time;	 /* s that `start` and `try` have worked */
	int64_t tokens;
	double gpu_hours;
	uint64_t seed;		      /* the campaign's; below 2^53 */
	char incumbent[OID_HEX_SIZE]; /* the commit the next candidate is based on */
	double incumbent_metric;
	int64_t incumbent_experiment; /* 0: the baseline */
	double baseline_metric;
	struct scores scores; /* of several proposers; none where there never were */
	struct measured measured;
};

struct record_file {
	char name[32];
	char oid[OID_HEX_SIZE];
};

struct record {
	enum record_type type;
	char *campaign;
	/* 0 for a baseline or a promotion; of a decision or a replay the one that it is about. */
	int64_t experiment;
	char base[OID_HEX_SIZE]; /* the incumbent it was measured against; "" for a baseline */
	char previous
		[OID_HEX_SIZE];	   /* the record before; "" for the first, and in older ones */
	char tree[OID_HEX_SIZE];   /* what was measured, or would have been */
	char *subject, *rationale; /* the proposer's words, as they came, capped; never NULL */
	char *proposed_by; /* "sweep", "command/…", "endpoint/…", "try"; "" for a baseline */
	struct asked *asked;	     /* NULL where no model was asked */
	struct decision *decision;   /* of a decision, or that was made about this; NULL */
	struct promotion *promotion; /* of a promotion; NULL */
	struct imported *imported;   /* another loop ran it; NULL: ours */
	struct replay *replay;	     /* of a replay alone; NULL */
	struct searched searched;

	struct verdict verdict;
	int64_t beaten_by; /* it passed, and this one of its round was better; 0: none */
	char *metric_name;
	bool has_metric;
	double metric; /* of this candidate */
	bool has_incumbent;
	double incumbent;	     /* "baseline" in JSON: what it was compared with */
	struct trial_result *trials; /* of both sides, in the order of time */
	size_t trials_nr;
	struct comparison_plan plan;  /* .search 0: nothing was measured in pairs */
	struct comparison comparison; /* what the pairs came to */
	struct metrics reference;     /* the baseline's, of which shares in constraints are */
	bool has_noise;
	struct noise noise;	 /* of a baseline's samples */
	int settled;		 /* by a baseline: samples of a candidate; 0: not said */
	struct remeasured again; /* a baseline that was no beginning */

	char started[32];    /* RFC 3339, UTC */
	double duration;     /* s of wall time in the sandbox, all phases and trials */
	double cpu;	     /* s */
	double gpu_hours;    /* of the GPUs that it had to itself */
	int64_t memory_peak; /* bytes, of this candidate's trials; -1 unknown */
	struct audit_summary audit;

	char policy[65];	    /* SHA-256 of what the sandbox enforced */
	char warm[65];		    /* SHA-256 of the warm snapshot; "" without setup */
	char *host;		    /* kernel, machine and the kind of cgroups, for people */
	char machine[65];	    /* SHA-256 of host and boot; "" unknown */
	struct string_list removed; /* names that OUT held and that were no file or folder */

	struct record_file files[8]; /* the other files of the record's tree */
	size_t files_nr;
	struct totals totals;
};

void record_release(struct record *r);
#define CLEANUP_RECORD CLEANUP(record_release)

/*
 * True where the record's commit stands on the ledger branch, on top of its base: what was
 * imported never does. A decision's
 * base and tree are the branch before it and after it, both "" where the branch stays where it
 * is; it has a metric where just that tree was measured.
 */
bool record_is_on_branch(const struct record *r);

/* True where it took no number of its own, but is about an experiment (or the baseline). */
static inline bool record_is_about(const struct record *r)
{
	return r->type == RECORD_DECISION || r->type == RECORD_REPLAY;
}

/* True for what a table of the campaign has a line for: an experiment, or a baseline. */
bool record_is_listed(const struct record *r);

/* Makes `r`, an experiment, what the decision about it says. */
void record_overrule(struct record *r, const struct record *decision);
/* Of how many of its trials this commit is, and not what it was compared with. */
size_t record_own_trials(const struct record *r);

/* All metrics: those that the trials which count have given, and a typical value of each
 * (metrics_typical()); what it gave last, where a trial failed. The caller releases it. */
void record_metrics(const struct record *r, struct metrics *ret);

/* Who vouches for the metric: "evaluate", "self-reported", "imported"; NULL where no trial
 * measured. */
const char *record_metric_source(const struct record *r);

/* Appends record.json: one line a member at the top level, a newline at the end; the same
 * record always gives the same bytes, also after it was read back. */
void record_write(const struct record *r, struct strbuf *out);

/* Reads it back: `ret` is overwritten, on success only. Unknown members are ignored (a later
 * program's), wrong ones refused. What follows from others (samples, the metrics that the
 * trials give together) is not read. */
int record_parse(const char *text, size_t len, struct record *ret, struct error *err);

/*
 * The totals after `r` was judged: `before` plus this experiment; sets r->totals. The time
 * grows by r->duration and the tokens by those of r->asked; what else was spent since is in
 * `before` already.
 *
 * The accepted commit carries the record's digest, so the record cannot name it:
 * totals.incumbent is "" in the record of an accepted experiment, and a reader takes the
 * record's second parent. A baseline starts the comparison again (its metric is the
 * incumbent's) and keeps the counts and before->incumbent, which is the commit it measured.
 * A decision moves one experiment from one count to another. Where it moves the branch to what
 * was never measured, totals.incumbent stays what it was: that it is not the branch's tip says
 * that the baseline has to be measured again.
 * One that measured the incumbent again only gives it its new value. A promotion or a replay has
 * cost what it has cost, and changes nothing else.
 * What was imported takes a number, and is no incumbent: totals.incumbent stays "" until there is
 * a baseline.
 */
void totals_advance(const struct totals *before, struct record *r);

/* Whether `is`, of a record, is what totals_advance() gave, `should`: but for time, tokens and GPU
 * hours, which may be more. */
bool totals_follow(const struct totals *is, const struct totals *should);

/* The object that `log --json` prints for an experiment. `commit` is the candidate's. The
 * caller frees it. */
struct json *record_log_json(const struct record *r, const char *commit);

#endif
