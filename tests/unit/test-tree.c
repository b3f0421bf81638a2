#include "tree-fixture.h"

/* The scope's answer for HEAD against the tree of the index. */
static int scope_of_index(const char *command, struct strbuf *ret)
{
	CLEANUP_START struct start s = { 0 };
	CLEANUP_STRING_LIST struct string_list editable = STRING_LIST_INIT;
	CLEANUP_STRING_LIST struct string_list hidden = STRING_LIST_INIT;

	string_list_add(&editable, "src");
	string_list_add(&editable, "held*");
	string_list_add(&hidden, "held/out");
	start(&s);
	assert_int_equal(sh("git reset -q --hard && %s && git add -A", command), 0);
	return tree_check_scope(s.repo, s.head, out_of("git write-tree"), &editable, &hidden,
				ret, &err);
}

static void check_scope(const char *command, const char *expected)
{
	CLEANUP_STRBUF struct strbuf path = STRBUF_INIT;
	int r = scope_of_index(command, &path);

	assert_int_equal(r, *expected ? 1 : 0);
	assert_string_equal(path.buf, expected);
}

static void the_scope_is_held_against_the_tree(void **state)
{
	(void)state;
	check_scope("true", "");
	check_scope("echo x >src/a.txt && mkdir -p src/n && echo x >src/n/m", "");
	check_scope("rm src/a.txt", "");
	check_scope("echo x >b.txt", "b.txt");
	check_scope("rm b.txt && echo x >0", "0"); /* the first in git's order */
	check_scope("mv b.txt src/b.txt", "b.txt");
	check_scope("chmod +x src/a.txt", "src/a.txt");
	check_scope("ln -sf /etc/passwd src/a.txt", "src/a.txt");
	check_scope("ln -s a.txt src/l", "src/l");
	check_scope("echo x >src/.gitattributes", "src/.gitattributes");
	check_scope("mkdir held && echo x >held/in", "");
	check_scope("mkdir -p held/out && echo x >held/out/y", "held/out/y");
	check_scope("rm src/a.txt && git update-index --add --cacheinfo "
		    "160000,$(git rev-parse HEAD),src/a.txt && mkdir src/a.txt",
		    "src/a.txt");
}

static void a_patch_is_one_that_git_applies(void **state)
{
	CLEANUP_START struct start s = { 0 };
	CLEANUP_STRBUF struct strbuf patch = STRBUF_INIT;
	char tree[OID_HEX_SIZE];

	(void)state;
	start(&s);
	assert_int_equal(sh("printf 'no newline' >src/a.txt && printf 'a\\0b' >bin && "
			    "rm b.txt && git add -A"),
			 0);
	strcpy(tree, out_of("git write-tree"));
	assert_done(tree_patch(s.repo, s.head, tree, 1 << 20, &patch, &err));
	write_text("../patch", patch.buf);
	assert_int_equal(sh("git reset -q --hard && git apply --index ../patch"), 0);
	assert_string_equal(out_of("git write-tree"), tree);
}

/* The index is as large as the repository, and says nothing of a tree. */
static void a_patch_does_not_read_the_index(void **state)
{
	CLEANUP_START struct start s = { 0 };
	CLEANUP_STRBUF struct strbuf patch = STRBUF_INIT;
	char tree[OID_HEX_SIZE];

	(void)state;
	start(&s);
	assert_int_equal(sh("echo changed >b.txt && git add b.txt"), 0);
	strcpy(tree, out_of("git write-tree"));
	write_text(".git/index", "no index");
	assert_done(tree_patch(s.repo, s.head, tree, 1 << 20, &patch, &err));
	assert_true(ends_with(patch.buf, "\n-two\n+changed\n"));
}

static void a_long_patch_is_cut_and_says_so(void **state)
{
	CLEANUP_START struct start s = { 0 };
	CLEANUP_STRBUF struct strbuf patch = STRBUF_INIT;

	(void)state;
	start(&s);
	assert_int_equal(sh("seq 1000 >src/a.txt && git add -A"), 0);
	assert_done(tree_patch(s.repo, s.head, out_of("git write-tree"), 300, &patch, &err));
	assert_true(starts_with(patch.buf, "diff --git a/src/a.txt b/src/a.txt\n"));
	assert_true(ends_with(patch.buf, "\n[cut at 300 bytes]\n"));
	assert_in_range(patch.len, 300, 325);
}

