#include "ledger-fixture.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "git/internal.h"
#include "git/slot.h"
#include "model/trailer.h"

static void a_campaign_begins_with_its_baseline(void **state)
{
	CLEANUP_LAB struct lab lab = { 0 };
	CLEANUP_ENTRY struct entry entry = { 0 };

	(void)state;
	lab_open(&lab);
	assert_string_equal(lab.ledger.tip, "");
	assert_string_equal(lab.ledger.branch, "");
	lab_baseline(&lab, 2.5);
	assert_string_equal(
		out_of("git log -1 --format='%%s|%%P' refs/autoresearch/" LAB "/ledger"),
		out_of("echo \"baseline|$(git rev-parse main)\""));
	assert_string_equal(out_of("git ls-tree --name-only refs/autoresearch/" LAB "/ledger"),
			    "audit.jsonl\npatch\nrecord.json\nrun.log");
	assert_string_equal(out_of("git rev-parse autoresearch/" LAB), lab.ledger.branch);
	assert_done(ledger_read(&lab.ledger, lab.ledger.tip, &entry, &err));
	assert_string_equal(entry.parent, "");
	assert_string_equal(entry.commit, lab.ledger.branch);
	assert_int_equal(entry.record.type, RECORD_BASELINE);
	assert_string_equal(entry.record.totals.incumbent, lab.ledger.branch);
	assert_true(entry.record.totals.baseline_metric == 2.5);
	assert_string_equal(out_of("git log -1 --notes=autoresearch --format=%%N main | "
				   "git interpret-trailers --parse | grep ^Experiment"),
			    "Experiment: " LAB "/0");
	assert_int_equal(sh("git fsck --strict --no-dangling"), 0);
}

static void an_accepted_candidate_moves_the_branch(void **state)
{
	CLEANUP_LAB struct lab lab = { 0 };
	CLEANUP_ENTRY struct entry entry = { 0 };
	CLEANUP_FREE char *base = NULL;

	(void)state;
	lab_open(&lab);
	lab_baseline(&lab, 2.5);
	base = xstrdup(lab.ledger.branch);
	assert_done(lab_try(&lab, VERDICT_ACCEPTED, "better\n", 2.0));
	assert_string_equal(out_of("git rev-parse autoresearch/" LAB), lab.commit);
	assert_string_equal(lab.ledger.branch, lab.commit);
	assert_string_equal(lab.totals.incumbent, lab.commit);
	assert_string_equal(out_of("git log --format='%%s %%P' -1 %s", lab.commit),
			    out_of("echo \"try 1 with more $(git rev-parse main)\""));
	assert_string_equal(out_of("git show %s:src/a.txt", lab.commit), "better");
	/* The record names the candidate as its second parent, and the candidate its digest. */
	assert_done(ledger_read(&lab.ledger, lab.ledger.tip, &entry, &err));
	assert_string_equal(entry.commit, lab.commit);
	assert_string_equal(entry.record.totals.incumbent, lab.commit);
	assert_string_equal(entry.record.base, base);
	assert_string_equal(
		out_of("git log -1 --format=%%B %s | git interpret-trailers --parse | "
		       "grep -E '^(Record|Verdict)'",
		       lab.commit),
		out_of("echo Verdict: accepted; "
		       "echo \"Record: sha256:$(git cat-file blob %s:record.json | "
		       "sha256sum | cut -d' ' -f1)\"",
		       lab.ledger.tip));
	assert_string_equal(out_of("git log -1 --format=%%s %s", lab.ledger.tip),
			    "experiment 1: accepted try 1 with more");
	/* No note: the commit says it all. */
	assert_int_not_equal(sh("git notes --ref=autoresearch show %s 2>/dev/null", lab.commit),
			     0);
	assert_string_equal(out_of("git reflog show --format=%%gs -1 autoresearch/" LAB),
			    "autoresearch: experiment 1 accepted");
	assert_int_equal(sh("git fsck --strict --no-dangling"), 0);
}

