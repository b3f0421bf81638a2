#include "git-fixture.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include "git/internal.h"
#include "git/slot.h"
#include "git/tree.h"

/* A sanitizer's memory is not ours. */
#ifdef __SANITIZE_ADDRESS__
#define SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED
#endif
#endif

static struct error err = ERROR_INIT;

struct start {
	struct repo *repo;
	struct slot *slot;
	struct string_list hidden;
	char *dir;
};

static void start_release(struct start *s)
{
	slot_free(s->slot);
	repo_free(s->repo);
	string_list_release(&s->hidden);
	free(s->dir);
}
#define CLEANUP_START CLEANUP(start_release)

static void start(struct start *s)
{
	assert_done(repo_open(&s->repo, &err));
	s->dir = xstrfmt("%sautoresearch/camp/aign", repo_common_dir(s->repo));
	string_list_add(&s->hidden, "held");
	assert_done(slot_open(&s->slot, s->repo, s->dir, 0, &s->hidden, &err));
}

static void move(struct start *s, const char *rev)
{
	char oid[OID_HEX_SIZE];

	assert_done(repo_resolve_commit(s->repo, rev, oid, &err));
	assert_done(slot_move(s->slot, oid, &err));
}

/* Commits everything that the command leaves. */
static void commit(const char *command)
{
	assert_int_equal(sh("%s", command), 0);
	assert_int_equal(sh("git add -A && git commit -q --allow-empty -m x"), 0);
}

/* Every name below a folder with its kind, mode, and content or target. */
static char *listing(const char *dir)
{
	return xstrdup(out_of("cd '%s' && find . -path ./.git -prune -o "
			      "-printf '%%y %%m %%p %%l\\n' | LC_ALL=C sort | sha256sum && "
			      "find . -path ./.git -prune -o -type f -print0 | "
			      "LC_ALL=C sort -z | xargs -0r sha256sum | sha256sum && "
			      "find . -path ./.git -prune -o -print | LC_ALL=C sort | head -50",
			      dir));
}

/* The slot holds what `git checkout` and the hidden patterns say, to the bit. */
static void assert_holds(struct start *s, const char *rev)
{
	CLEANUP_FREE char *tree = NULL, *hidden = NULL, *whole = NULL, *held = NULL;

	assert_int_equal(
		sh("rm -rf ../want && mkdir -p ../want/all ../want/held && umask 022 && "
		   "export GIT_INDEX_FILE=../want/index && git read-tree %s && "
		   "git checkout-index -a --prefix=../want/all/",
		   rev),
		0);
	assert_int_equal(
		sh("cd ../want && if test -e all/held; then mv all/held held/held; fi && "
		   "chmod 755 all held"),
		0);
	whole = listing("../want/all");
	held = listing("../want/held");
	tree = listing(slot_tree_dir(s->slot));
	hidden = listing(slot_hidden_dir(s->slot));
	assert_string_equal(tree, whole);
	assert_string_equal(hidden, held);
}

static void holds_one_commit_after_another(void **state)
{
	CLEANUP_START struct start s = { 0 };

	(void)state;
	commit("mkdir held && echo secret >held/y && chmod +x b.txt && ln -s b.txt link");
	commit("rm -r held link && mkdir -p link/deep && echo 1 >link/deep/er");
	commit("git rm -q -r src && echo file >src && printf 'a\\r\\n\\0' >bin");
	commit("rm src && mkdir -p src/a.txt held/x && echo d >src/a.txt/d && "
	       "echo h >held/x/h");
	commit("chmod -x b.txt && ln -sf /etc/passwd bin");
	start(&s);
	move(&s, "HEAD~3");
	assert_holds(&s, "HEAD~3");
	move(&s, "HEAD~4");
	assert_holds(&s, "HEAD~4");
	for (int from = 0; from < 6; from++) {
		for (int to = 0; to < 6; to++) {
			CLEANUP_FREE char *a = xstrfmt("HEAD~%d", from);
			CLEANUP_FREE char *b = xstrfmt("HEAD~%d", to);

			move(&s, a);
			move(&s, b);
			assert_holds(&s, b);
		}
	}
}

