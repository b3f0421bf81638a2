#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include <unistd.h>

#include "base/process.h"
#include "model/scope.h"

static bool matches(const char *spec, const char *path)
{
	CLEANUP_STRING_LIST struct string_list specs = STRING_LIST_INIT;

	string_list_add(&specs, spec);
	return pathspec_match(&specs, path);
}

static void patterns(void **state)
{
	(void)state;
	assert_true(matches("train.py", "train.py"));
	assert_false(matches("train.py", "src/train.py"));
	assert_false(matches("train.py", "train.pyc"));
	assert_true(matches("src", "src/a/b.c"));
	assert_true(matches("src/", "src/a/b.c"));
	assert_false(matches("src", "src2/a"));
	assert_false(matches("src/", "src"));
	assert_true(matches("src/*.c", "src/deep/down.c"));
	assert_true(matches("heldout/**", "heldout/x/y"));
	assert_false(matches("heldout/**", "heldout"));
	assert_true(matches("*", "any/thing"));
	assert_true(matches(".", "any/thing"));
	assert_true(matches("./src", "src/a"));
	assert_true(matches("a?c", "a/c"));
	assert_true(matches("[ab]c", "bc"));
	assert_true(matches("[ab]c", "[ab]c")); /* its own name */
	assert_false(matches("a\\*", "ab"));
	assert_true(matches("*", ".hidden"));
	assert_true(matches("?", "\xff")); /* a byte */
}

static void any_of_several(void **state)
{
	CLEANUP_STRING_LIST struct string_list specs = STRING_LIST_INIT;

	(void)state;
	assert_false(pathspec_match(&specs, "a"));
	string_list_add(&specs, "a");
	string_list_add(&specs, "b/*");
	assert_true(pathspec_match(&specs, "b/c"));
	assert_false(pathspec_match(&specs, "c"));
}

static void refused_patterns(void **state)
{
	static const char *const refused[] = {
		"",	":!a",	 ":(top)a", "/etc", "..",   "../a", "a/../b",
		"a//b", "a/./b", "a/..",    "*[",   "[!]a", ".//a",
	};
	static const char *const taken[] = {
		"a",   "a/",   ".",   "./a", "a..b",	    "...",
		"a:b", "*/**", "\\[", "[]]", "[[:alpha:]]",
	};
	struct error err = ERROR_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		if (!pathspec_check(refused[i], &err))
			fail_msg("'%s' is taken", refused[i]);
	for (size_t i = 0; i < ARRAY_SIZE(taken); i++)
		if (pathspec_check(taken[i], &err))
			fail_msg("%s", err.message);
}

static const char *const protected_paths[] = {
	".autoresearch",
	".autoresearch/config",
	".AutoResearch/config",
	".autoresearch./config",
	".autoresearch ::$DATA",
	"AUTORE~1/config",
	".auto\u200cresearch/x",
	".git",
	".git/config",
	".gitmodules",
	"deep/.gitattributes",
	"deep/.gitignore",
	".GIT/hooks/pre-commit",
	"a/.Git/x",
	".git /x",
	".git./x",
	".git::$INDEX_ALLOCATION/config",
	"git~1/config",
	"GIT~12",
	"gitmod~1",
	"GI7EBA~1",
	"gi7d29~9",
	"a\\.git\\config",
	"a/.g\u200cit/x",
	"\ufeff.git",
	".\u202agitmodules",
	".github/workflows/ci.yml", /* code that a forge would run */
};

static const char *const free_paths[] = {
	"train.py",
	"src/git.c",
	"src/.autoresearch/x",
	".autoresearcher",
	"git",
	".gi",
	"gi",
	"digit~1",
	"a.git",
	"gist~1",
	"auto",
	"autoresearch",
	".gi\xcc\x80t",
	"\xe2\x80z",
	"..git",
};

static void protected_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(protected_paths); i++)
		if (!path_is_protected(protected_paths[i]))
			fail_msg("%s is not protected", protected_paths[i]);
	for (size_t i = 0; i < ARRAY_SIZE(free_paths); i++)
		if (path_is_protected(free_paths[i]))
			fail_msg("%s is protected", free_paths[i]);
}

