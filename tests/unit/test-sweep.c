#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/strbuf.h"
#include "propose/sweep.h"

static void cleanup_sweep_(struct sweep **sweep)
{
	sweep_free(*sweep);
}
#define CLEANUP_SWEEP CLEANUP(cleanup_sweep_)

static struct sweep *sweep_of(const char *path, const char *content, uint64_t seed)
{
	struct sweep_file file = { path, 0100644, content, strlen(content) };

	return sweep_new(&file, 1, false, seed);
}

static int never(const struct proposal *proposal, void *data, struct error *err)
{
	(void)proposal;
	(void)data;
	(void)err;
	return 0;
}

static int fails(const struct proposal *proposal, void *data, struct error *err)
{
	(void)proposal;
	(void)data;
	return error_set(err, "no disk");
}

/* True for contents in a list, as a ledger would answer. */
static int is_listed(const struct proposal *proposal, void *data, struct error *err)
{
	(void)err;
	return string_list_has(data, proposal->edits[0].content);
}

/* All contents that are proposed, in order; subjects in `subjects` where it is given. */
static void run_all(struct sweep *sweep, struct string_list *contents,
		    struct string_list *subjects)
{
	struct error err = ERROR_INIT;

	for (;;) {
		CLEANUP_PROPOSAL struct proposal p = PROPOSAL_INIT;
		int done = sweep_next(sweep, never, NULL, &p, &err);

		assert_true(done >= 0);
		if (done)
			break;
		string_list_add(contents, p.edits[0].content);
		if (subjects)
			string_list_add(subjects, p.subject);
	}
}

static void a_proposal_says_what_it_does(void **state)
{
	static const char text[] =
		"/* 1 */\n\tfloat rate = 0.01f; /* autoresearch: 0.01..0.03 log */\n";
	CLEANUP_SWEEP struct sweep *sweep = sweep_of("src/a.c", text, 1);
	CLEANUP_PROPOSAL struct proposal p = PROPOSAL_INIT;
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(sweep_next(sweep, never, NULL, &p, &err), 0);
	assert_string_equal(p.subject, "rate 0.01f -> 0.03f");
	assert_string_equal(p.proposed_by, "sweep");
	assert_string_equal(p.rationale,
			    "src/a.c:2, x3\n"
			    "  was  float rate = 0.01f; /* autoresearch: 0.01..0.03 log */\n"
			    "  now  float rate = 0.03f; /* autoresearch: 0.01..0.03 log */\n");
	assert_int_equal(p.edits_nr, 1);
	assert_string_equal(p.edits[0].path, "src/a.c");
	assert_int_equal(p.edits[0].mode, 0100644);
	assert_string_equal(
		p.edits[0].content,
		"/* 1 */\n\tfloat rate = 0.03f; /* autoresearch: 0.01..0.03 log */\n");
	assert_int_equal(p.edits[0].len, strlen(p.edits[0].content));
}

static void a_nameless_number_goes_by_its_place(void **state)
{
	CLEANUP_SWEEP struct sweep *sweep = sweep_of("a.c", "\nf(4);\n", 1);
	CLEANUP_STRING_LIST struct string_list contents = STRING_LIST_INIT;
	CLEANUP_STRING_LIST struct string_list subjects = STRING_LIST_INIT;

	(void)state;
	run_all(sweep, &contents, &subjects);
	assert_true(string_list_has(&subjects, "4 -> 8 in a.c:2"));
}

static void a_wide_sweep_holds_the_other(void **state)
{
	static const char text[] = "a = 100.0\nb = 8\nc = 0\n";
	struct sweep_file file = { "a.py", 0100644, text, strlen(text) };
	CLEANUP_SWEEP struct sweep *sweep = sweep_of("a.py", text, 1);
	CLEANUP_SWEEP struct sweep *wide = sweep_new(&file, 1, true, 1);
	CLEANUP_STRING_LIST struct string_list narrow_ones = STRING_LIST_INIT;
	CLEANUP_STRING_LIST struct string_list wide_ones = STRING_LIST_INIT;

	(void)state;
	run_all(sweep, &narrow_ones, NULL);
	run_all(wide, &wide_ones, NULL);
	assert_true(wide_ones.nr > narrow_ones.nr);
	for (size_t i = 0; i < narrow_ones.nr; i++)
		assert_true(string_list_has(&wide_ones, narrow_ones.items[i]));
	assert_false(string_list_has(&narrow_ones, "a = 1000.0\nb = 8\nc = 0\n"));
	assert_true(string_list_has(&wide_ones, "a = 1000.0\nb = 8\nc = 0\n"));
	assert_true(string_list_has(&wide_ones, "a = 100.0\nb = 2\nc = 0\n"));
}

