#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "model/scope.h"
#include "propose/edits.h"

static const char train[] = "import math\n"
			    "\n"
			    "lr = 0.1\n"
			    "\n"
			    "def step(x):\n"
			    "    y = x * lr\n"
			    "    return y\n"
			    "\n"
			    "def last(x):\n"
			    "    for i in range(3):\n"
			    "        x = step(x)  \n"
			    "    return x\n";

struct incumbent {
	const char *path, *content;
	unsigned mode;
};

static const struct incumbent files[] = {
	{ "train.py", train, 0100644 },
	{ "run.sh", "#!/bin/sh\nexec make\n", 0100755 },
	{ "twice.c", "int a;\nf();\nint b;\nf();\n", 0100644 },
	{ "dos.txt", "one\r\ntwo\r\nthree\r\n", 0100644 },
	{ "open.txt", "one\ntwo", 0100644 },
	{ "empty.txt", "", 0100644 },
	{ "a/x", "1\n", 0100644 },
	{ "x", "2\n", 0100644 },
	{ "secret.txt", "1\n", 0100644 },
	{ "masked.py", "key = \"sk-1\"\nwas = '[masked]'\nn = 1\n", 0100644 },
};

static bool find(const char *path, struct edits_file *ret, void *data)
{
	(void)data;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		if (!strcmp(files[i].path, path)) {
			*ret = (struct edits_file){ files[i].content, strlen(files[i].content),
						    files[i].mode };
			return true;
		}
	return false;
}

static bool is_editable(const char *path, void *data)
{
	(void)data;
	return strcmp(path, "secret.txt") != 0;
}

static const struct edits_base base = { find, is_editable, NULL };

static int apply(const char *text, struct proposal *p, struct complaint *why)
{
	CLEANUP_REPLY struct reply reply = REPLY_INIT;

	return reply_parse(text, strlen(text), false, &reply, why) ||
	       edits_apply(&reply, &base, p, why);
}

/* The edits as "mode path: content" each in brackets. */
static void assert_edits(const char *text, const char *expected)
{
	CLEANUP_COMPLAINT struct complaint why = COMPLAINT_INIT;
	CLEANUP_PROPOSAL struct proposal p = PROPOSAL_INIT;
	CLEANUP_STRBUF struct strbuf shown = STRBUF_INIT;

	if (apply(text, &p, &why))
		fail_msg("refused: %s\n%s\nin:\n%s", why.sentence.buf, why.quote.buf, text);
	for (size_t i = 0; i < p.edits_nr; i++) {
		strbuf_addf(&shown, "[%06o %s: ", p.edits[i].mode, p.edits[i].path);
		strbuf_addstr(&shown, p.edits[i].content ? p.edits[i].content : "(removed)");
		strbuf_addch(&shown, ']');
	}
	assert_string_equal(shown.buf, expected);
}

/* train.py becomes what `replace` makes of it: `from`, which stands in it once, is `to`. */
static void assert_train(const char *text, const char *from, const char *to)
{
	const char *at = strstr(train, from);
	CLEANUP_FREE char *expected = NULL;

	assert_non_null(at);
	expected = xstrfmt("[100644 train.py: %.*s%s%s]", (int)(at - train), train, to,
			   at + strlen(from));
	assert_edits(text, expected);
}

static void assert_refused(const char *text, const char *reason, const char *sentence,
			   const char *quote)
{
	CLEANUP_COMPLAINT struct complaint why = COMPLAINT_INIT;
	CLEANUP_PROPOSAL struct proposal p = PROPOSAL_INIT;

	if (!apply(text, &p, &why))
		fail_msg("taken:\n%s", text);
	assert_int_equal(p.edits_nr, 0);
	assert_string_equal(why.reason, reason);
	if (!strstr(why.sentence.buf, sentence))
		fail_msg("no \"%s\" in: %s", sentence, why.sentence.buf);
	if (!strstr(why.quote.buf, quote))
		fail_msg("no \"%s\" in:\n%s", quote, why.quote.buf);
}

