#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "propose/scan.h"

/* What is found in `text`, as the literals themselves between spaces; a marked one with a
 * star behind it. */
static void assert_finds(const char *path, const char *text, const char *expected)
{
	CLEANUP_LITERALS struct literal_list list = { 0 };
	CLEANUP_STRBUF struct strbuf found = STRBUF_INIT;

	literals_scan(path, text, strlen(text), &list);
	for (size_t i = 0; i < list.nr; i++) {
		const struct literal *l = &list.items[i];

		strbuf_addstr(&found, i ? " " : "");
		strbuf_add(&found, text + l->start, l->len);
		strbuf_addstr(&found, l->marked ? "*" : "");
	}
	assert_string_equal(found.buf, expected);
}

static void numbers_are_found_as_written(void **state)
{
	(void)state;
	assert_finds("a.py",
		     "a = 1\nb = 0.5\nc = .5\nd = 1.\ne = 1e-3\nf = 2.5E+4\ng = 1_000\n",
		     "1 0.5 .5 1. 1e-3 2.5E+4 1_000");
	assert_finds("a.c", "float a = 1.0f, b = 1.f; long c = 10L; unsigned d = 3u;",
		     "1.0f 1.f 10L 3u");
	assert_finds("a.rs", "let a = 3u8; for i in 0..10 {} let b = 1.5f32;",
		     "3u8 0 10 1.5f32");
	assert_finds("a.r", "n <- 10L", "10L");
	assert_finds("a.c", "x = a-2; y = -3;", "2 3");
}

static void other_digits_are_no_numbers(void **state)
{
	(void)state;
	assert_finds("a.c", "x1 = a.b2 + y_3 + f4();", "");
	assert_finds("a.c", "m = 0x1f + 0b101 + 017 + 0x1.8p-3;", "");
	assert_finds("a.py", "v = 1.2.3\nw = 0o17\nz = 2j\n", "");
	assert_finds("a.css", "width: 10px", "");
	assert_finds("a.cpp", "long n = 1'000'000;", "");
	assert_finds("a.rs", "t.0 + f().1 + a[0].1 + 1.max(2)", "0 2");
	assert_finds("a.sh", "gpt-2 2024-01-31 $1 ${2} -O2 lib3.11", "");
	assert_finds("a.py", "n = 9007199254740992\nm = 9007199254740991\n",
		     "9007199254740991");
}

static void comments_and_strings_hold_none(void **state)
{
	(void)state;
	assert_finds("a.c", "a = 1; // 2\n/* 3\n 4 */ b = '5'; c = \"6\\\" 7\"; d = 8;", "1 8");
	assert_finds("a.py",
		     "a = 1 # 2\nb = '''3\n\"4\n'''; c = \"5\" 'it\\'s 6'\nd = 7 // 8\n",
		     "1 7 8");
	assert_finds("a.sh", "a=1 # 2\nb='3\n4' c=\"5\"\nd=6 e=x#7\n", "1 6");
	assert_finds("Makefile", "N = 1 # 2\n", "1");
	assert_finds("a.sql", "select 1 -- 2\n/* 3 */ where a = '4\\' and b = 5", "1 5");
	assert_finds("a.lua", "a = 1 -- 2\n--[[ 3\n4 ]] b = 5\n", "1 5");
	assert_finds("a.js", "a = 1 // 2\nb = `3\n4`; c = 5", "1 5");
	assert_finds("a.go", "a := 1 // 2\nb := `\\`; c := 3", "1 3");
	assert_finds("a.rs", "fn f<'a>(x: &'a str) { 1; '2'; '\\'' ; 3 }", "1 3");
	assert_finds("a.ini", "a = 1 ; 2\nb = 3 # 4\n", "1 3");
	assert_finds("a.el", "(setq a 1) ; 2\n", "1");
	assert_finds("a.toml", "a = 1 # 2\nb = '''3\n4'''\nc = 5\n", "1 5");
	assert_finds("a.yml", "a: 1 # 2\nb: x#3\nc: 4\n", "1 4");
	assert_finds("a.json", "{\"a1\": 1, \"b\": \"2\"}", "1");
	assert_finds("a.jl", "a = 1 #= 2\n3 =# ; b = c' * 4 # 5\n", "1 4");
	assert_finds("strange", "a = 1 # 2\nb = 3 // 4\nhttp://5.x 6\n", "1 3 6");
}