static void a_persons_commit_goes_onto_the_incumbent(void **state)
{
	CLEANUP_START struct start s = { 0 };
	char commit[OID_HEX_SIZE], root[OID_HEX_SIZE], tree[OID_HEX_SIZE];

	(void)state;
	start(&s);
	strcpy(root, s.head);
	assert_int_equal(sh("echo theirs >>src/a.txt && git commit -qam theirs"), 0);
	strcpy(commit, out_of("git rev-parse HEAD"));
	assert_int_equal(
		sh("git reset -q --hard %s && echo ours >b.txt && git commit -qam ours", root),
		0);
	assert_done(repo_head(s.repo, s.head, &err));
	assert_done(tree_from_commit(s.repo, s.head, commit, tree, &err));
	assert_string_equal(out_of("git cat-file blob %s:src/a.txt", tree), "one\ntheirs");
	assert_string_equal(out_of("git cat-file blob %s:b.txt", tree), "ours");
	/* A root commit adds all that it holds; here that is there already. */
	assert_int_equal(sh("git reset -q --hard %s", root), 0);
	assert_done(tree_from_commit(s.repo, root, root, tree, &err));
	assert_string_equal(tree, out_of("git rev-parse HEAD^{tree}"));
}

static void a_conflict_names_the_first_path(void **state)
{
	CLEANUP_START struct start s = { 0 };
	char commit[OID_HEX_SIZE], tree[OID_HEX_SIZE];

	(void)state;
	start(&s);
	assert_int_equal(sh("echo theirs >src/a.txt && git commit -qam theirs"), 0);
	strcpy(commit, out_of("git rev-parse HEAD"));
	assert_int_equal(sh("git reset -q --hard HEAD~1 && echo ours >src/a.txt && "
			    "git commit -qam ours"),
			 0);
	assert_done(repo_head(s.repo, s.head, &err));
	assert_refused(tree_from_commit(s.repo, s.head, commit, tree, &err),
		       "conflict in src/a.txt");
	assert_int_equal(err.status, 128);
}

static void a_working_tree_is_read_as_git_add_would(void **state)
{
	CLEANUP_START struct start s = { 0 };
	CLEANUP_FREE char *before = NULL;
	char tree[OID_HEX_SIZE];

	(void)state;
	assert_int_equal(sh("printf '*.log\\n' >.gitignore && printf '*.up filter=up\\n' "
			    ">.gitattributes && git config filter.up.clean 'tr a-z A-Z' && "
			    "git add . && git commit -q -m rules"),
			 0);
	start(&s);
	assert_int_equal(sh("echo changed >src/a.txt && echo staged >s && git add s && "
			    "echo shout >new.up && echo no >x.log && rm b.txt"),
			 0);
	before = xstrdup(out_of("git status --porcelain && git rev-parse HEAD && "
				"sha256sum .git/index"));
	/* From a subdirectory, too. */
	assert_int_equal(chdir("src"), 0);
	assert_done(tree_from_worktree(s.repo, s.head, tree, &err));
	assert_int_equal(chdir(".."), 0);
	assert_string_equal(listing(tree), "100644 .gitattributes\n100644 .gitignore\n"
					   "100644 new.up\n100644 s\n100644 src/a.txt");
	assert_string_equal(out_of("git cat-file blob %s:new.up", tree), "SHOUT");
	/* Neither index nor HEAD nor files were touched, and nothing was left behind. */
	assert_string_equal(out_of("git status --porcelain && git rev-parse HEAD && "
				   "sha256sum .git/index"),
			    before);
	assert_string_equal(out_of("ls .git | grep autoresearch"), "");
}

static void a_bare_repository_has_nothing_to_try(void **state)
{
	CLEANUP_START struct start s = { 0 };
	char tree[OID_HEX_SIZE];

	(void)state;
	assert_int_equal(sh("git clone -q --bare . ../bare.git"), 0);
	assert_int_equal(chdir("../bare.git"), 0);
	start(&s);
	assert_refused(tree_from_worktree(s.repo, s.head, tree, &err), "bare");
}

