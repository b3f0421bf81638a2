/* Promotions in git: their commits, their branch, their records, and what verify says of false ones. */
#include "ledger-fixture.h"

#include "git/results.h"

#define BRANCH "refs/heads/results/" LAB

static void add_line(const char *line, void *data)
{
	strbuf_addstr(data, line);
	strbuf_addch(data, '\n');
}

static char *verify_lines(void)
{
	CLEANUP_LAB struct lab lab = { 0 };
	CLEANUP_STRBUF struct strbuf lines = STRBUF_INIT;
	int64_t records, bad;

	lab_open(&lab);
	assert_done(ledger_verify(&lab.ledger, add_line, &lines, &records, &bad, &err));
	return strbuf_detach(&lines, NULL);
}

static void assert_verifies(void)
{
	CLEANUP_FREE char *lines = verify_lines();

	assert_string_equal(lines, "");
}

static void assert_mismatch(const char *text)
{
	CLEANUP_FREE char *lines = verify_lines();

	if (!strstr(lines, text))
		fail_msg("'%s' is not in '%s'", text, lines);
}

/* Baseline, 1 accepted, 2 rejected, 3 accepted. */
static void fill(struct lab *lab)
{
	lab_open(lab);
	lab_baseline(lab, 10);
	assert_done(lab_try(lab, VERDICT_ACCEPTED, "1\n", 9));
	assert_done(lab_try(lab, VERDICT_REJECTED, "2\n", 11));
	assert_done(lab_try(lab, VERDICT_ACCEPTED, "3\n", 8));
}

static void copy_oid(char ret[OID_HEX_SIZE], const char *rev)
{
	const char *oid = out_of("git rev-parse '%s'", rev);

	assert_int_equal(strlen(oid), OID_HEX_LEN);
	memcpy(ret, oid, OID_HEX_SIZE);
}

/* A record of the two accepted ones on main, with nothing that was run; the commits are there. */
static void draft(struct lab *lab, struct record *r)
{
	const struct results results = { .ledger = &lab->ledger };
	struct promotion *p = r->promotion = xcalloc(1, sizeof(*p));
	char base[OID_HEX_SIZE], commit[OID_HEX_SIZE], tree[OID_HEX_SIZE];

	r->type = RECORD_PROMOTION;
	r->campaign = xstrdup(LAB);
	r->subject = xstrdup("results/" LAB " of experiments 1, 3");
	r->rationale = xstrdup("");
	r->proposed_by = xstrdup("");
	r->metric_name = xstrdup("loss");
	r->memory_peak = -1;
	r->verdict.kind = VERDICT_ACCEPTED;
	strcpy(r->started, "2024-05-03T10:00:00Z");
	p->by = xstrdup("Ada <ada@example.org>");
	strcpy(p->branch, lab->ledger.branch);
	copy_oid(base, "main");
	strcpy(r->base, base);
	for (int i = 0; i < 2; i++) {
		copy_oid(commit, i ? "autoresearch/" LAB : "autoresearch/" LAB "~1");
		copy_oid(tree,
			 i ? "autoresearch/" LAB "^{tree}" : "autoresearch/" LAB "~1^{tree}");
		promotion_pick(p, i ? 3 : 1, commit);
		assert_done(results_commit(&results, tree, base, commit, NULL, base, &err));
		strcpy(p->picked[i].commit, base);
	}
	strcpy(p->result, base);
	strcpy(r->tree, tree);
	totals_advance(&lab->totals, r);
}

/* Publishes what was drafted, as a new process. */
static int publish(struct lab *lab, struct record *r)
{
	CLEANUP_RESULTS struct results results = { 0 };

	if (results_open(&results, &lab->ledger, &err))
		return -1;
	return results_publish(&results, r, NULL, 0, &err);
}

static void the_branch_is_moved_with_its_record(void **state)
{
	CLEANUP_LAB struct lab lab = { 0 };
	CLEANUP_RECORD struct record r = { 0 };
	CLEANUP_ENTRY struct entry entry = { 0 };

	(void)state;
	fill(&lab);
	draft(&lab, &r);
	assert_int_equal(ledger_find_promotion(&lab.ledger, NULL, &entry, &err), 1);
	assert_done(publish(&lab, &r));
	assert_string_equal(out_of("git rev-parse " BRANCH), r.promotion->result);
	assert_string_equal(out_of("git rev-parse refs/autoresearch/" LAB "/ledger^2"),
			    r.promotion->result);
	assert_string_equal(out_of("git log -1 --format=%%s refs/autoresearch/" LAB "/ledger"),
			    "promotion: accepted results/" LAB " of experiments 1, 3");
	assert_string_equal(out_of("git log --format='%%s %%an %%at' main.." BRANCH),
			    out_of("git log --format='%%s %%an %%at' main..autoresearch/" LAB));
	assert_verifies();
	assert_int_equal(sh("git gc -q --prune=now && git fsck --strict"), 0);
	assert_done(ledger_find_promotion(&lab.ledger, r.promotion->result, &entry, &err));
	assert_string_equal(entry.commit, r.promotion->result);
	assert_string_equal(entry.record.totals.incumbent, lab.commit);
}

