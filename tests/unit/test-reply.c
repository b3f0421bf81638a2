#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "propose/reply.h"

/* The reply as words: subject, rationale, and each block as "kind path: text". */
static char *show(const struct reply *r)
{
	static const char *const kinds[] = { "file", "search", "diff" };
	struct strbuf out = STRBUF_INIT;

	strbuf_addf(&out, "%s|%s|", r->subject, r->rationale);
	for (size_t i = 0; i < r->blocks_nr; i++) {
		const struct reply_block *b = &r->blocks[i];

		strbuf_addf(&out, "[%s %s: ", kinds[b->kind], b->path ? b->path : "-");
		strbuf_add(&out, b->text, b->len);
		strbuf_addch(&out, ']');
	}
	return strbuf_detach(&out, NULL);
}

static void assert_reply(const char *text, const char *expected)
{
	CLEANUP_COMPLAINT struct complaint why = COMPLAINT_INIT;
	CLEANUP_REPLY struct reply reply = REPLY_INIT;
	CLEANUP_FREE char *shown = NULL;

	if (reply_parse(text, strlen(text), false, &reply, &why))
		fail_msg("refused: %s, in:\n%s", why.sentence.buf, text);
	shown = show(&reply);
	assert_string_equal(shown, expected);
}

static void assert_refused(const char *text, const char *part)
{
	CLEANUP_COMPLAINT struct complaint why = COMPLAINT_INIT;
	CLEANUP_REPLY struct reply reply = REPLY_INIT;

	if (!reply_parse(text, strlen(text), false, &reply, &why))
		fail_msg("taken:\n%s", text);
	assert_string_equal(why.reason, "malformed");
	if (!strstr(why.sentence.buf, part))
		fail_msg("no \"%s\" in: %s", part, why.sentence.buf);
	assert_int_equal(reply.blocks_nr, 0);
}

static void words_and_blocks_are_told_apart(void **state)
{
	(void)state;
	assert_reply("Lower the learning rate\n"
		     "\n"
		     "The loss oscillates.\n"
		     "It should not.\n"
		     "\n"
		     "train.py\n"
		     "```python\n"
		     "lr = 0.05\n"
		     "```\n"
		     "\n"
		     "And a longer warm-up.\n"
		     "\n"
		     "src/warm.py\n"
		     "```\n"
		     "steps = 10\n"
		     "\n"
		     "```\n",
		     "Lower the learning rate|The loss oscillates.\nIt should not.\n\n"
		     "And a longer warm-up.|"
		     "[file train.py: lr = 0.05\n][file src/warm.py: steps = 10\n\n]");
}

static void a_block_is_what_it_begins_with(void **state)
{
	(void)state;
	assert_reply("s\na.py\n```\n<<<<<<< SEARCH\nx\n=======\ny\n>>>>>>> REPLACE\n```\n",
		     "s||[search a.py: <<<<<<< SEARCH\nx\n=======\ny\n>>>>>>> REPLACE\n]");
	assert_reply("s\na.py\n```diff\n@@ -1 +1 @@\n-x\n+y\n```\n",
		     "s||[diff a.py: @@ -1 +1 @@\n-x\n+y\n]");
	assert_reply("s\na.py\n```\n--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-x\n+y\n```\n",
		     "s||[diff a.py: --- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-x\n+y\n]");
	/* A front matter's rule is no diff, nor is a merge's marker a SEARCH. */
	assert_reply("s\na.md\n```\n---\n+++\n```\n", "s||[file a.md: ---\n+++\n]");
	assert_reply("s\na.md\n```\n<<<<<<< HEAD\n```\n", "s||[file a.md: <<<<<<< HEAD\n]");
	/* A diff that names its file needs no line above. */
	assert_reply("s\n\n```diff\n--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-x\n+y\n```\n",
		     "s||[diff -: --- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-x\n+y\n]");
}

static void a_fence_may_be_any_that_markdown_has(void **state)
{
	(void)state;
	assert_reply("s\na.md\n````markdown\n```sh\nmake\n```\n````\n",
		     "s||[file a.md: ```sh\nmake\n```\n]");
	assert_reply("s\na.md\n~~~\n```sh\nmake\n```\n~~~~\n",
		     "s||[file a.md: ```sh\nmake\n```\n]");
	assert_reply("s\na.py\n``` {.python title=x}\n1\n``` \n", "s||[file a.py: 1\n]");
	assert_reply("s\n   a.py\n   ```\n   if x:\n       1\n   ```\n",
		     "s||[file a.py: if x:\n    1\n]");
	/* One that is further in is content. */
	assert_reply("s\na.py\n```\n    ```\n    ```x\n```\n",
		     "s||[file a.py:     ```\n    ```x\n]");
	assert_reply("s\na.py\n```\n```\n", "s||[file a.py: ]");
	assert_reply("s\na.py\n```\n1\n```", "s||[file a.py: 1\n]");
	assert_reply("s\r\n\r\na.py\r\n```\r\n1\r\n2\r\n```\r\n", "s||[file a.py: 1\n2\n]");
}

