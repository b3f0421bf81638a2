#include "ledger-fixture.h"

#include "git/guard.h"

#define LEDGER "refs/autoresearch/" LAB "/ledger"
#define BRANCH "refs/heads/autoresearch/" LAB
#define NOTES "refs/notes/autoresearch"
#define NONE "0000000000000000000000000000000000000000"

static void add_refusal(const char *ref, const char *why, const char *hint, void *data)
{
	(void)hint;
	strbuf_addf(data, "%s: %s\n", ref, why);
}

/* What a line of a shell prints. */
static void output(char ret[OID_HEX_SIZE], const char *command)
{
	FILE *f = popen(command, "r");

	assert_non_null(f);
	assert_int_equal(fread(ret, 1, OID_HEX_LEN, f), OID_HEX_LEN);
	ret[OID_HEX_LEN] = '\0';
	assert_int_equal(pclose(f), 0);
}

typedef int (*guard_fn)(struct guard *guard, const struct ref_updates *updates,
			struct error *err);

/* What is refused where `ref` goes to what `command` prints (NULL: goes away). Owned. */
static char *refused(guard_fn fn, const char *remote, const char *ref, const char *command)
{
	CLEANUP_REPO struct repo *repo = NULL;
	CLEANUP_STRBUF struct strbuf lines = STRBUF_INIT;
	CLEANUP_REF_UPDATES struct ref_updates updates = REF_UPDATES_INIT;
	struct guard guard = { .remote = remote, .refused = add_refusal, .data = &lines };
	char from[OID_HEX_SIZE] = NONE, to[OID_HEX_SIZE] = NONE;

	assert_done(repo_open(&repo, &err));
	assert_true(repo_ref(repo, ref, from, &err) >= 0);
	if (command)
		output(to, command);
	assert_done(ref_updates_add(&updates, ref, from, to, &err));
	guard.repo = repo;
	assert_done(fn(&guard, &updates, &err));
	assert_int_equal(guard.refusals > 0, lines.len > 0);
	return strbuf_detach(&lines, NULL);
}

#define assert_passes(fn, ref, command) assert_told(fn, ref, command, "")

