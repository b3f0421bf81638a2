#include "verify-fixture.h"

/* What somebody does who knows how a ledger is made, and can write to most of it. */

/* All over from the beginning. */
static void fill_again(void)
{
	assert_int_equal(
		sh("git for-each-ref --format='delete %%(refname)' 'refs/heads/autoresearch' "
		   "refs/autoresearch refs/notes | git update-ref --stdin"),
		0);
	fill();
}

/* The strongest forger who cannot move the branch: changes a record, names the new one in those
 * after it, and writes the digests of all of them into their notes. */
static void forge(int from_newest, const char *json_filter)
{
	assert_int_equal(
		sh("set -e; R=refs/autoresearch/" LAB
		   "/ledger; n=%d; prev=$(git rev-parse $R~$((n + 1))); "
		   "digest() { git cat-file blob $1 | sha256sum | cut -d' ' -f1; }; "
		   "for c in $(git rev-list --first-parent --reverse $R~$((n + 1))..$R); do "
		   "old=$(git rev-parse $c:record.json); filter=cat; test -n \"$done\" || filter=\"%s\"; "
		   "new=$(git cat-file blob $old | eval \"$filter\" | "
		   "sed \"s/\\\"previous\\\": \\\"[0-9a-f]*/\\\"previous\\\": \\\"$prev/\" | "
		   "git hash-object -w --stdin); done=1; "
		   "t=$(git ls-tree $c | sed \"s/$old/$new/\" | git mktree); "
		   "prev=$(git cat-file commit $c | sed 1,/^$/d | git commit-tree -F - -p $prev "
		   "-p $(git rev-parse $c^2) $t); k=$(git rev-parse $c^2); "
		   "if git notes --ref=autoresearch show $k >../note 2>/dev/null; then "
		   "sed -i \"s/$(digest $old)/$(digest $new)/\" ../note; "
		   "git notes --ref=autoresearch add -f -F ../note $k 2>/dev/null; fi; done; "
		   "git update-ref $R $prev",
		   from_newest, json_filter),
		0);
}

static void a_forged_record_shows_while_a_later_one_stands_on_the_branch(void **state)
{
	(void)state;
	fill();
	/* The forger does all that there is to do: without a later one on the branch it goes unseen. */
	forge(0, "sed s/x/x/");
	assert_verifies(8);
	/* Record 2 is rejected; 3 and 5 are accepted, and know what came before them. */
	forge(5,
	      "sed 's/\\\"machine\\\": null/\\\"machine\\\": \\\"'$(printf a%.0s $(seq 64))'\\\"/'");
	assert_mismatch("experiment 3: its commit does not carry the digest of its record");
	assert_mismatch("experiment 5: its commit does not carry the digest of its record");
}

static void a_chain_with_another_record_shows(void **state)
{
	(void)state;
	fill();
	/* The same record in another commit. */
	assert_int_equal(
		sh("set -e; R=refs/autoresearch/" LAB "/ledger; "
		   "o=$(git log -1 --format=%%B $R~1 | sed '$d' | GIT_AUTHOR_NAME=other "
		   "git commit-tree -F - -p $R~2 -p $R~1^2 $R~1^{tree}); "
		   "git update-ref $R $(git log -1 --format=%%B $R | sed '$d' | "
		   "git commit-tree -F - -p $o -p $R^2 $R^{tree})"),
		0);
	assert_mismatch("experiment 6: it was made after another record than this one");
	fill_again();
	/* A record from before they knew it would not come after one that does. */
	forge(0, "sed '/\\\"previous\\\"/d'");
	assert_mismatch("experiment 6: it was made after another record than this one");
}

static void what_is_no_plain_file_shows(void **state)
{
	(void)state;
	fill();
	rewrite(0, "cat", "sed s/100644/100755/");
	assert_mismatch("experiment 6: its tree holds something else than plain files");
}

static void a_change_that_cannot_be_read_shows(void **state)
{
	(void)state;
	fill();
	assert_int_equal(sh("b=$(git rev-parse refs/autoresearch/" LAB
			    "/ledger^2:src/a.txt) && "
			    "rm -f .git/objects/$(echo $b | sed 's|..|&/|')"),
			 0);
	assert_mismatch("experiment 6: cannot read the object");
}

