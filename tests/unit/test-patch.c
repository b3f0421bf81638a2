#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "report/patch.h"

#define META "\033[1m"
#define FRAG "\033[36m"
#define OLD "\033[31m"
#define NEW "\033[32m"
#define END "\033[m\n"

static void check(const char *patch, size_t len, bool color, const char *expected)
{
	CLEANUP_FREE char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	report_patch(patch, len, color, out);
	fclose(out);
	assert_string_equal(text, expected);
}

static void check_text(const char *patch, bool color, const char *expected)
{
	check(patch, strlen(patch), color, expected);
}

static void test_colors(void **state)
{
	(void)state;
	check_text("diff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -1,2 +1,2 @@ main()\n a\n-b\n+c\n"
		   "\\ No newline at end of file\n",
		   true,
		   META "diff --git a/f b/f" END META "--- a/f" END META "+++ b/f" END FRAG
			"@@ -1,2 +1,2 @@\033[m main()\n a\n" OLD "-b" END NEW "+c" END
			"\\ No newline at end of file\n");
}

/* A line that was removed may look like a header, and a header in a hunk is a line. */
static void test_lines_that_look_like_headers(void **state)
{
	(void)state;
	check_text("@@ -1,2 +1 @@\n--- a/f\n-@@ -1 +1 @@\n+++ b\n--- a/g\n", true,
		   FRAG "@@ -1,2 +1 @@" END OLD "--- a/f" END OLD "-@@ -1 +1 @@" END NEW
			"+++ b" END META "--- a/g" END);
}

/* A head that makes no sense is no head, and its numbers are not believed. */
static void test_nonsense(void **state)
{
	(void)state;
	check_text("@@ -1,x +1 @@\n@@ -1 @@\n@@", true,
		   META "@@ -1,x +1 @@" END META "@@ -1 @@" END META "@@" END);
}

static void test_hostile(void **state)
{
	static const char patch[] = "@@ -0,0 +1,2 @@\n+a\033[8mb\n+c\0d\te";

	(void)state;
	check(patch, sizeof(patch) - 1, true,
	      FRAG "@@ -0,0 +1,2 @@" END NEW "+a\\x1b[8mb" END NEW "+c\\x00d\te" END);
	check(patch, sizeof(patch) - 1, false, "@@ -0,0 +1,2 @@\n+a\\x1b[8mb\n+c\\x00d\te\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_colors),
		cmocka_unit_test(test_lines_that_look_like_headers),
		cmocka_unit_test(test_nonsense),
		cmocka_unit_test(test_hostile),
	};

	/* Nobody's own colours. */
	setenv("GIT_CONFIG_NOSYSTEM", "1", 1);
	setenv("HOME", "/nonexistent", 1);
	unsetenv("XDG_CONFIG_HOME");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
