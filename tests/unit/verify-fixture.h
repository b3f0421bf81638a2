#ifndef VERIFY_FIXTURE_H
#define VERIFY_FIXTURE_H

/* A ledger that is filled, tampered with, and verified. */

#include "ledger-fixture.h"

static inline void __attribute__((unused)) add_line(const char *line, void *data)
{
	strbuf_addstr(data, line);
	strbuf_addch(data, '\n');
}

/* Runs ledger_verify() as a new process would; its lines. The caller owns them. */
static inline char *verify_lines(int64_t *ret_records, int64_t *ret_bad)
{
	CLEANUP_LAB struct lab lab = { 0 };
	CLEANUP_STRBUF struct strbuf lines = STRBUF_INIT;

	lab_open(&lab);
	assert_done(ledger_verify(&lab.ledger, add_line, &lines, ret_records, ret_bad, &err));
	return strbuf_detach(&lines, NULL);
}

static inline void __attribute__((unused)) assert_verifies(int64_t expected)
{
	int64_t records = -1, bad = -1;
	CLEANUP_FREE char *lines = verify_lines(&records, &bad);

	assert_string_equal(lines, "");
	assert_int_equal(records, expected);
	assert_int_equal(bad, 0);
}

/* Something is wrong, and one of the lines says so. */
static inline void __attribute__((unused)) assert_mismatch(const char *text)
{
	int64_t records = -1, bad = -1, nr = 0;
	CLEANUP_FREE char *lines = verify_lines(&records, &bad);

	if (!strstr(lines, text))
		fail_msg("'%s' is not in '%s'", text, lines);
	for (const char *p = lines; (p = strchr(p, '\n')); p++)
		nr++;
	assert_int_equal(bad, nr);
}

/* Baseline, 1 accepted, 2 rejected, 3 accepted, a person's commit and its baseline, 4 invalid,
 * 5 accepted, 6 failed. */
static inline void __attribute__((unused)) fill(void)
{
	CLEANUP_LAB struct lab lab = { 0 };

	lab_open(&lab);
	lab_baseline(&lab, 10);
	assert_done(lab_try(&lab, VERDICT_ACCEPTED, "1\n", 9));
	assert_done(lab_try(&lab, VERDICT_REJECTED, "2\n", 11));
	assert_done(lab_try(&lab, VERDICT_ACCEPTED, "3\n", 8));
	assert_int_equal(sh("git branch -f autoresearch/" LAB " $(git commit-tree -m person -p "
			    "autoresearch/" LAB " autoresearch/" LAB "^{tree})"),
			 0);
	lab_reopen(&lab);
	lab_baseline(&lab, 8.5);
	assert_done(lab_try(&lab, VERDICT_INVALID, "4\n", 0));
	assert_done(lab_try(&lab, VERDICT_ACCEPTED, "5\n", 7));
	assert_done(lab_try(&lab, VERDICT_FAILED, "6\n", 0));
}

/* Rewrites the chain from the record of `n` up: a filter for record.json, another for the tree
 * listing, and a new parent list are all that a forger could want. */
static inline void __attribute__((unused))
rewrite(int from_newest, const char *json_filter, const char *tree_filter)
{
	assert_int_equal(
		sh("set -e; R=refs/autoresearch/" LAB "/ledger; prev=$(git rev-parse $R~%d); "
		   "for c in $(git rev-list --first-parent --reverse $R~%d..$R); do "
		   "if test -z \"$done\"; then "
		   "b=$(git cat-file blob $c:record.json | (%s) | git hash-object -w --stdin); "
		   "t=$(git ls-tree $c | sed \"s/[0-9a-f]*\\trecord.json/$b\\trecord.json/\" | "
		   "(%s) | git mktree); done=1; else t=$(git rev-parse $c^{tree}); fi; "
		   "prev=$(git log -1 --format=%%B $c | sed '$d' | git commit-tree -F - "
		   "-p $prev -p $(git rev-parse $c^2) $t); done; git update-ref $R $prev",
		   from_newest + 1, from_newest + 1, json_filter, tree_filter),
		0);
}

#endif