#define SEARCH(old, new) "<<<<<<< SEARCH\n" old "=======\n" new ">>>>>>> REPLACE\n"
#define BLOCK(path, text) "\n" path "\n```\n" text "```\n"

static void a_whole_file_takes_the_place_of_the_old_one(void **state)
{
	(void)state;
	assert_edits("s\n" BLOCK("x", "3\n"), "[100644 x: 3\n]");
	assert_edits("s\n" BLOCK("new/y.py", "1\n2\n"), "[100644 new/y.py: 1\n2\n]");
	assert_edits("s\n" BLOCK("pkg/__init__.py", ""), "[100644 pkg/__init__.py: ]");
	/* Its mode stays, and so does how its lines end. */
	assert_edits("s\n" BLOCK("run.sh", "#!/bin/sh\nmake\n"),
		     "[100755 run.sh: #!/bin/sh\nmake\n]");
	assert_edits("s\n" BLOCK("dos.txt", "one\n2\n"), "[100644 dos.txt: one\r\n2\r\n]");
	assert_edits("s\n" BLOCK("open.txt", "one\n2\n"), "[100644 open.txt: one\n2]");
}

static void a_search_is_found_exactly(void **state)
{
	(void)state;
	assert_train("s\n" BLOCK("train.py", SEARCH("lr = 0.1\n", "lr = 0.05\n")), "lr = 0.1",
		     "lr = 0.05");
	assert_train("s\n" BLOCK("train.py", SEARCH("lr = 0.1\n", "")), "lr = 0.1\n", "");
	assert_train("s\n" BLOCK("train.py", SEARCH("    return y\n\ndef last(x):\n",
						    "    return y\n\n\ndef last(x):\n")),
		     "y\n\ndef last", "y\n\n\ndef last");
	/* Markers of 5 to 9, closed like tags, with space behind. */
	assert_train("s\n" BLOCK("train.py", "<<<<< SEARCH\nlr = 0.1\n=====\nlr = 1\n"
					     ">>>>> REPLACE\n"),
		     "0.1", "1");
	assert_train("s\n" BLOCK("train.py", "<<<<<<<<< SEARCH> \nlr = 0.1\n======= \nlr = 1\n"
					     ">>>>>>> REPLACE\n"),
		     "0.1", "1");
	assert_edits("s\n" BLOCK("dos.txt", SEARCH("two\n", "2\n2b\n")),
		     "[100644 dos.txt: one\r\n2\r\n2b\r\nthree\r\n]");
	assert_edits("s\n" BLOCK("open.txt", SEARCH("two\n", "2\n")),
		     "[100644 open.txt: one\n2]");
}

static void white_space_at_the_ends_of_lines_is_forgiven(void **state)
{
	(void)state;
	/* The model left two spaces out; the line that stays keeps them. */
	assert_train("s\n" BLOCK("train.py", SEARCH("    for i in range(3):\n"
						    "        x = step(x)\n",
						    "    for i in range(4):\n"
						    "        x = step(x)\n")),
		     "range(3)", "range(4)");
	assert_train("s\n" BLOCK("train.py", SEARCH("lr = 0.1   \n\t\ndef step(x):\n",
						    "lr = 1\n\t\ndef step(x):\n")),
		     "0.1", "1");
}