static void steps_go_from_coarse_to_fine(void **state)
{
	CLEANUP_SWEEP struct sweep *sweep = sweep_of("a.py", "a = 100.0\n", 1);
	CLEANUP_STRING_LIST struct string_list contents = STRING_LIST_INIT;

	(void)state;
	assert_int_equal(sweep_parameters(sweep), 1);
	run_all(sweep, &contents, NULL);
	assert_int_equal(contents.nr, 8);
	for (size_t i = 0; i < 2; i++)
		assert_true(!strcmp(contents.items[i], "a = 300.0\n") ||
			    !strcmp(contents.items[i], "a = 33.0\n"));
	for (size_t i = 2; i < 4; i++)
		assert_true(!strcmp(contents.items[i], "a = 150.0\n") ||
			    !strcmp(contents.items[i], "a = 67.0\n"));
	assert_true(string_list_has(&contents, "a = 120.0\n"));
	assert_true(string_list_has(&contents, "a = 105.0\n"));
	assert_true(string_list_has(&contents, "a = 95.0\n"));
}

static void integers_are_doubled_and_counted(void **state)
{
	CLEANUP_SWEEP struct sweep *sweep = sweep_of("a.py", "a = 64\n", 1);
	CLEANUP_STRING_LIST struct string_list contents = STRING_LIST_INIT;

	(void)state;
	run_all(sweep, &contents, NULL);
	string_list_sort(&contents);
	assert_int_equal(contents.nr, 8);
	assert_string_equal(contents.items[0], "a = 128\n");
	assert_true(string_list_has(&contents, "a = 32\n"));
	assert_true(string_list_has(&contents, "a = 96\n"));
	assert_true(string_list_has(&contents, "a = 43\n"));
	assert_true(string_list_has(&contents, "a = 63\n"));
	assert_true(string_list_has(&contents, "a = 65\n"));
}

static void small_integers_do_not_repeat(void **state)
{
	CLEANUP_SWEEP struct sweep *one = sweep_of("a.py", "a = 1\n", 1);
	CLEANUP_SWEEP struct sweep *zero = sweep_of("a.py", "a = 0\n", 1);
	CLEANUP_STRING_LIST struct string_list contents = STRING_LIST_INIT;

	(void)state;
	run_all(one, &contents, NULL);
	assert_int_equal(contents.nr, 2); /* 2 and, at last, 0 */
	assert_string_equal(contents.items[0], "a = 2\n");
	assert_string_equal(contents.items[1], "a = 0\n");
	run_all(zero, &contents, NULL);
	assert_int_equal(contents.nr, 3);
	assert_string_equal(contents.items[2], "a = 1\n");
}

static void bounds_hold(void **state)
{
	CLEANUP_SWEEP struct sweep *sweep =
		sweep_of("a.py", "a = 0.9 # autoresearch: 0.5..0.999\n", 1);
	CLEANUP_STRING_LIST struct string_list contents = STRING_LIST_INIT;

	(void)state;
	run_all(sweep, &contents, NULL);
	for (size_t i = 0; i < contents.nr; i++) {
		double value = strtod(contents.items[i] + 4, NULL);

		assert_true(value >= 0.5 && value <= 0.999);
	}
	/* Without `log` the step is a share of the range: 0.9 - 0.499 / 4. */
	assert_true(string_list_has(&contents, "a = 0.78 # autoresearch: 0.5..0.999\n"));
	assert_true(string_list_has(&contents, "a = 0.999 # autoresearch: 0.5..0.999\n"));
}

static void a_range_below_zero_is_crossed(void **state)
{
	static const char text[] = "a = 7.0\nb = -2.0 # autoresearch: -5..3\n";
	CLEANUP_SWEEP struct sweep *sweep = sweep_of("a.py", text, 1);
	CLEANUP_STRING_LIST struct string_list contents = STRING_LIST_INIT;

	(void)state;
	assert_int_equal(sweep_parameters(sweep), 1);
	run_all(sweep, &contents, NULL);
	assert_int_equal(contents.nr, 8);
	/* A quarter and an eighth of the range of 8, down and up. */
	assert_true(string_list_has(&contents, "a = 7.0\nb = -4.0 # autoresearch: -5..3\n"));
	assert_true(string_list_has(&contents, "a = 7.0\nb = 0.0 # autoresearch: -5..3\n"));
	assert_true(string_list_has(&contents, "a = 7.0\nb = -1.0 # autoresearch: -5..3\n"));
}

