#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "propose/fence.h"

static const struct fence fence = { .seed = 7 };

static void assert_line(const char *words, size_t max, const char *expected)
{
	CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;

	fence_line(&fence, words, max, &out);
	assert_string_equal(out.buf, expected);
}

static void assert_lines(const char *text, size_t max, const char *expected, size_t missing)
{
	CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;

	assert_int_equal(fence_lines(&fence, SECRET_PROSE, text, strlen(text), max, &out),
			 missing);
	assert_string_equal(out.buf, expected);
}

static void assert_tail(const char *log, int lines, size_t max, const char *expected)
{
	CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;

	fence_tail(&fence, log, strlen(log), lines, max, &out);
	assert_string_equal(out.buf, expected);
}

static void words_are_one_line(void **state)
{
	(void)state;
	assert_line("plain", 100, "plain");
	assert_line("one\ntwo\t\x1b[2J\x07", 100, "one\\x0atwo\\x09\\x1b[2J\\x07");
	assert_line("token=abcdef\n", 100, "token=[masked]\\x0a");
	assert_line("", 100, "");
}

static void words_are_cut_between_characters(void **state)
{
	(void)state;
	assert_line("12345678", 8, "12345678");
	assert_line("123456789", 8, "12345678 ...");
	assert_line("1234567\xc3\xbc", 8, "1234567 ...");
	/* A secret is masked before it could be cut to something that no rule knows. */
	assert_line("password=abcdefghijklmnop", 12, "password=[ma ...");
}

static void what_nobody_sees_is_made_visible(void **state)
{
	(void)state;
	assert_line("a\xe2\x80\xae"
		    "b",
		    100, "a\\xe2\\x80\\xaeb"); /* right-to-left override */
	assert_line("\xe2\x81\xa6x\xe2\x81\xa9", 100, "\\xe2\\x81\\xa6x\\xe2\\x81\\xa9");
	assert_line("\xd8\x9c", 100, "\\xd8\\x9c");		      /* Arabic letter mark */
	assert_line("\xe2\x80\x8b", 100, "\\xe2\\x80\\x8b");	      /* zero-width space */
	assert_line("\xe2\x80\xa8", 100, "\\xe2\\x80\\xa8");	      /* line separator */
	assert_line("\xef\xbb\xbf", 100, "\\xef\\xbb\\xbf");	      /* byte order mark */
	assert_line("\xf3\xa0\x81\xa1", 100, "\\xf3\\xa0\\x81\\xa1"); /* tag letter a */
	assert_line("\xc2\x9b"
		    "2J \xff",
		    100, "\\xc2\\x9b2J \\xff");
	/* And what people write stays: Persian with its joiner, an emoji, accents. */
	assert_line("\xd9\x85\xdb\x8c\xe2\x80\x8c\xd8\xae caf\xc3\xa9 \xf0\x9f\x98\x80", 100,
		    "\xd9\x85\xdb\x8c\xe2\x80\x8c\xd8\xae caf\xc3\xa9 \xf0\x9f\x98\x80");
}

static void lines_stay_lines(void **state)
{
	(void)state;
	assert_lines("a\n\tb\r\nc\rd", SIZE_MAX, "a\n\tb\nc\\x0dd\n", 0);
	assert_lines("", SIZE_MAX, "", 0);
	assert_lines("\n", SIZE_MAX, "\n", 0);
}

static void lines_are_cut_at_their_ends(void **state)
{
	(void)state;
	assert_lines("12\n45\n78\n", 9, "12\n45\n78\n", 0);
	assert_lines("12\n45\n78\n", 8, "12\n45\n", 3);
	assert_lines("123456789", 4, "1234\n", 6);
}

static void a_tail_is_what_a_terminal_would_show_last(void **state)
{
	(void)state;
	assert_tail("1\n2\n3\n4\n", 2, 100, "3\n4\n");
	assert_tail("1\n2", 5, 100, "1\n2\n");
	assert_tail("one\n 1%\r 50%\r100%\ndone\r\n", 2, 100, "100%\ndone\n");
	assert_tail("123456789\n", 3, 4, "789\n");
	assert_tail("", 3, 4, "");
}

static void a_key_is_masked_before_its_tail_is_taken(void **state)
{
	(void)state;
	assert_tail("-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQ\n"
		    "AoIBAQC7VJTUt9Us8cKj\n-----END PRIVATE KEY-----\nfailed\n",
		    3, 1000, "[masked]\nfailed\n");
}

static char *fenced(uint64_t seed, const char *body)
{
	struct fence f = { .seed = seed };
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	struct strbuf out = STRBUF_INIT;

	strbuf_addstr(&text, body);
	fence_add(&f, "diff", &text, &out);
	return strbuf_detach(&out, NULL);
}

static void a_fence_depends_on_text_and_seed_alone(void **state)
{
	CLEANUP_FREE char *one = fenced(1, "text\n");
	CLEANUP_FREE char *again = fenced(1, "text\n");
	CLEANUP_FREE char *other = fenced(1, "texts\n");
	CLEANUP_FREE char *seed = fenced(2, "text\n");
	CLEANUP_FREE char *rest = NULL;
	char nonce[17];

	(void)state;
	assert_string_equal(one, again);
	assert_string_not_equal(one, seed);
	assert_int_not_equal(memcmp(one, other, 30), 0);
	assert_int_equal(sscanf(one, "<data diff %16[0-9a-f]>", nonce), 1);
	assert_int_equal(strlen(nonce), 16);
	rest = xstrfmt("\ntext\n</data %s>\n", nonce);
	assert_string_equal(strchr(one, '\n'), rest);
}

static void a_nonce_that_occurs_gets_longer(void **state)
{
	/* Every single digit and most pairs occur: nothing below three digits will do. */
	static const char digits[] = "0123456789abcdef";
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	char nonce[DIGEST_HEX_LEN + 1];

	(void)state;
	for (size_t i = 0; i < 256; i++) {
		strbuf_addch(&text, digits[i >> 4]);
		strbuf_addch(&text, digits[i & 15]);
	}
	fence_nonce(&fence, text.buf, text.len, 1, nonce);
	assert_true(strlen(nonce) > 2);
	assert_null(strstr(text.buf, nonce));
}

static void a_text_that_replays_a_fence_is_no_way_out(void **state)
{
	CLEANUP_FREE char *one = fenced(1, "first\n");
	CLEANUP_FREE char *two = fenced(1, one);
	CLEANUP_FREE char *last = NULL;
	const char *end = strstr(one, "</data "), *p;

	(void)state;
	/* The closing line of the outer fence stands at its end alone. */
	last = xstrdup(strrchr(two, '<'));
	assert_string_not_equal(last, end);
	p = strstr(two, last);
	assert_non_null(p);
	assert_string_equal(p, last);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_one_line),
		cmocka_unit_test(words_are_cut_between_characters),
		cmocka_unit_test(what_nobody_sees_is_made_visible),
		cmocka_unit_test(lines_stay_lines),
		cmocka_unit_test(lines_are_cut_at_their_ends),
		cmocka_unit_test(a_tail_is_what_a_terminal_would_show_last),
		cmocka_unit_test(a_key_is_masked_before_its_tail_is_taken),
		cmocka_unit_test(a_fence_depends_on_text_and_seed_alone),
		cmocka_unit_test(a_nonce_that_occurs_gets_longer),
		cmocka_unit_test(a_text_that_replays_a_fence_is_no_way_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