static void one_indentation_is_forgiven_and_taken_on(void **state)
{
	(void)state;
	assert_train("s\n" BLOCK("train.py", SEARCH("y = x * lr\nreturn y\n",
						    "y = x * lr\nif y > 1:\n    y = 1\n\n"
						    "return y\n")),
		     "lr\n    return y", "lr\n    if y > 1:\n        y = 1\n\n    return y");
	assert_train("s\n" BLOCK("train.py", SEARCH("    def step(x):\n        y = x * lr\n",
						    "    def step(x):\n        y = x\n")),
		     "y = x * lr", "y = x");
	/* Two are too many, and so is one that the new lines do not have. */
	assert_refused("s\n" BLOCK("train.py", SEARCH("def step(x):\n  y = x * lr\n", "x\n")),
		       "malformed", "does not stand", "5: def step(x):\n6:     y = x * lr\n");
	assert_refused("s\n" BLOCK("train.py",
				   SEARCH("  def step(x):\n      y = x * lr\n", "x = 1\n")),
		       "malformed", "indented more than the file", "x = 1\n");
}

static void blocks_apply_in_order_on_what_those_before_left(void **state)
{
	(void)state;
	assert_train("s\n" BLOCK("train.py", SEARCH("lr = 0.1\n", "lr = 0.2\n")
						     SEARCH("lr = 0.2\n", "lr = 0.3\n")),
		     "0.1", "0.3");
	assert_train("s\n" BLOCK("train.py", SEARCH("lr = 0.1\n", "lr = 0.2\n"))
			     BLOCK("train.py", "\n" SEARCH("lr = 0.2\n", "lr = 0.3\n")),
		     "0.1", "0.3");
	assert_edits("s\n" BLOCK("x", "3\n4\n") BLOCK("x", SEARCH("4\n", "5\n")),
		     "[100644 x: 3\n5\n]");
	assert_edits("s\n" BLOCK("x", "3\n") BLOCK("new", "1\n"),
		     "[100644 x: 3\n][100644 new: 1\n]");
	assert_refused("s\n" BLOCK("x", "3\n") BLOCK("x", "4\n"), "malformed",
		       "written whole after another", "");
	assert_refused("s\n" BLOCK("x", SEARCH("2\n", "3\n")) BLOCK("x", "4\n"), "malformed",
		       "written whole after another", "");
}

static void an_empty_search_makes_a_file(void **state)
{
	(void)state;
	assert_edits("s\n" BLOCK("new.py", SEARCH("", "1\n2\n")), "[100644 new.py: 1\n2\n]");
	assert_edits("s\n" BLOCK("new.py", SEARCH("\n", "1\n")), "[100644 new.py: 1\n]");
	assert_edits("s\n" BLOCK("empty.txt", SEARCH("", "1\n")), "[100644 empty.txt: 1\n]");
	assert_refused("s\n" BLOCK("x", SEARCH("", "1\n")), "malformed", "no old line", "");
	assert_refused("s\n" BLOCK("new.py", SEARCH("1\n", "2\n")), "malformed",
		       "there is no file 'new.py'", "");
}

static void what_stands_twice_is_ambiguous(void **state)
{
	(void)state;
	assert_refused("s\n" BLOCK("twice.c", SEARCH("f();\n", "g();\n")), "malformed",
		       "SEARCH 1 for 'twice.c' stands in 2 places of that file (lines 2, 4)",
		       "f();\n");
	assert_edits("s\n" BLOCK("twice.c", SEARCH("int b;\nf();\n", "int b;\ng();\n")),
		     "[100644 twice.c: int a;\nf();\nint b;\ng();\n]");
	/* A closer match is none the less the only one of its rung. */
	assert_edits("s\n" BLOCK("y", "f();\n  f();\n") BLOCK("y", SEARCH("  f();\n", "g\n")),
		     "[100644 y: f();\ng\n]");
}

static void what_is_not_found_is_quoted_with_what_is_like_it(void **state)
{
	(void)state;
	assert_refused("s\n" BLOCK("train.py", SEARCH("lr = 0.10\n", "lr = 1\n")), "malformed",
		       "SEARCH 1 for 'train.py' does not stand in that file",
		       "Not found:\nlr = 0.10\nThe most similar lines of the file, with their "
		       "numbers:\n3: lr = 0.1\n");
	assert_refused("s\n" BLOCK("train.py", SEARCH("zzzzzzzzzzzz\n", "lr = 1\n")),
		       "malformed", "does not stand", "Not found:\nzzzzzzzzzzzz\n");
}