static void any_other_candidate_gets_a_note(void **state)
{
	CLEANUP_LAB struct lab lab = { 0 };

	(void)state;
	lab_open(&lab);
	lab_baseline(&lab, 2.5);
	assert_done(lab_try(&lab, VERDICT_REJECTED, "worse\n", 3.0));
	assert_string_equal(out_of("git rev-parse autoresearch/" LAB), lab.totals.incumbent);
	assert_string_equal(out_of("git rev-parse main"), lab.totals.incumbent);
	/* The message of the commit has its number, and nothing that it made up itself. */
	assert_string_equal(
		out_of("git log -1 --format=%%B %s | git interpret-trailers --parse",
		       lab.commit),
		"Experiment: " LAB "/1");
	assert_string_equal(out_of("git notes --ref=autoresearch show %s | "
				   "git interpret-trailers --parse | grep -E '^(Verd|Rea)'",
				   lab.commit),
			    "Verdict: rejected\nReason: no-improvement");
	assert_string_equal(out_of("git notes --ref=autoresearch show %s | sed 2q", lab.commit),
			    "try 1 with more");
	/* Nothing but the record keeps it, and that is enough. */
	assert_int_equal(sh("git reflog expire --expire=now --all && git gc -q --prune=now && "
			    "git cat-file -e %s:src/a.txt && git fsck --strict --no-dangling",
			    lab.commit),
			 0);
}

static void an_invalid_proposal_has_the_incumbents_tree(void **state)
{
	CLEANUP_LAB struct lab lab = { 0 };

	(void)state;
	lab_open(&lab);
	lab_baseline(&lab, 2.5);
	assert_done(lab_try(&lab, VERDICT_INVALID, "never\n", 0));
	assert_string_equal(out_of("git rev-parse %s^{tree}", lab.commit),
			    out_of("git rev-parse main^{tree}"));
}

struct seen {
	struct strbuf numbers;
	int stop_at;
};

static int see(const struct entry *entry, void *data, struct error *e)
{
	struct seen *seen = data;

	(void)e;
	strbuf_addf(&seen->numbers, "%lld ", (long long)entry->record.experiment);
	return seen->stop_at && entry->record.experiment == seen->stop_at ? 5 : 0;
}

static void records_are_walked_and_found_from_the_newest_back(void **state)
{
	CLEANUP_LAB struct lab lab = { 0 };
	CLEANUP_ENTRY struct entry two = { 0 };
	CLEANUP_ENTRY struct entry baseline = { 0 };
	CLEANUP_STRBUF struct strbuf log = STRBUF_INIT;
	struct seen seen = { .numbers = STRBUF_INIT };

	(void)state;
	lab_open(&lab);
	lab_baseline(&lab, 2.5);
	assert_done(lab_try(&lab, VERDICT_REJECTED, "1\n", 3));
	assert_done(lab_try(&lab, VERDICT_ACCEPTED, "2\n", 2));
	/* A person commits, so the baseline is measured again. */
	assert_int_equal(sh("git branch -f autoresearch/" LAB " $(git commit-tree -m person -p "
			    "autoresearch/" LAB " autoresearch/" LAB "^{tree})"),
			 0);
	lab_reopen(&lab);
	lab_baseline(&lab, 2.1);
	assert_done(lab_try(&lab, VERDICT_FAILED, "3\n", 3));
	lab_reopen(&lab);

	assert_done(ledger_walk(&lab.ledger, see, &seen, &err));
	assert_string_equal(seen.numbers.buf, "3 0 2 1 0 ");
	strbuf_reset(&seen.numbers);
	seen.stop_at = 2;
	assert_int_equal(ledger_walk(&lab.ledger, see, &seen, &err), 5);
	assert_string_equal(seen.numbers.buf, "3 0 2 ");
	strbuf_release(&seen.numbers);

	assert_done(ledger_find(&lab.ledger, 2, &two, &err));
	assert_int_equal(two.record.verdict.kind, VERDICT_ACCEPTED);
	assert_true(two.record.metric == 2);
	assert_done(ledger_find(&lab.ledger, 0, &baseline, &err));
	assert_true(baseline.record.metric == 2.1);
	assert_string_equal(baseline.commit, out_of("git rev-parse autoresearch/" LAB));
	assert_int_equal(ledger_find(&lab.ledger, 4, &two, &err), 1);

	assert_done(ledger_file(&lab.ledger, &two, "run.log", 11, &log, &err));
	assert_memory_equal(log.buf, "line\n\0line\n", 12);
	assert_refused(ledger_file(&lab.ledger, &two, "run.log", 10, &log, &err),
		       "larger than");
	assert_int_equal(ledger_file(&lab.ledger, &two, "reply.md", 10, &log, &err), 1);
	assert_int_equal(sh("git fsck --strict --no-dangling"), 0);
}