static void an_open_string_ends_with_its_line(void **state)
{
	(void)state;
	assert_finds("a.txt", "don't 1\nb 2\n", "2");
	assert_finds("a.sh", "echo don't 1\nb=2\n", "2");
	assert_finds("a.c", "/* 1", "");
	assert_finds("a.c", "\"\\", "");
}

static void a_range_marks_the_first_number(void **state)
{
	static const char text[] = "int a = 4 + 5; /* autoresearch: 2..64 width */\nb = 6;\n";
	struct literal_list list = { 0 };

	(void)state;
	assert_finds("a.c", text, "4* 5 6");
	literals_scan("a.c", text, strlen(text), &list);
	assert_int_equal(list.items[0].kind, LITERAL_INTEGER);
	assert_true(list.items[0].min == 2 && list.items[0].max == 64);
	assert_false(list.items[0].log);
	assert_int_equal(list.items[2].line, 2);
	literals_release(&list);
}

static void a_range_may_be_of_reals(void **state)
{
	static const char text[] = "rate = 1 # autoresearch: 1e-4..10 log";
	struct literal_list list = { 0 };

	(void)state;
	literals_scan("a.py", text, strlen(text), &list);
	assert_int_equal(list.items[0].kind, LITERAL_REAL);
	assert_true(list.items[0].log);
	assert_true(list.items[0].min == 1e-4);
	literals_release(&list);
}

static void a_range_below_zero_takes_the_sign(void **state)
{
	static const char text[] = "shift = -1.5 # autoresearch: -3..-0.5";
	CLEANUP_LITERALS struct literal_list list = { 0 };

	(void)state;
	literals_scan("a.py", text, strlen(text), &list);
	assert_int_equal(list.nr, 1);
	assert_true(list.items[0].min == -3 && list.items[0].max == -0.5);
	assert_true(list.items[0].value == -1.5);
	assert_int_equal(list.problems.nr, 0);
	assert_finds("a.py", text, "-1.5*");
	assert_finds("a.py", "x = 3 # autoresearch: -5..5", "3*");
	assert_finds("a.py", "x = +3 # autoresearch: -5..+5", "+3*");
	assert_finds("a.py", "x = f(-3, 4) # autoresearch: -5..5", "-3* 4");
	assert_finds("a.c", "#define X -3 // autoresearch: -5..5", "-3*");
	assert_finds("a.c", "return -3; // autoresearch: -5..5", "-3*");
	assert_finds("a.sh", "run --shift -3 # autoresearch: -5..5", "-3*");
	assert_finds("a.yml", "- -3 # autoresearch: -5..5", "-3*");
	/* Here it subtracts. */
	assert_finds("a.c", "x = a-3; // autoresearch: -5..5", "3*");
	assert_finds("a.c", "x = f()-3; // autoresearch: -5..5", "3*");
	assert_finds("a.c", "x = a[1]-3; // autoresearch: -5..5", "1* 3");
	assert_finds("a.c", "x = a - 3; // autoresearch: -5..5", "3*");
	/* Of other ranges a sign is no part. */
	assert_finds("a.py", "x = -3 # autoresearch: 0..5", "3*");
}

static void assert_problem(const char *text, const char *expected)
{
	CLEANUP_LITERALS struct literal_list list = { 0 };

	literals_scan("a.py", text, strlen(text), &list);
	assert_int_equal(list.problems.nr, expected ? 1 : 0);
	if (expected)
		assert_string_equal(list.problems.items[0], expected);
}