static void markers_out_of_order_are_refused(void **state)
{
	(void)state;
	assert_refused("s\n" BLOCK("x", "<<<<<<< SEARCH\n2\n=======\n3\n"), "malformed",
		       "no line '>>>>>>> REPLACE'", "");
	assert_refused("s\n" BLOCK("x", "<<<<<<< SEARCH\n2\n>>>>>>> REPLACE\n"), "malformed",
		       "0 lines '======='", "");
	assert_refused("s\n" BLOCK("x", "<<<<<<< SEARCH\n2\n=======\n" SEARCH("2\n", "3\n")),
		       "malformed", "begins anew", "");
	assert_refused("s\n" BLOCK("x", "# x\n" SEARCH("2\n", "3\n")), "malformed",
		       "in no SEARCH", "# x\n");
	/* A heading's rule is no divider where the markers are of another length. */
	assert_edits("s\n" BLOCK("y", "Title\n=====\n")
			     BLOCK("y", SEARCH("Title\n=====\n", "Other\n=====\n")),
		     "[100644 y: Other\n=====\n]");
	assert_refused("s\n" BLOCK("x", SEARCH("Title\n=======\n", "Other\n=======\n")),
		       "malformed", "3 lines '======='", "");
}

static void a_diff_applies_by_its_context(void **state)
{
	(void)state;
	assert_train("s\n" BLOCK("train.py", "--- a/train.py\n+++ b/train.py\n"
					     "@@ -3,1 +3,1 @@\n-lr = 0.1\n+lr = 0.2\n"),
		     "0.1", "0.2");
	/* Numbers that are wrong, counts that are, no numbers, and a context's lost space. */
	assert_train("s\n" BLOCK("train.py", "@@ -90,7 +91,2 @@ def step\n import math\n\n"
					     "-lr = 0.1\n+lr = 0.2\n"),
		     "0.1", "0.2");
	assert_train("s\n\n```diff\n--- train.py\t2026-01-01\n+++ train.py\n@@ ... @@\n"
		     "-lr = 0.1\n+lr = 0.2\n@@\n-    return x\n+    return 2 * x\n```\n",
		     "0.1\n\ndef step(x):\n    y = x * lr\n    return y\n\ndef last(x):\n"
		     "    for i in range(3):\n        x = step(x)  \n    return x",
		     "0.2\n\ndef step(x):\n    y = x * lr\n    return y\n\ndef last(x):\n"
		     "    for i in range(3):\n        x = step(x)  \n    return 2 * x");
	assert_refused("s\n" BLOCK("x", "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-7\n+3\n"), "malformed",
		       "hunk 1 for 'x' does not stand", "7\n");
}

static void a_hunks_number_tells_between_places_that_are_alike(void **state)
{
	(void)state;
	assert_edits("s\n" BLOCK("twice.c", "@@ -4 +4 @@\n-f();\n+g();\n"),
		     "[100644 twice.c: int a;\nf();\nint b;\ng();\n]");
	assert_edits("s\n" BLOCK("twice.c", "@@ -1 +1,2 @@\n int a;\n+int c;\n"
					    "@@ -4 +5 @@\n-f();\n+g();\n"),
		     "[100644 twice.c: int a;\nint c;\nf();\nint b;\ng();\n]");
	assert_refused("s\n" BLOCK("twice.c", "@@ -3 +3 @@\n-f();\n+g();\n"), "malformed",
		       "stands in 2 places", "");
}