static void campaigns_are_listed_by_either_ref(void **state)
{
	CLEANUP_LAB struct lab lab = { 0 };
	CLEANUP_STRING_LIST struct string_list names = STRING_LIST_INIT;

	(void)state;
	lab_open(&lab);
	lab_baseline(&lab, 1);
	assert_int_equal(sh("git branch autoresearch/b && "
			    "git update-ref refs/autoresearch/a/x/ledger HEAD && "
			    "git update-ref refs/autoresearch/other HEAD && "
			    "git branch results/r && git pack-refs --all"),
			 0);
	assert_done(ledger_campaigns(lab.repo, &names, &err));
	assert_int_equal(names.nr, 3);
	assert_string_equal(names.items[0], "a/x");
	assert_string_equal(names.items[1], "b");
	assert_string_equal(names.items[2], LAB);
}

static void bad_names_are_refused(void **state)
{
	static const char *const names[] = { "",       "-x",   "a..b", "a b",  "a/",
					     "x.lock", "a//b", "~",    "a\nb", "@{" };
	CLEANUP_REPO struct repo *repo = NULL;
	CLEANUP_LEDGER struct ledger ledger = { 0 };

	(void)state;
	assert_done(repo_open(&repo, &err));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		assert_refused(ledger_open(&ledger, repo, names[i], &err),
			       "cannot be the name");
		assert_int_not_equal(*err.hint, 0);
	}
	assert_done(ledger_open(&ledger, repo,
				"fix/gr\xc3\xb6\xc3\x9f"
				"e-2",
				&err));
}

static void a_branch_in_the_way_is_an_error_with_a_hint(void **state)
{
	CLEANUP_LAB struct lab lab = { 0 };
	char head[OID_HEX_SIZE];

	(void)state;
	assert_int_equal(sh("git branch autoresearch"), 0);
	lab_open(&lab);
	assert_done(repo_head(lab.repo, head, &err));
	assert_refused(ledger_create_branch(&lab.ledger, head, &err),
		       "refs/heads/autoresearch");
	assert_int_not_equal(*err.hint, 0);
	assert_int_equal(sh("git branch -m autoresearch other && git branch autoresearch/" LAB),
			 0);
	assert_refused(ledger_create_branch(&lab.ledger, head, &err), "exists already");
}