static void one_replaces_the_other(void **state)
{
	CLEANUP_LAB struct lab lab = { 0 };
	CLEANUP_RECORD struct record first = { 0 }, second = { 0 }, refused = { 0 };
	CLEANUP_ENTRY struct entry entry = { 0 };

	(void)state;
	fill(&lab);
	draft(&lab, &first);
	assert_done(publish(&lab, &first));
	setenv("GIT_COMMITTER_NAME", "Grace", 1);
	draft(&lab, &second);
	assert_done(publish(&lab, &second));
	assert_string_equal(second.promotion->replaced, first.promotion->result);
	assert_string_equal(out_of("git rev-parse " BRANCH "@{1}"), first.promotion->result);
	setenv("GIT_COMMITTER_NAME", "Alan", 1);
	draft(&lab, &refused);
	unsetenv("GIT_COMMITTER_NAME");
	verdict_set(&refused.verdict, VERDICT_REJECTED, "command-failed");
	refused.promotion->has_command = true;
	refused.promotion->command.exit_code = 1;
	assert_done(publish(&lab, &refused));
	assert_string_equal(out_of("git rev-parse " BRANCH), second.promotion->result);
	assert_done(ledger_find_promotion(&lab.ledger, NULL, &entry, &err));
	assert_string_equal(entry.record.promotion->result, refused.promotion->result);
	assert_verifies();
}

static void what_is_somebody_elses_is_left_alone(void **state)
{
	CLEANUP_LAB struct lab lab = { 0 };
	CLEANUP_RESULTS struct results results = { 0 };
	CLEANUP_RECORD struct record r = { 0 };

	(void)state;
	fill(&lab);
	draft(&lab, &r);
	assert_int_equal(sh("git branch results main"), 0);
	assert_int_equal(results_open(&results, &lab.ledger, &err), -1);
	assert_int_equal(sh("git branch -qD results && git branch results/" LAB " main"), 0);
	assert_refused(results_open(&results, &lab.ledger, &err), "what no promotion made");
	assert_non_null(strstr(err.hint, "git branch -m 'results/" LAB "' <name>"));
	assert_int_equal(sh("git branch -qD results/" LAB), 0);
	assert_done(publish(&lab, &r));
	assert_int_equal(sh("git worktree add -q ../review results/" LAB), 0);
	assert_refused(results_open(&results, &lab.ledger, &err), "checked out at");
	assert_int_equal(sh("git worktree remove ../review"), 0);
}

/* Between the look at the branch and the record, hours later. */
static void a_branch_that_moved_meanwhile_is_left_alone(void **state)
{
	CLEANUP_LAB struct lab lab = { 0 };
	CLEANUP_RESULTS struct results results = { 0 };
	CLEANUP_RECORD struct record r = { 0 };
	const char *before;

	(void)state;
	fill(&lab);
	draft(&lab, &r);
	assert_done(results_open(&results, &lab.ledger, &err));
	assert_int_equal(sh("git branch results/" LAB " main"), 0);
	before = out_of("git for-each-ref");
	assert_refused(results_publish(&results, &r, NULL, 0, &err), "moved by somebody else");
	assert_string_equal(out_of("git for-each-ref"), before);
	assert_int_equal(sh("git branch -qD results/" LAB), 0);
	assert_done(results_publish(&results, &r, NULL, 0, &err));
	assert_verifies();
}

static void a_commit_keeps_words_and_author(void **state)
{
	CLEANUP_REPO struct repo *repo = NULL;
	struct ledger ledger = { 0 };
	const struct results results = { .ledger = &ledger };
	char made[OID_HEX_SIZE], from[OID_HEX_SIZE], tree[OID_HEX_SIZE], base[OID_HEX_SIZE];

	(void)state;
	assert_int_equal(
		sh("GIT_AUTHOR_NAME='Zo\xc3\xab' GIT_AUTHOR_DATE='@12345 -0330' git -c "
		   "i18n.commitEncoding=latin1 commit -q --allow-empty -m "
		   "\"$(printf 'caf\\351\\n\\nx: y')\" && git config i18n.commitEncoding "
		   "koi8-r"),
		0);
	assert_done(repo_open(&repo, &err));
	ledger.repo = repo;
	copy_oid(from, "main");
	copy_oid(base, "main~1");
	copy_oid(tree, "main^{tree}");
	assert_done(results_commit(&results, tree, base, from, NULL, made, &err));
	assert_string_equal(out_of("git cat-file commit %s | grep -av ^committer", made),
			    out_of("git cat-file commit %s | grep -av ^committer", from));
	assert_done(results_commit(&results, tree, base, NULL, "caf\xc3\xa9\n", made, &err));
	assert_string_equal(out_of("git cat-file commit %s | grep -c ^encoding", made), "0");
	assert_string_equal(out_of("git log -1 --format=%%an %s", made), "Tester");
	assert_refused(results_commit(&results, "zz", base, NULL, "m", made, &err),
		       "cannot commit to the result");
}

