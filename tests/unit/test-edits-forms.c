/*
 * The same change in every form that a reply may give it: whole replies as models write them,
 * and changes drawn at random, which must come out as they were meant.
 */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "propose/edits.h"

static bool find(const char *path, struct edits_file *ret, void *data)
{
	const char *content = data;

	if (strcmp(path, "train.py"))
		return false;
	*ret = (struct edits_file){ content, strlen(content), 0100644 };
	return true;
}

static bool is_editable(const char *path, void *data)
{
	(void)path;
	(void)data;
	return true;
}

/* train.py was `old` and is `new` after the reply. */
static void assert_becomes(const char *old, const char *text, const char *new)
{
	const struct edits_base base = { find, is_editable, (void *)old };
	CLEANUP_COMPLAINT struct complaint why = COMPLAINT_INIT;
	CLEANUP_PROPOSAL struct proposal p = PROPOSAL_INIT;
	CLEANUP_REPLY struct reply reply = REPLY_INIT;

	if (reply_parse(text, strlen(text), false, &reply, &why) ||
	    edits_apply(&reply, &base, &p, &why))
		fail_msg("%s\n%s\n--- old\n%s--- reply\n%s", why.sentence.buf, why.quote.buf,
			 old, text);
	assert_int_equal(p.edits_nr, 1);
	assert_string_equal(p.edits[0].path, "train.py");
	if (strcmp(p.edits[0].content, new))
		fail_msg("--- old\n%s--- reply\n%s--- is\n%s--- and not\n%s", old, text,
			 p.edits[0].content, new);
}

#define OLD                             \
	"import torch\n"                \
	"\n"                            \
	"class Net(torch.nn.Module):\n" \
	"    def __init__(self):\n"     \
	"        super().__init__()\n"  \
	"        self.drop = 0.5\n"     \
	"        self.width = 64\n"     \
	"\n"                            \
	"    def forward(self, x):\n"   \
	"        return x * self.width\n"
#define NEW                             \
	"import torch\n"                \
	"\n"                            \
	"class Net(torch.nn.Module):\n" \
	"    def __init__(self):\n"     \
	"        super().__init__()\n"  \
	"        self.drop = 0.1\n"     \
	"        self.width = 64\n"     \
	"\n"                            \
	"    def forward(self, x):\n"   \
	"        return x * self.width\n"