static void whoever_moved_a_ref_is_not_overwritten(void **state)
{
	CLEANUP_LAB struct lab lab = { 0 };
	CLEANUP_LAB struct lab other = { 0 };
	CLEANUP_FREE char *tip = NULL;

	(void)state;
	lab_open(&lab);
	lab_baseline(&lab, 2.5);
	/* A person commits on the branch while a candidate is measured. */
	assert_int_equal(sh("git branch -f autoresearch/" LAB " $(git commit-tree -m person -p "
			    "autoresearch/" LAB " autoresearch/" LAB "^{tree})"),
			 0);
	tip = xstrdup(lab.ledger.tip);
	assert_refused(lab_try(&lab, VERDICT_ACCEPTED, "better\n", 1),
		       "refs/heads/autoresearch/" LAB "' was moved");
	assert_int_not_equal(*err.hint, 0);
	assert_string_equal(out_of("git log -1 --format=%%s autoresearch/" LAB), "person");
	assert_string_equal(out_of("git rev-parse refs/autoresearch/" LAB "/ledger"), tip);

	/* Another process appended meanwhile. */
	lab_open(&other);
	other.totals = lab.totals;
	assert_done(lab_try(&other, VERDICT_REJECTED, "a\n", 3));
	assert_refused(lab_try(&lab, VERDICT_REJECTED, "b\n", 3), "/ledger' was moved");
	assert_string_equal(out_of("git rev-parse refs/autoresearch/" LAB "/ledger"),
			    other.ledger.tip);
}

static void a_branch_that_is_checked_out_is_not_moved(void **state)
{
	CLEANUP_LAB struct lab lab = { 0 };
	CLEANUP_FREE char *tip = NULL, *place = xstrfmt("%s/wt", fixture_top);

	(void)state;
	lab_open(&lab);
	lab_baseline(&lab, 2.5);
	assert_int_equal(sh("git worktree add -q ../wt autoresearch/" LAB), 0);
	tip = xstrdup(lab.ledger.tip);
	assert_refused(lab_try(&lab, VERDICT_ACCEPTED, "better\n", 1), place);
	assert_int_not_equal(*err.hint, 0);
	assert_string_equal(out_of("git rev-parse refs/autoresearch/" LAB "/ledger"), tip);
	assert_int_equal(sh("git -C ../wt status --porcelain | grep -q . ; test $? = 1"), 0);
	/* A rejection moves nothing, and a slot's HEAD is no checkout. */
	assert_done(lab_try(&lab, VERDICT_REJECTED, "worse\n", 3));
}

static void a_crash_after_an_accepted_record_is_mended(void **state)
{
	CLEANUP_LAB struct lab lab = { 0 };

	(void)state;
	lab_open(&lab);
	lab_baseline(&lab, 2.5);
	assert_done(lab_try(&lab, VERDICT_ACCEPTED, "better\n", 1));
	/* As if it had died between the record and the branch. */
	assert_int_equal(sh("git branch -q -f autoresearch/" LAB " main"), 0);
	lab_reopen(&lab);
	assert_done(ledger_mend(&lab.ledger, &err));
	assert_string_equal(out_of("git log -1 --format=%%s autoresearch/" LAB),
			    "try 1 with more");
	assert_string_equal(out_of("git rev-parse autoresearch/" LAB), lab.ledger.branch);
	assert_done(ledger_mend(&lab.ledger, &err));

	/* A person who has gone on is not taken back. */
	assert_int_equal(sh("git branch -f autoresearch/" LAB " $(git commit-tree -m person -p "
			    "autoresearch/" LAB " autoresearch/" LAB "^{tree})"),
			 0);
	lab_reopen(&lab);
	assert_done(ledger_mend(&lab.ledger, &err));
	assert_string_equal(out_of("git log -1 --format=%%s autoresearch/" LAB), "person");
}

static void a_crash_after_a_rejected_record_is_mended(void **state)
{
	CLEANUP_LAB struct lab lab = { 0 };
	CLEANUP_FREE char *note = NULL;

	(void)state;
	lab_open(&lab);
	lab_baseline(&lab, 2.5);
	assert_done(lab_try(&lab, VERDICT_REJECTED, "worse\n", 3));
	note = xstrdup(out_of("git notes --ref=autoresearch show %s", lab.commit));
	assert_int_equal(sh("git update-ref refs/notes/autoresearch refs/notes/autoresearch~1"),
			 0);
	for (int i = 0; i < 2; i++) {
		CLEANUP_LAB struct lab again = { 0 };

		lab_open(&again);
		assert_done(ledger_mend(&again.ledger, &err));
		assert_string_equal(out_of("git notes --ref=autoresearch show %s",
					   again.ledger.tip[0] ? lab.commit : ""),
				    note);
	}
	assert_string_equal(out_of("git rev-list --count refs/notes/autoresearch"), "2");
}