static int apply_patch(const char *patch, char tree[OID_HEX_SIZE])
{
	CLEANUP_START struct start s = { 0 };

	start(&s);
	return tree_from_patch(s.repo, s.head, patch, strlen(patch), tree, &err);
}

static void a_patch_file_goes_onto_the_incumbent(void **state)
{
	CLEANUP_FREE char *patch = NULL;
	char tree[OID_HEX_SIZE];

	(void)state;
	assert_int_equal(sh("echo more >>src/a.txt && printf '\\0\\1\\2' >bin && rm b.txt && "
			    "git add -A"),
			 0);
	patch = xstrdup(out_of("git diff --cached --binary && echo && echo .; "
			       "git reset -q --hard"));
	assert_done(apply_patch(patch, tree));
	assert_string_equal(listing(tree), "100644 bin\n100644 src/a.txt");
	assert_string_equal(out_of("git cat-file blob %s:src/a.txt", tree), "one\nmore");
	/* As diff -u writes it; from a subdirectory, paths are from the top all the same. */
	assert_int_equal(chdir("src"), 0);
	assert_done(apply_patch("--- a/src/a.txt\n+++ b/src/a.txt\n@@ -1 +1 @@\n-one\n+won\n",
				tree));
	assert_string_equal(out_of("git cat-file blob %s:src/a.txt", tree), "won");
}

static void patches_that_do_not_apply_are_errors(void **state)
{
	char tree[OID_HEX_SIZE];

	(void)state;
	assert_refused(
		apply_patch("--- a/src/a.txt\n+++ b/src/a.txt\n@@ -1 +1 @@\n-two\n+x\n", tree),
		"src/a.txt: patch does not apply");
	assert_refused(apply_patch("--- a/none\n+++ b/none\n@@ -1 +1 @@\n-two\n+x\n", tree),
		       "none: does not exist in index");
	assert_refused(apply_patch("prose, and no patch\n", tree), "No valid patches");
	assert_refused(apply_patch("", tree), "No valid patches");
}

static void a_patch_cannot_make_a_tree_that_git_refuses(void **state)
{
	static const char *const paths[] = { ".git/config", "src/.git/x", "../out",
					     "src/../../x", "a//b",	  "./b",
					     ".GIT/x" };
	char tree[OID_HEX_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		CLEANUP_FREE char *patch =
			xstrfmt("diff --git a/%s b/%s\nnew file mode 100644\n"
				"--- /dev/null\n+++ b/%s\n@@ -0,0 +1 @@\n"
				"+x\n",
				paths[i], paths[i], paths[i]);

		assert_int_equal(apply_patch(patch, tree), -1);
	}
	assert_int_equal(sh("git fsck --strict --no-dangling"), 0);
}

struct count {
	struct strbuf text;
	int stop_at;
};

static int collect(const char *path, unsigned mode, const char *oid, void *data,
		   struct error *e)
{
	struct count *c = data;

	(void)e;
	assert_int_equal(strlen(oid), OID_HEX_LEN);
	strbuf_addf(&c->text, "%06o %s\n", mode, path);
	return c->stop_at && !--c->stop_at ? 7 : 0;
}

static void every_file_comes_in_gits_order(void **state)
{
	CLEANUP_START struct start s = { 0 };
	struct count c = { .text = STRBUF_INIT };

	(void)state;
	assert_int_equal(sh("mkdir x && echo 1 >x/y && echo 2 >x.c && ln -s y x/l && "
			    "chmod +x b.txt && git add . && "
			    "git update-index --add --cacheinfo 160000,%s,sub && "
			    "git commit -q -m more",
			    "1234567890123456789012345678901234567890"),
			 0);
	start(&s);
	assert_done(tree_each_file(s.repo, s.head, collect, &c, &err));
	assert_string_equal(c.text.buf, "100755 b.txt\n100644 src/a.txt\n160000 sub\n"
					"100644 x.c\n120000 x/l\n100644 x/y\n");
	strbuf_reset(&c.text);
	c.stop_at = 2;
	assert_int_equal(tree_each_file(s.repo, s.head, collect, &c, &err), 7);
	assert_string_equal(c.text.buf, "100755 b.txt\n100644 src/a.txt\n");
	strbuf_release(&c.text);
}