static void marks_that_mark_nothing_are_named(void **state)
{
	struct sweep_file files[] = {
		{ "a.py", 0100644, "a = 1 # autoresearch: 1..5\n", 27 },
		{ "sub/b.py", 0100644, "\nb = 2 # autoresearch: 5..1\n", 28 },
	};
	struct sweep *sweep = sweep_new(files, 2, false, 1);
	CLEANUP_STRING_LIST struct string_list problems = STRING_LIST_INIT;

	(void)state;
	sweep_problems(sweep, &problems);
	assert_int_equal(problems.nr, 1);
	assert_string_equal(problems.items[0],
			    "sub/b.py:2: this mark cannot be read: autoresearch: 5..1");
	sweep_free(sweep);
}

static void a_mark_leaves_all_others_alone(void **state)
{
	struct sweep_file files[] = {
		{ "a.py", 0100644, "a = 1\nb = 2.0\n", 14 },
		{ "b.py", 0100755, "c = tanh # autoresearch: relu|tanh|gelu\nd = 3\n", 46 },
	};
	struct sweep *sweep = sweep_new(files, 2, false, 1);
	CLEANUP_STRING_LIST struct string_list contents = STRING_LIST_INIT;

	(void)state;
	assert_int_equal(sweep_parameters(sweep), 1);
	run_all(sweep, &contents, NULL);
	assert_int_equal(contents.nr, 2);
	string_list_sort(&contents);
	assert_string_equal(contents.items[0],
			    "c = gelu # autoresearch: relu|tanh|gelu\nd = 3\n");
	assert_string_equal(contents.items[1],
			    "c = relu # autoresearch: relu|tanh|gelu\nd = 3\n");
	sweep_free(sweep);
	sweep = sweep_new(files, 1, false, 1);
	assert_int_equal(sweep_parameters(sweep), 2);
	sweep_free(sweep);
}

static void pairs_follow_when_single_steps_are_used_up(void **state)
{
	static const char text[] = "a = 2 # autoresearch: 1..4\nb = x # autoresearch: x|y\n";
	CLEANUP_SWEEP struct sweep *sweep = sweep_of("a.py", text, 1);
	CLEANUP_STRING_LIST struct string_list contents = STRING_LIST_INIT;
	CLEANUP_STRING_LIST struct string_list subjects = STRING_LIST_INIT;

	(void)state;
	run_all(sweep, &contents, &subjects);
	/* a: 4, 1, and 3 by a finer step; b: y; the pairs: both coarse steps of a with y. */
	assert_int_equal(contents.nr, 6);
	for (size_t i = 0; i < 4; i++)
		assert_null(strchr(subjects.items[i], ','));
	assert_true(string_list_has(&subjects, "a 2 -> 4, b x -> y"));
	assert_true(string_list_has(&subjects, "a 2 -> 1, b x -> y"));
	assert_true(string_list_has(&contents,
				    "a = 4 # autoresearch: 1..4\nb = y # autoresearch: x|y\n"));
}

static void a_pair_may_lie_in_two_files(void **state)
{
	struct sweep_file files[] = {
		{ "a.py", 0100644, "a = x # autoresearch: x|y\n", 26 },
		{ "b.py", 0100755, "b = x # autoresearch: x|y\n", 26 },
	};
	struct sweep *sweep = sweep_new(files, 2, false, 1);
	struct error err = ERROR_INIT;
	struct proposal p = PROPOSAL_INIT;

	(void)state;
	for (int i = 0; i < 3; i++) {
		proposal_release(&p);
		assert_int_equal(sweep_next(sweep, never, NULL, &p, &err), 0);
	}
	assert_int_equal(p.edits_nr, 2);
	assert_string_equal(p.subject, "a x -> y, b x -> y");
	assert_string_equal(p.edits[0].content, "a = y # autoresearch: x|y\n");
	assert_string_equal(p.edits[1].path, "b.py");
	assert_int_equal(p.edits[1].mode, 0100755);
	proposal_release(&p);
	assert_int_equal(sweep_next(sweep, never, NULL, &p, &err), 1);
	sweep_free(sweep);
}

static void no_candidate_comes_twice(void **state)
{
	static const char text[] = "a = 3\nb = 0.5\nc = 7\nd = 1e-3\n";
	CLEANUP_SWEEP struct sweep *sweep = sweep_of("a.py", text, 9);
	CLEANUP_STRING_LIST struct string_list contents = STRING_LIST_INIT;

	(void)state;
	run_all(sweep, &contents, NULL);
	assert_false(string_list_has(&contents, text));
	assert_in_range(contents.nr, 60, 100);
	string_list_sort(&contents);
	for (size_t i = 1; i < contents.nr; i++)
		assert_string_not_equal(contents.items[i - 1], contents.items[i]);
}

