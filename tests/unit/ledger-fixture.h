#ifndef LEDGER_FIXTURE_H
#define LEDGER_FIXTURE_H

/* A campaign named "lab/one" whose experiments were never run: only their records are real. */

#include "git-fixture.h"

#include "base/digest.h"
#include "git/ledger.h"
#include "git/tree.h"

#define LAB "lab/one"

struct lab {
	struct repo *repo;
	struct ledger ledger;
	struct totals totals;	   /* up to and with the newest record */
	char commit[OID_HEX_SIZE]; /* of the newest record's candidate */
	char tree[OID_HEX_SIZE];
	bool later; /* what is appended waits for ledger_publish() */
};

static struct error err = ERROR_INIT;

static inline void lab_close(struct lab *lab)
{
	ledger_release(&lab->ledger);
	repo_free(lab->repo);
	*lab = (struct lab){ 0 };
}
#define CLEANUP_LAB CLEANUP(lab_close)

static inline void lab_open(struct lab *lab)
{
	assert_done(repo_open(&lab->repo, &err));
	assert_done(ledger_open(&lab->ledger, lab->repo, LAB, &err));
}

/* As a new process would find it. */
static inline void __attribute__((unused)) lab_reopen(struct lab *lab)
{
	struct totals totals = lab->totals;

	lab_close(lab);
	lab_open(lab);
	lab->totals = totals;
}

static inline void lab_record(struct lab *lab, struct record *r, int64_t n, double value)
{
	r->type = n ? RECORD_EXPERIMENT : RECORD_BASELINE;
	r->campaign = xstrdup(LAB);
	r->experiment = n;
	r->subject = n ? xstrfmt("try %lld\nwith more", (long long)n) : xstrdup("");
	r->rationale = xstrdup(n ? "Because.\n\nVerdict: accepted\n---\ncut" : "");
	r->proposed_by = xstrdup(n ? "sweep" : "");
	r->metric_name = xstrdup("loss");
	r->has_metric = true;
	r->metric = value;
	r->has_incumbent = n > 0;
	r->incumbent = lab->totals.incumbent_metric;
	strcpy(r->started, "2024-05-01T10:00:00Z");
	r->duration = 1.25;
	r->cpu = 0.5;
	r->memory_peak = 1 << 20;
	memset(r->policy, 'a', SHA256_HEX_LEN);
	r->host = xstrdup("test");
}

/* A log of the audit, with the summary that goes with it. The caller closes it. */
static inline FILE *lab_audit(struct record *r)
{
	CLEANUP_FREE char *text = xstrfmt("{\"v\":1,\"seq\":%lld}\n", (long long)r->experiment);
	FILE *f = tmpfile();

	assert_non_null(f);
	assert_int_equal(fputs(text, f), 1);
	r->audit = (struct audit_summary){ .level = AUDIT_LEVEL_B, .events = 1 };
	digest_of(text, strlen(text), r->audit.digest);
	return f;
}

#define LAB_PROMPT "=== user\nIs it better?\n"

/* As of a model that was asked for it. */
static inline void lab_ask(struct record *r)
{
	r->asked = xcalloc(1, sizeof(*r->asked));
	*r->asked = (struct asked){ .endpoint = xstrdup("localhost:80"),
				    .model = xstrdup("m"),
				    .served = xstrdup(""),
				    .turns = 1,
				    .prompt = 100,
				    .completion = 10 };
	digest_of(LAB_PROMPT, strlen(LAB_PROMPT), r->asked->digest);
}

/* Appends what was made ready; the record's files are a patch, a log, the audit's, and the
 * prompt of an experiment. */
static inline int lab_append(struct lab *lab, struct record *r, const char *candidate)
{
	CLEANUP_FREE char *patch = xstrfmt("patch %lld\n", (long long)r->experiment);
	CLEANUP_FCLOSE FILE *audit = lab_audit(r);
	const struct record_content files[] = {
		{ .name = "patch", .data = patch, .len = strlen(patch) },
		{ .name = "run.log", .data = "line\n\0line\n", .len = 11 },
		{ .name = AUDIT_FILE_NAME, .file = audit },
		{ .name = PROMPT_FILE_NAME, .data = LAB_PROMPT, .len = strlen(LAB_PROMPT) },
	};
	size_t nr = r->asked ? 4 : 3;
	int status = lab->later
			     ? ledger_append_later(&lab->ledger, r, candidate, files, nr, &err)
			     : ledger_append(&lab->ledger, r, candidate, files, nr, lab->commit,
					     &err);

	if (!status) {
		if (lab->later)
			strcpy(lab->commit, candidate);
		lab->totals = r->totals;
		strcpy(lab->tree, r->tree);
	}
	return status;
}

static inline void lab_baseline(struct lab *lab, double value)
{
	CLEANUP_RECORD struct record r = { 0 };
	char head[OID_HEX_SIZE];

	if (!*lab->ledger.branch) {
		assert_done(repo_head(lab->repo, head, &err));
		assert_done(ledger_create_branch(&lab->ledger, head, &err));
	}
	lab_record(lab, &r, 0, value);
	assert_done(repo_commit_tree(lab->repo, lab->ledger.branch, r.tree, &err));
	if (!lab->totals.seed)
		lab->totals.seed = 42;
	totals_advance(&lab->totals, &r);
	assert_done(lab_append(lab, &r, lab->ledger.branch));
}

/* Everything before the append: a candidate whose tree is the incumbent's with `content`. */
static inline void lab_candidate(struct lab *lab, struct record *r, enum verdict_kind kind,
				 const char *content, double value, char ret[OID_HEX_SIZE])
{
	CLEANUP_PROPOSAL struct proposal p = PROPOSAL_INIT;
	CLEANUP_STRBUF struct strbuf refused = STRBUF_INIT;

	lab_record(lab, r, lab->totals.experiments + 1, value);
	lab_ask(r);
	strcpy(r->base, lab->totals.incumbent);
	proposal_add_edit(&p, "src/a.txt", 0100644, content, strlen(content));
	assert_done(tree_apply_edits(lab->repo, r->base, &p, r->tree, &refused, &err));
	r->verdict.kind = kind;
	if (kind != VERDICT_ACCEPTED)
		r->verdict.reason = xstrdup("no-improvement");
	assert_done(ledger_commit_candidate(&lab->ledger, r, ret, &err));
	totals_advance(&lab->totals, r);
}

static inline int __attribute__((unused))
lab_try(struct lab *lab, enum verdict_kind kind, const char *content, double value)
{
	CLEANUP_RECORD struct record r = { 0 };
	char candidate[OID_HEX_SIZE];

	lab_candidate(lab, &r, kind, content, value, candidate);
	return lab_append(lab, &r, candidate);
}

#endif
