#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/strbuf.h"

static void an_empty_one_is_a_string(void **state)
{
	struct strbuf sb = STRBUF_INIT;
	char *text;

	(void)state;
	assert_string_equal(sb.buf, "");
	strbuf_reset(&sb);
	strbuf_rtrim(&sb);
	strbuf_add(&sb, NULL, 0);
	assert_int_equal(sb.len, 0);
	text = strbuf_detach(&sb, NULL);
	assert_string_equal(text, "");
	free(text);
	strbuf_release(&sb);
	assert_string_equal(sb.buf, "");
}

static void building(void **state)
{
	CLEANUP_STRBUF struct strbuf sb = STRBUF_INIT;

	(void)state;
	for (int i = 0; i < 1000; i++)
		strbuf_addf(&sb, "%d,", i);
	assert_int_equal(sb.len, 10 * 2 + 90 * 3 + 900 * 4);
	assert_int_equal(strlen(sb.buf), sb.len);
	strbuf_setlen(&sb, 4);
	assert_string_equal(sb.buf, "0,1,");
	strbuf_add(&sb, "a\0b", 3);
	assert_int_equal(sb.len, 7);
	assert_memory_equal(sb.buf, "0,1,a\0b", 8);
}

/* Whatever room there was: none, too little by one, just enough. */
static void formatting_of_any_length(void **state)
{
	(void)state;
	for (int had = 0; had < 140; had++) {
		for (int len = 0; len < 140; len++) {
			CLEANUP_STRBUF struct strbuf sb = STRBUF_INIT;

			for (int i = 0; i < had; i++)
				strbuf_addch(&sb, 'a');
			strbuf_addf(&sb, "%0*d", len + 1, 7);
			assert_int_equal(sb.len, had + len + 1);
			assert_int_equal(strlen(sb.buf), sb.len);
			assert_int_equal(sb.buf[sb.len - 1], '7');
			assert_int_equal(strspn(sb.buf, "a"), had);
		}
	}
}

static void rtrim(void **state)
{
	CLEANUP_STRBUF struct strbuf sb = STRBUF_INIT;

	(void)state;
	strbuf_addstr(&sb, "  a b \t\r\n");
	strbuf_rtrim(&sb);
	assert_string_equal(sb.buf, "  a b");
	strbuf_reset(&sb);
	strbuf_add(&sb, "a\0 ", 3);
	strbuf_rtrim(&sb);
	assert_int_equal(sb.len, 2); /* a NUL is no white space */
}

static int pipe_with(const char *data, size_t len)
{
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], data, len), (int)len);
	close(ends[1]);
	return ends[0];
}

static void reading_up_to_a_cap(void **state)
{
	CLEANUP_STRBUF struct strbuf sb = STRBUF_INIT;
	int fd;

	(void)state;
	strbuf_addstr(&sb, "x");
	fd = pipe_with("12345", 5);
	assert_int_equal(strbuf_read_fd(&sb, fd, 5), 0);
	assert_string_equal(sb.buf, "x12345");
	close(fd);
	fd = pipe_with("12345", 5);
	errno = 0;
	assert_int_equal(strbuf_read_fd(&sb, fd, 4), -1);
	assert_int_equal(errno, EFBIG);
	assert_string_equal(sb.buf, "x123451234");
	close(fd);
	assert_int_equal(strbuf_read_file(&sb, "/nonexistent/file", 10), -1);
	assert_int_equal(errno, ENOENT);
}

static void visible(void **state)
{
	CLEANUP_STRBUF struct strbuf sb = STRBUF_INIT;
	static const char text[] = "\x1b[31m\n\0\x7f \xc3\xa9 \xc2\x9b \xff \xe2\x82";

	(void)state;
	strbuf_add_visible(&sb, text, sizeof(text) - 1);
	assert_string_equal(sb.buf, "\\x1b[31m\\x0a\\x00\\x7f \xc3\xa9 \\xc2\\x9b \\xff "
				    "\\xe2\\x82");
}

static void only_valid_utf8_is_added(void **state)
{
	CLEANUP_STRBUF struct strbuf sb = STRBUF_INIT;

	(void)state;
	strbuf_add_utf8(&sb, "a\xe2\x82\xac", 4);
	assert_string_equal(sb.buf, "a\xe2\x82\xac");
	strbuf_reset(&sb);
	strbuf_add_utf8(&sb, "\xe2\x82z\xff", 4); /* half a sequence, and no sequence */
	assert_string_equal(sb.buf, "\xef\xbf\xbd\xef\xbf\xbdz\xef\xbf\xbd");
}

