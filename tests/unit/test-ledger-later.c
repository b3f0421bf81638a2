#include "ledger-fixture.h"

#include <unistd.h>

/* Records that are written at once and published together: to everybody else there is none of them,
 * or all. */

#define CHAIN "refs/autoresearch/" LAB "/ledger"

static void fail_of(const char *what, void *data)
{
	(void)data;
	fail_msg("%s", what);
}

/* Of all that the repository has now: git's opinion, and ours. */
static void assert_whole(struct lab *lab, int64_t records)
{
	int64_t found = 0, bad = 0;

	lab_reopen(lab);
	assert_int_equal(sh("git fsck --strict --no-dangling"), 0);
	assert_done(ledger_verify(&lab->ledger, fail_of, NULL, &found, &bad, &err));
	assert_int_equal(found, records);
}

/* A campaign with a baseline; what comes from now on waits. */
static void lab_begin(struct lab *lab)
{
	lab_open(lab);
	lab_baseline(lab, 2.5);
	lab->later = true;
}

static void nobody_sees_it_before_it_is_published(void **state)
{
	CLEANUP_LAB struct lab lab = { 0 };
	CLEANUP_FREE char *chain = NULL, *notes = NULL;
	CLEANUP_ENTRY struct entry entry = { 0 };

	(void)state;
	lab_begin(&lab);
	chain = xstrdup(out_of("git rev-parse " CHAIN));
	notes = xstrdup(out_of("git rev-parse refs/notes/autoresearch"));
	assert_done(ledger_publish(&lab.ledger, &err));
	assert_done(lab_try(&lab, VERDICT_REJECTED, "a\n", 3));
	assert_done(lab_try(&lab, VERDICT_REJECTED, "b\n", 4));
	assert_done(lab_try(&lab, VERDICT_REJECTED, "c\n", 5));
	assert_string_equal(out_of("git rev-parse " CHAIN), chain);
	assert_string_equal(out_of("git rev-parse refs/notes/autoresearch"), notes);
	/* We do, and no collection takes it away. */
	assert_done(ledger_find(&lab.ledger, 2, &entry, &err));
	assert_true(entry.record.metric == 4);
	assert_int_equal(access(".git/gc.pid", F_OK), 0);

	assert_done(ledger_publish(&lab.ledger, &err));
	assert_int_not_equal(access(".git/gc.pid", F_OK), 0);
	/* With what the baseline measured. */
	assert_string_equal(out_of("git rev-list --first-parent --count " CHAIN), "5");
	assert_string_equal(out_of("git rev-parse " CHAIN "~3"), chain);
	assert_string_equal(out_of("git notes --ref=autoresearch list | wc -l"), "4");
	assert_string_equal(out_of("git rev-list --count %s..refs/notes/autoresearch", notes),
			    "1");
	assert_whole(&lab, 4);
}

/* What is written at once goes behind what waits. */
static void an_accepted_one_publishes_what_waits(void **state)
{
	CLEANUP_LAB struct lab lab = { 0 };

	(void)state;
	lab_begin(&lab);
	assert_done(lab_try(&lab, VERDICT_REJECTED, "a\n", 3));
	lab.later = false;
	assert_done(lab_try(&lab, VERDICT_ACCEPTED, "b\n", 1));
	assert_string_equal(out_of("git rev-list --first-parent --count " CHAIN), "4");
	assert_string_equal(out_of("git rev-parse autoresearch/" LAB), lab.commit);
	assert_whole(&lab, 3);
}

static void where_it_is_never_published_there_was_nothing(void **state)
{
	CLEANUP_LAB struct lab lab = { 0 };

	(void)state;
	lab_begin(&lab);
	assert_done(lab_try(&lab, VERDICT_REJECTED, "a\n", 3));
	assert_whole(&lab, 1);
}

