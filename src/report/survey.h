#ifndef REPORT_SURVEY_H
#define REPORT_SURVEY_H

/* A campaign as a whole, as its ledger has it: what the report's page and chart are made of. */

#include "git/ledger.h"

/* A record at its place in time. */
struct survey_point {
	enum record_type type;
	int64_t number; /* of the experiment; of a decision, the one that it is about */
	int64_t at;	/* how many experiments there were with it: its place on the axis */
	enum verdict_kind kind; /* as people decided later */
	double metric;		/* NAN: nothing was measured, or it is no finite number */
	double low, high;	/* an interval around it; NAN: there is none */
	double incumbent;	/* the metric to beat after it; NAN: there is none yet */
};

/* What one proposer came to. */
struct survey_proposer {
	char *name;
	int64_t experiments, accepted;
};

#define SURVEY_PROPOSERS_MAX 50 /* further names are put together as "others" */

/* What the ledger alone does not say. All borrowed. */
struct survey_place {
	const char *state;		      /* as `status` has it */
	const char *reason;		      /* of the state; "" */
	const struct campaign_config *config; /* the incumbent's; NULL: it cannot be read */
};

struct survey {
	struct ledger *ledger; /* borrowed */
	struct survey_place place;
	bool is_measured;    /* false: no baseline yet, or people have moved the branch since */
	struct entry newest; /* record, whose totals are the campaign's */
	struct survey_point *points; /* in the order of time */
	size_t points_nr, points_alloc;
	struct survey_proposer *proposers; /* the one with most experiments first */
	size_t proposers_nr;
	int64_t levels[AUDIT_LEVELS]; /* experiments and baselines that ran under each */
	int64_t denied, lost;	      /* in all of them */
	int64_t self_reported;	      /* metrics that are a candidate's own word */
	double duration;	      /* s of all trials */
	char first[32], last[32];     /* when the first and the last were started; "" */
	struct {
		char at[32], result[OID_HEX_SIZE]; /* "": there is none */
		int64_t experiments;		   /* that are in it */
	} promoted;				   /* last, and accepted */
};

/*
 * Reads all of it, and calls `also` (may be NULL) for each record, the newest first, as
 * ledger_walk() does. The ledger has a record. An error of `also` ends it.
 */
int survey_read(struct survey *ret, struct ledger *ledger, const struct survey_place *place,
		entry_fn also, void *data, struct error *err);
void survey_release(struct survey *s);
#define CLEANUP_SURVEY CLEANUP(survey_release)

/* Of one record, what a point says. */
void survey_point_of(const struct record *r, bool lower_is_better, struct survey_point *ret);

/* True where less of the metric is better; what the config says, else what was accepted. */
bool survey_lower_is_better(const struct survey *s);

/* The point of the incumbent; NULL where it is not in the ledger. */
const struct survey_point *survey_best(const struct survey *s);

/* By how much `to` differs from `from`, as "-3.17%"; nothing where `from` is 0. */
void survey_add_change(struct strbuf *out, double from, double to);

#endif