static void assert_told(guard_fn fn, const char *ref, const char *command, const char *says)
{
	CLEANUP_FREE char *lines = refused(fn, NULL, ref, command);

	if (*says ? !strstr(lines, says) : *lines)
		fail_msg("'%s' is not '%s'", lines, says);
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

static void ids_are_40_digits(void **state)
{
	CLEANUP_REF_UPDATES struct ref_updates updates = REF_UPDATES_INIT;

	(void)state;
	assert_int_equal(ref_updates_add(&updates, "r", NONE, "ref:refs/heads/main", &err), -1);
	assert_int_equal(ref_updates_add(&updates, "r", "12", NONE, &err), -1);
	assert_int_equal(updates.nr, 0);
	assert_done(ref_updates_add(&updates, "r", NONE, NONE, &err));
	assert_string_equal(updates.items[0].from, "");
}

static void a_ledger_moves_forward(void **state)
{
	CLEANUP_LAB struct lab lab = { 0 };
	static const char *const forward[] = {
		"git rev-parse " LEDGER,
		"git commit-tree -m x -p " LEDGER " -p main main^{tree}",
	};
	static const char *const back[] = {
		"git rev-parse " LEDGER "~1",
		"git commit-tree -m x -p " LEDGER "~1 -p main main^{tree}",
		/* The old chain is what the new one says was measured, or further back in it. */
		"git commit-tree -m x -p main -p " LEDGER " main^{tree}",
		"git commit-tree -m x -p $(git commit-tree -m y -p " LEDGER
		" main^{tree}) main^{tree}",
	};

	(void)state;
	fill(&lab);
	for (size_t i = 0; i < ARRAY_SIZE(forward); i++)
		assert_passes(guard_transaction, LEDGER, forward[i]);
	for (size_t i = 0; i < ARRAY_SIZE(back); i++) {
		assert_told(guard_transaction, LEDGER, back[i], "rewritten");
		assert_told(guard_pushed, LEDGER, back[i], "rewritten");
	}
	assert_passes(guard_transaction, "refs/autoresearch/new/ledger", back[0]);
	assert_passes(guard_transaction, BRANCH, "git rev-parse " BRANCH "~1");
	assert_told(guard_transaction, LEDGER, NULL, "deleted");
	assert_int_equal(sh("git pack-refs --all"), 0);
	/* As `git pack-refs` asks, which holds no lock any more; a push does. */
	assert_passes(guard_transaction, LEDGER, NULL);
	assert_told(guard_pushed, LEDGER, NULL, "deleted");
	assert_int_equal(sh("touch .git/packed-refs.lock"), 0);
	assert_told(guard_transaction, LEDGER, NULL, "deleted");
}

static void notes_move_forward(void **state)
{
	CLEANUP_LAB struct lab lab = { 0 };

	(void)state;
	fill(&lab);
	assert_passes(guard_transaction, NOTES,
		      "git commit-tree -m x -p main -p " NOTES " " NOTES "^{tree}");
	assert_told(guard_transaction, NOTES, "git rev-parse " NOTES "~1", "rewritten");
	assert_told(guard_transaction, NOTES, NULL, "deleted");
}

static void what_is_pushed_verifies(void **state)
{
	CLEANUP_LAB struct lab lab = { 0 };

	(void)state;
	fill(&lab);
	assert_passes(guard_pushed, LEDGER, "git rev-parse " LEDGER);
	assert_passes(guard_pushed, NOTES, "git rev-parse " NOTES);
	assert_told(guard_pushed, BRANCH, "git rev-parse " BRANCH "~1",
		    BRANCH ": experiment 3: its commit is not on the branch\n");
	assert_told(guard_pushed, BRANCH, NULL, "is missing");
	assert_told(guard_pushed, NOTES, "git commit-tree -m x -p " NOTES " main^{tree}",
		    "has no note");
	/* By the changed notes alone it is known which campaigns they are of. */
	assert_passes(guard_pushed, NOTES,
		      "git notes --ref=other add -m 'Experiment: else/7' main && "
		      "git notes --ref=autoresearch merge -q -s union other && "
		      "git rev-parse " NOTES);
	/* At a remote it may be the branch alone that is there. */
	CLEANUP_FREE char *lines = refused(guard_pushed, "origin", BRANCH, NULL);
	assert_string_equal(lines, "");
}

/* A promotion of experiment 1, to a commit on main. */
static void promote(struct lab *lab)
{
	CLEANUP_RECORD struct record r = { 0 };
	char from[OID_HEX_SIZE], made[OID_HEX_SIZE];

	output(from, "git rev-parse " BRANCH "~1");
	output(made, "git log -1 --format=%B " BRANCH "~1 | git commit-tree -p main " BRANCH
		     "~1^{tree}");
	lab_record(lab, &r, 0, 9);
	r.type = RECORD_PROMOTION;
	r.verdict.kind = VERDICT_ACCEPTED;
	r.promotion = xcalloc(1, sizeof(*r.promotion));
	r.promotion->by = xstrdup("Ada <ada@example.org>");
	strcpy(r.promotion->branch, lab->ledger.branch);
	strcpy(r.promotion->result, made);
	promotion_pick(r.promotion, 1, from);
	strcpy(r.promotion->picked[0].commit, made);
	output(r.base, "git rev-parse main");
	assert_done(repo_commit_tree(lab->repo, made, r.tree, &err));
	totals_advance(&lab->totals, &r);
	assert_done(lab_append(lab, &r, made));
	assert_int_equal(sh("git branch results %s", made), 0);
}

static void what_was_promoted_may_come(void **state)
{
	CLEANUP_LAB struct lab lab = { 0 };
	static const char target[] = "refs/heads/main";

	(void)state;
	fill(&lab);
	assert_passes(guard_pushed, target, "git commit-tree -p main -m plain main^{tree}");
	assert_told(guard_pushed, target, "git rev-parse " BRANCH, "2 commits hold");
	assert_told(guard_pushed, target, "git rev-parse " BRANCH "~1",
		    "1 commit holds what nobody promoted: experiment " LAB "/1\n");
	/* What people say of experiments of their own is none of ours. */
	assert_passes(guard_pushed, target,
		      "git commit-tree -p main -m 'Experiment: a rate of 1/10' main^{tree}");
	promote(&lab);
	assert_passes(guard_pushed, target, "git rev-parse results");
	/* Rebased, squashed, merged. */
	assert_passes(guard_pushed, target,
		      "git log -1 --format=%B results | git commit-tree -p $(git commit-tree "
		      "-p main -m plain main^{tree}) results^{tree}");
	assert_passes(guard_pushed, target,
		      "git log main..results | git commit-tree -p main results^{tree}");
	assert_passes(guard_pushed, target,
		      "git commit-tree -p main -p results -m merged results^{tree}");
	/* But not as it is on the ledger branch, nor another with it. */
	assert_told(guard_pushed, target, "git rev-parse " BRANCH "~1", "1 commit holds");
	assert_told(guard_pushed, target,
		    "git log -2 --format=%B " BRANCH " | git commit-tree -p results " BRANCH
		    "^{tree}",
		    "experiment " LAB "/3");
	assert_passes(guard_pushed, "refs/heads/topic", "git rev-parse " BRANCH);
	assert_told(guard_pushed, "refs/heads/master", "git rev-parse " BRANCH, "protected");
	assert_int_equal(sh("git config --add autoresearch.protectedBranch 'rel*/?'"), 0);
	assert_told(guard_pushed, "refs/heads/release/x/1", "git rev-parse " BRANCH,
		    "protected");
	assert_passes(guard_pushed, target, "git rev-parse " BRANCH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(ids_are_40_digits),	  fixture_test(a_ledger_moves_forward),
		fixture_test(notes_move_forward),	  fixture_test(what_is_pushed_verifies),
		fixture_test(what_was_promoted_may_come),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
