#include "git-fixture.h"

#include <sys/stat.h>

#include "git/repo.h"

static struct error err = ERROR_INIT;

static void finds_the_repository_around_a_subdirectory(void **state)
{
	CLEANUP_REPO struct repo *repo = NULL;
	CLEANUP_FREE char *top = xstrfmt("%s/repo", fixture_top);
	CLEANUP_FREE char *common = xstrfmt("%s/repo/.git/", fixture_top);
	CLEANUP_FREE char *branch = NULL;

	(void)state;
	assert_int_equal(chdir("src"), 0);
	assert_done(repo_open(&repo, &err));
	assert_string_equal(repo_workdir(repo), top);
	assert_string_equal(repo_common_dir(repo), common);
	branch = repo_current_branch(repo);
	assert_string_equal(branch, "main");
}

static void follows_git_dir_and_work_tree(void **state)
{
	CLEANUP_REPO struct repo *repo = NULL;
	CLEANUP_FREE char *other = xstrfmt("%s/other", fixture_top);
	char head[OID_HEX_SIZE];

	(void)state;
	assert_int_equal(sh("mkdir ../other"), 0);
	assert_int_equal(chdir(".."), 0);
	setenv("GIT_DIR", "repo/.git", 1);
	setenv("GIT_WORK_TREE", "other", 1);
	assert_done(repo_open(&repo, &err));
	assert_string_equal(repo_workdir(repo), other);
	assert_done(repo_head(repo, head, &err));
	assert_string_equal(head, out_of("git rev-parse HEAD"));
}

static void git_dir_alone_takes_the_directory_for_the_top(void **state)
{
	CLEANUP_REPO struct repo *repo = NULL;

	(void)state;
	assert_int_equal(chdir(".."), 0);
	setenv("GIT_DIR", "repo/.git", 1);
	assert_done(repo_open(&repo, &err));
	assert_string_equal(repo_workdir(repo), fixture_top);
}

static void follows_git_common_dir(void **state)
{
	CLEANUP_REPO struct repo *repo = NULL;
	CLEANUP_FREE char *common = xstrfmt("%s/repo/.git/", fixture_top);
	CLEANUP_FREE char *branch = NULL;
	char head[OID_HEX_SIZE];

	(void)state;
	assert_int_equal(sh("mkdir ../mine && git branch side && "
			    "echo 'ref: refs/heads/side' >../mine/HEAD && "
			    "echo \"$PWD/.git\" >../mine/commondir"),
			 0);
	setenv("GIT_DIR", "../mine", 1);
	setenv("GIT_COMMON_DIR", common, 1);
	assert_done(repo_open(&repo, &err));
	assert_string_equal(repo_common_dir(repo), common);
	branch = repo_current_branch(repo);
	assert_string_equal(branch, "side");
	assert_done(repo_head(repo, head, &err));
	assert_string_equal(head, out_of("git rev-parse refs/heads/main"));
}

static void a_linked_worktree_has_its_own_head_and_shares_the_rest(void **state)
{
	CLEANUP_REPO struct repo *repo = NULL;
	CLEANUP_FREE char *common = xstrfmt("%s/repo/.git/", fixture_top);
	CLEANUP_FREE char *top = xstrfmt("%s/linked", fixture_top);
	CLEANUP_FREE char *branch = NULL;
	char head[OID_HEX_SIZE];

	(void)state;
	assert_int_equal(sh("git worktree add -q -b side ../linked && cd ../linked && "
			    "git commit -q --allow-empty -m second"),
			 0);
	assert_int_equal(chdir("../linked"), 0);
	assert_done(repo_open(&repo, &err));
	assert_string_equal(repo_common_dir(repo), common);
	assert_string_equal(repo_workdir(repo), top);
	branch = repo_current_branch(repo);
	assert_string_equal(branch, "side");
	assert_done(repo_head(repo, head, &err));
	assert_string_equal(head, out_of("git rev-parse side"));
}

static void a_bare_repository_has_no_working_tree(void **state)
{
	CLEANUP_REPO struct repo *repo = NULL;
	CLEANUP_FREE char *common = xstrfmt("%s/bare.git/", fixture_top);
	char head[OID_HEX_SIZE];

	(void)state;
	assert_int_equal(sh("git clone -q --bare . ../bare.git"), 0);
	assert_int_equal(chdir("../bare.git"), 0);
	assert_done(repo_open(&repo, &err));
	assert_null(repo_workdir(repo));
	assert_string_equal(repo_common_dir(repo), common);
	assert_done(repo_head(repo, head, &err));
}