static void the_seed_and_the_text_give_the_order(void **state)
{
	static const char text[] = "a = 3\nb = 0.5\nc = 7\nd = 1e-3\n";
	CLEANUP_SWEEP struct sweep *first = sweep_of("a.py", text, 9);
	CLEANUP_SWEEP struct sweep *again = sweep_of("a.py", text, 9);
	CLEANUP_SWEEP struct sweep *other = sweep_of("a.py", text, 10);
	struct string_list lists[3] = { 0 };
	bool differs = false;

	(void)state;
	run_all(first, &lists[0], NULL);
	run_all(again, &lists[1], NULL);
	run_all(other, &lists[2], NULL);
	assert_int_equal(lists[0].nr, lists[1].nr);
	assert_int_equal(lists[0].nr, lists[2].nr);
	for (size_t i = 0; i < lists[0].nr; i++) {
		assert_string_equal(lists[0].items[i], lists[1].items[i]);
		differs |= strcmp(lists[0].items[i], lists[2].items[i]) != 0;
	}
	assert_true(differs);
	for (size_t i = 0; i < 3; i++)
		string_list_release(&lists[i]);
}

static void what_was_tried_is_passed_over(void **state)
{
	CLEANUP_SWEEP struct sweep *sweep = sweep_of("a.py", "a = 100.0\n", 1);
	CLEANUP_STRING_LIST struct string_list known = STRING_LIST_INIT;
	struct error err = ERROR_INIT;
	struct proposal p = PROPOSAL_INIT;

	(void)state;
	string_list_add(&known, "a = 300.0\n");
	assert_int_equal(sweep_next(sweep, is_listed, &known, &p, &err), 0);
	assert_string_equal(p.edits[0].content, "a = 33.0\n");
	proposal_release(&p);
}

static void an_error_passes_through_and_loses_nothing(void **state)
{
	CLEANUP_SWEEP struct sweep *sweep = sweep_of("a.py", "a = 1\n", 1);
	CLEANUP_PROPOSAL struct proposal p = PROPOSAL_INIT;
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(sweep_next(sweep, fails, NULL, &p, &err), -1);
	assert_string_equal(err.message, "no disk");
	assert_null(p.subject);
	assert_int_equal(sweep_next(sweep, never, NULL, &p, &err), 0);
	assert_string_equal(p.edits[0].content, "a = 2\n");
}

static void the_largest_numbers_do_no_harm(void **state)
{
	CLEANUP_SWEEP struct sweep *sweep =
		sweep_of("a.py", "a = 1e308\nb = 1e-323\nc = 9007199254740991\n", 1);
	CLEANUP_STRING_LIST struct string_list contents = STRING_LIST_INIT;

	(void)state;
	assert_int_equal(sweep_parameters(sweep), 3);
	run_all(sweep, &contents, NULL);
	for (size_t i = 0; i < contents.nr; i++)
		assert_null(strstr(contents.items[i], "inf"));
	assert_true(
		string_list_has(&contents, "a = 1e308\nb = 1e-323\nc = 9007199254740990\n"));
}

static void without_parameters_it_ends_at_once(void **state)
{
	CLEANUP_SWEEP struct sweep *words = sweep_of("a.py", "print('1')\n", 1);
	CLEANUP_SWEEP struct sweep *nothing = sweep_new(NULL, 0, false, 1);
	CLEANUP_PROPOSAL struct proposal p = PROPOSAL_INIT;
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(sweep_parameters(words), 0);
	assert_int_equal(sweep_next(words, never, NULL, &p, &err), 1);
	assert_int_equal(sweep_next(words, never, NULL, &p, &err), 1);
	assert_int_equal(sweep_next(nothing, never, NULL, &p, &err), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_proposal_says_what_it_does),
		cmocka_unit_test(a_nameless_number_goes_by_its_place),
		cmocka_unit_test(a_wide_sweep_holds_the_other),
		cmocka_unit_test(steps_go_from_coarse_to_fine),
		cmocka_unit_test(integers_are_doubled_and_counted),
		cmocka_unit_test(small_integers_do_not_repeat),
		cmocka_unit_test(bounds_hold),
		cmocka_unit_test(a_range_below_zero_is_crossed),
		cmocka_unit_test(marks_that_mark_nothing_are_named),
		cmocka_unit_test(a_mark_leaves_all_others_alone),
		cmocka_unit_test(pairs_follow_when_single_steps_are_used_up),
		cmocka_unit_test(a_pair_may_lie_in_two_files),
		cmocka_unit_test(no_candidate_comes_twice),
		cmocka_unit_test(the_seed_and_the_text_give_the_order),
		cmocka_unit_test(what_was_tried_is_passed_over),
		cmocka_unit_test(an_error_passes_through_and_loses_nothing),
		cmocka_unit_test(the_largest_numbers_do_no_harm),
		cmocka_unit_test(without_parameters_it_ends_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