static void fences_without_a_path_are_prose(void **state)
{
	(void)state;
	assert_reply("Try this\n\nIt printed\n```\nloss: 3\n```\nso:\n\na.py\n```\n1\n```\n",
		     "Try this|It printed\nso:|[file a.py: 1\n]");
	assert_reply("s\nOutput:\n```\nx\n```\n\n**After**\n```\ny\n```\na.py\n```\n1\n```\n",
		     "s|Output:\n\n**After**|[file a.py: 1\n]");
	assert_reply("s\na.py\n\n\n```\nx\n```\na.py\n```\n1\n```\n",
		     "s|a.py|[file a.py: 1\n]");
}

static void assert_path(const char *line, const char *expected)
{
	CLEANUP_FREE char *path = NULL;
	size_t paths;

	path = reply_path((struct line){ line, strlen(line) }, true, &paths);
	if (!path != !expected || (path && strcmp(path, expected)))
		fail_msg("'%s' is %s", line, path ? path : "no path");
	if (path)
		assert_int_equal(paths, 1);
}

static void a_path_is_found_in_what_models_put_around_it(void **state)
{
	static const char *const lines[] = {
		"train.py",
		"train.py:",
		"  train.py  ",
		"./train.py",
		"`train.py`",
		"`train.py`:",
		"``train.py``",
		"**train.py**",
		"**train.py:**",
		"**`train.py`**:",
		"*train.py*",
		"\"train.py\"",
		"'train.py'",
		"# train.py",
		"### `train.py`",
		"#### File: `train.py`",
		"- train.py",
		"* `train.py`:",
		"1. **train.py**",
		"2) train.py",
		"File: train.py",
		"file: `./train.py`",
		"**File:** `train.py`",
		"**File**: train.py",
		"**File: train.py**",
		"**File path:** `train.py`",
		"Filename: train.py",
		"Path: train.py:",
		"`train.py` (new file)",
		"**train.py** (modified):",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		assert_path(lines[i], "train.py");
	assert_path("src/a-b_c/x.test.ts", "src/a-b_c/x.test.ts");
	assert_path("Makefile", "Makefile");
	assert_path("`Makefile`:", "Makefile");
	assert_path("File: Makefile", "Makefile");
	assert_path("pkg/__init__.py", "pkg/__init__.py");
	assert_path("__init__.py", "__init__.py");
	assert_path(".env.example", ".env.example");
	assert_path("/etc/passwd", "/etc/passwd"); /* to be refused by its name */
	assert_path("../x.py", "../x.py");
	assert_path("File: `my notes.txt`", "my notes.txt");
	assert_path("\xc3\xbc.py", "\xc3\xbc.py");
}

static void a_sentence_is_no_path(void **state)
{
	static const char *const lines[] = {
		"",
		"Output:",
		"**Before**",
		"### Explanation",
		"Here is the new train.py:",
		"In `train.py`, change this:",
		"train.py (lines 10-20)",
		"`python train.py`",
		"my notes.txt",
		"Done.",
		"...",
		"https://example.com/a.py",
		"1.",
		"File:",
		"---",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		assert_path(lines[i], NULL);
}

static void a_block_has_one_path(void **state)
{
	(void)state;
	assert_refused("s\na.py, b.py\n```\n1\n```\n", "names 2 paths");
	assert_refused("s\n`a.py` and `b/c.py`:\n```\n1\n```\n", "names 2 paths");
	assert_refused("s\na.py -> b.py\n```\n1\n```\n", "names 2 paths");
}

static void a_thought_is_dropped(void **state)
{
	static const char *const thoughts[] = {
		"<think>a.py\n```\n2\n```\n</think>\n",
		"\n<think>\n\n</think>\n\n",
		"<think>x</think>",
		"<think>x</think>\n<think>y</think>\n",
		"Hm, let me see.\n</think>\n",
		"Hm, so:\n```\n1\n```\nthat is it.</think>\n",
		"Hm, so:\n```\nthat I never close\n</think>\n\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(thoughts); i++) {
		CLEANUP_FREE char *text = xstrfmt("%ss\na.py\n```\n1\n```\n", thoughts[i]);

		assert_reply(text, "s||[file a.py: 1\n]");
	}
	assert_refused("<think>\nI wonder", "no answer");
	/* What a file or a sentence says of the tag is none. */
	assert_reply("s\n\nThe tag `</think>` ends it.\na.py\n```\nx = \"</think>\"\n```\n",
		     "s|The tag `</think>` ends it.|[file a.py: x = \"</think>\"\n]");
	assert_reply("s\na.md\n```\n<think>\n</think>\n```\n",
		     "s||[file a.md: <think>\n</think>\n]");
}

static void what_was_cut_is_refused(void **state)
{
	static const char whole[] = "s\na.py\n```\n1\n```\n";
	CLEANUP_COMPLAINT struct complaint why = COMPLAINT_INIT;
	CLEANUP_REPLY struct reply reply = REPLY_INIT;

	(void)state;
	assert_int_equal(reply_parse(whole, strlen(whole), true, &reply, &why), -1);
	assert_non_null(strstr(why.sentence.buf, "cut"));
	assert_refused("s\na.py\n```\n1\n", "ends inside");
	assert_refused("s\na.py\n```\n1\n```\nb.py\n````\n1\n```\n", "ends inside");
}

static void edits_out_of_their_place_are_refused(void **state)
{
	(void)state;
	assert_refused("", "no edit");
	assert_refused("I would lower the rate.\n", "no edit");
	assert_refused("Lower it:\n```python\nlr = 1\n```\n", "no edit");
	assert_refused("s\n\n```\n<<<<<<< SEARCH\nx\n=======\ny\n>>>>>>> REPLACE\n```\n",
		       "no file's path");
	assert_refused("s\na.py\n```\n<<<<<<< SEARCH\nx\n=======\ny\n>>>>>>> REPLACE\n```\n"
		       "```\n<<<<<<< SEARCH\nz\n=======\ny\n>>>>>>> REPLACE\n```\n",
		       "no file's path");
	assert_refused("s\na.py\n<<<<<<< SEARCH\nx\n=======\ny\n>>>>>>> REPLACE\n",
		       "outside of a fenced block");
	/* The file would end where its own first fence does. */
	assert_refused("s\nREADME.md\n```markdown\n# x\n```sh\nmake\n```\n```\n",
		       "inside a fence");
}

static void there_is_always_a_subject(void **state)
{
	(void)state;
	assert_reply("a.py\n```\n1\n```\n", "edit a.py||[file a.py: 1\n]");
	assert_reply("# Wider heads\n\na.py\n```\n1\n```\n", "Wider heads||[file a.py: 1\n]");
	assert_reply("**Subject:** Wider heads\na.py\n```\n1\n```\n",
		     "Wider heads||[file a.py: 1\n]");
	assert_reply("**Wider heads**\na.py\n```\n1\n```\nWhy: x.\n",
		     "Wider heads|Why: x.|[file a.py: 1\n]");
}

static void all_has_a_cap(void **state)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	CLEANUP_COMPLAINT struct complaint why = COMPLAINT_INIT;
	CLEANUP_REPLY struct reply reply = REPLY_INIT;

	(void)state;
	for (int i = 0; i < 150; i++)
		strbuf_addstr(&text, "\xc3\xbc");
	strbuf_addstr(&text, "\n\n");
	for (int i = 0; i < 2000; i++)
		strbuf_addstr(&text, "words.\n");
	for (int i = 0; i < REPLY_BLOCKS_MAX; i++)
		strbuf_addstr(&text, "\na.py\n```\n1\n```\n");
	assert_int_equal(reply_parse(text.buf, text.len, false, &reply, &why), 0);
	assert_int_equal(strlen(reply.subject), REPLY_SUBJECT_MAX);
	assert_in_range(strlen(reply.rationale), REPLY_RATIONALE_MAX - 8, REPLY_RATIONALE_MAX);
	assert_int_equal(reply.blocks_nr, REPLY_BLOCKS_MAX);
	strbuf_addstr(&text, "\na.py\n```\n1\n```\n");
	assert_refused(text.buf, "more than 64 blocks");
	while (text.len <= REPLY_MAX)
		strbuf_addstr(&text,
			      "0123456789 0123456789 0123456789 0123456789 0123456789\n");
	assert_refused(text.buf, "longer than");
	reply_release(&reply);
	assert_int_equal(reply_parse("s\na.py\n```\n\0\n```\n", 17, false, &reply, &why), -1);
	assert_non_null(strstr(why.sentence.buf, "NUL"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_and_blocks_are_told_apart),
		cmocka_unit_test(a_block_is_what_it_begins_with),
		cmocka_unit_test(a_fence_may_be_any_that_markdown_has),
		cmocka_unit_test(fences_without_a_path_are_prose),
		cmocka_unit_test(a_path_is_found_in_what_models_put_around_it),
		cmocka_unit_test(a_sentence_is_no_path),
		cmocka_unit_test(a_block_has_one_path),
		cmocka_unit_test(a_thought_is_dropped),
		cmocka_unit_test(what_was_cut_is_refused),
		cmocka_unit_test(edits_out_of_their_place_are_refused),
		cmocka_unit_test(there_is_always_a_subject),
		cmocka_unit_test(all_has_a_cap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