static void sparse_checkouts_extension_is_understood(void **state)
{
	CLEANUP_REPO struct repo *repo = NULL;

	(void)state;
	assert_int_equal(sh("git sparse-checkout set src"), 0);
	assert_string_equal(out_of("git config extensions.worktreeConfig"), "true");
	assert_done(repo_open(&repo, &err));
}

static void an_unborn_head_is_an_error_with_a_hint(void **state)
{
	CLEANUP_REPO struct repo *repo = NULL;
	CLEANUP_FREE char *branch = NULL;
	char head[OID_HEX_SIZE];

	(void)state;
	assert_int_equal(sh("git init -q -b trunk ../new"), 0);
	assert_int_equal(chdir("../new"), 0);
	assert_done(repo_open(&repo, &err));
	branch = repo_current_branch(repo);
	assert_string_equal(branch, "trunk");
	assert_refused(repo_head(repo, head, &err), "no commit yet");
	assert_string_equal(err.hint, "commit something first");
	assert_int_equal(err.status, 128);
}

static void a_detached_head_is_on_no_branch(void **state)
{
	CLEANUP_REPO struct repo *repo = NULL;
	char head[OID_HEX_SIZE];

	(void)state;
	assert_int_equal(sh("git checkout -q --detach"), 0);
	assert_done(repo_open(&repo, &err));
	assert_null(repo_current_branch(repo));
	assert_done(repo_head(repo, head, &err));
	assert_string_equal(head, out_of("git rev-parse HEAD"));
}

static void refuses_what_it_cannot_hold(void **state)
{
	struct repo *repo = NULL;

	(void)state;
	assert_int_equal(sh("git init -q --object-format=sha256 ../sha256"), 0);
	assert_int_equal(chdir("../sha256"), 0);
	assert_refused(repo_open(&repo, &err), "SHA-256");
	assert_int_not_equal(*err.hint, 0);
	assert_int_equal(err.status, 128);

	assert_int_equal(sh("git init -q ../table && cd ../table && "
			    "git config core.repositoryFormatVersion 1 && "
			    "git config extensions.refStorage reftable"),
			 0);
	assert_int_equal(chdir("../table"), 0);
	assert_refused(repo_open(&repo, &err), "reftable");
	assert_int_not_equal(*err.hint, 0);

	assert_int_equal(chdir(".."), 0);
	assert_refused(repo_open(&repo, &err), "not a git repository");
	assert_int_not_equal(*err.hint, 0);
	assert_null(repo);
}

static void another_users_repository_follows_safe_directory(void **state)
{
	CLEANUP_REPO struct repo *repo = NULL;

	(void)state;
	if (geteuid())
		skip();
	assert_int_equal(sh("chown -R 65534:65534 ."), 0);
	assert_refused(repo_open(&repo, &err), "another user");
	assert_non_null(strstr(err.hint, "git config --global --add safe.directory"));
	assert_int_equal(sh("%s", err.hint), 0);
	assert_done(repo_open(&repo, &err));
}

static void resolves_what_git_resolves(void **state)
{
	CLEANUP_REPO struct repo *repo = NULL;
	char oid[OID_HEX_SIZE];

	(void)state;
	assert_int_equal(sh("git commit -q --allow-empty -m 'a second one' && "
			    "git tag -a -m x v1 HEAD~1"),
			 0);
	assert_done(repo_open(&repo, &err));
	assert_done(repo_resolve_commit(repo, "v1", oid, &err));
	assert_string_equal(oid, out_of("git rev-parse HEAD~1"));
	assert_done(repo_resolve_commit(repo, ":/second", oid, &err));
	assert_string_equal(oid, out_of("git rev-parse HEAD"));
	assert_refused(repo_resolve_commit(repo, "nothing", oid, &err),
		       "not a commit: nothing");
	assert_refused(repo_resolve_commit(repo, "HEAD:b.txt", oid, &err), "not a commit");
	assert_refused(repo_resolve_commit(repo, "--all", oid, &err), "not a commit: --all");
	assert_refused(repo_resolve_commit(repo, "", oid, &err), "not a commit");
}