static void utf8(void **state)
{
	(void)state;
	assert_int_equal(utf8_sequence("a", 1), 1);
	assert_int_equal(utf8_sequence("", 0), 0);
	assert_int_equal(utf8_sequence("\xc3\xa9", 2), 2);
	assert_int_equal(utf8_sequence("\xc3\xa9", 1), 0);
	assert_int_equal(utf8_sequence("\xe2\x82\xac", 3), 3);
	assert_int_equal(utf8_sequence("\xf4\x8f\xbf\xbf", 4), 4);
	assert_int_equal(utf8_sequence("\xf4\x90\x80\x80", 4), 0); /* above U+10FFFF */
	assert_int_equal(utf8_sequence("\xc0\x80", 2), 0);	   /* too long for a NUL */
	assert_int_equal(utf8_sequence("\xe0\x80\x80", 3), 0);
	assert_int_equal(utf8_sequence("\xed\xa0\x80", 3), 0); /* a surrogate */
	assert_int_equal(utf8_sequence("\x80", 1), 0);
}

static void lists(void **state)
{
	CLEANUP_STRING_LIST struct string_list list = STRING_LIST_INIT;

	(void)state;
	string_list_sort(&list);
	assert_false(string_list_has(&list, "a"));
	for (const char *s = "zb\xff"
			     "a";
	     *s; s++)
		string_list_add(&list, (const char[]){ *s, '\0' });
	string_list_sort(&list);
	assert_int_equal(list.nr, 4);
	assert_string_equal(list.items[0], "a");
	assert_string_equal(list.items[3], "\xff"); /* by bytes, unsigned */
	assert_true(string_list_has(&list, "b"));
}

static void prefixes(void **state)
{
	(void)state;
	assert_true(starts_with("abc", "ab"));
	assert_true(starts_with("abc", ""));
	assert_false(starts_with("ab", "abc"));
	assert_true(ends_with("abc", "bc"));
	assert_false(ends_with("bc", "abc"));
}

static void errors(void **state)
{
	struct error err = ERROR_INIT;

	(void)state;
	err.status = 3;
	assert_int_equal(error_set(&err, "no %s", "way"), -1);
	assert_string_equal(err.message, "no way");
	assert_int_equal(err.status, EXIT_FATAL);
	assert_int_equal(error_hint(&err, "take %d", 2), -1);
	assert_int_equal(error_context(&err, "on the road"), -1);
	assert_string_equal(err.message, "on the road: no way");
	assert_string_equal(err.hint, "take 2");
	error_set(&err, "again: %s", err.message);
	assert_string_equal(err.message, "again: on the road: no way");
	assert_string_equal(err.hint, "");
	errno = ENOENT;
	error_errno(&err, "cannot open");
	assert_string_equal(err.message, "cannot open: No such file or directory");
}

static void long_errors_are_cut(void **state)
{
	struct error err = ERROR_INIT;
	char text[3000];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	error_set(&err, "%s", text);
	assert_int_equal(strlen(err.message), sizeof(err.message) - 1);
	error_context(&err, "here");
	assert_int_equal(strlen(err.message), sizeof(err.message) - 1);
	assert_true(starts_with(err.message, "here: xxx"));
	error_context(&err, "%s", text);
	assert_int_equal(strlen(err.message), sizeof(err.message) - 1);
	assert_non_null(strstr(err.message, "xxx: here: xxx"));
}

static void assert_word(const char *s, const char *expected)
{
	CLEANUP_FREE char *word = shell_word(s);

	assert_string_equal(word, expected);
}

static void a_shell_takes_it_for_one_word(void **state)
{
	(void)state;
	assert_word("main", "main");
	assert_word("autoresearch/a-b_c.1", "autoresearch/a-b_c.1");
	assert_word("", "''");
	assert_word("x;$(id)", "'x;$(id)'");
	assert_word("it's", "'it'\\''s'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_one_is_a_string),
		cmocka_unit_test(building),
		cmocka_unit_test(formatting_of_any_length),
		cmocka_unit_test(rtrim),
		cmocka_unit_test(reading_up_to_a_cap),
		cmocka_unit_test(visible),
		cmocka_unit_test(utf8),
		cmocka_unit_test(only_valid_utf8_is_added),
		cmocka_unit_test(lists),
		cmocka_unit_test(prefixes),
		cmocka_unit_test(errors),
		cmocka_unit_test(long_errors_are_cut),
		cmocka_unit_test(a_shell_takes_it_for_one_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
