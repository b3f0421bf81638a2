#include <math.h>
#include <string.h>

#include "base/number.h"
#include "report/html.h"
#include "report/page_parts.h"

#define RULES_MAX (256 << 10)

static void card_begin(struct strbuf *out, const char *label)
{
	strbuf_addf(out, "<div><dt>%s</dt><dd>", label);
}

/* The dd's text so far is the large line; what follows is small. */
static void card_small(struct strbuf *out)
{
	strbuf_addstr(out, "</dd><dd class=\"faint\">");
}

/* "5,000": for people. */
static void add_count(struct strbuf *out, int64_t n)
{
	if (n >= 1000) {
		add_count(out, n / 1000);
		strbuf_addf(out, ",%03d", (int)(n % 1000));
	} else {
		strbuf_addf(out, "%d", (int)n);
	}
}

/* "2026-11-22 15:04", of a time as records have it. */
static void add_minute(struct strbuf *out, const char *time)
{
	strbuf_addf(out, "%.10s", time);
	if (strlen(time) >= 16)
		strbuf_addf(out, " %.5s", time + 11);
}

static void card_end(struct strbuf *out)
{
	strbuf_addstr(out, "</dd></div>\n");
}

static bool is_gain(const struct survey *s)
{
	const struct totals *t = &s->newest.record.totals;

	return survey_lower_is_better(s) ? t->incumbent_metric < t->baseline_metric
					 : t->incumbent_metric > t->baseline_metric;
}

/* In a sentence: what a person wants to know first. */
static void add_lead(const struct survey *s, struct strbuf *out)
{
	const struct totals *t = &s->newest.record.totals;
	CLEANUP_STRBUF struct strbuf change = STRBUF_INIT;

	survey_add_change(&change, t->baseline_metric, t->incumbent_metric);
	strbuf_addstr(out, "<p class=\"lead\"><code>");
	html_addstr(out, s->newest.record.metric_name);
	strbuf_addstr(out, "</code> ");
	if (!*t->incumbent) {
		strbuf_addstr(out, "has no baseline here yet.</p>\n");
		return;
	}
	if (!s->is_measured) {
		strbuf_addstr(out,
			      "is to be measured again: people have moved the branch. It was ");
		strbuf_add_number(out, t->incumbent_metric);
		strbuf_addstr(out, ".</p>\n");
		return;
	}
	if (t->incumbent_metric == t->baseline_metric) {
		strbuf_addstr(out, "is where it began, at <b>");
		strbuf_add_number(out, t->baseline_metric);
		strbuf_addstr(out, "</b>: nothing better was found");
	} else {
		strbuf_addstr(out, "went from <b>");
		strbuf_add_number(out, t->baseline_metric);
		strbuf_addstr(out, "</b> to <b>");
		strbuf_add_number(out, t->incumbent_metric);
		strbuf_addf(out, "</b>, <b class=\"%s\">%s</b>", is_gain(s) ? "good" : "bad",
			    change.buf);
	}
	if (s->place.config)
		strbuf_addf(out, " (%s is better)",
			    survey_lower_is_better(s) ? "lower" : "higher");
	strbuf_addstr(out, ".</p>\n");
}

static void add_best(const struct survey *s, struct strbuf *out)
{
	const struct totals *t = &s->newest.record.totals;
	const struct survey_point *best = survey_best(s);

	if (!*t->incumbent)
		return;
	card_begin(out, "best");
	strbuf_add_number(out, t->incumbent_metric);
	card_small(out);
	if (best && !isnan(best->low))
		strbuf_addf(out, "interval %.6g to %.6g<br>", best->low, best->high);
	if (t->incumbent_experiment)
		strbuf_addf(out, "by <a href=\"#e%1$lld\">experiment %1$lld</a>",
			    (long long)t->incumbent_experiment);
	else
		strbuf_addstr(out, "the baseline");
	card_end(out);
}

static void add_experiments(const struct totals *t, struct strbuf *out)
{
	const char *between = "";

	card_begin(out, "experiments");
	add_count(out, t->experiments);
	card_small(out);
	for (enum verdict_kind v = VERDICT_ACCEPTED; v < VERDICT_NR; v++) {
		if (!t->verdicts[v])
			continue;
		strbuf_addf(out, "%1$s<span class=\"%2$s\">%3$lld %2$s</span>", between,
			    verdict_name(v), (long long)t->verdicts[v]);
		between = ", ";
	}
	card_end(out);
}