static void reads_commits(void **state)
{
	CLEANUP_REPO struct repo *repo = NULL;
	CLEANUP_STRBUF struct strbuf message = STRBUF_INIT;
	char head[OID_HEX_SIZE], oid[OID_HEX_SIZE];

	(void)state;
	assert_int_equal(sh("git commit -q --allow-empty -m second"), 0);
	assert_done(repo_open(&repo, &err));
	assert_done(repo_head(repo, head, &err));
	assert_done(repo_commit_tree(repo, head, oid, &err));
	assert_string_equal(oid, out_of("git rev-parse HEAD^{tree}"));
	assert_done(repo_commit_parent(repo, head, 0, oid, &err));
	assert_string_equal(oid, out_of("git rev-parse HEAD~1"));
	assert_int_equal(repo_commit_parent(repo, oid, 0, oid, &err), 1);
	assert_done(repo_commit_message(repo, head, &message, &err));
	assert_string_equal(message.buf, "second\n");
	assert_int_equal(repo_ref(repo, "refs/heads/none", oid, &err), 1);
	assert_done(repo_ref(repo, "refs/heads/main", oid, &err));
	assert_string_equal(oid, head);
	assert_refused(repo_commit_tree(repo, "main", oid, &err), "not an object id");
}

static void reads_files_of_a_commit_up_to_a_cap(void **state)
{
	CLEANUP_REPO struct repo *repo = NULL;
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	char head[OID_HEX_SIZE];
	unsigned mode = 0;

	(void)state;
	assert_int_equal(
		sh("ln -s b.txt link && chmod +x b.txt && git add . && git commit -q -m link"),
		0);
	assert_done(repo_open(&repo, &err));
	assert_done(repo_head(repo, head, &err));
	assert_done(repo_read_file(repo, head, "src/a.txt", 4, &text, &err));
	assert_string_equal(text.buf, "one\n");
	assert_refused(repo_read_file(repo, head, "src/a.txt", 3, &text, &err),
		       "larger than 3");
	assert_int_equal(repo_read_file(repo, head, "src/none", 9, &text, &err), 1);
	assert_int_equal(repo_read_file(repo, head, "b.txt/none", 9, &text, &err), 1);
	assert_int_equal(repo_read_file(repo, head, "src", 9, &text, &err), 1);
	assert_int_equal(repo_read_file(repo, head, "link", 9, &text, &err), 1);
	assert_int_equal(repo_file_mode(repo, head, "link", &mode, &err), 1);
	assert_int_equal(repo_file_mode(repo, head, "src", &mode, &err), 1);
	assert_done(repo_file_mode(repo, head, "src/a.txt", &mode, &err));
	assert_int_equal(mode, 0100644);
	assert_done(repo_file_mode(repo, head, "b.txt", &mode, &err));
	assert_int_equal(mode, 0100755);
}

static void knows_where_a_branch_is_checked_out(void **state)
{
	CLEANUP_REPO struct repo *repo = NULL;
	CLEANUP_FREE char *main_place = NULL, *side_place = NULL, *none = NULL;
	CLEANUP_FREE char *top = xstrfmt("%s/repo", fixture_top);
	CLEANUP_FREE char *linked = xstrfmt("%s/a b", fixture_top);

	(void)state;
	assert_int_equal(sh("git worktree add -q -b side '../a b'"), 0);
	/* A main worktree is seen from a linked one, too. */
	assert_int_equal(chdir("../a b"), 0);
	assert_done(repo_open(&repo, &err));
	assert_done(repo_checked_out_at(repo, "refs/heads/main", &main_place, &err));
	assert_string_equal(main_place, top);
	assert_done(repo_checked_out_at(repo, "refs/heads/side", &side_place, &err));
	assert_string_equal(side_place, linked);
	assert_done(repo_checked_out_at(repo, "refs/heads/other", &none, &err));
	assert_null(none);
}

static void the_head_of_a_bare_repository_is_no_checkout(void **state)
{
	CLEANUP_REPO struct repo *repo = NULL;
	CLEANUP_FREE char *place = NULL, *linked = NULL;
	CLEANUP_FREE char *path = xstrfmt("%s/linked", fixture_top);

	(void)state;
	assert_int_equal(sh("git clone -q --bare . ../bare.git && "
			    "git -C ../bare.git worktree add -q -b side ../linked 2>&1"),
			 0);
	assert_int_equal(chdir("../bare.git"), 0);
	assert_done(repo_open(&repo, &err));
	assert_done(repo_checked_out_at(repo, "refs/heads/main", &place, &err));
	assert_null(place);
	assert_done(repo_checked_out_at(repo, "refs/heads/side", &linked, &err));
	assert_string_equal(linked, path);
}

