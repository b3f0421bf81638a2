/* Decisions in the ledger: how they are appended, mended, read back and verified. */
#include "ledger-fixture.h"

static void add_line(const char *line, void *data)
{
	strbuf_addstr(data, line);
	strbuf_addch(data, '\n');
}

static char *verify_lines(int64_t *ret_records)
{
	CLEANUP_LAB struct lab lab = { 0 };
	CLEANUP_STRBUF struct strbuf lines = STRBUF_INIT;
	int64_t bad;

	lab_open(&lab);
	assert_done(ledger_verify(&lab.ledger, add_line, &lines, ret_records, &bad, &err));
	return strbuf_detach(&lines, NULL);
}

static void assert_verifies(int64_t expected)
{
	int64_t records = -1;
	CLEANUP_FREE char *lines = verify_lines(&records);

	assert_string_equal(lines, "");
	assert_int_equal(records, expected);
}

static void assert_mismatch(const char *text)
{
	int64_t records;
	CLEANUP_FREE char *lines = verify_lines(&records);

	if (!strstr(lines, text))
		fail_msg("'%s' is not in '%s'", text, lines);
}

/* A decision about `n`. An acceptance puts its tree on the branch; the rejection of an accepted
 * one makes the branch's tree that of main. */
static void lab_fill_decision(struct lab *lab, int64_t n, enum verdict_kind kind,
			      struct record *r)
{
	CLEANUP_ENTRY struct entry entry = { 0 };
	bool reverts;

	assert_done(ledger_find(&lab->ledger, n, &entry, &err));
	reverts = entry.record.verdict.kind == VERDICT_ACCEPTED;
	r->type = RECORD_DECISION;
	r->campaign = xstrdup(LAB);
	r->experiment = n;
	r->subject = xstrdup(entry.record.subject);
	r->rationale = xstrdup("");
	r->proposed_by = xstrdup("sweep");
	r->metric_name = xstrdup("loss");
	strcpy(r->started, "2024-05-02T10:00:00Z");
	r->memory_peak = -1;
	r->verdict.kind = kind;
	r->decision = xcalloc(1, sizeof(*r->decision));
	*r->decision = (struct decision){ .by = xstrdup("Ada <ada@example.org>"),
					  .why = xstrdup("I know."),
					  .was = entry.record.verdict.kind };
	strcpy(r->decision->commit, entry_candidate(&entry));
	if (kind == VERDICT_REJECTED)
		verdict_set(&r->verdict, kind, "by Ada");
	if (kind == VERDICT_ACCEPTED || reverts)
		strcpy(r->base, lab->ledger.branch);
	if (reverts) {
		strcpy(r->decision->reverts, entry.commit);
		assert_done(repo_commit_tree(lab->repo, out_of("git rev-parse main"), r->tree,
					     &err));
	} else if (kind == VERDICT_ACCEPTED) {
		strcpy(r->tree, entry.record.tree);
		r->has_metric = true;
		r->metric = entry.record.metric;
	}
	totals_advance(&lab->totals, r);
}

static int lab_append_decision(struct lab *lab, struct record *r)
{
	int status =
		ledger_append(&lab->ledger, r, r->decision->commit, NULL, 0, lab->commit, &err);

	if (!status)
		lab->totals = r->totals;
	return status;
}

static void lab_decide(struct lab *lab, int64_t n, enum verdict_kind kind)
{
	CLEANUP_RECORD struct record r = { 0 };

	lab_fill_decision(lab, n, kind, &r);
	assert_done(lab_append_decision(lab, &r));
}

