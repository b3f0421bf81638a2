#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "report/html.h"

static void assert_html(const char *text, size_t len, const char *expected)
{
	CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;

	html_add(&out, text, len);
	assert_string_equal(out.buf, expected);
	assert_int_equal(out.len, strlen(expected));
}

#define assert_shown(text, expected) assert_html(text, sizeof(text) - 1, expected)

static void what_a_browser_acts_on(void **state)
{
	(void)state;
	assert_shown("</script><b a='1' b=\"2\">&amp;",
		     "&lt;/script&gt;&lt;b a=&#39;1&#39; b=&quot;2&quot;&gt;&amp;amp;");
	assert_shown("", "");
	assert_shown("plain", "plain");
}

static void what_changes_how_a_line_reads(void **state)
{
	(void)state;
	assert_shown("a\033[31m\0\x7f", "a\\x1b[31m\\x00\\x7f");
	assert_shown("\xe2\x80\xae"
		     "evil",
		     "\\xe2\\x80\\xaeevil");
	assert_shown("\xff<\xfe", "\\xff&lt;\\xfe");
	assert_shown("\xc3\xa9\r", "\xc3\xa9\\x0d");
}

static void lines_and_tabs_stay(void **state)
{
	(void)state;
	assert_shown("\ta\n\n<\t\n", "\ta\n\n&lt;\t\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_browser_acts_on),
		cmocka_unit_test(what_changes_how_a_line_reads),
		cmocka_unit_test(lines_and_tabs_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