static bool allows(const char *path, unsigned old_mode, unsigned new_mode)
{
	CLEANUP_STRING_LIST struct string_list editable = STRING_LIST_INIT,
					       hidden = STRING_LIST_INIT;
	struct change change = { path, old_mode, new_mode };

	string_list_add(&editable, "src");
	string_list_add(&editable, ".autoresearch");
	string_list_add(&hidden, "src/heldout");
	return scope_allows(&editable, &hidden, &change);
}

static void changes(void **state)
{
	(void)state;
	assert_true(allows("src/a", 0100644, 0100644));
	assert_true(allows("src/a", 0100755, 0100755));
	assert_true(allows("src/a", 0, 0100644));
	assert_true(allows("src/a", 0100755, 0));

	assert_false(allows("other", 0100644, 0100644));
	assert_false(allows("src/heldout/x", 0, 0100644));
	assert_false(allows(".autoresearch/config", 0100644, 0100644));
	assert_false(allows("src/.gitignore", 0, 0100644));

	assert_false(allows("src/a", 0, 0100755));
	assert_false(allows("src/a", 0100644, 0100755));
	assert_false(allows("src/a", 0100755, 0100644));
	assert_false(allows("src/a", 0, 0120000));
	assert_false(allows("src/a", 0100644, 0120000));
	assert_false(allows("src/a", 0120000, 0));
	assert_false(allows("src/a", 0120000, 0120000));
	assert_false(allows("src/a", 0160000, 0));
	assert_false(allows("src/a", 0, 0160000));
	assert_false(allows("src/a", 0100664, 0100664)); /* git made it once, and never since */
}

/* From here on real git is the judge, in a repository that has an index and no files. */
#define DIR_TEMPLATE "/tmp/test-scope-XXXXXX"
#define EMPTY_BLOB "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"

static char dir[sizeof(DIR_TEMPLATE)];

static int git(const char *const *args, struct strbuf *out)
{
	const char *argv[16] = { "git", "-C", dir };
	struct error err = ERROR_INIT;

	for (size_t i = 0; args[i]; i++)
		argv[3 + i] = args[i];
	return process_run(argv, out, 1 << 20, &err);
}

#define GIT(out, ...) git((const char *const[]){ __VA_ARGS__, NULL }, out)

static int add_to_index(const char *path)
{
	CLEANUP_FREE char *info = xstrfmt("100644,%s,%s", EMPTY_BLOB, path);

	return GIT(NULL, "-c", "core.protectNTFS=false", "-c", "core.protectHFS=false",
		   "update-index", "--add", "--cacheinfo", info);
}

static const char *const names[] = {
	"train.py",
	"src/train.py",
	"src/a.c",
	"src/deep/b.c",
	"src2/a.c",
	"srcfile",
	"a*b",
	"aXb",
	"a/b",
	"a*b2/c",
	"[ab]c",
	"ac",
	"bc",
	"a b",
	"a\nb",
	"a\"b",
	"a\\b",
	"a\tb\x7f",
	"\xc3\xa9t\xc3\xa9",
	"\xff\xfe/x",
	".hidden",
	"x/.hidden",
	"back\\*",
	"q?",
	"qq",
	"deep/x/y/z",
	"-dash",
	"]",
	"!x",
	"^x",
	"heldout/t/1",
	"\x01",
	"z-",
	"UPPER",
	"upper",
};

static const char *const specs[] = {
	"train.py",
	"*.py",
	"src",
	"src/",
	"src/*",
	"src*",
	"src/*.c",
	"s?c",
	"*/b*",
	"a*b",
	"a\\*b",
	"a?b",
	"[ab]c",
	"[!a]c",
	"[^a]c",
	"\\[ab]c",
	"[a-b]*",
	"**",
	"**/b.c",
	"deep/**/z",
	"deep/**",
	".",
	"./src",
	"*hidden",
	"?",
	"??",
	"\xff*",
	"*\xfe/x",
	"[\xc0-\xff]*",
	"*[[:space:]]*",
	"*[[:upper:]]*",
	"[]]",
	"[]a-]*",
	"z[-]",
	"z[--0]",
	"back\\\\\\*",
	"back\\\\*",
	"q\\?",
	"q?",
	"*\n*",
	"a\\b",
	"a\\\\b",
	"src/deep",
	"src/deep/",
	"src/dee",
	"-dash",
	"\\!x",
	"[!!]x",
	"[\\^]x",
	"heldout/**",
	"heldout/*/1",
	"*",
	"nothing",
	"a*b2",
	"U*",
};