/* Baseline, 1 accepted, 2 indecisive; 2 is accepted by Ada, then 3 rejected; then Ada takes 2 back. */
static void fill(void)
{
	CLEANUP_LAB struct lab lab = { 0 };

	lab_open(&lab);
	lab_baseline(&lab, 10);
	assert_done(lab_try(&lab, VERDICT_ACCEPTED, "1\n", 9));
	assert_done(lab_try(&lab, VERDICT_INDECISIVE, "2\n", 1));
	lab_decide(&lab, 2, VERDICT_ACCEPTED);
	assert_done(lab_try(&lab, VERDICT_REJECTED, "3\n", 12));
	lab_decide(&lab, 2, VERDICT_REJECTED);
}

static void a_decision_is_a_record_without_a_number(void **state)
{
	CLEANUP_LAB struct lab lab = { 0 };
	CLEANUP_ENTRY struct entry entry = { 0 };

	(void)state;
	fill();
	assert_verifies(6);
	assert_string_equal(out_of("git log --first-parent --format=%%s "
				   "refs/autoresearch/" LAB "/ledger~4..refs/autoresearch/" LAB
				   "/ledger | xargs -d '\\n'"),
			    "decision on 2: rejected try 2 with more "
			    "experiment 3: rejected try 3 with more "
			    "decision on 2: accepted try 2 with more "
			    "experiment 2: indecisive try 2 with more");
	assert_string_equal(
		out_of("git log --format=%%s main..autoresearch/" LAB " | xargs -d '\\n'"),
		"Revert \"try 2 with more\" try 2 with more try 1 with more");
	assert_int_equal(sh("git gc -q --prune=now && git fsck --strict"), 0);
	lab_open(&lab);
	assert_done(ledger_read(&lab.ledger, lab.ledger.tip, &entry, &err));
	assert_int_equal(entry.record.totals.experiments, 3);
	assert_int_equal(entry.record.totals.verdicts[VERDICT_ACCEPTED], 1);
	assert_int_equal(entry.record.totals.verdicts[VERDICT_REJECTED], 2);
	assert_int_equal(entry.record.totals.verdicts[VERDICT_INDECISIVE], 0);
	/* What was measured last is the acceptance, and not the tip of the branch. */
	assert_string_equal(entry.record.totals.incumbent,
			    out_of("git rev-parse autoresearch/" LAB "~1"));
}

static int count(const struct entry *entry, void *data, struct error *error)
{
	struct strbuf *all = data;
	const struct record *r = &entry->record;

	(void)error;
	strbuf_addf(all, "%s %lld %s%s; ", record_type_name(r->type), (long long)r->experiment,
		    r->verdict.kind ? verdict_name(r->verdict.kind) : "-",
		    r->type == RECORD_EXPERIMENT && r->decision ? " decided" : "");
	return 0;
}

static void what_came_since_is_told_without_the_experiments(void **state)
{
	CLEANUP_LAB struct lab lab = { 0 };
	CLEANUP_ENTRY struct entry second = { 0 }, third = { 0 };
	CLEANUP_STRBUF struct strbuf since = STRBUF_INIT;

	(void)state;
	fill();
	lab_open(&lab);
	assert_done(ledger_find(&lab.ledger, 2, &second, &err));
	assert_done(ledger_find(&lab.ledger, 3, &third, &err));
	assert_done(ledger_since(&lab.ledger, second.oid, count, &since, &err));
	assert_string_equal(since.buf, "decision 2 rejected; decision 2 accepted; ");
	strbuf_reset(&since);
	assert_done(ledger_since(&lab.ledger, third.oid, count, &since, &err));
	assert_string_equal(since.buf, "decision 2 rejected; ");
	strbuf_reset(&since);
	assert_done(ledger_since(&lab.ledger, lab.ledger.tip, count, &since, &err));
	assert_string_equal(since.buf, "");
}

