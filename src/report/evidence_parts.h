#ifndef REPORT_EVIDENCE_PARTS_H
#define REPORT_EVIDENCE_PARTS_H

/* What the evidence's page tells of the records, for report/evidence.c alone. */

#include "git/ledger.h"

/* What is kept of a record. */
struct evidence_row {
	char oid[OID_HEX_SIZE], commit[OID_HEX_SIZE];
	enum record_type type;
	int64_t experiment;
	enum verdict_kind verdict;
	char *reason, *subject, *proposed_by, *host;
	char *about;	    /* what a record tells of that is no experiment or baseline; NULL */
	char *person, *why; /* NULL where nobody decided */
	bool has_metric, imported;
	double metric;
	int64_t tokens;
	struct audit_summary audit;
	char policy[65], started[32];
};

struct evidence_survey {
	struct evidence_row *rows; /* newest first */
	size_t nr, alloc;
	char *metric;
	const struct evidence_row *example; /* of an experiment; NULL */
};

int evidence_survey_take(struct ledger *ledger, struct evidence_survey *ret, struct error *err);
void evidence_survey_release(struct evidence_survey *s);

/* Who proposed, under which policies and where; what was denied; what people decided. */
void evidence_survey_add(const struct evidence_survey *s, struct strbuf *out);

/* How to check it with git alone. */
void evidence_checks_add(const struct ledger *ledger, const struct evidence_survey *s,
			 struct strbuf *out);

/* Every experiment, oldest first. */
void evidence_rows_add(const struct evidence_survey *s, struct strbuf *out);

#endif
