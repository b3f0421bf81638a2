#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/strbuf.h"
#include "base/synopsis.h"

/* Each item of `text` in a line: its name, its value, and what it may be. */
static void assert_items(const char *text, const char *expected)
{
	CLEANUP_STRBUF struct strbuf got = STRBUF_INIT;
	struct synopsis_item item;

	while (synopsis_next(&text, &item)) {
		if (item.name.text)
			strbuf_add(&got, item.name.text, item.name.len);
		if (item.value.text)
			strbuf_addf(&got, "<%.*s>", (int)item.value.len, item.value.text);
		strbuf_addstr(&got, item.kind == SYNOPSIS_SEPARATOR ? " separates" : "");
		strbuf_addstr(&got, item.optional ? " optional" : "");
		strbuf_addstr(&got, item.repeated ? " repeated" : "");
		strbuf_addch(&got, '\n');
	}
	assert_string_equal(got.buf, expected);
}

static void options(void **state)
{
	(void)state;
	assert_items("guide", "");
	assert_items("log [--campaign=<name>] [--json] [--accepted | --rejected] [-n <number>]",
		     "--campaign<name>\n--json\n--accepted\n--rejected\n-n<number>\n");
	assert_items("init [--metric=<name> --editable=<pathspec>...]",
		     "--metric<name>\n--editable<pathspec> repeated\n");
	assert_items("log [--color[=<when>]] [-z]", "--color<when> optional\n-z\n");
	assert_items("stop [--audit-log] <n>", "--audit-log\n<n>\n");
}

static void arguments(void **state)
{
	(void)state;
	assert_items("diff <n> [<m>]", "<n>\n<m>\n");
	assert_items("accept <n> -m <why>", "<n>\n-m<why>\n");
	assert_items("try [<commit> | --patch=<file>]", "<commit>\n--patch<file>\n");
	assert_items("promote [<n>...] [<m>]...", "<n> repeated\n<m> repeated\n");
	assert_items("sandbox [--phase=<run|check>] [--] <command> [<argument>...]",
		     "--phase<run|check>\n-- separates\n<command>\n<argument> repeated\n");
}

static void broken_synopses(void **state)
{
	(void)state;
	assert_items("", "");
	assert_items("x <", "<>\n");
	assert_items("x <a", "<a>\n");
	assert_items("x --a=", "--a\n");
	assert_items("x [--a[=<", "--a<> optional\n");
	assert_items("x -", "-\n");
}

static void alternatives(void **state)
{
	struct piece value = { "run|evaluate|n", 14 }, none = { 0 }, got;

	(void)state;
	assert_true(synopsis_alternative(&value, &got) && piece_is(&got, "run"));
	assert_true(synopsis_alternative(&value, &got) && piece_is(&got, "evaluate"));
	assert_true(synopsis_alternative(&value, &got) && piece_is(&got, "n"));
	assert_false(synopsis_alternative(&value, &got));
	assert_false(synopsis_alternative(&none, &got));
	assert_false(piece_is(&none, ""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options),
		cmocka_unit_test(arguments),
		cmocka_unit_test(broken_synopses),
		cmocka_unit_test(alternatives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