/* As often as `records` were written by a new process. */
static void record(int records)
{
	CLEANUP_REPO struct repo *repo = NULL;

	assert_done(repo_open(&repo, &err));
	for (int i = 0; i < records; i++)
		repo_maintain(repo);
}

/* What `git count-objects -v` says of `what`. */
static int counted(const char *what)
{
	return atoi(out_of("git count-objects -v 2>/dev/null | sed -n 's/^%s: //p'", what));
}

static int packed(void)
{
	return counted("in-pack");
}

/* More than one object in every folder, which is what 256 stands for. */
static void make_loose(void)
{
	assert_int_equal(sh("git config gc.auto 256 && mkdir ../many && "
			    "(cd ../many && for i in $(seq 1500); do echo $i >$i; done) && "
			    "ls -d ../many/* | git hash-object -w --stdin-paths >../ids"),
			 0);
}

static void loose_objects_are_packed_in_the_background(void **state)
{
	(void)state;
	make_loose();
	assert_int_equal(sh("git config gc.pruneExpire now"), 0);
	assert_int_equal(sh("git config maintenance.auto false"), 0);
	record(1);
	assert_int_equal(sh("git config maintenance.auto true && git config gc.auto 0"), 0);
	record(1);
	assert_int_equal(sh("git config gc.auto 100000"), 0);
	record(150);
	assert_int_equal(sh("sleep 0.5"), 0);
	assert_int_equal(packed(), 0);
	assert_int_equal(sh("git config gc.auto 256"), 0);
	record(1);
	for (int i = 0; i < 600 && packed() < 1500; i++)
		usleep(50000);
	/* Nothing was lost, though no ref names any of it. */
	assert_true(packed() >= 1500);
	assert_int_equal(sh("git cat-file --batch-check <../ids | grep -q missing"), 1);
}

/* Twenty of one object each. */
static void make_packs(void)
{
	assert_int_equal(
		sh("for i in $(seq 20); do echo pack $i | git hash-object -w --stdin | "
		   "git pack-objects -q .git/objects/pack/pack >/dev/null || exit; "
		   "done"),
		0);
}

static void packs_are_rolled_up(void **state)
{
	(void)state;
	make_packs();
	make_loose();
	assert_in_range(counted("packs"), 20, 21);
	record(1);
	for (int i = 0; i < 600 && (counted("packs") > 4 || counted("count")); i++)
		usleep(50000);
	assert_in_range(counted("packs"), 1, 4);
	assert_true(packed() >= 1500);
	assert_int_equal(sh("git cat-file --batch-check <../ids | grep -q missing"), 1);
	assert_int_equal(sh("git fsck --strict 2>&1 | grep -q error"), 1);
}

static void packs_of_a_partial_clone_are_left_alone(void **state)
{
	(void)state;
	make_packs();
	make_loose();
	assert_int_equal(sh("for p in .git/objects/pack/*.pack; do "
			    "touch \"${p%%.pack}.promisor\"; done"),
			 0);
	record(1);
	for (int i = 0; i < 600 && packed() < 1500; i++)
		usleep(50000);
	assert_true(packed() >= 1500);
	/* What would have taken it has had as long as the packing. */
	assert_int_equal(sh("sleep 1"), 0);
	assert_true(counted("packs") > 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(finds_the_repository_around_a_subdirectory),
		fixture_test(follows_git_dir_and_work_tree),
		fixture_test(git_dir_alone_takes_the_directory_for_the_top),
		fixture_test(follows_git_common_dir),
		fixture_test(a_linked_worktree_has_its_own_head_and_shares_the_rest),
		fixture_test(a_bare_repository_has_no_working_tree),
		fixture_test(sparse_checkouts_extension_is_understood),
		fixture_test(an_unborn_head_is_an_error_with_a_hint),
		fixture_test(a_detached_head_is_on_no_branch),
		fixture_test(refuses_what_it_cannot_hold),
		fixture_test(another_users_repository_follows_safe_directory),
		fixture_test(resolves_what_git_resolves),
		fixture_test(reads_commits),
		fixture_test(reads_files_of_a_commit_up_to_a_cap),
		fixture_test(knows_where_a_branch_is_checked_out),
		fixture_test(the_head_of_a_bare_repository_is_no_checkout),
		fixture_test(loose_objects_are_packed_in_the_background),
		fixture_test(packs_are_rolled_up),
		fixture_test(packs_of_a_partial_clone_are_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
