/* Which commits on top of a merge base stand on which. */
#include "git-fixture.h"

#include "git/stack.h"
#include "git/repo.h"

static struct error err = ERROR_INIT;

/* A commit on the current branch, which puts `text` on line `line` of the file. */
static void change(const char *file, int line, const char *text)
{
	assert_int_equal(
		sh("sed -i '%ds/.*/%s/' %s && git commit -qam '%s'", line, text, file, text),
		0);
}

/* The branch `work` at main, checked out; main has two files of twenty lines. */
static void begin(void)
{
	assert_int_equal(sh("seq 20 >a && mkdir -p d && seq 20 >d/b && git add a d && "
			    "git commit -qm files && git checkout -qb work"),
			 0);
}

static void open_work(struct stack *stack, struct repo **repo)
{
	char tip[OID_HEX_SIZE], head[OID_HEX_SIZE];

	assert_done(repo_open(repo, &err));
	assert_done(repo_ref(*repo, "refs/heads/work", tip, &err));
	assert_done(repo_ref(*repo, "refs/heads/main", head, &err));
	assert_done(stack_open(stack, *repo, tip, head, 100, &err));
}

/* "- 0 01 -": what each item stands on. */
static void assert_needs(struct stack *stack, const char *expected)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	for (size_t i = 0; i < stack->nr; i++) {
		const bool *needs = stack_needs(stack, i, &err);
		size_t start;

		assert_non_null(needs);
		if (i)
			strbuf_addch(&text, ' ');
		start = text.len;
		for (size_t j = 0; j < stack->nr; j++)
			if (needs[j])
				strbuf_addf(&text, "%zu", j);
		if (text.len == start)
			strbuf_addch(&text, '-');
	}
	assert_string_equal(text.buf, expected);
}

static void changes_apart_need_nothing(void **state)
{
	CLEANUP_STACK struct stack stack = { 0 };
	CLEANUP_REPO struct repo *repo = NULL;

	(void)state;
	begin();
	change("a", 1, "one");
	change("d/b", 1, "first");
	change("a", 19, "nineteen");
	open_work(&stack, &repo);
	assert_int_equal(stack.nr, 3);
	assert_string_equal(stack.base, out_of("git rev-parse main"));
	assert_string_equal(stack.items[2].commit, out_of("git rev-parse work"));
	assert_string_equal(stack.items[1].paths.items[0], "d/b");
	assert_needs(&stack, "- - -");
}

static void lines_that_were_touched_before_are_needed(void **state)
{
	CLEANUP_STACK struct stack stack = { 0 };
	CLEANUP_REPO struct repo *repo = NULL;
	const char *objects;

	(void)state;
	begin();
	change("a", 1, "one");
	change("d/b", 10, "ten");
	change("a", 1, "uno");
	change("a", 19, "nineteen");
	change("a", 1, "eins");
	assert_int_equal(
		sh("sed -i '10s/.*/TEN/; 20s/.*/end/' d/b && sed -i '19s/.*/END/' a && "
		   "git commit -qam both"),
		0);
	open_work(&stack, &repo);
	objects = out_of("find .git/objects -type f | wc -l");
	assert_needs(&stack, "- - 0 - 02 13");
	assert_string_equal(out_of("find .git/objects -type f | wc -l"), objects);
}

/* A file that is there only since the first, is removed, and comes back as a folder. */
static void files_come_and_go(void **state)
{
	CLEANUP_STACK struct stack stack = { 0 };
	CLEANUP_REPO struct repo *repo = NULL;

	(void)state;
	begin();
	assert_int_equal(sh("seq 9 >new && git add new && git commit -qm new"), 0);
	change("new", 5, "five");
	change("a", 3, "three");
	assert_int_equal(sh("git rm -q new && git commit -qm gone"), 0);
	assert_int_equal(
		sh("mkdir new && seq 3 >new/c && git add new && git commit -qm folder"), 0);
	change("new/c", 1, "one");
	open_work(&stack, &repo);
	assert_needs(&stack, "- 0 - 01 013 0134");
}

