#include "ledger-fixture.h"

static char *folder(struct lab *lab)
{
	return xstrfmt("%sautoresearch/" LAB, repo_common_dir(lab->repo));
}

static int64_t find_anew(struct lab *lab, const char *tree)
{
	CLEANUP_FREE char *dir = folder(lab);
	CLEANUP_TRIED struct tried *tried = NULL;

	assert_done(tried_open(&tried, &lab->ledger, dir, &err));
	return tried_find(tried, tree);
}

static long cache_size(void)
{
	return atol(out_of("stat -c %%s .git/autoresearch/" LAB "/tried"));
}

static void an_empty_campaign_has_tried_nothing(void **state)
{
	CLEANUP_LAB struct lab lab = { 0 };

	(void)state;
	lab_open(&lab);
	assert_int_equal(find_anew(&lab, "4b825dc642cb6eb9a060e54bf8d69288fbee4904"), -1);
	assert_int_equal(find_anew(&lab, "no tree"), -1);
}

static void the_first_experiment_with_a_tree_is_found(void **state)
{
	CLEANUP_LAB struct lab lab = { 0 };
	char first[OID_HEX_SIZE], second[OID_HEX_SIZE];

	(void)state;
	lab_open(&lab);
	lab_baseline(&lab, 10);
	assert_done(lab_try(&lab, VERDICT_REJECTED, "a\n", 11));
	strcpy(first, lab.tree);
	assert_done(lab_try(&lab, VERDICT_ACCEPTED, "b\n", 9));
	strcpy(second, lab.tree);
	assert_done(lab_try(&lab, VERDICT_DUPLICATE, "a\n", 11));
	assert_int_equal(find_anew(&lab, first), 1);
	assert_int_equal(find_anew(&lab, second), 2);
	assert_int_equal(find_anew(&lab, out_of("git rev-parse main^{tree}")), 0);
	assert_int_equal(find_anew(&lab, out_of("git rev-parse main^{tree}:src")), -1);
}

static void what_is_added_is_there_at_once_and_later(void **state)
{
	CLEANUP_LAB struct lab lab = { 0 };
	CLEANUP_FREE char *dir = NULL;
	CLEANUP_TRIED struct tried *tried = NULL;

	(void)state;
	lab_open(&lab);
	dir = folder(&lab);
	lab_baseline(&lab, 10);
	assert_done(tried_open(&tried, &lab.ledger, dir, &err));
	for (int i = 1; i <= 300; i++) { /* the table grows meanwhile */
		CLEANUP_FREE char *content = xstrfmt("%d\n", i);

		assert_done(lab_try(&lab, VERDICT_REJECTED, content, 11));
		assert_int_equal(tried_find(tried, lab.tree), -1);
		assert_done(tried_add(tried, lab.tree, i, &err));
		assert_int_equal(tried_find(tried, lab.tree), i);
		if (i == 299)
			assert_done(tried_save(tried, &err));
	}
	assert_int_equal(cache_size(), 16 + 32 * 300);
	assert_done(tried_save(tried, &err));
	assert_done(tried_save(tried, &err));
	assert_int_equal(cache_size(), 16 + 32 * 301);
	assert_int_equal(find_anew(&lab, lab.tree), 300);
	assert_int_equal(find_anew(&lab, out_of("git rev-parse main^{tree}")), 0);
}

/* Opening reads nothing of the ledger where the cache ends at its tip. */
static void the_cache_spares_the_chain(void **state)
{
	CLEANUP_LAB struct lab lab = { 0 };
	char first[OID_HEX_SIZE], second[OID_HEX_SIZE];

	(void)state;
	lab_open(&lab);
	lab_baseline(&lab, 10);
	assert_done(lab_try(&lab, VERDICT_REJECTED, "a\n", 11));
	strcpy(first, lab.tree);
	assert_int_equal(find_anew(&lab, first), 1);
	assert_done(lab_try(&lab, VERDICT_REJECTED, "b\n", 11));
	strcpy(second, lab.tree);
	/* The oldest record can be gone: only what is missing is read. */
	assert_int_equal(sh("o=$(git rev-parse refs/autoresearch/" LAB "/ledger~2); "
			    "rm -f .git/objects/$(echo $o | cut -c1-2)/$(echo $o | cut -c3-)"),
			 0);
	lab_reopen(&lab);
	assert_int_equal(find_anew(&lab, second), 2);
	assert_int_equal(find_anew(&lab, first), 1);
	assert_int_equal(cache_size(), 16 + 32 * 3);
}

static void check_rebuilt(const char *command)
{
	CLEANUP_LAB struct lab lab = { 0 };

	lab_open(&lab);
	assert_int_equal(sh("cd .git/autoresearch/" LAB " && %s", command), 0);
	assert_int_equal(find_anew(&lab, out_of("git rev-parse refs/autoresearch/" LAB
						"/ledger~1^2^{tree}")),
			 1);
	assert_int_equal(find_anew(&lab, out_of("git rev-parse refs/autoresearch/" LAB
						"/ledger^2^{tree}")),
			 2);
	assert_int_equal(cache_size(), 16 + 32 * 3);
}

static void a_cache_that_is_gone_or_broken_is_rebuilt(void **state)
{
	CLEANUP_LAB struct lab lab = { 0 };

	(void)state;
	lab_open(&lab);
	lab_baseline(&lab, 10);
	assert_done(lab_try(&lab, VERDICT_REJECTED, "a\n", 11));
	assert_done(lab_try(&lab, VERDICT_REJECTED, "b\n", 11));
	find_anew(&lab, lab.tree);
	check_rebuilt("rm tried");
	check_rebuilt("rm -r ../one");
	check_rebuilt(": >tried");
	check_rebuilt("echo junk >tried");
	check_rebuilt("head -c 70 tried >t && mv t tried"); /* a torn append */
	check_rebuilt("head -c 80 tried >t && mv t tried"); /* one record behind */
	check_rebuilt("head -c 32 tried >>tried");	    /* an entry of no record */
}

static void a_chain_that_was_set_back_is_noticed(void **state)
{
	CLEANUP_LAB struct lab lab = { 0 };
	char gone[OID_HEX_SIZE];

	(void)state;
	lab_open(&lab);
	lab_baseline(&lab, 10);
	assert_done(lab_try(&lab, VERDICT_REJECTED, "a\n", 11));
	assert_done(lab_try(&lab, VERDICT_REJECTED, "b\n", 11));
	strcpy(gone, lab.tree);
	assert_int_equal(find_anew(&lab, gone), 2);
	assert_int_equal(sh("git update-ref refs/autoresearch/" LAB "/ledger "
			    "refs/autoresearch/" LAB "/ledger~1"),
			 0);
	lab_reopen(&lab);
	assert_int_equal(find_anew(&lab, gone), -1);
	assert_int_equal(cache_size(), 16 + 32 * 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(an_empty_campaign_has_tried_nothing),
		fixture_test(the_first_experiment_with_a_tree_is_found),
		fixture_test(what_is_added_is_there_at_once_and_later),
		fixture_test(the_cache_spares_the_chain),
		fixture_test(a_cache_that_is_gone_or_broken_is_rebuilt),
		fixture_test(a_chain_that_was_set_back_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