static void a_lock_of_a_killed_process_is_removed(void **state)
{
	CLEANUP_LAB struct lab lab = { 0 };

	(void)state;
	lab_open(&lab);
	lab_baseline(&lab, 2.5);
	assert_int_equal(sh("touch -d '1 minute ago' .git/refs/autoresearch/" LAB
			    "/ledger.lock "
			    ".git/refs/heads/autoresearch/" LAB ".lock "
			    ".git/refs/notes/autoresearch.lock"),
			 0);
	assert_refused(lab_try(&lab, VERDICT_ACCEPTED, "better\n", 1), "lock");
	assert_non_null(strstr(err.hint, ".lock"));
	assert_done(ledger_mend(&lab.ledger, &err));
	assert_done(lab_try(&lab, VERDICT_ACCEPTED, "better\n", 1));
	assert_done(lab_try(&lab, VERDICT_REJECTED, "worse\n", 3));
}

/* `git repack -d` removes folders of loose objects that are empty: here, all the time. */
static void a_folder_that_git_removes_is_made_again(void **state)
{
	CLEANUP_LAB struct lab lab = { 0 };
	char oid[OID_HEX_SIZE], folder[32], path[128];
	git_oid blob;
	pid_t sweeper;

	(void)state;
	lab_open(&lab);
	assert_done(write_blob(lab.repo, "again", 5, &blob, &err));
	oid_to_hex(&blob, oid);
	snprintf(folder, sizeof(folder), ".git/objects/%.2s", oid);
	snprintf(path, sizeof(path), "%s/%s", folder, oid + 2);
	sweeper = fork();
	if (!sweeper)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (!sweeper) {
		rmdir(folder);
		usleep(1000);
	}
	for (int i = 0; i < 2000; i++) {
		assert_int_equal(unlink(path), 0);
		assert_done(write_blob(lab.repo, "again", 5, &blob, &err));
	}
	kill(sweeper, SIGKILL);
	waitpid(sweeper, NULL, 0);
}

static void notes_that_a_power_failure_tore_are_restored(void **state)
{
	CLEANUP_LAB struct lab lab = { 0 };
	char note[64];

	(void)state;
	lab_open(&lab);
	lab_baseline(&lab, 2.5);
	assert_done(lab_try(&lab, VERDICT_REJECTED, "worse\n", 3));
	assert_int_equal(sh("git pack-refs --all"), 0);
	assert_done(lab_try(&lab, VERDICT_REJECTED, "worst\n", 4));
	strcpy(note, out_of("git notes --ref=autoresearch show %s | sha256sum | cut -c1-40",
			    lab.commit));
	assert_int_equal(strlen(note), 40);
	assert_int_equal(sh(": >.git/refs/notes/autoresearch"), 0);
	assert_refused(lab_try(&lab, VERDICT_REJECTED, "x\n", 5), "refs/notes/autoresearch");
	assert_done(ledger_mend(&lab.ledger, &err));
	assert_string_equal(
		out_of("git notes --ref=autoresearch show %s | sha256sum | cut -c1-40",
		       lab.commit),
		note);
	assert_string_equal(out_of("git notes --ref=autoresearch list | wc -l"), "3");
	assert_int_equal(sh("git fsck --strict"), 0);
}

