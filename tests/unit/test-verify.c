#include "verify-fixture.h"

#include <fcntl.h>
#include <sys/stat.h>

static void what_was_appended_verifies(void **state)
{
	(void)state;
	fill();
	assert_verifies(8);
	assert_int_equal(sh("git gc -q --prune=now && git fsck --strict"), 0);
	assert_verifies(8);
	/* git may lay the notes out anew, and a person may add one. */
	assert_int_equal(sh("git notes --ref=autoresearch add -m mine HEAD^{tree} && "
			    "git notes --ref=autoresearch append -m 'seen' main"),
			 0);
	assert_verifies(8);
}

static void a_campaign_that_is_not_there_is_an_error(void **state)
{
	CLEANUP_LAB struct lab lab = { 0 };
	int64_t records, bad;

	(void)state;
	lab_open(&lab);
	assert_refused(ledger_verify(&lab.ledger, add_line, NULL, &records, &bad, &err),
		       "no campaign '" LAB "'");
}

static void two_campaigns_do_not_disturb_each_other(void **state)
{
	CLEANUP_LEDGER struct ledger other = { 0 };
	CLEANUP_LAB struct lab lab = { 0 };
	CLEANUP_STRBUF struct strbuf lines = STRBUF_INIT;
	int64_t records, bad;

	(void)state;
	fill();
	lab_open(&lab);
	assert_int_equal(sh("git branch autoresearch/lab/oner autoresearch/" LAB), 0);
	assert_done(ledger_open(&other, lab.repo, "lab/oner", &err));
	assert_done(ledger_verify(&other, add_line, &lines, &records, &bad, &err));
	assert_string_equal(lines.buf, "");
	assert_int_equal(records, 0);
}

static void a_changed_record_shows(void **state)
{
	(void)state;
	fill();
	/* The newest, which is a failed one: its note has another digest. */
	rewrite(0, "sed 's/\"duration\": 1.25/\"duration\": 1.26/'", "cat");
	assert_mismatch("experiment 6: its note does not carry the digest of its record");
}

static void a_changed_record_of_an_accepted_experiment_shows(void **state)
{
	(void)state;
	fill();
	rewrite(1, "sed 's/\"metric\": 7,/\"metric\": 6,/'", "cat");
	assert_mismatch("experiment 5: its commit does not carry the digest of its record");
}

static void a_record_that_does_not_parse_shows_and_the_rest_is_read(void **state)
{
	int64_t records, bad;
	CLEANUP_FREE char *lines = NULL;

	(void)state;
	fill();
	rewrite(3, "sed 's/\"experiment\"/\"exp\"/'", "cat");
	lines = verify_lines(&records, &bad);
	assert_int_equal(records, 8);
	assert_non_null(strstr(lines, "the record "));
}

static void changed_files_of_a_record_show(void **state)
{
	(void)state;
	fill();
	rewrite(0, "cat", "grep -v run.log");
	assert_mismatch("experiment 6: a file that the record names is missing");
	rewrite(0, "cat",
		"sed \"s/[0-9a-f]*\\tpatch/$(echo x | git hash-object -w --stdin)"
		"\\tpatch/\"");
	assert_mismatch("experiment 6: its file 'patch' is not the one that the record names");
	rewrite(0, "cat",
		"(cat; printf \"100644 blob $(echo x | git hash-object -w --stdin)"
		"\\tmore\\n\")");
	assert_mismatch("its file 'more' is not the one");
}

static void a_changed_audit_shows(void **state)
{
	(void)state;
	fill();
	/* The file alone; the file and its id; and its digest, for which the note is too old. */
	rewrite(0, "cat",
		"sed \"s/[0-9a-f]*\\taudit/$(echo x | git hash-object -w --stdin)"
		"\\taudit/\"");
	assert_mismatch("experiment 6: its file 'audit.jsonl' is not the one that the record");
	rewrite(0,
		"sed \"s/\\(audit.jsonl[^0-9a-f]*\\)[0-9a-f]*/\\1$(echo x | git hash-object "
		"--stdin)/\"",
		"cat");
	assert_mismatch("experiment 6: its audit is not the one that the record vouches for");
	rewrite(0,
		"sed \"s/\\(digest[^0-9a-f]*\\)[0-9a-f]*/\\1$(echo x | sha256sum | "
		"cut -d' ' -f1)/\"",
		"cat");
	assert_mismatch("experiment 6: its note does not carry the digest of its record");
}

static void a_changed_prompt_shows(void **state)
{
	(void)state;
	fill();
	rewrite(0,
		"sed \"s/\\(prompt.md[^0-9a-f]*\\)[0-9a-f]*/\\1$(echo x | git hash-object "
		"-w --stdin)/\"",
		"sed \"s/[0-9a-f]*\\tprompt/$(echo x | git hash-object --stdin)\\tprompt/\"");
	assert_mismatch("experiment 6: its prompt is not the one that the record vouches for");
	rewrite(0, "sed 's/,\"prompt.md\":\"[0-9a-f]*\"//'", "grep -v prompt.md");
	assert_mismatch("experiment 6: its prompt is not the one that the record vouches for");
}

