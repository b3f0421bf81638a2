#include "git/diffstat.h"

#include <string.h>

#include "base/process.h"

#define STAT_MAX (256 << 10) /* bytes: names may be long */

/* As number and macro of the preprocessor, in text. */
#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)

int diffstat_since(const char *from, const char *to, struct strbuf *ret, struct error *err)
{
	CLEANUP_FREE char *range = xstrfmt("%s...%s", from, to);
	const char *const argv[] = { "git",
				     "diff",
				     "--stat=78",
				     "--stat-count=" TEXT(DIFFSTAT_FILES),
				     "--no-color",
				     "--no-ext-diff",
				     "--no-textconv",
				     "--end-of-options",
				     range,
				     "--",
				     NULL };
	CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;

	if (process_run(argv, &out, STAT_MAX, err))
		return -1;
	for (const char *line = out.buf; *line;) {
		size_t len = strcspn(line, "\n");

		strbuf_add_visible(ret, line, len);
		strbuf_addch(ret, '\n');
		line += len + (line[len] == '\n');
	}
	return 0;
}
