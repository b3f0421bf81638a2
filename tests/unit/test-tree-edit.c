#include "tree-fixture.h"

static void add(struct proposal *p, const char *path, const char *content)
{
	proposal_add_edit(p, path, 0100644, content, content ? strlen(content) : 0);
}

/* tree_apply_edits(), whose answer was foreseen, with nothing written. */
static int apply(struct start *s, const struct proposal *p, char ret[OID_HEX_SIZE],
		 struct strbuf *refused)
{
	CLEANUP_STRBUF struct strbuf foreseen_refused = STRBUF_INIT;
	CLEANUP_FREE char *before = xstrdup(out_of("find .git/objects | sort | sha1sum"));
	char foreseen[OID_HEX_SIZE];
	int r, told;

	strcpy(foreseen, ret);
	told = tree_id_of_edits(s->repo, s->head, p, foreseen, &foreseen_refused, &err);
	assert_string_equal(out_of("find .git/objects | sort | sha1sum"), before);
	r = tree_apply_edits(s->repo, s->head, p, ret, refused, &err);
	assert_int_equal(told, r);
	assert_string_equal(foreseen, ret);
	assert_string_equal(foreseen_refused.buf, refused->buf);
	return r;
}

static void edits_add_change_and_remove(void **state)
{
	CLEANUP_START struct start s = { 0 };
	CLEANUP_PROPOSAL struct proposal p = PROPOSAL_INIT;
	CLEANUP_STRBUF struct strbuf refused = STRBUF_INIT;
	char tree[OID_HEX_SIZE] = "";

	(void)state;
	start(&s);
	add(&p, "src/a.txt", "changed\n");
	add(&p, "src/deep/er/new \xff\n.txt", "new\n");
	add(&p, "b.txt", NULL);
	add(&p, "not/there", NULL);
	proposal_add_edit(&p, "bin", 0100755, "#!", 2);
	assert_done(apply(&s, &p, tree, &refused));
	assert_string_equal(listing(tree), "100755 bin\n100644 src/a.txt\n"
					   "100644 \"src/deep/er/new \\377\\n.txt\"");
	assert_string_equal(out_of("git cat-file blob %s:src/a.txt", tree), "changed");
	assert_string_equal(out_of("git cat-file -s %s:bin", tree), "2");
}

static void no_edit_and_an_equal_one_give_the_same_tree(void **state)
{
	CLEANUP_START struct start s = { 0 };
	CLEANUP_PROPOSAL struct proposal p = PROPOSAL_INIT;
	CLEANUP_STRBUF struct strbuf refused = STRBUF_INIT;
	char tree[OID_HEX_SIZE] = "", base[OID_HEX_SIZE];

	(void)state;
	start(&s);
	assert_done(repo_commit_tree(s.repo, s.head, base, &err));
	assert_done(apply(&s, &p, tree, &refused));
	assert_string_equal(tree, base);
	add(&p, "src/a.txt", "other\n");
	add(&p, "src/a.txt", "one\n"); /* the last one counts */
	add(&p, "none", NULL);
	assert_done(apply(&s, &p, tree, &refused));
	assert_string_equal(tree, base);
}

/* What a proposal for a.txt that was made on one version becomes on another. */
static void assert_carried(const char *before, const char *now, const char *proposed,
			   const char *expected)
{
	bool conflict = proposed && expected && !strcmp(proposed, expected) &&
			strcmp(before, now) && strcmp(now, proposed),
	     clean;
	CLEANUP_START struct start s = { 0 };
	CLEANUP_PROPOSAL struct proposal p = PROPOSAL_INIT;
	char from[OID_HEX_SIZE], to[OID_HEX_SIZE];

	start(&s);
	write_text("src/a.txt", before);
	sh("git commit -qam before --allow-empty");
	assert_done(repo_head(s.repo, from, &err));
	write_text("src/a.txt", now);
	sh("git commit -qam now --allow-empty");
	assert_done(repo_head(s.repo, to, &err));
	add(&p, "src/a.txt", proposed);
	assert_done(tree_carry(s.repo, from, to, &p, &clean, &err));
	assert_int_equal(clean, !conflict);
	assert_int_equal(p.edits_nr, 1);
	if (expected)
		assert_string_equal(p.edits[0].content, expected);
	else
		assert_null(p.edits[0].content);
	assert_int_equal(p.edits[0].len, expected ? strlen(expected) : 0);
}

static void a_proposal_is_carried_over(void **state)
{
	(void)state;
	assert_carried("1\n2\n3\n4\n5\n", "0\n2\n3\n4\n5\n", "1\n2\n3\n4\n6\n",
		       "0\n2\n3\n4\n6\n");
	/* Nothing happened in between. */
	assert_carried("1\n2\n", "1\n2\n", "1\n3\n", "1\n3\n");
	/* The same happened. */
	assert_carried("1\n2\n", "1\n3\n", "1\n3\n", "1\n3\n");
	/* Who wants the same lines otherwise has them so. */
	assert_carried("1\n2\n3\n", "1\n4\n3\n", "1\n5\n3\n", "1\n5\n3\n");
	assert_carried("1\n2\n3\n", "1\n4\n3\n", NULL, NULL);
	assert_carried("1\n", "", "1\n2\n", "1\n2\n");
}

static void files_and_folders_give_way_to_each_other(void **state)
{
	CLEANUP_START struct start s = { 0 };
	CLEANUP_PROPOSAL struct proposal p = PROPOSAL_INIT;
	CLEANUP_STRBUF struct strbuf refused = STRBUF_INIT;
	char tree[OID_HEX_SIZE] = "";

	(void)state;
	start(&s);
	add(&p, "src/a.txt", NULL);
	add(&p, "src", "now a file\n");
	add(&p, "b.txt/inside", "now a folder\n");
	add(&p, "b.txt.c", "sorts between\n");
	add(&p, "b.txt", NULL);
	assert_done(apply(&s, &p, tree, &refused));
	assert_string_equal(listing(tree), "100644 b.txt.c\n100644 b.txt/inside\n100644 src");
}