/* A paragraph more in the note of experiment 2, which was rejected. */
static void append_to_note(const char *text)
{
	assert_int_equal(sh("git notes --ref=autoresearch append -m '%s' "
			    "$(git rev-parse refs/autoresearch/" LAB "/ledger~5^2)",
			    text),
			 0);
}

static void a_note_that_claims_what_no_record_does_shows(void **state)
{
	(void)state;
	fill();
	append_to_note("I have seen this, and: it is fine");
	assert_verifies(8);
	append_to_note("Experiment: " LAB "/2\nVerdict: accepted\nMetric: loss=1");
	assert_mismatch("speaks of experiment 2, and no record does");
	fill_again();
	append_to_note("Verdict: accepted");
	assert_mismatch("has trailers of no record");
	fill_again();
	append_to_note("verdict: accepted");
	assert_mismatch("has trailers of no record");
	fill_again();
	/* Its own text once more, but for a word. */
	assert_int_equal(
		sh("C=$(git rev-parse refs/autoresearch/" LAB "/ledger~5^2) && "
		   "git notes --ref=autoresearch show $C | sed 's/rejected/accepted/' >../n && "
		   "git notes --ref=autoresearch append -F ../n $C"),
		0);
	assert_mismatch("speaks of experiment 2 in other words than its record");
	/* What other campaigns say is theirs. */
	fill_again();
	append_to_note("Experiment: other/2\nVerdict: accepted");
	assert_verifies(8);
}

/* One more, rejected for another's sake. */
static void claim(const char *tree_of, enum verdict_kind kind, const char *reason,
		  int64_t beaten_by, double against)
{
	CLEANUP_LAB struct lab lab = { 0 };
	CLEANUP_RECORD struct record r = { 0 };
	CLEANUP_ENTRY struct entry newest = { 0 };
	char candidate[OID_HEX_SIZE];

	lab_open(&lab);
	assert_done(ledger_read(&lab.ledger, lab.ledger.tip, &newest, &err));
	lab.totals = newest.record.totals;
	lab_candidate(&lab, &r, kind, tree_of, 7.5, candidate);
	free(r.verdict.reason);
	r.verdict.reason = xstrdup(reason);
	r.beaten_by = beaten_by;
	r.incumbent = against;
	assert_done(lab_append(&lab, &r, candidate));
}

static void what_a_record_says_of_another_has_to_be_true(void **state)
{
	(void)state;
	fill();
	claim("2\n", VERDICT_DUPLICATE, "same-as 2", 0, 7);
	assert_verifies(9);
	claim("2\n", VERDICT_DUPLICATE, "same-as 3", 0, 7);
	assert_mismatch("experiment 8: it is not the same as 3");
	fill_again();
	claim("new\n", VERDICT_DUPLICATE, "same-as 7", 0, 7);
	assert_mismatch("experiment 7: it is not the same as 7");
	fill_again();
	claim("new\n", VERDICT_REJECTED, "no-improvement", 5, 7);
	assert_verifies(9);
	/* 2 was rejected, 5 was not that good, and 6 gave no metric at all. */
	claim("newer\n", VERDICT_REJECTED, "no-improvement", 2, 11);
	assert_mismatch("experiment 8: it was not beaten by 2");
	fill_again();
	claim("new\n", VERDICT_REJECTED, "no-improvement", 5, 6);
	assert_mismatch("experiment 7: it was not beaten by 5");
	fill_again();
	claim("new\n", VERDICT_REJECTED, "no-improvement", 99, 7);
	assert_mismatch("experiment 7: it was not beaten by 99");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(a_forged_record_shows_while_a_later_one_stands_on_the_branch),
		fixture_test(a_chain_with_another_record_shows),
		fixture_test(what_is_no_plain_file_shows),
		fixture_test(a_change_that_cannot_be_read_shows),
		fixture_test(a_note_that_claims_what_no_record_does_shows),
		fixture_test(what_a_record_says_of_another_has_to_be_true),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
