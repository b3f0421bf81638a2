#include "report/evidence.h"

#include <inttypes.h>
#include <string.h>

#include "report/evidence_parts.h"
#include "report/html.h"

static const char head[] =
	"<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
	"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	"style-src 'unsafe-inline'\">\n"
	"<meta name=\"viewport\" content=\"width=device-width\">\n";

static const char style[] =
	"<style>\n"
	":root { color-scheme: light dark }\n"
	"body { font: 15px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 75em; "
	"padding: 0 1em }\n"
	"h2 { margin-top: 2em }\n"
	"code, pre { font: 13px/1.45 ui-monospace, monospace }\n"
	"pre { border: 1px solid #8886; border-radius: 4px; overflow-x: auto; padding: .7em }\n"
	"pre.run { border-left: 4px solid #38c }\n"
	".wide { overflow-x: auto }\n"
	"table { border-collapse: collapse }\n"
	"td, th { border-bottom: 1px solid #8884; padding: .25em .7em .25em 0; "
	"text-align: left; vertical-align: top }\n"
	"td.n { text-align: right; font-variant-numeric: tabular-nums }\n"
	"</style>\n";

static void add_questions(struct strbuf *out)
{
	static const struct {
		const char *question, *answer;
	} rows[] = {
		{ "What was changed?",
		  "the candidate's commit, the record's last parent, and the file "
		  "<code>patch</code>" },
		{ "What ran, for how long, on what?",
		  "<code>.autoresearch/config</code> in the commit <code>base</code>; "
		  "<code>trials</code>, <code>duration</code>, <code>host</code> and "
		  "<code>machine</code> of record.json; what it printed in "
		  "<code>run.log</code> and <code>evaluate.log</code>" },
		{ "Under which policy and limits?",
		  "<code>policy</code> of record.json, the digest of commands, paths, limits "
		  "and refused calls; <code>[limits]</code> and <code>[syscalls]</code> of "
		  "that config" },
		{ "Who or what proposed it, and told what?",
		  "<code>proposedBy</code> and <code>asked</code> of record.json; "
		  "<code>prompt.md</code> and <code>reply.md</code>, in which secrets are "
		  "masked" },
		{ "What did it do, what was denied, is anything missing?",
		  "<code>audit.jsonl</code>, a line an act, its last line the totals; "
		  "<code>audit</code> of record.json has its digest, and how much was lost" },
		{ "How was it judged?",
		  "<code>verdict</code>, <code>reason</code>, <code>samples</code>, "
		  "<code>comparison</code> and <code>noise</code> of record.json" },
		{ "Who overruled or promoted it, and why?",
		  "records of another type, which name the experiment as "
		  "<code>about</code>; all of them are listed below" },
	};

	strbuf_addstr(out, "<h2>Where the answers are</h2>\n<div class=\"wide\"><table>\n");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		strbuf_addf(out, "<tr><th>%s<td>%s\n", rows[i].question, rows[i].answer);
	strbuf_addstr(out, "</table></div>\n"
			   "<p>git-autoresearch-ledger(5), the manual page of the program that "
			   "wrote it, tells of every member.\n");
}

static void add_holds(const struct ledger *ledger, const struct evidence *e,
		      const struct evidence_survey *s, struct strbuf *out)
{
	strbuf_addf(out,
		    "<h2>What it holds</h2>\n<p><code>" EVIDENCE_BUNDLE
		    "</code> is a git bundle of %zu objects and these refs. The chain has "
		    "%zu records, the newest first; each is a commit, whose tree holds "
		    "<code>record.json</code> and what belongs to it.\n<table>\n",
		    e->objects, s->nr);
	for (size_t i = 0; i < e->refs_nr; i++) {
		strbuf_addstr(out, "<tr><td><code>");
		html_addstr(out, e->refs[i].name);
		strbuf_addf(out, "</code><td><code>%s</code>\n", e->refs[i].oid);
	}
	strbuf_addstr(out, "</table>\n<p>The branch holds the project's own history as well, "
			   "since the accepted changes stand on it. The notes are those of "
			   "this campaign alone, <code>");
	html_addstr(out, ledger->campaign);
	strbuf_addstr(out, "</code>; other campaigns of the repository are not in it, nor is "
			   "git's configuration, nor anything of the environment. "
			   "<code>experiments.csv</code> is the list below for a "
			   "spreadsheet.\n");
	if (!e->suspects.nr) {
		strbuf_addstr(out, "<p>It was searched for what looks like a secret before it "
				   "was written, and nothing was found. That is a net and no "
				   "proof.\n");
		return;
	}
	strbuf_addstr(out, "<p><b>What looks like a secret was found, and whoever made this "
			   "let it pass:</b>\n<ul>\n");
	for (size_t i = 0; i < e->suspects.nr; i++) {
		strbuf_addstr(out, "<li>");
		html_addstr(out, e->suspects.items[i]);
		strbuf_addch(out, '\n');
	}
	strbuf_addstr(out, "</ul>\n");
}

/* The texts that all of it was run by, as they were at a commit. */
static int add_file(struct ledger *ledger, const char *commit, const char *path,
		    struct strbuf *out, struct error *err)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	int missing = repo_read_file(ledger->repo, commit, path, 1 << 20, &text, err);

	if (missing)
		return missing < 0 ? -1 : 0;
	strbuf_addf(out, "<p><code>%s</code> in commit <code>%.12s</code>:\n<pre>", path,
		    commit);
	html_add(out, text.buf, text.len);
	strbuf_addstr(out, "</pre>\n");
	return 0;
}

static int add_rules(struct ledger *ledger, const struct evidence_survey *s, struct strbuf *out,
		     struct error *err)
{
	const char *commit = *ledger->branch ? ledger->branch : s->rows[s->nr - 1].commit;

	strbuf_addstr(out, "<h2>What it was run by</h2>\n");
	return add_file(ledger, commit, ".autoresearch/config", out, err) ||
			       add_file(ledger, commit, ".autoresearch/program.md", out, err)
		       ? -1
		       : 0;
}

int report_evidence(struct ledger *ledger, const struct evidence *evidence, struct strbuf *out,
		    struct error *err)
{
	CLEANUP(evidence_survey_release) struct evidence_survey s = { 0 };

	if (evidence_survey_take(ledger, &s, err))
		return -1;
	strbuf_addstr(out, head);
	strbuf_addstr(out, "<title>Evidence of ");
	html_addstr(out, ledger->campaign);
	strbuf_addf(out, "</title>\n%s<h1>Evidence of the campaign <code>", style);
	html_addstr(out, ledger->campaign);
	strbuf_addstr(out, "</code></h1>\n"
			   "<p>What a search for better code by <code>git autoresearch</code> "
			   "did: every edit, run, limit, audit log, prompt, reply, verdict and "
			   "decision. Nothing but git is needed to read it, and to check that "
			   "nothing of it was altered.\n");
	add_holds(ledger, evidence, &s, out);
	evidence_checks_add(ledger, &s, out);
	add_questions(out);
	evidence_survey_add(&s, out);
	if (add_rules(ledger, &s, out, err))
		return -1;
	evidence_rows_add(&s, out);
	strbuf_addstr(out, "</html>\n");
	return 0;
}