static void diffs_make_and_remove_files(void **state)
{
	(void)state;
	assert_edits("s\n\n```diff\ndiff --git a/n.py b/n.py\nnew file mode 100644\n"
		     "index 000..111\n--- /dev/null\n+++ b/n.py\n@@ -0,0 +1,2 @@\n+1\n+2\n"
		     "diff --git a/x b/x\ndeleted file mode 100644\n--- a/x\n+++ /dev/null\n"
		     "@@ -1 +0,0 @@\n-2\n```\n",
		     "[100644 n.py: 1\n2\n][000000 x: (removed)]");
	assert_edits("s\n" BLOCK("train.py", "--- a/train.py\n+++ /dev/null\n"),
		     "[000000 train.py: (removed)]");
	assert_refused(
		"s\n" BLOCK("train.py", "--- a/train.py\n+++ /dev/null\n@@\n-lr = 0.1\n"),
		"malformed", "leaves 11 lines", "");
	assert_refused("s\n" BLOCK("x", "--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+1\n"),
		       "malformed", "makes 'x' anew", "");
	assert_refused("s\n" BLOCK("n", "--- a/n\n+++ /dev/null\n"), "malformed", "not there",
		       "");
	assert_refused("s\n" BLOCK("x", ""), "malformed", "a diff to /dev/null removes", "");
}

static void a_last_line_without_a_newline_can_be_told(void **state)
{
	(void)state;
	assert_edits("s\n" BLOCK("open.txt", "@@ -2 +2 @@\n-two\n\\ No newline at end of file\n"
					     "+2\n"),
		     "[100644 open.txt: one\n2\n]");
	assert_edits("s\n" BLOCK("x", "@@ -1 +1 @@\n-2\n+3\n\\ No newline at end of file\n"),
		     "[100644 x: 3]");
}

static void a_folder_may_be_called_as_a_prefix(void **state)
{
	(void)state;
	assert_edits("s\n" BLOCK("a/x", "--- a/x\n+++ a/x\n@@ -1 +1 @@\n-1\n+3\n"),
		     "[100644 a/x: 3\n]");
	assert_edits("s\n" BLOCK("a/x", "--- a/a/x\n+++ b/a/x\n@@ -1 +1 @@\n-1\n+3\n"),
		     "[100644 a/x: 3\n]");
	assert_edits("s\n" BLOCK("x", "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-2\n+3\n"),
		     "[100644 x: 3\n]");
}

static void diffs_do_nothing_else(void **state)
{
	(void)state;
	assert_refused("s\n\n```diff\n--- a/x\n+++ b/y\n@@ -1 +1 @@\n-2\n+3\n```\n",
		       "malformed", "from 'a/x' to 'b/y': files cannot be renamed", "");
	assert_refused("s\n" BLOCK("x", "diff --git a/x b/y\nrename from x\nrename to y\n"),
		       "malformed", "no renames", "rename from x\n");
	assert_refused("s\n" BLOCK("run.sh", "diff --git a/run.sh b/run.sh\nold mode 100755\n"
					     "new mode 100644\n"),
		       "malformed", "modes", "old mode 100755\n");
	assert_refused("s\n" BLOCK("n", "diff --git a/n b/n\nnew file mode 120000\n"
					"--- /dev/null\n+++ b/n\n@@ -0,0 +1 @@\n+x\n"),
		       "malformed", "modes", "120000");
	assert_refused("s\n" BLOCK("x", "--- a/train.py\n+++ b/train.py\n@@\n-lr = 0.1\n"),
		       "malformed", "a diff of 'train.py' stands below the path 'x'", "");
	assert_refused("s\n" BLOCK("x", "@@ -1 +1 @@\n-2\nthree\n"), "malformed",
		       "begins with none of", "three\n");
	assert_refused("s\nx\n```diff\n-2\n+3\n```\n", "malformed", "stands in no hunk",
		       "-2\n");
	assert_refused("s\nx\n```diff\n```\n", "malformed", "no hunk", "");
	assert_refused("s\n" BLOCK("x", "@@ -1 +1,2 @@\n+3\n"), "malformed", "no old line", "");
}

