#include <inttypes.h>
#include <string.h>

#include "report/evidence.h"
#include "report/evidence_parts.h"
#include "report/html.h"

static void add_run(struct strbuf *out, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Commands, whole lines: a test runs them one block after the other, in one shell. */
static void add_run(struct strbuf *out, const char *fmt, ...)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&text, fmt, ap);
	va_end(ap);
	strbuf_addstr(out, "<pre class=\"run\">\n");
	html_addstr(out, text.buf);
	strbuf_addstr(out, "</pre>\n");
}

/* Between single quotes, as a shell reads it. */
static void add_quoted(struct strbuf *out, const char *text)
{
	strbuf_addch(out, '\'');
	for (; *text; text++) {
		if (*text == '\'')
			strbuf_addstr(out, "'\\'");
		strbuf_addch(out, *text);
	}
	strbuf_addch(out, '\'');
}

static const char unpack[] = "git init -q --bare checked.git\n"
			     "cd checked.git\n"
			     "git bundle verify ../" EVIDENCE_BUNDLE "\n"
			     "git fetch -q ../" EVIDENCE_BUNDLE " '+refs/*:refs/*'\n"
			     "git fsck --no-dangling\n";

/* One git for each record's text and one for its files, and no more: there may be thousands. */
static const char contents[] =
	"mkdir records\n"
	"git rev-list --first-parent -n %zu \"$ledger\" >chain\n"
	"while read -r record; do\n"
	"\tgit cat-file blob \"$record:record.json\" >\"records/$record\"\n"
	"\tgit ls-tree \"$record\" |\n"
	"\tsed -n '/[[:space:]]record.json$/d; "
	"s/^100644 blob \\([0-9a-f]*\\)[[:space:]]\\(.*\\)$/\"\\2\":\"\\1\"/p' >files\n"
	"\ttest \"$(grep -oFf files \"records/$record\" | wc -l)\" -eq \"$(wc -l <files)\" ||\n"
	"\techo \"$record: its files are not those that it names\"\n"
	"done <chain\n";

static const char vouchers[] =
	"sha256sum records/* | sed 's/ .*//' | sort >recorded\n"
	"git rev-list --no-walk --parents --stdin <chain | sed 's/.* //' |\n"
	"git log --no-walk --stdin --notes=autoresearch --format=%B%N |\n"
	"sed -n 's/^Record: sha256://p' | sort -u >vouched\n"
	"comm -23 recorded vouched\n";

static const char one_record[] = "git ls-tree %.12s\n"
				 "git cat-file blob %.12s:record.json\n"
				 "git log -1 -p %.12s\n"
				 "git notes --ref=autoresearch show %.12s || :\n";

static void add_example(const struct evidence_row *row, struct strbuf *out)
{
	strbuf_addf(out,
		    "<p>One record, here experiment %" PRId64
		    ": its files, what was recorded, the change, and the note on it, which "
		    "those have that were not accepted:\n",
		    row->experiment);
	add_run(out, one_record, row->oid, row->oid, row->commit, row->commit);
	if (!*row->audit.digest)
		return;
	strbuf_addstr(out, "<p>What the kernel saw of it is what record.json vouches for:\n");
	add_run(out,
		"test \"$(git cat-file blob %.12s:audit.jsonl | sha256sum)\" = \"%s  -\"\n",
		row->oid, row->audit.digest);
}

void evidence_checks_add(const struct ledger *ledger, const struct evidence_survey *s,
			 struct strbuf *out)
{
	CLEANUP_STRBUF struct strbuf name = STRBUF_INIT;

	add_quoted(&name, ledger->ledger_ref);
	strbuf_addstr(out, "<h2>Check it</h2>\n"
			   "<p>With git, sha256sum and a shell, in the folder of this page. "
			   "Each file is what it was when it was packed:\n");
	add_run(out, "sha256sum -c SHA256SUMS\n");
	strbuf_addstr(out, "<p>The bundle is whole, and every object is what its id says:\n");
	add_run(out, "%s", unpack);
	strbuf_addstr(out, "<p>The newest record names all before it. Hold its id against one "
			   "that you have from elsewhere, of a push, a signed tag, a letter: "
			   "whoever could write branch, notes and chain could write all three "
			   "anew, and nothing in here would tell.\n");
	add_run(out, "ledger=%s\ntest \"$(git rev-parse \"$ledger\")\" = %s\n", name.buf,
		ledger->tip);
	strbuf_addf(out,
		    "<p>Each of the %zu records names the files beside it. This prints a line "
		    "where that is not so:\n",
		    s->nr);
	add_run(out, contents, s->nr);
	strbuf_addstr(out,
		      "<p>Something else vouches for each record: the commit or the note of "
		      "its candidate carries the digest of its record.json. This prints "
		      "every digest of which that is not so; <code>sha256sum "
		      "records/*</code> says whose it is:\n");
	add_run(out, "%s", vouchers);
	if (s->example)
		add_example(s->example, out);
}
