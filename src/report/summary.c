#include "report/summary.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/number.h"
#include "report/samples.h"

void report_best(const struct totals *t, bool is_measured, struct strbuf *out)
{
	double from = t->baseline_metric, to = t->incumbent_metric;

	/* All that there is was imported. */
	if (t->imported && !*t->incumbent) {
		strbuf_addstr(out, "to be measured");
		return;
	}
	if (is_measured)
		strbuf_add_number(out, to);
	else
		strbuf_addstr(out, "to be measured");
	strbuf_addstr(out, ", baseline ");
	strbuf_add_number(out, from);
	if (is_measured && from != 0 && to != from)
		strbuf_addf(out, " (%+.2f%%)", 100 * (to - from) / fabs(from));
}

void report_verdicts(const struct totals *t, struct strbuf *out)
{
	const char *between = "";

	for (enum verdict_kind v = VERDICT_ACCEPTED; v < VERDICT_NR; v++) {
		if (!t->verdicts[v])
			continue;
		strbuf_addf(out, "%s%" PRId64 " %s", between, t->verdicts[v], verdict_name(v));
		between = ", ";
	}
}

static void add_gain(const struct record *best, struct strbuf *out)
{
	if (!best || !best->plan.search)
		return;
	strbuf_addstr(out, "its gain over the one before: ");
	report_gain(best, out);
	strbuf_addch(out, '\n');
}

/* --- Where to look further */

/* Commands, and what each shows. */
struct further {
	const struct summary *s;
	struct string_list commands, whats;
};

static void further_release(struct further *f)
{
	string_list_release(&f->commands);
	string_list_release(&f->whats);
}

/* One of ours; where the branch that the user is on does not say which campaign, with its name. */
static void add_own(struct further *f, const char *command, const char *what)
{
	CLEANUP_FREE char *named = xstrfmt("--campaign=%s", f->s->campaign);
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	strbuf_addf(&text, "git autoresearch %s", command);
	if (!f->s->branch || strcmp(f->s->branch, f->s->campaign)) {
		strbuf_addch(&text, ' ');
		strbuf_add_shell_word(&text, named);
	}
	string_list_add(&f->commands, text.buf);
	string_list_add(&f->whats, what);
}

/* What is on the ledger branch and not on the user's. */
static void add_range(struct further *f, const char *command, const char *dots,
		      const char *what)
{
	const char *from = f->s->branch ? f->s->branch : "HEAD";
	CLEANUP_FREE char *range = xstrfmt("%s%sautoresearch/%s", from, dots, f->s->campaign);
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	strbuf_addf(&text, "git %s ", command);
	strbuf_add_shell_word(&text, range);
	string_list_add(&f->commands, text.buf);
	string_list_add(&f->whats, what);
}

static void add_start(struct further *f, int64_t from)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	strbuf_addstr(&text, "git autoresearch start ");
	strbuf_add_shell_word(&text, f->s->campaign);
	strbuf_addf(&text, " --from=%" PRId64, from);
	string_list_add(&f->commands, text.buf);
	string_list_add(&f->whats, "go on all the same");
}

static void print_further(const struct further *f, struct strbuf *out)
{
	size_t width = 0;

	for (size_t i = 0; i < f->commands.nr; i++)
		if (strlen(f->commands.items[i]) > width)
			width = strlen(f->commands.items[i]);
	strbuf_addstr(out, "\nlook further:\n");
	for (size_t i = 0; i < f->commands.nr; i++)
		strbuf_addf(out, "  %-*s  %s\n", (int)width, f->commands.items[i],
			    f->whats.items[i]);
}

static void add_further(const struct summary *s, struct strbuf *out)
{
	CLEANUP(further_release) struct further f = { .s = s };
	int64_t best = s->totals->incumbent_experiment;
	CLEANUP_FREE char *show = xstrfmt("show %" PRId64, best);
	bool any = s->totals->verdicts[VERDICT_ACCEPTED];

	if (any) {
		add_range(&f, "log -p", "..", "what was accepted, one by one");
		add_range(&f, "diff", "...", "all of it at once");
	}
	add_own(&f, "log", "every experiment");
	add_own(&f, show, best ? "the best one" : "the baseline");
	if (s->has_report)
		add_own(&f, "report", "all of it as a page");
	if (s->has_promote && any)
		add_own(&f, "promote", "take it home");
	if (s->stalled)
		add_start(&f, best);
	print_further(&f, out);
}

void report_summary(const struct summary *s, struct strbuf *out)
{
	const struct totals *t = s->totals;

	strbuf_addf(out, "%s: %s (", s->campaign, s->state);
	strbuf_add_visible(out, s->reason, strlen(s->reason));
	strbuf_addstr(out, ")\n");
	if (!s->has_record)
		return;
	strbuf_addf(out, "%" PRId64 " experiments in ", t->experiments - t->imported);
	strbuf_add_duration(out, t->time);
	strbuf_addstr(out, t->experiments > t->imported ? ": " : "");
	report_verdicts(t, out);
	strbuf_addf(out, "\n%s ", s->metric);
	report_best(t, true, out);
	if (t->incumbent_experiment)
		strbuf_addf(out, ", by experiment %" PRId64, t->incumbent_experiment);
	strbuf_addch(out, '\n');
	add_gain(s->best, out);
	strbuf_addstr(out, s->diffstat);
	add_further(s, out);
}