static void replies_of_models(void **state)
{
	static const char *const replies[] = {
		/* as asked for */
		"Drop less\n\nHalf of all units is much for so small a net.\n\n"
		"train.py\n```python\n<<<<<<< SEARCH\n        self.drop = 0.5\n=======\n"
		"        self.drop = 0.1\n>>>>>>> REPLACE\n```\n",
		/* a thinking model that thinks in code */
		"<think>\nThe dropout is high. What if\n```python\nself.drop = 0.1\n```\n"
		"Yes. train.py\n```\nlr = 1\n```\nno.\n</think>\n\n**Drop less**\n\n"
		"`train.py`\n```python\n" NEW "```\n",
		/* headings, a blank line above the fence, words below it */
		"## Drop less\n\n### Changes\n\nIt overfits: see `self.drop`.\n\n"
		"### `train.py`\n\n```python\n" NEW "```\n\nThis should help.\n\n"
		"Run it with:\n\n```sh\npython train.py\n```\n",
		/* an example first, and the method moved to the left */
		"Drop less\n\nInstead of:\n```python\nself.drop = 0.5\n```\n\n"
		"**File: train.py**\n```python\n<<<<<<< SEARCH\ndef __init__(self):\n"
		"    super().__init__()\n    self.drop = 0.5\n=======\n"
		"def __init__(self):\n    super().__init__()\n    self.drop = 0.1\n"
		">>>>>>> REPLACE\n```\n",
		/* a diff with git's decoration, and counts that are wrong */
		"Drop less\n\n```diff\ndiff --git a/train.py b/train.py\n"
		"index 1234567..89abcde 100644\n--- a/train.py\n+++ b/train.py\n"
		"@@ -3,9 +3,9 @@ class Net(torch.nn.Module):\n     def __init__(self):\n"
		"         super().__init__()\n-        self.drop = 0.5\n"
		"+        self.drop = 0.1\n         self.width = 64\n\n```\n",
		/* a diff without anything, below the path, in a list, with CRLF */
		"Drop less\r\n\r\n1. **train.py**:\r\n   ```diff\r\n   @@\r\n"
		"   -        self.drop = 0.5\r\n   +        self.drop = 0.1\r\n   ```\r\n",
		/* the thought was opened in the prompt */
		"So dropout it is.\n</think>\nDrop less\n\ntrain.py:\n~~~python\n" NEW "~~~\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(replies); i++)
		assert_becomes(OLD, replies[i], NEW);
}

/* A change: lines [from, to) of the old text become `added` new ones. */
struct draw {
	unsigned seed;
	int lines, from, to, added;
	int before, after; /* lines of context */
	int indents[40];
};

static int below(struct draw *d, int n)
{
	d->seed = d->seed * 1103515245 + 12345;
	return (int)((d->seed >> 16) % (unsigned)n);
}

static void draw_change(struct draw *d)
{
	d->lines = 1 + below(d, 30);
	for (int i = 0; i < 40; i++)
		d->indents[i] = 4 * (1 + below(d, 3));
	d->from = below(d, d->lines);
	d->to = d->from + below(d, d->lines - d->from < 4 ? d->lines - d->from + 1 : 5);
	d->added = below(d, 5);
	if (d->from == d->to && !d->added)
		d->added = 1;
	d->before = below(d, d->from < 3 ? d->from + 1 : 4);
	d->after = below(d, d->lines - d->to < 3 ? d->lines - d->to + 1 : 4);
	/* Something must tell the place. */
	if (d->from == d->to && !d->before && !d->after)
		d->after = 1;
}

static void add_old(const struct draw *d, struct strbuf *out, const char *prefix, int from,
		    int to, int less, const char *tail)
{
	for (int i = from; i < to; i++)
		strbuf_addf(out, "%s%*sold%d = %d%s\n", prefix, d->indents[i] - less, "", i, i,
			    tail);
}

static void add_new(const struct draw *d, struct strbuf *out, const char *prefix, int less)
{
	for (int i = 0; i < d->added; i++)
		strbuf_addf(out, "%s%*snew%d = %d\n", prefix, d->indents[i] - less, "", i, i);
}

static void add_whole(const struct draw *d, struct strbuf *out)
{
	add_old(d, out, "", 0, d->from, 0, "");
	add_new(d, out, "", 0);
	add_old(d, out, "", d->to, d->lines, 0, "");
}

/* Moved to the left by `less`, and with `tail` at the ends of the lines looked for. */
static void add_search(const struct draw *d, struct strbuf *out, int less, const char *tail)
{
	int first = d->from - d->before, last = d->to + d->after;

	strbuf_addstr(out, "<<<<<<< SEARCH\n");
	add_old(d, out, "", first, last, less, tail);
	strbuf_addstr(out, "=======\n");
	add_old(d, out, "", first, d->from, less, "");
	add_new(d, out, "", less);
	add_old(d, out, "", d->to, last, less, "");
	strbuf_addstr(out, ">>>>>>> REPLACE\n");
}

static void add_diff(const struct draw *d, struct strbuf *out, int number)
{
	strbuf_addf(out, "--- a/train.py\n+++ b/train.py\n@@ -%d +%d @@\n", number, number);
	add_old(d, out, " ", d->from - d->before, d->from, 0, "");
	add_old(d, out, "-", d->from, d->to, 0, "");
	add_new(d, out, "+", 0);
	add_old(d, out, " ", d->to, d->to + d->after, 0, "");
}

#define FORMS 6

static void add_form(struct draw *d, struct strbuf *out, int form)
{
	switch (form) {
	case 0:
		add_whole(d, out);
		break;
	case 1:
		add_search(d, out, 0, "");
		break;
	case 2:
		add_search(d, out, 0, " \t");
		break;
	case 3:
		add_search(d, out, 4, "");
		break;
	case 4:
		add_diff(d, out, d->from - d->before + 1);
		break;
	case 5:
		add_diff(d, out, below(d, 1000));
		break;
	}
}

static void a_change_is_the_same_in_every_form(void **state)
{
	struct draw d = { .seed = 1 };

	(void)state;
	for (int round = 0; round < 3000; round++) {
		CLEANUP_STRBUF struct strbuf old = STRBUF_INIT, new = STRBUF_INIT;
		CLEANUP_STRBUF struct strbuf reply = STRBUF_INIT;

		draw_change(&d);
		add_old(&d, &old, "", 0, d.lines, 0, "");
		add_whole(&d, &new);
		/* An empty block is no whole file. */
		if (!new.len && round % FORMS == 0)
			continue;
		strbuf_addstr(&reply, "s\n\ntrain.py\n```\n");
		add_form(&d, &reply, round % FORMS);
		strbuf_addstr(&reply, "```\n");
		assert_becomes(old.buf, reply.buf, new.buf);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replies_of_models),
		cmocka_unit_test(a_change_is_the_same_in_every_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
