#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "propose/elision.h"

static struct line line_of(const char *s)
{
	return (struct line){ s, strlen(s) };
}

static void what_stands_for_other_lines_is_known(void **state)
{
	static const char *const lines[] = {
		"... rest unchanged ...",
		"# existing code",
		"// remaining code here",
		"[unchanged]",
		"    # ... existing code ...",
		"# ...",
		"// ...",
		"/* ... */",
		"<!-- rest of the file -->",
		"\t// ... rest of the function remains the same",
		"# (rest of train() unchanged)",
		"-- ... other statements",
		"; unchanged",
		"# \u2026 same as before \u2026",
		"... (lines 10-50 omitted)",
		"# Rest of your code",
		"# The rest of the code remains unchanged.",
		"/* existing code here */",
		"{/* ... existing code ... */}",
		"[... unchanged ...]",
		"# omitted for brevity",
		"// Keep the rest as is",
		"{...}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		if (!line_is_elision(line_of(lines[i])))
			fail_msg("not known: %s", lines[i]);
}

static void code_and_other_comments_are_not(void **state)
{
	static const char *const lines[] = {
		"",
		"...",
		"    ...",
		"def f(): ...",
		"x[..., 0] = 1",
		"\t...rest,",
		"return {...rest};",
		"rest = unchanged",
		"print(\"... rest unchanged ...\")",
		"lr = 0.1 # unchanged",
		"# continue training...",
		"# load the existing checkpoint",
		"# warm up, then decay",
		"# the learning rate that follows is kept unchanged for all ablations",
		"#define REST 1",
		"#include \"rest.h\"",
		"/* the same seed as the baseline */",
		"// previous code used Adam",
		"---",
		"***",
		"[section]",
		"<div>",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		if (line_is_elision(line_of(lines[i])))
			fail_msg("taken for one: %s", lines[i]);
}

static void one_that_stood_there_is_none(void **state)
{
	static const char content[] = "a\n  # existing code\nb\n\nc\n";
	struct line lines[] = { line_of("x"), line_of("# existing code  "), line_of("# ...") };
	CLEANUP_TEXT struct text old = TEXT_INIT, new = TEXT_INIT;
	struct line found;
	size_t work = 0;

	(void)state;
	text_split(&old, content, strlen(content));
	assert_false(elision_find(lines, 2, &old, &work, &found));
	assert_true(elision_find(lines, 3, &old, &work, &found));
	assert_memory_equal(found.s, "# ...", 5);
	text_split(&new, "b\n  a\nd\n", 8);
	assert_int_equal(elision_lost(&old, &new), 2);
	assert_int_equal(elision_lost(&old, &old), 0);
	assert_int_equal(elision_lost(&new, &old), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_stands_for_other_lines_is_known),
		cmocka_unit_test(code_and_other_comments_are_not),
		cmocka_unit_test(one_that_stood_there_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