static void the_first_record_must_be_a_baseline(void **state)
{
	CLEANUP_LAB struct lab lab = { 0 };

	(void)state;
	lab_open(&lab);
	assert_done(repo_head(lab.repo, lab.totals.incumbent, &err));
	assert_done(ledger_create_branch(&lab.ledger, lab.totals.incumbent, &err));
	assert_refused(lab_try(&lab, VERDICT_REJECTED, "x\n", 3), "baseline");
}

static void a_record_that_is_none_is_an_error(void **state)
{
	CLEANUP_LAB struct lab lab = { 0 };
	struct entry entry = { 0 };
	char oid[OID_HEX_SIZE];

	(void)state;
	lab_open(&lab);
	lab_baseline(&lab, 2.5);
	strcpy(oid, out_of("git commit-tree -m root main^{tree}"));
	assert_refused(ledger_read(&lab.ledger, oid, &entry, &err), "0 parents");
	assert_refused(ledger_read(&lab.ledger,
				   out_of("git commit-tree -p main -m x main^{tree}"), &entry,
				   &err),
		       "no record.json");
	strcpy(oid, out_of("b=$(echo '{}' | git hash-object -w --stdin); "
			   "git commit-tree -p main -m x "
			   "$(printf '100644 blob %%s\\trecord.json\\n' $b | git mktree)"));
	assert_refused(ledger_read(&lab.ledger, oid, &entry, &err), oid);
}

static void nobodys_name_is_better_than_none(void **state)
{
	CLEANUP_LAB struct lab lab = { 0 };

	(void)state;
	assert_int_equal(sh("git config --unset user.name && git config --unset user.email && "
			    "git config user.useConfigOnly true"),
			 0);
	lab_open(&lab);
	lab_baseline(&lab, 2.5);
	assert_string_equal(out_of("git log -1 --format='%%an <%%ae> %%cn <%%ce>' "
				   "refs/autoresearch/" LAB "/ledger"),
			    "autoresearch <autoresearch@localhost> "
			    "autoresearch <autoresearch@localhost>");
	setenv("GIT_AUTHOR_NAME", "From Environment", 1);
	setenv("GIT_AUTHOR_EMAIL", "e@example.com", 1);
	lab_reopen(&lab);
	assert_done(lab_try(&lab, VERDICT_REJECTED, "x\n", 3));
	unsetenv("GIT_AUTHOR_NAME");
	unsetenv("GIT_AUTHOR_EMAIL");
	assert_string_equal(out_of("git log -1 --format='%%an <%%ae>' %s", lab.commit),
			    "From Environment <e@example.com>");
}

static void a_long_ledger_costs_no_more_to_append_to(void **state)
{
	enum { EXPERIMENTS = 300 };
	CLEANUP_LAB struct lab lab = { 0 };
	double begin, first = 0, last = 0;

	(void)state;
	lab_open(&lab);
	lab_baseline(&lab, 1000);
	for (int i = 0; i < EXPERIMENTS; i++) {
		CLEANUP_FREE char *content = xstrfmt("%d\n", i);

		begin = now_ms();
		assert_done(lab_try(&lab, i % 5 ? VERDICT_REJECTED : VERDICT_ACCEPTED, content,
				    1000 - i));
		if (i < 50)
			first += now_ms() - begin;
		if (i >= EXPERIMENTS - 50)
			last += now_ms() - begin;
	}
	print_message("an append: %.1f ms in the beginning, %.1f ms at %d\n", first / 50,
		      last / 50, EXPERIMENTS);
	assert_true(last < 3 * first);
	assert_string_equal(out_of("git rev-list --count autoresearch/" LAB), "61");
	assert_int_equal(sh("git gc -q --prune=now && git fsck --strict --no-dangling"), 0);
	assert_string_equal(out_of("git for-each-ref | wc -l"), "4");
	assert_done(lab_try(&lab, VERDICT_ACCEPTED, "after gc\n", 1));
}

static int count_block(const void *block, size_t len, void *data, struct error *error)
{
	struct strbuf *all = data;

	(void)error;
	strbuf_addf(all, "%zu ", len);
	return *(const char *)block == 'x' ? 0 : -1;
}