static void a_tree_that_is_too_deep_is_no_crash(void **state)
{
	CLEANUP_START struct start s = { 0 };
	struct count c = { .text = STRBUF_INIT };

	(void)state;
	assert_int_equal(
		sh("printf 'commit refs/heads/deep\\ncommitter A <a@b> 0 +0000\\ndata 0\\n"
		   "M 100644 inline %%s/f\\ndata 0\\n' $(yes d | head -n 2049 | paste -sd/) | "
		   "git fast-import --quiet"),
		0);
	start(&s);
	assert_int_equal(
		tree_each_file(s.repo, out_of("git rev-parse deep"), collect, &c, &err), -1);
	assert_string_equal(err.message, "the tree has more than 2048 folders in one another");
	strbuf_release(&c.text);
}

static void declared(const char *editable, const char *hidden, char ret[65])
{
	CLEANUP_START struct start s = { 0 };
	CLEANUP_STRING_LIST struct string_list edit = STRING_LIST_INIT;
	CLEANUP_STRING_LIST struct string_list hide = STRING_LIST_INIT;

	string_list_add(&edit, editable);
	string_list_add(&hide, hidden);
	start(&s);
	assert_done(tree_declared_digest(s.repo, s.head, &edit, &hide, ret, &err));
}

static void setups_key_minds_what_setup_sees(void **state)
{
	char first[65], other[65], changed[65];

	(void)state;
	declared("src", "held", first);
	assert_int_equal(strlen(first), 64);
	assert_int_equal(sh("echo x >src/a.txt && mkdir held && echo x >held/y && "
			    "git add . && git commit -q -m hidden"),
			 0);
	declared("src", "held", other);
	assert_string_equal(first, other);
	assert_int_equal(sh("chmod +x b.txt && git commit -qam mode"), 0);
	declared("src", "held", changed);
	assert_string_not_equal(first, changed);
}

static bool wants_filters(const char *attributes)
{
	CLEANUP_START struct start s = { 0 };

	write_text(".gitattributes", attributes);
	assert_int_equal(sh("git add . && git commit -q --allow-empty -m attributes"), 0);
	start(&s);
	return tree_wants_filters(s.repo, s.head);
}

static void filters_are_seen_in_gitattributes(void **state)
{
	CLEANUP_START struct start s = { 0 };

	(void)state;
	start(&s);
	assert_false(tree_wants_filters(s.repo, s.head));
	assert_false(wants_filters("# *.c text\n*.png binary\n*.c diff=cpp -text !eol\n"));
	assert_false(wants_filters("text diff\n"));
	assert_true(wants_filters("*.c diff\n* text=auto\n"));
	assert_true(wants_filters("*.bin filter=lfs diff=lfs merge=lfs -text\n"));
	assert_true(wants_filters("\"with \\\" space\" ident\n"));
	assert_true(wants_filters("*.bat eol=crlf\r\n"));
	assert_true(wants_filters("*.x working-tree-encoding=UTF-16"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(the_scope_is_held_against_the_tree),
		fixture_test(a_patch_is_one_that_git_applies),
		fixture_test(a_patch_does_not_read_the_index),
		fixture_test(a_long_patch_is_cut_and_says_so),
		fixture_test(a_persons_commit_goes_onto_the_incumbent),
		fixture_test(a_conflict_names_the_first_path),
		fixture_test(a_working_tree_is_read_as_git_add_would),
		fixture_test(a_bare_repository_has_nothing_to_try),
		fixture_test(a_patch_file_goes_onto_the_incumbent),
		fixture_test(patches_that_do_not_apply_are_errors),
		fixture_test(a_patch_cannot_make_a_tree_that_git_refuses),
		fixture_test(every_file_comes_in_gits_order),
		fixture_test(a_tree_that_is_too_deep_is_no_crash),
		fixture_test(setups_key_minds_what_setup_sees),
		fixture_test(filters_are_seen_in_gitattributes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