static void names_are_bytes(void **state)
{
	CLEANUP_START struct start s = { 0 };
	struct stat st;
	CLEANUP_FREE char *path = NULL;

	(void)state;
	assert_int_equal(sh("mkdir 'a b' && printf x >'a b/new\nline' && "
			    "printf y >\"$(printf '\\377\\001')\" && printf z >'-rf *'"),
			 0);
	commit("true");
	start(&s);
	move(&s, "HEAD");
	path = xstrfmt("%s/\xff\x01", slot_tree_dir(s.slot));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 1);
	assert_int_equal(st.st_nlink, 1);
	assert_holds(&s, "HEAD");
	move(&s, "HEAD~1");
	assert_holds(&s, "HEAD~1");
}

static void a_submodule_is_an_empty_folder(void **state)
{
	CLEANUP_START struct start s = { 0 };

	(void)state;
	assert_int_equal(sh("git update-index --add --cacheinfo 160000,%s,deep/sub && "
			    "git commit -q -m sub",
			    "1234567890123456789012345678901234567890"),
			 0);
	start(&s);
	move(&s, "HEAD");
	assert_string_equal(
		out_of("cd %s && find deep -printf '%%y %%p\\n'", slot_tree_dir(s.slot)),
		"d deep\nd deep/sub");
	move(&s, "HEAD~1");
	assert_holds(&s, "HEAD~1");
}

static void the_umask_of_the_user_does_not_show(void **state)
{
	CLEANUP_START struct start s = { 0 };
	mode_t old = umask(0077);

	(void)state;
	start(&s);
	move(&s, "HEAD");
	umask(old);
	assert_holds(&s, "HEAD");
}

static void git_lists_it_locked_and_detached(void **state)
{
	CLEANUP_START struct start s = { 0 };
	struct slot *second = NULL;
	CLEANUP_FREE char *other_dir = NULL;
	char oid[OID_HEX_SIZE];

	(void)state;
	start(&s);
	move(&s, "HEAD");
	assert_int_equal(
		sh("git worktree list --porcelain >../list && "
		   "grep -q '^worktree %s$' ../list && grep -q '^detached$' ../list && "
		   "grep -q '^locked a slot of git autoresearch' ../list",
		   slot_tree_dir(s.slot)),
		0);
	/* Another campaign's slot of the same number is another worktree. */
	other_dir = xstrfmt("%sautoresearch/other", repo_common_dir(s.repo));
	assert_done(slot_open(&second, s.repo, other_dir, 0, &s.hidden, &err));
	assert_done(repo_resolve_commit(s.repo, "HEAD", oid, &err));
	assert_done(slot_move(second, oid, &err));
	assert_string_equal(out_of("git worktree list | sort -u | wc -l"), "3");
	assert_int_equal(sh("git worktree prune && git fsck --strict --no-dangling"), 0);
	assert_string_equal(out_of("git worktree list | wc -l"), "3");
	assert_done(slot_remove(s.repo, other_dir, 0, &err));
	assert_string_equal(out_of("git worktree list | wc -l"), "2");
	slot_free(second);
}

static void its_head_keeps_the_candidate_from_gc(void **state)
{
	CLEANUP_START struct start s = { 0 };
	char oid[OID_HEX_SIZE];

	(void)state;
	start(&s);
	move(&s, "HEAD");
	strcpy(oid, out_of("echo dangling >src/a.txt; git commit-tree -p HEAD -m loose "
			   "$(GIT_INDEX_FILE=../i sh -c 'git add -A && git write-tree')"));
	assert_done(slot_move(s.slot, oid, &err));
	assert_int_equal(sh("git gc -q --prune=now && git cat-file -e %s:src/a.txt", oid), 0);
	move(&s, "HEAD");
	assert_int_equal(sh("git gc -q --prune=now && ! git cat-file -e %s 2>/dev/null", oid),
			 0);
	/* And now that the tree it held last is long gone, it still moves. */
	assert_int_equal(sh("git fsck --strict --no-dangling"), 0);
	assert_holds(&s, "HEAD");
}