/* What takes another back stands on it, though nothing would be left of the two. */
static void a_revert_needs_what_it_reverts(void **state)
{
	CLEANUP_STACK struct stack stack = { 0 };
	CLEANUP_REPO struct repo *repo = NULL;

	(void)state;
	begin();
	change("a", 1, "one");
	change("a", 10, "ten");
	assert_int_equal(sh("git revert --no-edit HEAD~1 >/dev/null"), 0);
	change("a", 15, "fifteen");
	assert_int_equal(sh("git commit -q --allow-empty -m nothing"), 0);
	change("a", 1, "uno");
	open_work(&stack, &repo);
	assert_int_equal(stack.nr, 6);
	assert_string_equal(stack.items[2].parent, out_of("git rev-parse work~4"));
	{
		const bool *needs = stack_needs(&stack, 2, &err);

		assert_true(needs[0]);
		assert_false(needs[1]);
		needs = stack_needs(&stack, 3, &err);
		assert_false(needs[0] || needs[1] || needs[2]);
	}
}

/* People merge what they have on main meanwhile: then that is the merge base, and the merge brings
 * nothing of its own. */
static void a_merge_is_a_commit_as_well(void **state)
{
	CLEANUP_STACK struct stack stack = { 0 };
	CLEANUP_REPO struct repo *repo = NULL;

	(void)state;
	begin();
	change("a", 1, "one");
	assert_int_equal(sh("git checkout -q main"), 0);
	change("d/b", 5, "five");
	assert_int_equal(sh("git checkout -q work && git merge -q --no-edit main"), 0);
	change("a", 1, "uno");
	open_work(&stack, &repo);
	assert_string_equal(stack.base, out_of("git rev-parse main"));
	assert_int_equal(stack.nr, 3);
	assert_needs(&stack, "- - 0");
}

static void what_cannot_be_looked_at_is_an_error(void **state)
{
	CLEANUP_STACK struct stack stack = { 0 };
	CLEANUP_REPO struct repo *repo = NULL;
	char tip[OID_HEX_SIZE], head[OID_HEX_SIZE];

	(void)state;
	begin();
	change("a", 1, "one");
	change("a", 2, "two");
	assert_int_equal(sh("git checkout -q --orphan alone && git commit -qm alone"), 0);
	assert_done(repo_open(&repo, &err));
	assert_done(repo_ref(repo, "refs/heads/work", tip, &err));
	assert_done(repo_ref(repo, "refs/heads/main", head, &err));
	assert_int_equal(stack_open(&stack, repo, tip, head, 1, &err), -1);
	assert_non_null(strstr(err.message, "more than 1 commits"));
	assert_done(repo_ref(repo, "refs/heads/alone", head, &err));
	assert_int_equal(stack_open(&stack, repo, tip, head, 100, &err), -1);
	assert_non_null(strstr(err.message, "no commit in common"));
	assert_done(stack_open(&stack, repo, tip, tip, 100, &err));
	assert_int_equal(stack.nr, 0);
}

static void whether_two_merge_is_told_with_the_path(void **state)
{
	CLEANUP_STRBUF struct strbuf path = STRBUF_INIT;
	CLEANUP_REPO struct repo *repo = NULL;
	char work[OID_HEX_SIZE], head[OID_HEX_SIZE];

	(void)state;
	begin();
	change("d/b", 1, "one");
	assert_int_equal(sh("git checkout -q main"), 0);
	change("a", 1, "uno");
	assert_done(repo_open(&repo, &err));
	assert_done(repo_ref(repo, "refs/heads/work", work, &err));
	assert_done(repo_ref(repo, "refs/heads/main", head, &err));
	assert_int_equal(stack_merges(repo, head, work, &path, &err), 1);
	change("d/b", 1, "uno");
	assert_done(repo_ref(repo, "refs/heads/main", head, &err));
	assert_int_equal(stack_merges(repo, head, work, &path, &err), 0);
	assert_string_equal(path.buf, "d/b");
}

#define test(fn) cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(changes_apart_need_nothing),
		test(lines_that_were_touched_before_are_needed),
		test(files_come_and_go),
		test(a_revert_needs_what_it_reverts),
		test(a_merge_is_a_commit_as_well),
		test(what_cannot_be_looked_at_is_an_error),
		test(whether_two_merge_is_told_with_the_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