static void add_spent(const struct survey *s, struct strbuf *out)
{
	const struct totals *t = &s->newest.record.totals;

	card_begin(out, "time");
	strbuf_add_duration(out, t->time);
	card_small(out);
	strbuf_add_duration(out, s->duration);
	strbuf_addstr(out, " of it in trials<br>");
	if (*s->first) {
		add_minute(out, s->first);
		strbuf_addstr(out, " to<br>");
		add_minute(out, s->last);
		strbuf_addstr(out, " UTC");
	}
	card_end(out);
	if (t->tokens || t->gpu_hours > 0) {
		card_begin(out, t->tokens ? "tokens" : "GPU hours");
		if (t->tokens)
			add_count(out, t->tokens);
		else
			strbuf_addf(out, "%.2f", t->gpu_hours);
		card_small(out);
		if (t->tokens && t->verdicts[VERDICT_ACCEPTED]) {
			add_count(out, t->tokens / t->verdicts[VERDICT_ACCEPTED]);
			strbuf_addstr(out, " an accepted change");
		}
		if (t->tokens && t->gpu_hours > 0)
			strbuf_addf(out, "<br>%.2f GPU hours", t->gpu_hours);
		card_end(out);
	}
}

/* Under what it all ran, and who vouches for the numbers. */
static void add_audit(const struct survey *s, struct strbuf *out)
{
	enum audit_level lowest = AUDIT_LEVEL_NONE;
	int kinds = 0;

	for (enum audit_level level = AUDIT_LEVEL_NONE; level < AUDIT_LEVELS; level++) {
		if (s->levels[level] && !kinds++)
			lowest = level;
	}
	if (!kinds)
		return;
	card_begin(out, "audit");
	strbuf_addf(out, "<span class=\"%s\">%s</span>",
		    lowest >= AUDIT_LEVEL_B ? "good" : "bad",
		    lowest >= AUDIT_LEVEL_B   ? "enforced"
		    : lowest == AUDIT_LEVEL_C ? "unenforced"
					      : "none");
	card_small(out);
	strbuf_addf(out, "level %s%s, %lld denied, %lld lost", audit_level_name(lowest),
		    kinds > 1 ? " at the lowest" : "", (long long)s->denied,
		    (long long)s->lost);
	if (s->self_reported)
		strbuf_addf(out, "<br><span class=\"bad\">%lld metric%s self-reported</span>",
			    (long long)s->self_reported,
			    s->self_reported == 1 ? " is" : "s are");
	else
		strbuf_addstr(out, "<br>metrics by the evaluator alone");
	card_end(out);
}

/* Whether people have taken it home. */
static void add_promoted(const struct survey *s, struct strbuf *out)
{
	int64_t nr = s->promoted.experiments;

	if (!*s->promoted.at)
		return;
	strbuf_addf(out, "<p class=\"faint\">Promoted %lld experiment%s on ", (long long)nr,
		    nr == 1 ? "" : "s");
	add_minute(out, s->promoted.at);
	strbuf_addstr(out, " UTC, as <code>results/");
	html_addstr(out, s->ledger->campaign);
	strbuf_addf(out, "</code> at <code>%.12s</code>.</p>\n", s->promoted.result);
}

static void add_title(const struct survey *s, struct strbuf *out)
{
	strbuf_addstr(out, "<header>\n<h1>");
	html_addstr(out, s->ledger->campaign);
	strbuf_addf(out, " <span class=\"state %1$s\">%1$s</span></h1>\n", s->place.state);
	if (*s->place.reason) {
		strbuf_addstr(out, "<p class=\"bad\">");
		html_addstr(out, s->place.reason);
		strbuf_addstr(out, "</p>\n");
	}
	add_lead(s, out);
	add_promoted(s, out);
	strbuf_addstr(out, "</header>\n");
}