static void another_commit_may_be_shown_while_the_candidate_waits(void **state)
{
	CLEANUP_START struct start s = { 0 };
	char head[OID_HEX_SIZE], oid[OID_HEX_SIZE];

	(void)state;
	start(&s);
	strcpy(head, out_of("git rev-parse HEAD"));
	strcpy(oid, out_of("echo dangling >src/a.txt; git commit-tree -p HEAD -m loose "
			   "$(GIT_INDEX_FILE=../i sh -c 'git add -A && git write-tree')"));
	assert_done(slot_move(s.slot, oid, &err));
	assert_done(slot_show(s.slot, head, &err));
	assert_holds(&s, "HEAD");
	assert_int_equal(sh("git gc -q --prune=now && git cat-file -e %s:src/a.txt", oid), 0);
	assert_done(slot_move(s.slot, oid, &err));
	assert_holds(&s, oid);
}

static void a_move_that_was_interrupted_is_found(void **state)
{
	CLEANUP_START struct start s = { 0 };

	(void)state;
	commit("mkdir held && echo secret >held/y");
	start(&s);
	move(&s, "HEAD");
	/* As a crash leaves it: no state, and files of neither tree. */
	assert_int_equal(sh("cd '%s' && rm ../state && rm -r src && echo junk >b.txt && "
			    "mkdir -p x/y ../hidden/z && ln -s / root",
			    slot_tree_dir(s.slot)),
			 0);
	slot_free(steal_ptr(s.slot));
	assert_done(slot_open(&s.slot, s.repo, s.dir, 0, &s.hidden, &err));
	move(&s, "HEAD~1");
	assert_holds(&s, "HEAD~1");
}

static void files_that_are_not_as_the_state_says_are_laid_out_anew(void **state)
{
	CLEANUP_START struct start s = { 0 };

	(void)state;
	commit("echo other >src/a.txt");
	start(&s);
	move(&s, "HEAD");
	assert_int_equal(sh("cd '%s' && rm -r src && ln -s /etc src", slot_tree_dir(s.slot)),
			 0);
	move(&s, "HEAD~1");
	assert_holds(&s, "HEAD~1");
	assert_int_equal(sh("! test -e /etc/a.txt"), 0);
}

static void a_changed_file_is_written_in_its_place(void **state)
{
	CLEANUP_START struct start s = { 0 };
	CLEANUP_FREE char *inode = NULL;

	(void)state;
	commit("seq 10000 >b.txt && chmod +x b.txt");
	start(&s);
	move(&s, "HEAD~1");
	inode = xstrdup(out_of("stat -c %%i '%s/b.txt'", slot_tree_dir(s.slot)));
	for (int i = 0; i < 3; i++) {
		move(&s, i % 2 ? "HEAD~1" : "HEAD");
		assert_holds(&s, i % 2 ? "HEAD~1" : "HEAD");
		assert_string_equal(out_of("stat -c %%i '%s/b.txt'", slot_tree_dir(s.slot)),
				    inode);
	}
}

static void a_copy_by_hard_links_has_its_own_state(void **state)
{
	CLEANUP_START struct start s = { 0 };
	CLEANUP_FREE char *before = NULL;

	(void)state;
	commit("echo changed >b.txt");
	start(&s);
	move(&s, "HEAD~1");
	assert_int_equal(sh("cp -al '%s/..' ../copy", slot_tree_dir(s.slot)), 0);
	before = xstrdup(out_of("cat ../copy/state ../copy/tree/b.txt"));
	move(&s, "HEAD");
	assert_string_equal(out_of("cat ../copy/state ../copy/tree/b.txt"), before);
	assert_holds(&s, "HEAD");
}

static void what_a_person_put_there_is_replaced_and_not_written_through(void **state)
{
	CLEANUP_START struct start s = { 0 };
	static const char *const acts[] = {
		"ln b.txt ../mine",
		"mv b.txt ../mine && ln -s ../mine b.txt",
		"mv b.txt ../mine && ln -s mine ../link && ln -s ../link b.txt",
		"mv b.txt ../mine && mkfifo b.txt",
	};

	(void)state;
	commit("echo changed >b.txt");
	start(&s);
	for (size_t i = 0; i < ARRAY_SIZE(acts); i++) {
		move(&s, "HEAD~1");
		assert_int_equal(
			sh("cd '%s' && rm -f ../mine && %s", slot_tree_dir(s.slot), acts[i]),
			0);
		move(&s, "HEAD");
		assert_holds(&s, "HEAD");
		assert_string_equal(out_of("cat '%s/../mine'", slot_tree_dir(s.slot)), "two");
	}
}