static void whoever_walks_sees_what_was_decided(void **state)
{
	CLEANUP_LAB struct lab lab = { 0 };
	CLEANUP_ENTRY struct entry entry = { 0 }, other = { 0 };
	CLEANUP_STRBUF struct strbuf all = STRBUF_INIT;

	(void)state;
	fill();
	lab_open(&lab);
	assert_done(ledger_walk(&lab.ledger, count, &all, &err));
	assert_string_equal(all.buf, "decision 2 rejected; experiment 3 rejected; "
				     "decision 2 accepted; experiment 2 rejected decided; "
				     "experiment 1 accepted; baseline 0 -; ");
	assert_done(ledger_find(&lab.ledger, 2, &entry, &err));
	assert_int_equal(entry.record.type, RECORD_EXPERIMENT);
	assert_string_equal(entry.record.verdict.reason, "by Ada");
	assert_string_equal(entry.commit, entry_candidate(&entry));
	/* While it was accepted, its commit was the one on the branch. */
	strcpy(lab.ledger.tip, out_of("git rev-parse refs/autoresearch/" LAB "/ledger~1"));
	assert_done(ledger_find(&lab.ledger, 2, &other, &err));
	assert_int_equal(other.record.verdict.kind, VERDICT_ACCEPTED);
	assert_string_equal(other.commit, out_of("git rev-parse autoresearch/" LAB "~1"));
	assert_string_equal(entry_candidate(&other), entry.commit);
}

static void a_crash_in_the_middle_is_mended(void **state)
{
	/* The branch has not moved; the note was not written; neither. */
	static const char *const losses[] = {
		"git branch -q -f autoresearch/" LAB " autoresearch/" LAB "~1",
		"git update-ref refs/notes/autoresearch refs/notes/autoresearch~1",
		"git branch -q -f autoresearch/" LAB " autoresearch/" LAB "~1 && "
		"git update-ref refs/notes/autoresearch refs/notes/autoresearch~1",
	};

	(void)state;
	fill();
	for (size_t i = 0; i < ARRAY_SIZE(losses); i++) {
		CLEANUP_LAB struct lab lab = { 0 };

		assert_int_equal(sh("%s", losses[i]), 0);
		assert_mismatch("decision on 2: its ");
		lab_open(&lab);
		assert_done(ledger_mend(&lab.ledger, &err));
		assert_verifies(6);
		assert_done(ledger_mend(&lab.ledger, &err));
		assert_string_equal(lab.ledger.branch,
				    out_of("git rev-parse autoresearch/" LAB));
		assert_string_equal(out_of("git log -1 --format=%%s autoresearch/" LAB),
				    "Revert \"try 2 with more\"");
	}
}

static void whoever_moved_the_branch_is_not_overwritten(void **state)
{
	CLEANUP_LAB struct lab lab = { 0 };
	CLEANUP_RECORD struct record r = { 0 };

	(void)state;
	fill();
	lab_open(&lab);
	lab_fill_decision(&lab, 2, VERDICT_ACCEPTED, &r);
	assert_int_equal(sh("git branch -f autoresearch/" LAB " $(git commit-tree -m person -p "
			    "autoresearch/" LAB " autoresearch/" LAB "^{tree})"),
			 0);
	assert_refused(lab_append_decision(&lab, &r), "was moved by somebody else");
	assert_verifies(6);
}

/* The newest record again, with record.json as the filter makes it. */
static void rewrite_newest(const char *filter)
{
	assert_int_equal(
		sh("set -e; R=refs/autoresearch/" LAB "/ledger; "
		   "b=$(git cat-file blob $R:record.json | %s | git hash-object -w --stdin); "
		   "t=$(printf '100644 blob %%s\\trecord.json\\n' $b | git mktree); "
		   "git update-ref $R $(git log -1 --format=%%B $R | sed '$d' | "
		   "git commit-tree -F - -p $R~1 -p $(git rev-parse $R^2) $t)",
		   filter),
		0);
}

static void a_changed_decision_shows(void **state)
{
	(void)state;
	fill();
	rewrite_newest("sed 's/I know/I guess/'");
	assert_mismatch("decision on 2: its commit does not carry the digest of its record");
	assert_mismatch("decision on 2: its note does not carry the digest of its record");
}