static int stop(const void *block, size_t len, void *data, struct error *error)
{
	(void)block;
	(void)len;
	++*(int *)data;
	return error_set(error, "enough");
}

static void a_large_file_goes_in_and_out_block_by_block(void **state)
{
	CLEANUP_LAB struct lab lab = { 0 };
	CLEANUP_RECORD struct record r = { 0 };
	CLEANUP_ENTRY struct entry entry = { 0 };
	CLEANUP_STRBUF struct strbuf loose = STRBUF_INIT, packed = STRBUF_INIT;
	CLEANUP_FCLOSE FILE *file = tmpfile();
	const struct record_content content = { .name = AUDIT_FILE_NAME, .file = file };
	int calls = 0;

	(void)state;
	lab_open(&lab);
	assert_done(repo_head(lab.repo, lab.commit, &err));
	assert_done(ledger_create_branch(&lab.ledger, lab.commit, &err));
	lab_record(&lab, &r, 0, 1);
	assert_done(repo_commit_tree(lab.repo, lab.commit, r.tree, &err));
	for (int i = 0; i < 150000; i++)
		assert_int_equal(fputc('x', file), 'x');
	assert_done(ledger_append(&lab.ledger, &r, lab.commit, &content, 1, NULL, &err));
	assert_string_equal(
		out_of("git cat-file -s refs/autoresearch/" LAB "/ledger:audit.jsonl"),
		"150000");
	assert_int_equal(sh("git fsck --strict --no-dangling"), 0);
	assert_done(ledger_find(&lab.ledger, 0, &entry, &err));
	assert_done(ledger_file_blocks(&lab.ledger, &entry, AUDIT_FILE_NAME, count_block,
				       &loose, &err));
	assert_string_equal(loose.buf, "65536 65536 18928 ");
	assert_refused(
		ledger_file_blocks(&lab.ledger, &entry, AUDIT_FILE_NAME, stop, &calls, &err),
		"enough");
	assert_int_equal(calls, 1);
	assert_int_equal(ledger_file_blocks(&lab.ledger, &entry, "patch", stop, &calls, &err),
			 1);
	/* What git has packed comes at once. */
	assert_int_equal(sh("git gc -q --prune=now"), 0);
	lab_reopen(&lab);
	assert_done(ledger_file_blocks(&lab.ledger, &entry, AUDIT_FILE_NAME, count_block,
				       &packed, &err));
	assert_string_equal(packed.buf, "150000 ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(a_campaign_begins_with_its_baseline),
		fixture_test(an_accepted_candidate_moves_the_branch),
		fixture_test(any_other_candidate_gets_a_note),
		fixture_test(an_invalid_proposal_has_the_incumbents_tree),
		fixture_test(records_are_walked_and_found_from_the_newest_back),
		fixture_test(campaigns_are_listed_by_either_ref),
		fixture_test(bad_names_are_refused),
		fixture_test(a_branch_in_the_way_is_an_error_with_a_hint),
		fixture_test(whoever_moved_a_ref_is_not_overwritten),
		fixture_test(a_branch_that_is_checked_out_is_not_moved),
		fixture_test(a_crash_after_an_accepted_record_is_mended),
		fixture_test(a_crash_after_a_rejected_record_is_mended),
		fixture_test(a_lock_of_a_killed_process_is_removed),
		fixture_test(a_folder_that_git_removes_is_made_again),
		fixture_test(notes_that_a_power_failure_tore_are_restored),
		fixture_test(the_first_record_must_be_a_baseline),
		fixture_test(a_record_that_is_none_is_an_error),
		fixture_test(nobodys_name_is_better_than_none),
		fixture_test(a_large_file_goes_in_and_out_block_by_block),
		fixture_test(a_long_ledger_costs_no_more_to_append_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