static void whoever_moved_the_chain_is_not_overwritten(void **state)
{
	CLEANUP_LAB struct lab lab = { 0 };
	CLEANUP_LAB struct lab other = { 0 };
	CLEANUP_FREE char *tip = NULL;

	(void)state;
	lab_begin(&lab);
	tip = xstrdup(lab.ledger.tip);
	lab_open(&other);
	other.totals = lab.totals;
	assert_done(lab_try(&lab, VERDICT_REJECTED, "a\n", 3));
	assert_done(lab_try(&other, VERDICT_REJECTED, "b\n", 3));
	assert_refused(ledger_publish(&lab.ledger, &err), "/ledger' was moved");
	assert_string_equal(out_of("git rev-parse " CHAIN), other.ledger.tip);
	/* It is where it was before. */
	assert_string_equal(lab.ledger.tip, tip);
	assert_done(ledger_publish(&lab.ledger, &err));
	assert_whole(&other, 2);
}

static void notes_that_came_meanwhile_stay(void **state)
{
	CLEANUP_LAB struct lab lab = { 0 };

	(void)state;
	lab_begin(&lab);
	assert_done(lab_try(&lab, VERDICT_REJECTED, "a\n", 3));
	assert_int_equal(sh("git notes --ref=autoresearch add -f -m hers main 2>/dev/null"), 0);
	assert_done(lab_try(&lab, VERDICT_REJECTED, "b\n", 4));
	assert_done(ledger_publish(&lab.ledger, &err));
	/* Hers was on the baseline, whose own note comes back beside it. */
	assert_string_equal(out_of("git notes --ref=autoresearch show main | grep -c hers"),
			    "1");
	assert_whole(&lab, 3);
}

/* As by somebody whose editor was open while they were written: they come back by one commit, so
 * that no crash can leave the newest alone, behind which nobody looks. */
static void notes_that_were_lost_come_back_at_once(void **state)
{
	CLEANUP_LAB struct lab lab = { 0 };
	CLEANUP_FREE char *before = NULL;

	(void)state;
	lab_begin(&lab);
	before = xstrdup(out_of("git rev-parse refs/notes/autoresearch"));
	lab.later = false;
	assert_done(lab_try(&lab, VERDICT_REJECTED, "a\n", 3));
	assert_done(lab_try(&lab, VERDICT_REJECTED, "b\n", 4));
	assert_done(lab_try(&lab, VERDICT_ACCEPTED, "c\n", 1));
	assert_done(lab_try(&lab, VERDICT_REJECTED, "d\n", 5));
	assert_int_equal(sh("git update-ref refs/notes/autoresearch %s", before), 0);
	lab_reopen(&lab);
	assert_done(ledger_mend(&lab.ledger, &err));
	assert_string_equal(out_of("git rev-list --count %s..refs/notes/autoresearch", before),
			    "1");
	assert_string_equal(out_of("git notes --ref=autoresearch list | wc -l"), "4");
	assert_whole(&lab, 5);
}

/* As where the disk is full, or somebody else holds the ref for too long. */
static void notes_that_could_not_be_written_come_with_the_next(void **state)
{
	CLEANUP_LAB struct lab lab = { 0 };

	(void)state;
	lab_begin(&lab);
	assert_done(ledger_publish(&lab.ledger, &err));
	assert_done(lab_try(&lab, VERDICT_REJECTED, "a\n", 3));
	assert_int_equal(sh(": >.git/refs/notes/autoresearch.lock"), 0);
	assert_refused(ledger_publish(&lab.ledger, &err), "refs/notes/autoresearch");
	assert_int_equal(sh("rm .git/refs/notes/autoresearch.lock"), 0);
	assert_done(lab_try(&lab, VERDICT_REJECTED, "b\n", 4));
	assert_done(ledger_publish(&lab.ledger, &err));
	assert_string_equal(out_of("git notes --ref=autoresearch list | wc -l"), "3");
	assert_whole(&lab, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(nobody_sees_it_before_it_is_published),
		fixture_test(an_accepted_one_publishes_what_waits),
		fixture_test(where_it_is_never_published_there_was_nothing),
		fixture_test(whoever_moved_the_chain_is_not_overwritten),
		fixture_test(notes_that_came_meanwhile_stay),
		fixture_test(notes_that_were_lost_come_back_at_once),
		fixture_test(notes_that_could_not_be_written_come_with_the_next),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