static void what_it_overruled_is_checked(void **state)
{
	(void)state;
	fill();
	rewrite_newest("sed 's/\"was\":\"accepted\"/\"was\":\"indecisive\"/'");
	assert_mismatch("decision on 2: what it overruled is not what was");
	assert_mismatch("decision on 2: its totals do not follow from the record before");
	rewrite_newest("sed 's/\"about\": 2/\"about\": 7/'");
	assert_mismatch("decision on 7: no such experiment came before it");
	rewrite_newest("sed 's/\"about\": 7/\"about\": 3/'");
	assert_mismatch("decision on 3: its candidate is not the experiment's");
}

static void a_decision_that_was_dropped_shows(void **state)
{
	(void)state;
	fill();
	assert_int_equal(sh("git update-ref refs/autoresearch/" LAB "/ledger "
			    "refs/autoresearch/" LAB "/ledger~1"),
			 0);
	assert_mismatch("on the branch says that it is experiment 2, and no record does");
	assert_mismatch("speaks of experiment 2, and no record does");
	/* With the branch put back as well, the note still knows. */
	assert_int_equal(sh("git branch -q -f autoresearch/" LAB " autoresearch/" LAB "~1"), 0);
	assert_mismatch("speaks of experiment 2, and no record does");
}

static void a_rejection_that_was_dropped_shows_in_the_note(void **state)
{
	CLEANUP_LAB struct lab lab = { 0 };

	(void)state;
	lab_open(&lab);
	lab_baseline(&lab, 10);
	assert_done(lab_try(&lab, VERDICT_INDECISIVE, "1\n", 9));
	lab_decide(&lab, 1, VERDICT_REJECTED);
	assert_string_equal(out_of("git rev-parse autoresearch/" LAB),
			    out_of("git rev-parse main"));
	assert_verifies(3);
	assert_int_equal(sh("git update-ref refs/autoresearch/" LAB "/ledger "
			    "refs/autoresearch/" LAB "/ledger~1"),
			 0);
	assert_mismatch("speaks of experiment 1, and no record does");
}

static void a_decision_cut_out_of_the_middle_shows(void **state)
{
	(void)state;
	fill();
	assert_int_equal(
		sh("set -e; R=refs/autoresearch/" LAB "/ledger; prev=$(git rev-parse $R~3); "
		   "for c in $(git rev-list --first-parent --reverse $R~2..$R); do "
		   "prev=$(git log -1 --format=%%B $c | sed '$d' | git commit-tree -F - "
		   "-p $prev -p $(git rev-parse $c^2) $c^{tree}); done; "
		   "git update-ref $R $prev"),
		0);
	assert_mismatch("experiment 3: its base was never the incumbent");
	assert_mismatch("its totals do not follow from the record before");
	assert_mismatch("decision on 2: what it overruled is not what was");
	assert_mismatch("on the branch says that it is experiment 2, and no record does");
}

static void a_branch_without_the_revert_shows(void **state)
{
	(void)state;
	fill();
	assert_int_equal(sh("git branch -q -f autoresearch/" LAB " autoresearch/" LAB "~1"), 0);
	assert_mismatch("decision on 2: its commit is not on the branch");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(a_decision_is_a_record_without_a_number),
		fixture_test(what_came_since_is_told_without_the_experiments),
		fixture_test(whoever_walks_sees_what_was_decided),
		fixture_test(a_crash_in_the_middle_is_mended),
		fixture_test(whoever_moved_the_branch_is_not_overwritten),
		fixture_test(a_changed_decision_shows),
		fixture_test(what_it_overruled_is_checked),
		fixture_test(a_decision_that_was_dropped_shows),
		fixture_test(a_rejection_that_was_dropped_shows_in_the_note),
		fixture_test(a_decision_cut_out_of_the_middle_shows),
		fixture_test(a_branch_without_the_revert_shows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