/* --- What verify says of a record that its campaign's own program would never have written */

static void false_ones_show(void **state)
{
	static const char *const expected[] = {
		"promotion: ",
		"is not the commit of experiment 2 on the branch",
		"its commits are not those that it names",
		"a commit has other words, or another author, than the one that it was made from",
		"it does not stand on the base that it names",
		"its commit is not the result that it names",
		"its commit has another tree than the record",
		"its commits are not those that it names",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		CLEANUP_LAB struct lab lab = { 0 };
		CLEANUP_RECORD struct record r = { 0 };
		struct promotion *p;
		char other[OID_HEX_SIZE];

		if (i)
			assert_int_equal(fixture_teardown(NULL) || fixture_setup(NULL), 0);
		fill(&lab);
		draft(&lab, &r);
		p = r.promotion;
		strcpy(other, p->result);
		if (i == 0) /* never accepted */
			copy_oid(p->picked[0].from, "refs/autoresearch/" LAB "/ledger~1^2");
		else if (i == 1) /* another number */
			p->picked[1].experiment = 2;
		else if (i == 2)
			copy_oid(p->picked[0].commit, "main");
		else if (i == 3) /* with somebody's words */
			copy_oid(p->picked[1].from, "autoresearch/" LAB "~1");
		else if (i == 4)
			copy_oid(r.base, "autoresearch/" LAB);
		else if (i == 5)
			copy_oid(p->result, "main");
		else if (i == 6)
			copy_oid(r.tree, "main^{tree}");
		else
			p->nr = 1;
		assert_done(ledger_append(&lab.ledger, &r, other, NULL, 0, NULL, &err));
		assert_mismatch(expected[i]);
	}
}

static void what_is_cut_off_or_taken_away_shows(void **state)
{
	CLEANUP_LAB struct lab lab = { 0 };
	CLEANUP_RECORD struct record r = { 0 };

	(void)state;
	fill(&lab);
	draft(&lab, &r);
	assert_done(publish(&lab, &r));
	assert_int_equal(sh("git update-ref refs/keep refs/autoresearch/" LAB "/ledger && "
			    "git update-ref refs/autoresearch/" LAB "/ledger refs/keep~1"),
			 0);
	assert_mismatch("speaks of a promotion, and no record does");
	assert_int_equal(sh("git update-ref refs/autoresearch/" LAB "/ledger refs/keep && "
			    "git notes --ref=autoresearch remove " BRANCH " 2>/dev/null"),
			 0);
	assert_mismatch("its commit has no note");
	/* Whoever works on the campaign next writes it again. */
	lab_reopen(&lab);
	assert_done(ledger_mend(&lab.ledger, &err));
	assert_verifies();
}

static void decisions_pass_it_by(void **state)
{
	CLEANUP_LAB struct lab lab = { 0 };
	CLEANUP_RECORD struct record r = { 0 };
	CLEANUP_ENTRY struct entry entry = { 0 };
	CLEANUP_TRIED struct tried *tried = NULL;

	(void)state;
	fill(&lab);
	draft(&lab, &r);
	assert_done(publish(&lab, &r));
	lab.totals = r.totals;
	assert_done(lab_try(&lab, VERDICT_ACCEPTED, "4\n", 7));
	assert_verifies();
	assert_done(ledger_find(&lab.ledger, 0, &entry, &err));
	assert_int_equal(entry.record.type, RECORD_BASELINE);
	assert_done(tried_open(&tried, &lab.ledger, ".git/tried", &err));
	assert_int_equal(tried_find(tried, r.tree), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(the_branch_is_moved_with_its_record),
		fixture_test(one_replaces_the_other),
		fixture_test(what_is_somebody_elses_is_left_alone),
		fixture_test(a_branch_that_moved_meanwhile_is_left_alone),
		fixture_test(a_commit_keeps_words_and_author),
		fixture_test(false_ones_show),
		fixture_test(what_is_cut_off_or_taken_away_shows),
		fixture_test(decisions_pass_it_by),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