static void other_hidden_patterns_or_another_boot_lay_it_out_anew(void **state)
{
	CLEANUP_START struct start s = { 0 };
	CLEANUP_FREE char *inode = NULL;

	(void)state;
	commit("mkdir held && echo secret >held/y");
	start(&s);
	move(&s, "HEAD");
	slot_free(steal_ptr(s.slot));
	string_list_add(&s.hidden, "b.txt");
	assert_done(slot_open(&s.slot, s.repo, s.dir, 0, &s.hidden, &err));
	move(&s, "HEAD");
	assert_string_equal(out_of("cd '%s/..' && ls tree hidden", slot_tree_dir(s.slot)),
			    "hidden:\nb.txt\nheld\n\ntree:\nsrc");

	inode = xstrdup(out_of("stat -c %%i '%s/src/a.txt'", slot_tree_dir(s.slot)));
	move(&s, "HEAD");
	assert_string_equal(out_of("stat -c %%i '%s/src/a.txt'", slot_tree_dir(s.slot)), inode);
	assert_int_equal(sh("cd '%s/..' && sed -i 's/[0-9a-f]-/x-/' state && "
			    "echo torn >tree/src/a.txt",
			    slot_tree_dir(s.slot)),
			 0);
	move(&s, "HEAD");
	assert_string_equal(out_of("cat '%s/src/a.txt'", slot_tree_dir(s.slot)), "one");
}

static void check_mended(const char *command)
{
	CLEANUP_START struct start s = { 0 };

	start(&s);
	move(&s, "HEAD");
	slot_free(steal_ptr(s.slot));
	assert_int_equal(sh("T=$PWD/.git/autoresearch/camp/aign/slots/0/tree; %s", command), 0);
	assert_done(slot_open(&s.slot, s.repo, s.dir, 0, &s.hidden, &err));
	move(&s, "HEAD~1");
	assert_holds(&s, "HEAD~1");
	assert_int_equal(sh("git worktree list --porcelain | grep -A3 '^worktree %s$' | "
			    "grep -q ^locked",
			    slot_tree_dir(s.slot)),
			 0);
	assert_int_equal(sh("git -C '%s' status >/dev/null && git fsck --strict --no-dangling",
			    slot_tree_dir(s.slot)),
			 0);
	assert_string_equal(out_of("ls .git/worktrees | wc -l"), "1");
}

static void what_a_person_did_to_it_is_mended(void **state)
{
	(void)state;
	commit("echo 2 >b.txt");
	check_mended("rm -rf $T");
	check_mended("rm -rf .git/autoresearch");
	check_mended("git worktree unlock $T");
	check_mended("git worktree remove -f -f $T");
	check_mended("rm -rf $T && git worktree unlock $T && git worktree prune");
	check_mended("rm -rf .git/worktrees");
	check_mended("echo junk >$T/.git");
	check_mended("mv $T ../away && ln -s $PWD/../away $T");
	check_mended("echo 0 >$(git -C $T rev-parse --git-dir)/HEAD");
}

static void it_is_mended_while_it_is_open(void **state)
{
	CLEANUP_START struct start s = { 0 };

	(void)state;
	commit("echo 2 >b.txt");
	start(&s);
	move(&s, "HEAD");
	assert_int_equal(sh("rm -rf .git/autoresearch"), 0);
	move(&s, "HEAD~1");
	assert_holds(&s, "HEAD~1");
}

static void removing_it_leaves_nothing(void **state)
{
	CLEANUP_START struct start s = { 0 };

	(void)state;
	start(&s);
	move(&s, "HEAD");
	assert_done(slot_remove(s.repo, s.dir, 0, &err));
	assert_string_equal(out_of("git worktree list | wc -l"), "1");
	assert_int_equal(sh("test ! -e .git/worktrees && "
			    "test ! -e .git/autoresearch/camp/aign/slots/0"),
			 0);
	assert_done(slot_remove(s.repo, s.dir, 0, &err));
}