static void tokens_that_were_not_counted_show(void **state)
{
	(void)state;
	fill();
	/* Six times 110; more may have been paid for, but not less. */
	rewrite(0, "sed 's/\"tokens\":660/\"tokens\":659/'", "cat");
	assert_mismatch("experiment 6: its totals do not follow from the record before");
}

static void an_audit_that_was_dropped_shows(void **state)
{
	(void)state;
	fill();
	rewrite(0, "sed 's/\"audit.jsonl\":\"[0-9a-f]*\",*//;s/,}/}/'", "grep -v audit.jsonl");
	assert_mismatch("experiment 6: its audit is not the one that the record vouches for");
}

static void a_record_cut_out_of_the_middle_shows(void **state)
{
	(void)state;
	fill();
	/* Experiment 2 is dropped: 3 follows 1. */
	assert_int_equal(
		sh("set -e; R=refs/autoresearch/" LAB "/ledger; "
		   "prev=$(git rev-parse $R~6); for c in "
		   "$(git rev-list --first-parent --reverse $R~5..$R); do "
		   "prev=$(git log -1 --format=%%B $c | sed '$d' | git commit-tree -F - "
		   "-p $prev -p $(git rev-parse $c^2) $c^{tree}); done; "
		   "git update-ref $R $prev"),
		0);
	assert_mismatch("experiment 3: its number does not follow the one before");
	assert_mismatch("speaks of experiment 2, and no record does");
}

static void a_truncated_chain_shows(void **state)
{
	(void)state;
	fill();
	assert_int_equal(sh("git update-ref refs/autoresearch/" LAB "/ledger "
			    "refs/autoresearch/" LAB "/ledger~1"),
			 0);
	assert_mismatch("speaks of experiment 6, and no record does");
	assert_int_equal(sh("git update-ref refs/autoresearch/" LAB "/ledger "
			    "refs/autoresearch/" LAB "/ledger~1"),
			 0);
	assert_mismatch("says that it is experiment 5, and no record does");
	/* All of it. */
	assert_int_equal(sh("git update-ref -d refs/autoresearch/" LAB "/ledger"), 0);
	assert_mismatch("says that it is experiment 1, and no record does");
}

static void swapped_records_show(void **state)
{
	(void)state;
	fill();
	assert_int_equal(
		sh("set -e; R=refs/autoresearch/" LAB "/ledger; prev=$(git rev-parse $R~2); "
		   "for c in $(git rev-parse $R) $(git rev-parse $R~1); do "
		   "prev=$(git log -1 --format=%%B $c | sed '$d' | git commit-tree -F - "
		   "-p $prev -p $(git rev-parse $c^2) $c^{tree}); done; "
		   "git update-ref $R $prev"),
		0);
	assert_mismatch("its number does not follow the one before");
}

static void a_forged_candidate_shows(void **state)
{
	(void)state;
	fill();
	/* The newest record gets another candidate: another tree. */
	assert_int_equal(sh("set -e; R=refs/autoresearch/" LAB "/ledger; "
			    "f=$(git log -1 --format=%%B $R^2 | git commit-tree -F - -p "
			    "$(git rev-parse $R^2^) main^{tree}); "
			    "git notes --ref=autoresearch copy $(git rev-parse $R^2) $f; "
			    "git update-ref $R $(git log -1 --format=%%B $R | sed '$d' | "
			    "git commit-tree -F - -p $R~1 -p $f $R^{tree})"),
			 0);
	assert_mismatch("experiment 6: its commit has another tree than the record");
}

static void changed_notes_show(void **state)
{
	(void)state;
	fill();
	assert_int_equal(sh("cp -r .git ../saved && C=$(git rev-parse refs/autoresearch/" LAB
			    "/ledger^2) && git notes --ref=autoresearch show $C | "
			    "sed 's/Verdict: failed/Verdict: accepted/' >../n && "
			    "git notes --ref=autoresearch add -f -F ../n $C 2>/dev/null"),
			 0);
	assert_mismatch("experiment 6: its note does not match the record");
	assert_int_equal(sh("rm -r .git && mv ../saved .git && git notes --ref=autoresearch "
			    "remove $(git rev-parse refs/autoresearch/" LAB
			    "/ledger~1^2) 2>&1 | "
			    "grep -q 'no note' && git notes --ref=autoresearch remove "
			    "$(git rev-parse refs/autoresearch/" LAB "/ledger^2) 2>/dev/null"),
			 0);
	assert_mismatch("experiment 6: its commit has no note");
}