static void lines_left_out_are_refused(void **state)
{
	(void)state;
	assert_refused("s\n" BLOCK("train.py", "lr = 0.2\n# ... rest of the code unchanged\n"),
		       "malformed", "leaves lines out", "# ... rest of the code unchanged\n");
	assert_refused("s\n" BLOCK("train.py", SEARCH("def step(x):\n    y = x * lr\n",
						      "def step(x):\n    # existing code\n")),
		       "malformed", "leaves lines out", "    # existing code\n");
	assert_refused(
		"s\n" BLOCK("train.py", SEARCH("import math\n...\n# ... existing code ...\n",
					       "import math\n")),
		"malformed", "leaves lines out", "existing code");
	assert_refused("s\n" BLOCK("train.py", "@@ -3 +3 @@\n-lr = 0.1\n+# ...\n"), "malformed",
		       "leaves lines out", "# ...\n");
	/* Where nothing goes, the words are only words; and so they are where they stood. */
	assert_edits("s\n" BLOCK("n.py", "# existing code\n1\n"),
		     "[100644 n.py: # existing code\n1\n]");
	assert_train(
		"s\n" BLOCK("train.py", SEARCH("lr = 0.1\n", "# existing code\nlr = 0.1\n")),
		"lr = 0.1", "# existing code\nlr = 0.1");
	assert_edits("s\n" BLOCK("z", SEARCH("", "# existing code\n1\n2\n3\n4\n"))
			     BLOCK("z", SEARCH("1\n2\n3\n", "# existing code\n")),
		     "[100644 z: # existing code\n# existing code\n4\n]");
}

static void paths_stay_inside(void **state)
{
	static const char *const outside[] = {
		"/etc/passwd",	  "../x", "a/../../x", ".git/config",	       "a/.GIT/x",
		".gitattributes", "a//x", "a/./x",     ".autoresearch/config", "a/",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(outside); i++) {
		CLEANUP_FREE char *text = xstrfmt("s\n\n`%s`\n```\n1\n```\n", outside[i]);
		CLEANUP_FREE char *reason = xstrfmt("out-of-scope %s", outside[i]);

		assert_refused(text, reason, "is no path of a file that may be changed", "");
		assert_false(edits_path_is_sound(outside[i]));
	}
	assert_refused("s\n\n`a\x01.py`\n```\n1\n```\n", "out-of-scope \"a\\001.py\"",
		       "'a\\x01.py' is no path", "");
	assert_refused("s\n\n```\n--- a/../x\n+++ b/../x\n@@ -1 +1 @@\n-2\n+3\n```\n",
		       "out-of-scope ../x", "is no path", "");
	assert_refused("s\n" BLOCK("x", "3\n") BLOCK("secret.txt", "2\n"),
		       "out-of-scope secret.txt", "'secret.txt' is not one of the editable",
		       "");
	assert_false(edits_path_is_sound(""));
	assert_true(edits_path_is_sound("a b/\xc3\xbc.py"));
}

static void one_bad_block_spoils_all(void **state)
{
	(void)state;
	assert_refused("s\n" BLOCK("x", "3\n") BLOCK("train.py", SEARCH("nope\n", "1\n")),
		       "malformed", "does not stand", "");
	assert_refused("s\n" BLOCK("train.py",
				   SEARCH("lr = 0.1\n", "lr = 1\n") SEARCH("nope\n", "1\n")),
		       "malformed", "SEARCH 2 for", "nope\n");
}

static void what_changes_nothing_is_empty(void **state)
{
	(void)state;
	assert_refused("s\n" BLOCK("x", "2\n"), "empty", "change nothing", "");
	assert_refused("s\n" BLOCK("dos.txt", "one\ntwo\nthree\n"), "empty", "", "");
	assert_refused("s\n" BLOCK("open.txt", "one\ntwo\n"), "empty", "", "");
	assert_refused("s\n" BLOCK("x", SEARCH("2\n", "3\n") SEARCH("3\n", "2\n")), "empty", "",
		       "");
	/* Beside a change it is none. */
	assert_edits("s\n" BLOCK("x", "2\n") BLOCK("a/x", "2\n"), "[100644 a/x: 2\n]");
}