static void everything_can_be_removed(void **state)
{
	CLEANUP_START struct start s = { 0 };
	CLEANUP_PROPOSAL struct proposal p = PROPOSAL_INIT;
	CLEANUP_STRBUF struct strbuf refused = STRBUF_INIT;
	char tree[OID_HEX_SIZE] = "";

	(void)state;
	start(&s);
	add(&p, "src/a.txt", NULL);
	add(&p, "b.txt", NULL);
	assert_done(apply(&s, &p, tree, &refused));
	assert_string_equal(tree, "4b825dc642cb6eb9a060e54bf8d69288fbee4904");
}

static void check_refused(const char *path, unsigned mode)
{
	CLEANUP_START struct start s = { 0 };
	CLEANUP_PROPOSAL struct proposal p = PROPOSAL_INIT;
	CLEANUP_STRBUF struct strbuf refused = STRBUF_INIT;
	char tree[OID_HEX_SIZE] = "untouched";

	start(&s);
	add(&p, "a-good-one", "x");
	proposal_add_edit(&p, path, mode, "x", 1);
	assert_int_equal(apply(&s, &p, tree, &refused), 1);
	assert_string_equal(refused.buf, path);
	assert_string_equal(tree, "untouched");
	assert_int_equal(sh("git fsck --strict --no-dangling"), 0);
}

static void paths_that_no_tree_may_hold_are_refused(void **state)
{
	CLEANUP_STRBUF struct strbuf path = STRBUF_INIT;

	(void)state;
	check_refused("", 0100644);
	check_refused("/abs", 0100644);
	check_refused("a//b", 0100644);
	check_refused("a/", 0100644);
	check_refused(".", 0100644);
	check_refused("a/../b", 0100644);
	check_refused(".git/config", 0100644);
	check_refused("x/.GIT/hooks/y", 0100644);
	check_refused("git~1", 0100644);
	check_refused(".g\xe2\x80\x8cit/x", 0100644);
	check_refused("sub/.gitmodules", 0120000);
	check_refused("b.txt/under-a-file", 0100644);
	check_refused("src", 0100644);
	check_refused("gitlink", 0160000);
	check_refused("fifo", 0010644);
	for (int i = 0; i < 256; i++)
		strbuf_addch(&path, 'n');
	check_refused(path.buf, 0100644);
	strbuf_reset(&path);
	for (int i = 0; i < 300; i++)
		strbuf_addstr(&path, "d/");
	strbuf_addstr(&path, "f");
	check_refused(path.buf, 0100644);
}

static void the_cost_follows_the_edits(void **state)
{
	CLEANUP_START struct start s = { 0 };
	CLEANUP_STRBUF struct strbuf refused = STRBUF_INIT;
	CLEANUP_PROPOSAL struct proposal p = PROPOSAL_INIT;
	char tree[OID_HEX_SIZE] = "";

	(void)state;
	/* A folder that is not on the way is not even there to be read. */
	assert_int_equal(sh("mkdir far && echo x >far/f && git add . && git commit -q -m far"),
			 0);
	start(&s);
	assert_int_equal(sh("t=$(git rev-parse HEAD:far) && "
			    "rm .git/objects/$(echo $t | cut -c1-2)/$(echo $t | cut -c3-)"),
			 0);
	add(&p, "src/a.txt", "near\n");
	assert_done(apply(&s, &p, tree, &refused));
	assert_string_equal(out_of("git cat-file blob %s:src/a.txt", tree), "near");
}

/* Modes that only an old git wrote stay, and names are sorted as git sorts them. */
static void what_is_there_stays_as_it_is(void **state)
{
	CLEANUP_START struct start s = { 0 };
	CLEANUP_PROPOSAL struct proposal p = PROPOSAL_INIT;
	CLEANUP_STRBUF struct strbuf refused = STRBUF_INIT;
	char tree[OID_HEX_SIZE] = "";

	(void)state;
	/* "a" is a folder, and comes behind "a.b" therefore. */
	assert_int_equal(
		sh("mkdir a && echo x >a/x && echo y >a.b && echo z >a0 && "
		   "chmod +x a0 && ln -s a0 l && git add . && "
		   "git update-index --add --cacheinfo 160000,$(printf %%040d 7),m && "
		   "git commit -qm more && "
		   "git cat-file tree HEAD: | LC_ALL=C sed 's/100644 b/100664 b/' >../raw && "
		   "git commit-tree -m old "
		   "$(git hash-object -t tree --literally -w ../raw) >../old && "
		   "git update-ref refs/heads/main $(cat ../old)"),
		0);
	start(&s);
	add(&p, "a/x", "changed\n");
	assert_done(apply(&s, &p, tree, &refused));
	assert_string_equal(
		out_of("git cat-file tree %s | grep -ao '[0-7]* [a-z0.]*' | xargs", tree),
		"100644 a.b 40000 a 100755 a0 100664 b.txt 120000 l 160000 m 40000 src");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(edits_add_change_and_remove),
		fixture_test(no_edit_and_an_equal_one_give_the_same_tree),
		fixture_test(a_proposal_is_carried_over),
		fixture_test(files_and_folders_give_way_to_each_other),
		fixture_test(everything_can_be_removed),
		fixture_test(paths_that_no_tree_may_hold_are_refused),
		fixture_test(the_cost_follows_the_edits),
		fixture_test(what_is_there_stays_as_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