static void the_users_own_worktree_stays_as_it_is(void **state)
{
	CLEANUP_START struct start s = { 0 };
	CLEANUP_FREE char *before = NULL;

	(void)state;
	commit("echo 2 >b.txt");
	assert_int_equal(
		sh("echo dirty >>b.txt && echo new >untracked && "
		   "mkdir -p .git/hooks && "
		   "printf '#!/bin/sh\\ntouch %s/hooked\\n' >.git/hooks/post-checkout && "
		   "chmod +x .git/hooks/post-checkout",
		   fixture_top),
		0);
	before = xstrdup(out_of("git status --porcelain; git rev-parse HEAD; cat .git/HEAD; "
				"sha256sum .git/index"));
	start(&s);
	move(&s, "HEAD");
	move(&s, "HEAD~1");
	assert_string_equal(out_of("git status --porcelain; git rev-parse HEAD; cat .git/HEAD; "
				   "sha256sum .git/index"),
			    before);
	assert_int_equal(sh("test ! -e ../hooked"), 0);
}

static void works_in_bare_and_linked_repositories(void **state)
{
	CLEANUP_START struct start bare = { 0 };
	CLEANUP_START struct start linked = { 0 };

	(void)state;
	assert_int_equal(sh("git clone -q --bare . ../bare.git && "
			    "git worktree add -q -b side '../lin ked'"),
			 0);
	assert_int_equal(chdir("../lin ked"), 0);
	start(&linked);
	move(&linked, "HEAD");
	assert_int_equal(sh("cmp src/a.txt '%s/src/a.txt'", slot_tree_dir(linked.slot)), 0);
	assert_int_equal(chdir("../bare.git"), 0);
	start(&bare);
	move(&bare, "HEAD");
	assert_int_equal(sh("cmp ../repo/src/a.txt '%s/src/a.txt'", slot_tree_dir(bare.slot)),
			 0);
	assert_int_equal(sh("git fsck --strict --no-dangling"), 0);
}

static void git_dir_in_the_environment_does_not_lead_astray(void **state)
{
	CLEANUP_START struct start s = { 0 };

	(void)state;
	assert_int_equal(chdir("src"), 0);
	setenv("GIT_DIR", "../.git", 1);
	setenv("GIT_WORK_TREE", "..", 1);
	setenv("GIT_INDEX_FILE", "../../no/such/index", 1);
	start(&s);
	move(&s, "HEAD");
	unsetenv("GIT_DIR");
	unsetenv("GIT_WORK_TREE");
	unsetenv("GIT_INDEX_FILE");
	assert_int_equal(chdir(".."), 0);
	assert_holds(&s, "HEAD");
	assert_int_equal(sh("git status --porcelain | grep -q . ; test $? = 1"), 0);
}

static void a_tree_with_a_git_folder_is_not_laid_out(void **state)
{
	CLEANUP_START struct start s = { 0 };
	char oid[OID_HEX_SIZE];

	(void)state;
	start(&s);
	move(&s, "HEAD");
	strcpy(oid, out_of("b=$(echo evil | git hash-object -w --stdin); "
			   "t=$(printf '100644 blob %%s\\t.git\\n' $b | git mktree); "
			   "git commit-tree -m evil $t"));
	assert_refused(slot_move(s.slot, oid, &err), "which git refuses");
	move(&s, "HEAD");
	assert_holds(&s, "HEAD");
}

