#include "git-fixture.h"

#include "git/repo.h"
#include "git/settings.h"

static struct error err = ERROR_INIT;
static const char *const keys[] = { "lab.mouse", "lab.rat", NULL };

/* Whether it is certain that git has no value; git is then asked whether that is so. */
static bool nobody_says(void)
{
	CLEANUP_REPO struct repo *repo = NULL;
	bool unsaid;

	assert_done(repo_open(&repo, &err));
	unsaid = settings_unsaid(repo, keys);
	if (unsaid)
		assert_string_equal(out_of("git config --get-regexp '^lab\\.(mouse|rat)$'"),
				    "");
	return unsaid;
}

static void what_nobody_says_is_certain(void **state)
{
	(void)state;
	assert_true(nobody_says());
	assert_int_equal(
		sh("git config lab.dog 1 && git config mouse.lab 1 && "
		   "git config lab.x.mouse 1 && git config --global user.name Me && "
		   "git config include.path more && git config -f .git/more lab.cat 1"),
		0);
	assert_true(nobody_says());
}

/* Wherever one of them is said, or where only git could tell. */
static void whatever_may_say_it_is_seen(void **state)
{
	static const struct {
		const char *say, *take_back;
	} places[] = {
		{ "git config lab.rat ''", "git config --unset lab.rat" },
		{ "echo '[LAB] Mouse' >>.git/config", "git config --unset lab.mouse" },
		{ "git config --global lab.mouse 1", "git config --global --unset lab.mouse" },
		{ "mkdir ../git && echo '[lab] rat' >../git/config", "rm ../git/config" },
		{ "git config -f .git/more lab.mouse 1 && git config include.path more",
		  "git config --unset include.path" },
		{ "git config include.path '~root/none'", "git config --unset include.path" },
		{ "git config include.path '%(prefix)/none'",
		  "git config --unset include.path" },
		/* Conditions that libgit2 of Debian 12 does and does not know. */
		{ "git config includeIf.gitdir:/**.path more",
		  "git config --remove-section includeIf.gitdir:/**" },
		{ "git config 'includeIf.hasconfig:remote.*.url:**.path' more",
		  "git config --remove-section 'includeIf.hasconfig:remote.*.url:**'" },
		{ "git config extensions.worktreeConfig true && git config --worktree lab.rat 1",
		  "git config --unset extensions.worktreeConfig" },
	};
	static const char *const variables[][2] = {
		{ "GIT_CONFIG_COUNT", "0" },	 { "GIT_CONFIG_PARAMETERS", "'lab.rat'='1'" },
		{ "GIT_CONFIG_GLOBAL", "more" }, { "GIT_CONFIG_SYSTEM", "more" },
		{ "GIT_CONFIG", "more" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		assert_int_equal(sh("%s", places[i].say), 0);
		if (nobody_says())
			fail_msg("not seen: %s", places[i].say);
		assert_int_equal(sh("%s", places[i].take_back), 0);
		if (!nobody_says())
			fail_msg("still there: %s", places[i].say);
	}
	for (size_t i = 0; i < ARRAY_SIZE(variables); i++) {
		setenv(variables[i][0], variables[i][1], 1);
		if (nobody_says())
			fail_msg("not seen: %s", variables[i][0]);
		unsetenv(variables[i][0]);
	}
	setenv("XDG_CONFIG_HOME", "", 1);
	assert_false(nobody_says());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(what_nobody_says_is_certain),
		fixture_test(whatever_may_say_it_is_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
