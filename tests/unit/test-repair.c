#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "propose/repair.h"

static void the_turn_says_what_and_where(void **state)
{
	const struct line old[] = { { "lr = 0.10", 9 }, { "\tx", 2 } };
	const struct line near[] = { { "lr = 0.1", 8 } };
	static const char expected[] =
		"Your reply could not be used: SEARCH 1 is not there.\n\n"
		"```\nNot found:\nlr = 0.10\n\tx\nThe file has:\n"
		"7: lr = 0.1\n```\n\nNothing of it was applied";
	CLEANUP_COMPLAINT struct complaint why = COMPLAINT_INIT;
	CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;

	(void)state;
	assert_int_equal(complaint_set(&why, "SEARCH %d is not there", 1), -1);
	complaint_quote(&why, "Not found:", old, 2, 0);
	complaint_quote(&why, "The file has:", near, 1, 7);
	repair_build(&why, &out);
	if (!starts_with(out.buf, expected))
		fail_msg("%s", out.buf);
	assert_true(ends_with(out.buf, "or a unified\ndiff.\n"));
}

static void without_a_place_there_is_no_fence(void **state)
{
	CLEANUP_COMPLAINT struct complaint why = COMPLAINT_INIT;
	CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;

	(void)state;
	complaint_set(&why, "it holds no edit");
	repair_build(&why, &out);
	assert_null(strstr(out.buf, "```"));
	assert_non_null(strstr(out.buf, "could not be used: it holds no edit.\n\nNothing"));
}

/* The quote is a candidate's text, and may be written to be read as ours. */
static void nothing_quoted_leaves_its_fence(void **state)
{
	const struct line evil[] = { { "````", 4 }, { "a\x1b[2J\r", 6 } };
	CLEANUP_COMPLAINT struct complaint why = COMPLAINT_INIT;
	CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;

	(void)state;
	complaint_set(&why, "'%s' is\nnot there\x07", "a\x1b");
	complaint_quote(&why, "It:", evil, 2, 0);
	repair_build(&why, &out);
	assert_non_null(strstr(out.buf, "'a\\x1b' is\\x0anot there\\x07."));
	assert_non_null(strstr(out.buf, "\n`````\nIt:\n````\na\\x1b[2J\\x0d\n`````\n"));
}

static void what_is_long_is_cut(void **state)
{
	CLEANUP_COMPLAINT struct complaint why = COMPLAINT_INIT;
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	struct line lines[COMPLAINT_LINES_MAX + 4];

	(void)state;
	for (int i = 0; i < 1000; i++)
		strbuf_addstr(&text, "\xc3\xbc");
	complaint_set(&why, "x%s", text.buf);
	assert_in_range(why.sentence.len, COMPLAINT_SENTENCE_MAX - 2,
			COMPLAINT_SENTENCE_MAX + 4);
	assert_null(strstr(why.sentence.buf, "\\x"));
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		lines[i] = (struct line){ text.buf, text.len };
	complaint_quote(&why, "It:", lines, ARRAY_SIZE(lines), 1);
	assert_in_range(why.quote.len, COMPLAINT_LINES_MAX * COMPLAINT_WIDTH_MAX,
			COMPLAINT_LINES_MAX * (COMPLAINT_WIDTH_MAX + 20));
	assert_true(ends_with(why.quote.buf, "(and 4 lines more)\n"));
}

static void a_new_complaint_takes_the_place_of_the_old(void **state)
{
	const struct line l = { "x", 1 };
	CLEANUP_COMPLAINT struct complaint why = COMPLAINT_INIT;

	(void)state;
	complaint_set(&why, "one");
	complaint_quote(&why, "It:", &l, 1, 0);
	assert_int_equal(complaint_reason(&why, "out-of-scope %s", "x"), -1);
	assert_string_equal(why.reason, "out-of-scope x");
	complaint_set(&why, "two");
	assert_string_equal(why.reason, "malformed");
	assert_string_equal(why.sentence.buf, "two");
	assert_string_equal(why.quote.buf, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_turn_says_what_and_where),
		cmocka_unit_test(without_a_place_there_is_no_fence),
		cmocka_unit_test(nothing_quoted_leaves_its_fence),
		cmocka_unit_test(what_is_long_is_cut),
		cmocka_unit_test(a_new_complaint_takes_the_place_of_the_old),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