static void ignores_what_the_tree_it_holds_ignores(void **state)
{
	CLEANUP_START struct start s = { 0 };

	(void)state;
	commit("printf '*.o\\nbuild/\\n' >.gitignore && echo t >tracked.o && "
	       "git add -f tracked.o && echo '!keep.o' >src/.gitignore");
	commit("rm .gitignore");
	start(&s);
	assert_false(slot_ignores(s.slot, "x.o"));
	move(&s, "HEAD~1");
	assert_true(slot_ignores(s.slot, "x.o"));
	assert_true(slot_ignores(s.slot, "src/deep/x.o"));
	assert_true(slot_ignores(s.slot, "build/x/y"));
	assert_false(slot_ignores(s.slot, "build"));
	assert_true(slot_ignores(s.slot, ":(top) *.o"));
	assert_false(slot_ignores(s.slot, ":/build"));
	assert_false(slot_ignores(s.slot, "src/keep.o"));
	assert_false(slot_ignores(s.slot, "tracked.o"));
	assert_false(slot_ignores(s.slot, "src/a.txt"));
	/* The rules move with the slot. */
	move(&s, "HEAD");
	assert_false(slot_ignores(s.slot, "x.o"));
	move(&s, "HEAD~1");
	assert_true(slot_ignores(s.slot, "x.o"));
}

/* A move costs what differs, and memory does not follow the number of files. */
static void a_big_tree_moves_by_its_difference(void **state)
{
	CLEANUP_START struct start s = { 0 };
	struct rusage before, after;
	char one[OID_HEX_SIZE], two[OID_HEX_SIZE];
	double begin, layout, moves;

	(void)state;
	assert_int_equal(
		sh("awk 'BEGIN { c = \"commit refs/heads/big\\ncommitter a <a@b> 1 +0000"
		   "\\ndata 1\\nx\"; print c; for (i = 0; i < 5000; i++) { "
		   "s = \"content of file \" i; printf \"M 644 inline d%%d/s%%d/f%%d\\n"
		   "data %%d\\n%%s\\n\", i %% 50, (i / 50) %% 20, i, length(s), s } "
		   "print c; print \"M 644 inline d7/s3/f157\\ndata 3\\nnew\" }' | "
		   "git fast-import --quiet"),
		0);
	start(&s);
	assert_done(repo_resolve_commit(s.repo, "big~1", one, &err));
	assert_done(repo_resolve_commit(s.repo, "big", two, &err));
	getrusage(RUSAGE_SELF, &before);
	begin = now_ms();
	assert_done(slot_move(s.slot, one, &err));
	layout = now_ms() - begin;
	begin = now_ms();
	for (int i = 0; i < 50; i++)
		assert_done(slot_move(s.slot, i % 2 ? one : two, &err));
	moves = (now_ms() - begin) / 50;
	getrusage(RUSAGE_SELF, &after);
	print_message("layout of 5,000 files: %.0f ms; a move: %.2f ms; memory: +%ld KiB\n",
		      layout, moves, after.ru_maxrss - before.ru_maxrss);
	assert_holds(&s, "big~1");
	assert_true(moves < layout);
#ifndef SANITIZED
	assert_true(after.ru_maxrss - before.ru_maxrss < 24 * 1024);
#endif
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(holds_one_commit_after_another),
		fixture_test(names_are_bytes),
		fixture_test(a_submodule_is_an_empty_folder),
		fixture_test(the_umask_of_the_user_does_not_show),
		fixture_test(git_lists_it_locked_and_detached),
		fixture_test(its_head_keeps_the_candidate_from_gc),
		fixture_test(another_commit_may_be_shown_while_the_candidate_waits),
		fixture_test(a_move_that_was_interrupted_is_found),
		fixture_test(files_that_are_not_as_the_state_says_are_laid_out_anew),
		fixture_test(a_changed_file_is_written_in_its_place),
		fixture_test(a_copy_by_hard_links_has_its_own_state),
		fixture_test(what_a_person_put_there_is_replaced_and_not_written_through),
		fixture_test(other_hidden_patterns_or_another_boot_lay_it_out_anew),
		fixture_test(what_a_person_did_to_it_is_mended),
		fixture_test(it_is_mended_while_it_is_open),
		fixture_test(removing_it_leaves_nothing),
		fixture_test(the_users_own_worktree_stays_as_it_is),
		fixture_test(works_in_bare_and_linked_repositories),
		fixture_test(git_dir_in_the_environment_does_not_lead_astray),
		fixture_test(a_tree_with_a_git_folder_is_not_laid_out),
		fixture_test(ignores_what_the_tree_it_holds_ignores),
		fixture_test(a_big_tree_moves_by_its_difference),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