void page_head(const struct survey *s, struct strbuf *out)
{
	const struct totals *t = &s->newest.record.totals;

	add_title(s, out);
	strbuf_addstr(out, "<dl class=\"cards\">\n");
	add_best(s, out);
	add_experiments(t, out);
	add_spent(s, out);
	add_audit(s, out);
	strbuf_addstr(out, "</dl>\n");
}

static void add_proposers(const struct survey *s, struct strbuf *out)
{
	if (!s->proposers_nr)
		return;
	strbuf_addstr(out,
		      "<section>\n<h2>Who proposed</h2>\n<table class=\"plain\">\n<thead><tr>"
		      "<th scope=\"col\">proposer</th><th scope=\"col\">experiments</th>"
		      "<th scope=\"col\">accepted</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < s->proposers_nr; i++) {
		const struct survey_proposer *p = &s->proposers[i];

		strbuf_addstr(out, "<tr><th scope=\"row\">");
		html_addstr(out, p->name);
		strbuf_addf(out, "</th><td>%lld</td><td>%lld</td></tr>\n",
			    (long long)p->experiments, (long long)p->accepted);
	}
	strbuf_addstr(out, "</tbody>\n</table>\n</section>\n");
}

/* A command that has the campaign's name in it, and what it does. */
static void add_command(struct strbuf *out, const struct survey *s, const char *before,
			const char *after, const char *what)
{
	strbuf_addf(out, "<div><dt><code>git %s", before);
	html_addstr(out, s->ledger->campaign);
	strbuf_addf(out, "%s</code></dt><dd>%s</dd></div>\n", after, what);
}

static void add_commands(const struct survey *s, struct strbuf *out)
{
	int64_t best = s->newest.record.totals.incumbent_experiment;
	CLEANUP_FREE char *number = xstrfmt(" %lld", (long long)best);

	strbuf_addstr(out, "<section>\n<h2>Look further</h2>\n<dl class=\"commands\">\n");
	add_command(out, s, "autoresearch show --campaign=", number,
		    best ? "the best, whole" : "the baseline, whole");
	add_command(out, s, "log -p autoresearch/", "",
		    "the accepted changes, as git has them");
	add_command(out, s, "autoresearch verify ", "",
		    "holds every record against its evidence");
	if (s->newest.record.totals.verdicts[VERDICT_ACCEPTED])
		add_command(out, s, "autoresearch promote --campaign=", "",
			    "makes a branch of what was accepted, to review and push");
	strbuf_addstr(out, "</dl>\n</section>\n");
}

static int add_file(const struct survey *s, const char *path, struct strbuf *out,
		    struct error *err)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	int missing = *s->ledger->branch ? repo_read_file(s->ledger->repo, s->ledger->branch,
							  path, RULES_MAX, &text, err)
					 : 1;

	if (missing)
		return missing < 0 ? -1 : 0;
	strbuf_addf(out, "<h3>%s</h3>\n<pre>", path);
	html_add(out, text.buf, text.len);
	strbuf_addstr(out, "</pre>\n");
	return 0;
}

static void add_fact(struct strbuf *out, const char *name, const char *value)
{
	if (!value || !*value)
		return;
	strbuf_addf(out, "<dt>%s</dt><dd>", name);
	html_addstr(out, value);
	strbuf_addstr(out, "</dd>\n");
}

int page_rules(const struct survey *s, struct strbuf *out, struct error *err)
{
	const struct record *newest = &s->newest.record;

	strbuf_addstr(out, "<div class=\"columns\">\n");
	add_proposers(s, out);
	add_commands(s, out);
	strbuf_addstr(out, "</div>\n<details class=\"rules\"><summary>Policy and program"
			   "</summary>\n<dl class=\"facts\">\n");
	add_fact(out, "branch", s->ledger->branch_ref);
	add_fact(out, "incumbent", s->ledger->branch);
	add_fact(out, "newest record", s->newest.oid);
	add_fact(out, "policy", newest->policy);
	add_fact(out, "host", newest->host);
	strbuf_addstr(out, "</dl>\n");
	if (add_file(s, CONFIG_PATH, out, err) || add_file(s, PROGRAM_PATH, out, err))
		return -1;
	strbuf_addstr(out, "</details>\n");
	return 0;
}