static void a_mask_never_takes_the_place_of_a_secret(void **state)
{
	(void)state;
	/* As a model sees it, and copies it. */
	assert_refused(
		"s\n" BLOCK("masked.py", "key = \"[masked]\"\nwas = '[masked]'\nn = 2\n"),
		COMPLAINT_MALFORMED, "it writes [masked] to 'masked.py'", "");
	assert_refused("s\n" BLOCK("x", "3\n") BLOCK("new.py", "key = '[masked]'\n"),
		       COMPLAINT_MALFORMED, "it writes [masked] to 'new.py'", "");
	/* One that is the file's own may stay, and the secret with it. */
	assert_edits("s\n" BLOCK("masked.py", SEARCH("n = 1\n", "n = 2\n")),
		     "[100644 masked.py: key = \"sk-1\"\nwas = '[masked]'\nn = 2\n]");
}

static void all_together_is_bounded(void **state)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	(void)state;
	for (int i = 0; i < 2; i++) {
		size_t start = text.len;

		strbuf_addf(&text, "s\n\nbig%d\n```\n", i);
		while (text.len - start < EDITS_MAX / 2)
			strbuf_addstr(&text, "0123456789 0123456789 0123456789 0123456789\n");
		strbuf_addstr(&text, "```\n");
	}
	strbuf_addstr(&text, BLOCK("x", "3\n"));
	assert_refused(text.buf, "malformed", "larger than 4194304 bytes", "");
}

/* Lines that all but match everywhere end the search, not the machine. */
static void looking_for_lines_has_an_end(void **state)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	(void)state;
	strbuf_addstr(&text, "s\n\nbig\n```\n");
	for (int i = 0; i < 1000000; i++)
		strbuf_addstr(&text, "a\n");
	strbuf_addstr(&text, "```\n\nbig\n```\n<<<<<<< SEARCH\n");
	for (int i = 0; i < 500000; i++)
		strbuf_addstr(&text, "a\n");
	strbuf_addstr(&text, "b\n=======\n>>>>>>> REPLACE\n```\n");
	assert_refused(text.buf, "malformed", "take too long", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_file_takes_the_place_of_the_old_one),
		cmocka_unit_test(a_search_is_found_exactly),
		cmocka_unit_test(white_space_at_the_ends_of_lines_is_forgiven),
		cmocka_unit_test(one_indentation_is_forgiven_and_taken_on),
		cmocka_unit_test(blocks_apply_in_order_on_what_those_before_left),
		cmocka_unit_test(an_empty_search_makes_a_file),
		cmocka_unit_test(what_stands_twice_is_ambiguous),
		cmocka_unit_test(what_is_not_found_is_quoted_with_what_is_like_it),
		cmocka_unit_test(markers_out_of_order_are_refused),
		cmocka_unit_test(a_diff_applies_by_its_context),
		cmocka_unit_test(a_hunks_number_tells_between_places_that_are_alike),
		cmocka_unit_test(diffs_make_and_remove_files),
		cmocka_unit_test(a_last_line_without_a_newline_can_be_told),
		cmocka_unit_test(a_folder_may_be_called_as_a_prefix),
		cmocka_unit_test(diffs_do_nothing_else),
		cmocka_unit_test(lines_left_out_are_refused),
		cmocka_unit_test(paths_stay_inside),
		cmocka_unit_test(one_bad_block_spoils_all),
		cmocka_unit_test(what_changes_nothing_is_empty),
		cmocka_unit_test(a_mask_never_takes_the_place_of_a_secret),
		cmocka_unit_test(all_together_is_bounded),
		cmocka_unit_test(looking_for_lines_has_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