static void a_changed_branch_shows(void **state)
{
	(void)state;
	fill();
	assert_int_equal(sh("git branch -q keep autoresearch/" LAB), 0);
	assert_int_equal(sh("git branch -q -f autoresearch/" LAB " autoresearch/" LAB "~1"), 0);
	assert_mismatch("experiment 5: its commit is not on the branch");
	/* An accepted commit rewritten in place. */
	assert_int_equal(sh("git branch -q -f autoresearch/" LAB
			    " $(git log -1 --format=%%B keep | "
			    "sed 's/=7/=6/' | git commit-tree -F - -p keep~1 keep^{tree})"),
			 0);
	assert_mismatch("says that it is experiment 5, and no record does");
	assert_mismatch("experiment 5: its commit is not on the branch");
	assert_int_equal(sh("git branch -q -D autoresearch/" LAB), 0);
	assert_mismatch("the branch 'autoresearch/" LAB "' is missing");
	/* A person's commits on top are fine. */
	assert_int_equal(sh("git branch -q autoresearch/" LAB
			    " $(git commit-tree -m person -p keep "
			    "keep^{tree})"),
			 0);
	assert_verifies(8);
}

static void flip_bit(const char *path)
{
	struct stat st;
	char byte;
	int fd;

	assert_int_equal(chmod(path, 0600), 0);
	fd = open(path, O_RDWR);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(pread(fd, &byte, 1, st.st_size / 2), 1);
	byte ^= 0x10;
	assert_int_equal(pwrite(fd, &byte, 1, st.st_size / 2), 1);
	assert_int_equal(close(fd), 0);
}

/* In every commit of the chain and of a candidate, every record's tree, every file of one. */
static void a_flipped_bit_shows(void **state)
{
	CLEANUP_STRING_LIST struct string_list objects = STRING_LIST_INIT;
	char *line, *next, *text;
	int harmless = 0;

	(void)state;
	fill();
	text = xstrdup(out_of("R=refs/autoresearch/" LAB "/ledger; for c in "
			      "$(git rev-list --first-parent $R --not main); do "
			      "git rev-parse $c $c^{tree} && git ls-tree --object-only $c && "
			      "git log -1 --format=%%P $c | tr ' ' '\\n'; done | "
			      "sort -u | grep -v $(git rev-parse main)"));
	for (line = strtok_r(text, "\n", &next); line; line = strtok_r(NULL, "\n", &next))
		string_list_add(&objects, line);
	free(text);
	assert_in_range(objects.nr, 30, 60);
	for (size_t i = 0; i < objects.nr; i++) {
		const char *oid = objects.items[i], *before, *after;
		CLEANUP_FREE char *path = xstrfmt(".git/objects/%.2s/%s", oid, oid + 2);
		CLEANUP_FREE char *lines = NULL;
		int64_t records = 0, bad = 0;

		before = out_of("git cat-file -p %s", oid);
		flip_bit(path);
		after = out_of("git cat-file -p %s 2>&1", oid);
		lines = verify_lines(&records, &bad);
		/* A bit of the compressed form may mean nothing: the content is the same. */
		if (!bad && strcmp(before, after))
			fail_msg("nothing shows of %s", oid);
		harmless += !bad;
		flip_bit(path);
	}
	assert_in_range(harmless, 0, 4);
	assert_verifies(8);
}

static void the_time_is_linear(void **state)
{
	enum { EXPERIMENTS = 100 };
	CLEANUP_LAB struct lab lab = { 0 };
	double half = 0, whole, begin;

	(void)state;
	lab_open(&lab);
	lab_baseline(&lab, 10000);
	for (int i = 1; i <= EXPERIMENTS; i++) {
		CLEANUP_FREE char *content = xstrfmt("%d\n", i);

		assert_done(lab_try(&lab, i % 4 ? VERDICT_REJECTED : VERDICT_ACCEPTED, content,
				    10000 - i));
		if (i == EXPERIMENTS / 2) {
			begin = now_ms();
			assert_verifies(i + 1);
			half = now_ms() - begin;
		}
	}
	begin = now_ms();
	assert_verifies(EXPERIMENTS + 1);
	whole = now_ms() - begin;
	print_message("verify: %.0f ms for %d, %.0f ms for %d\n", half, EXPERIMENTS / 2, whole,
		      EXPERIMENTS);
	assert_true(whole < 10 * half);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(what_was_appended_verifies),
		fixture_test(a_campaign_that_is_not_there_is_an_error),
		fixture_test(two_campaigns_do_not_disturb_each_other),
		fixture_test(a_changed_record_shows),
		fixture_test(a_changed_record_of_an_accepted_experiment_shows),
		fixture_test(a_record_that_does_not_parse_shows_and_the_rest_is_read),
		fixture_test(changed_files_of_a_record_show),
		fixture_test(a_changed_audit_shows),
		fixture_test(an_audit_that_was_dropped_shows),
		fixture_test(a_changed_prompt_shows),
		fixture_test(tokens_that_were_not_counted_show),
		fixture_test(a_record_cut_out_of_the_middle_shows),
		fixture_test(a_truncated_chain_shows),
		fixture_test(swapped_records_show),
		fixture_test(a_forged_candidate_shows),
		fixture_test(changed_notes_show),
		fixture_test(a_changed_branch_shows),
		fixture_test(a_flipped_bit_shows),
		fixture_test(the_time_is_linear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
