#include "propose/repair.h"

#include <string.h>

/* Longer than any run of backticks in the quote, so that nothing in it ends the fence. */
static void add_fence(const char *quote, struct strbuf *out)
{
	size_t longest = 2, run = 0;

	for (; *quote; quote++) {
		run = *quote == '`' ? run + 1 : 0;
		longest = run > longest ? run : longest;
	}
	for (size_t i = 0; i <= longest; i++)
		strbuf_addch(out, '`');
	strbuf_addch(out, '\n');
}

void repair_build(const struct complaint *why, struct strbuf *out)
{
	strbuf_addf(out, "Your reply could not be used: %s.\n\n", why->sentence.buf);
	if (why->quote.len) {
		add_fence(why->quote.buf, out);
		strbuf_addstr(out, why->quote.buf);
		add_fence(why->quote.buf, out);
		strbuf_addch(out, '\n');
	}
	strbuf_addstr(
		out,
		"Nothing of it was applied, and this is the one chance to mend it. Send the\n"
		"whole reply again, all of its edits and not only that one, in the same form:\n"
		"a subject on the first line, and each edit a fenced block with the file's\n"
		"path alone on the line above the fence. A block holds the whole file with\n"
		"nothing left out, or '<<<<<<< SEARCH', '=======' and '>>>>>>> REPLACE' whose\n"
		"SEARCH lines are copied from the file and stand in it once, or a unified\n"
		"diff.\n");
}