static void what_looks_like_a_mark_and_is_none_is_told(void **state)
{
	(void)state;
	assert_problem("a = 1\nb = 2 # autoresearch: 9..1\n",
		       "2: this mark cannot be read: autoresearch: 9..1");
	assert_problem("a = 1 # autoresearch: 1..",
		       "1: this mark cannot be read: autoresearch: 1..");
	assert_problem("a = 1 # autoresearch: -1..1 log",
		       "1: this mark cannot be read: autoresearch: -1..1 log");
	assert_problem("a = 1 # autoresearch: low..high",
		       "1: this mark cannot be read: autoresearch: low..high");
	assert_problem("a = 1 # autoresearch: relu|",
		       "1: this mark cannot be read: autoresearch: relu|");
	assert_problem("# autoresearch: 1..9",
		       "1: nothing on the line is left to mark: autoresearch: 1..9");
	assert_problem("a = f # autoresearch: relu|tanh",
		       "1: nothing on the line is left to mark: autoresearch: relu|tanh");
	assert_problem("a = 1 # autoresearch: 1..\x1b[2J",
		       "1: this mark cannot be read: autoresearch: 1..\\x1b[2J");
	assert_problem("a = 1 # autoresearch: what follows is prose", NULL);
	assert_problem("a = 1 # autoresearch:", NULL);
}

static void alternatives_mark_a_word(void **state)
{
	static const char text[] = "tanhs = \"tanh\" # autoresearch: relu | tanh|gelu";
	struct literal_list list = { 0 };

	(void)state;
	assert_finds("a.py", text, "tanh*");
	assert_finds("a.py", "n = 32 # autoresearch: 16|32|64", "32 32*");
	assert_finds("a.py", "f(relu6) # autoresearch: relu|relu6", "relu6*");
	literals_scan("a.py", text, strlen(text), &list);
	assert_int_equal(list.items[0].kind, LITERAL_WORD);
	assert_int_equal(list.items[0].start, 9);
	assert_int_equal(list.items[0].words.nr, 3);
	literals_release(&list);
}

static void other_comments_are_no_marks(void **state)
{
	(void)state;
	assert_finds("a.py", "a = 1 # autoresearch: it is fine", "1");
	assert_finds("a.py", "a = 1 # autoresearch: 9..1", "1");
	assert_finds("a.py", "a = 1 # autoresearch: 1..9x", "1");
	assert_finds("a.py", "a = 1 # noautoresearch: 1..9", "1");
	assert_finds("a.py", "a = 1 # autoresearch: relu|tanh", "1");
	assert_finds("a.py", "# autoresearch: 1..9\na = 1", "1");
	assert_finds("a.py", "a = 1; s = '# autoresearch: 1..9'", "1");
	assert_finds("a.c", "/* autoresearch: 1..9 */ a = 1;", "1");
	assert_finds("a.c", "a = 1; /*\nautoresearch: 1..9 */", "1");
}

static void binary_and_empty_texts_have_none(void **state)
{
	struct literal_list list = { 0 };

	(void)state;
	literals_scan("a.c", "1\0 2", 4, &list);
	literals_scan("a.c", "", 0, &list);
	assert_int_equal(list.nr, 0);
}

static void there_is_a_bound(void **state)
{
	CLEANUP_LITERALS struct literal_list list = { 0 };
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	(void)state;
	for (int i = 0; i < LITERALS_MAX + 5; i++)
		strbuf_addstr(&text, "7\n");
	literals_scan("a.csv", text.buf, text.len, &list);
	assert_int_equal(list.nr, LITERALS_MAX);
	strbuf_reset(&text);
	strbuf_addstr(&text, "a = 1");
	while (text.len < MARK_COLUMN_MAX)
		strbuf_addch(&text, ' ');
	strbuf_addstr(&text, "# autoresearch: 0..2");
	assert_finds("a.py", text.buf, "1");
	strbuf_reset(&text);
	strbuf_addstr(&text, "a = w0 # autoresearch: w0");
	for (int i = 1; i <= MARK_WORDS_MAX; i++)
		strbuf_addf(&text, "|w%d", i);
	assert_finds("a.py", text.buf, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_found_as_written),
		cmocka_unit_test(other_digits_are_no_numbers),
		cmocka_unit_test(comments_and_strings_hold_none),
		cmocka_unit_test(an_open_string_ends_with_its_line),
		cmocka_unit_test(a_range_marks_the_first_number),
		cmocka_unit_test(a_range_may_be_of_reals),
		cmocka_unit_test(a_range_below_zero_takes_the_sign),
		cmocka_unit_test(what_looks_like_a_mark_and_is_none_is_told),
		cmocka_unit_test(alternatives_mark_a_word),
		cmocka_unit_test(other_comments_are_no_marks),
		cmocka_unit_test(binary_and_empty_texts_have_none),
		cmocka_unit_test(there_is_a_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