static void git_matches_the_same(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_int_equal(add_to_index(names[i]), 0);
	for (size_t i = 0; i < ARRAY_SIZE(specs); i++) {
		CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;
		CLEANUP_STRING_LIST struct string_list gits = STRING_LIST_INIT;

		assert_int_equal(GIT(&out, "ls-files", "-z", "--", specs[i]), 0);
		for (const char *p = out.buf; p < out.buf + out.len; p += strlen(p) + 1)
			string_list_add(&gits, p);
		for (size_t j = 0; j < ARRAY_SIZE(names); j++)
			if (matches(specs[i], names[j]) != string_list_has(&gits, names[j]))
				fail_msg("git sees '%s' and '%s' otherwise", specs[i],
					 names[j]);
	}
}

static void git_quotes_the_same(void **state)
{
	CLEANUP_STRBUF struct strbuf ours = STRBUF_INIT, gits = STRBUF_INIT;
	CLEANUP_STRING_LIST struct string_list sorted = STRING_LIST_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		assert_int_equal(add_to_index(names[i]), 0);
		string_list_add(&sorted, names[i]);
	}
	string_list_sort(&sorted);
	for (size_t i = 0; i < sorted.nr; i++) {
		strbuf_add_quoted_path(&ours, sorted.items[i]);
		strbuf_addch(&ours, '\n');
	}
	assert_int_equal(GIT(&gits, "-c", "core.quotePath=true", "ls-files"), 0);
	assert_string_equal(ours.buf, gits.buf);
}

/* Whatever git itself would refuse as one of its own names is protected here. */
static void git_refuses_no_more_names(void **state)
{
	static const char *const spellings[] = {
		".git/x",	".GIT/x",	".git./x",
		".git /x",	".git . ./x",	"git~1/x",
		"GIT~1/x",	".git:a/x",	".git::$INDEX_ALLOCATION/x",
		".g\u200cit/x", "\u206f.git/x", ".\ufeffGIT/x",
		".gi\u202et/x", "a\\.git\\x",	"git~1",
		"a\\git~1\\b",
	};
	int refused = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(spellings); i++) {
		CLEANUP_FREE char *info = xstrfmt("100644,%s,%s", EMPTY_BLOB, spellings[i]);
		int ret = GIT(NULL, "-c", "core.protectNTFS=true", "-c", "core.protectHFS=true",
			      "update-index", "--add", "--cacheinfo", info);

		refused += ret != 0;
		if (ret && !path_is_protected(spellings[i]))
			fail_msg("git refuses %s, and it is not protected", spellings[i]);
	}
	assert_int_equal(refused, ARRAY_SIZE(spellings));
}

static int make_repository(void **state)
{
	static const char *const unset[] = { "GIT_DIR",
					     "GIT_WORK_TREE",
					     "GIT_INDEX_FILE",
					     "GIT_LITERAL_PATHSPECS",
					     "GIT_GLOB_PATHSPECS",
					     "GIT_NOGLOB_PATHSPECS",
					     "GIT_ICASE_PATHSPECS" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(unset); i++)
		unsetenv(unset[i]);
	memcpy(dir, DIR_TEMPLATE, sizeof(dir));
	return !mkdtemp(dir) || GIT(NULL, "init", "--quiet");
}

static int remove_repository(void **state)
{
	const char *const argv[] = { "rm", "-rf", dir, NULL };
	struct error err = ERROR_INIT;

	(void)state;
	return process_run(argv, NULL, 0, &err);
}

#define GIT_TEST(name) cmocka_unit_test_setup_teardown(name, make_repository, remove_repository)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns),	    cmocka_unit_test(any_of_several),
		cmocka_unit_test(refused_patterns), cmocka_unit_test(protected_names),
		cmocka_unit_test(changes),	    GIT_TEST(git_matches_the_same),
		GIT_TEST(git_quotes_the_same),	    GIT_TEST(git_refuses_no_more_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
