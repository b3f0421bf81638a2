#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "model/judge.h"
#include "report/acts.h"
#include "report/html.h"
#include "report/page_parts.h"
#include "report/samples.h"
#include "report/why.h"

/* For people: no more digits than tell something. */
#define SHOWN_DIGITS "%.6g"

static const char *kind_name(const struct record *r)
{
	const char *name = verdict_name(r->verdict.kind);

	return name ? name : "baseline";
}

/* A cell that is sorted by its exact value, or is empty. */
static void add_number(struct strbuf *out, bool known, double value, const char *shown)
{
	if (!known) {
		strbuf_addstr(out, "<td></td>");
		return;
	}
	strbuf_addstr(out, "<td data-v=\"");
	strbuf_add_number(out, value);
	strbuf_addf(out, "\">%s</td>", shown);
}

static void add_cells(const struct record *r, struct strbuf *out)
{
	CLEANUP_STRBUF struct strbuf change = STRBUF_INIT, took = STRBUF_INIT;
	CLEANUP_FREE char *metric = xstrfmt(SHOWN_DIGITS, r->metric);
	double share = (r->metric - r->incumbent) / fabs(r->incumbent);

	if (r->has_metric && r->has_incumbent)
		survey_add_change(&change, r->incumbent, r->metric);
	strbuf_add_duration(&took, r->duration);
	strbuf_addf(out, "<th scope=\"row\">%lld</th><td>%s</td>", (long long)r->experiment,
		    kind_name(r));
	add_number(out, r->has_metric, r->metric, metric);
	add_number(out, change.len, share, change.buf);
	add_number(out, r->trials_nr, r->duration, took.buf);
}

/* What stands in the line: the subject, and why where the verdict alone does not say it. */
static void add_words(const struct record *r, bool is_promoted, struct strbuf *out)
{
	const char *reason = r->verdict.reason;

	html_add(out, r->subject, strcspn(r->subject, "\n"));
	if (r->type == RECORD_BASELINE && r->again.why != AGAIN_NOT)
		strbuf_addstr(out, ", again");
	if (reason && strcmp(reason, "no-improvement")) {
		strbuf_addstr(out, " <small>");
		html_addstr(out, reason);
		strbuf_addstr(out, "</small>");
	}
	if (!reason && r->decision) {
		CLEANUP_STRBUF struct strbuf name = STRBUF_INIT;

		decision_person(r->decision, &name);
		strbuf_addstr(out, " <small>by ");
		html_add(out, name.buf, name.len);
		strbuf_addstr(out, "</small>");
	}
	if (is_promoted)
		strbuf_addstr(out, " <small class=\"good\">promoted</small>");
}

/* A line of the folded text; the script makes a list of them. */
static void add_fact(struct strbuf *out, const char *name, const char *value)
{
	CLEANUP_FREE char *line = xstrdup(value);

	for (char *c = line; *c; c++)
		if (*c == '\n' || *c == '\t')
			*c = ' ';
	strbuf_addf(out, "%s\t", name);
	html_addstr(out, line);
	strbuf_addch(out, '\n');
}

static void add_verdict(const struct record *r, struct strbuf *out)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT, why = STRBUF_INIT;

	if (r->type == RECORD_BASELINE)
		return;
	strbuf_addstr(&text, kind_name(r));
	if (r->verdict.reason)
		strbuf_addf(&text, " (%s)", r->verdict.reason);
	/* Which config was in force is not looked up for each of thousands. */
	report_why(r, NULL, &why);
	if (why.len)
		strbuf_addf(&text, ": %s", why.buf);
	if (r->has_metric && r->has_incumbent) {
		strbuf_addstr(&text, "; ");
		strbuf_add_number(&text, r->metric);
		strbuf_addstr(&text, " against ");
		strbuf_add_number(&text, r->incumbent);
	}
	add_fact(out, "verdict", text.buf);
}

static void add_decision(const struct decision *d, struct strbuf *out)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	if (!d)
		return;
	strbuf_addf(&text, "%s, by %s; it was %s: %s", d->decided, d->by, verdict_name(d->was),
		    d->why);
	add_fact(out, "decided", text.buf);
}

static void add_metrics(const struct record *r, struct strbuf *out)
{
	CLEANUP_METRICS struct metrics metrics = { 0 };
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	record_metrics(r, &metrics);
	for (size_t i = 0; i < metrics.nr; i++) {
		strbuf_addf(&text, "%s%s = ", i ? ", " : "", metrics.items[i].name);
		if (metrics.items[i].finite)
			strbuf_add_number(&text, metrics.items[i].value);
		else
			strbuf_addstr(&text, "not finite");
	}
	if (metrics.nr)
		add_fact(out, "metrics", text.buf);
}

static void add_proposer(const struct record *r, struct strbuf *out)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	if (r->type == RECORD_BASELINE)
		return;
	strbuf_addstr(&text, r->proposed_by);
	if (r->asked)
		strbuf_addf(&text, ": %s%lld tokens", r->asked->estimated ? "about " : "",
			    (long long)asked_tokens(r->asked));
	if (r->searched.rung != LADDER_GREEDY)
		strbuf_addf(&text, "; %s", ladder_rung_name(r->searched.rung));
	add_fact(out, "by", text.buf);
}

static void add_run(const struct record *r, struct strbuf *out)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	size_t nr = record_own_trials(r);

	strbuf_addf(&text, "%s, ", r->started);
	if (nr > 1)
		strbuf_addf(&text, "%zu trials of it, ", nr);
	strbuf_add_duration(&text, r->duration);
	strbuf_addstr(&text, ", CPU ");
	strbuf_add_duration(&text, r->cpu);
	if (r->memory_peak >= 0) {
		strbuf_addstr(&text, ", memory ");
		strbuf_add_bytes(&text, r->memory_peak);
	}
	add_fact(out, "ran", text.buf);
}

static void add_audit(const struct audit_summary *audit, struct strbuf *out)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	report_add_audit(audit, &text);
	add_fact(out, "audit", text.buf);
}

static void add_later(const struct string_list *later, struct strbuf *out)
{
	for (size_t i = 0; i < later->nr; i++)
		add_fact(out, "promoted", later->items[i]);
}

static void add_facts(const struct entry *entry, const struct page_later *later,
		      struct strbuf *out)
{
	const struct record *r = &entry->record;

	strbuf_addstr(out, "<pre class=\"facts\">");
	add_verdict(r, out);
	add_decision(r->decision, out);
	if (later)
		add_later(&later->promotions, out);
	add_metrics(r, out);
	add_proposer(r, out);
	add_run(r, out);
	if (r->trials_nr)
		add_audit(&r->audit, out);
	add_fact(out, "commit", entry->commit);
	if (*r->base)
		add_fact(out, "base", r->base);
	add_fact(out, "record", entry->oid);
	strbuf_addstr(out, "</pre>");
}

/* What `show` says of several trials. */
static int add_samples(const struct record *r, struct strbuf *out, struct error *err)
{
	CLEANUP_FREE char *text = NULL;
	CLEANUP_FCLOSE FILE *stream = NULL;
	size_t len = 0;

	if (r->trials_nr < 2)
		return 0;
	stream = open_memstream(&text, &len);
	if (!stream)
		return error_errno(err, "cannot make the report");
	report_samples(r, stream);
	if (fclose(steal_ptr(stream)))
		return error_errno(err, "cannot make the report");
	if (!len)
		return 0;
	strbuf_addstr(out, "<pre data-is=\"samples\">");
	html_add(out, text, len);
	strbuf_addstr(out, "</pre>");
	return 0;
}

/* All that is folded is a few pieces of plain text, which a browser is through with in no time;
 * the script dresses what is unfolded. This is where
 * a link leads to: the experiment's number; baselines may be many, and have none. */
static void add_anchor(const struct entry *entry, struct strbuf *out)
{
	if (entry->record.type == RECORD_BASELINE)
		strbuf_addf(out, "<div id=\"b%.12s\">", entry->oid);
	else
		strbuf_addf(out, "<div id=\"e%lld\">", (long long)entry->record.experiment);
}

int page_row(struct ledger *ledger, const struct entry *entry, const struct page_later *later,
	     struct page_room *room, struct strbuf *out, struct error *err)
{
	const struct record *r = &entry->record;

	strbuf_addf(out, "<tr class=\"%s\">", kind_name(r));
	add_cells(r, out);
	strbuf_addstr(out, "<td><details><summary>");
	add_words(r, later && later->is_promoted, out);
	strbuf_addstr(out, "</summary>");
	add_anchor(entry, out);
	if (*r->rationale) {
		strbuf_addstr(out, "<p>");
		html_addstr(out, r->rationale);
		strbuf_addstr(out, "</p>");
	}
	add_facts(entry, later, out);
	if (add_samples(r, out, err) || page_files(ledger, entry, room, out, err))
		return -1;
	strbuf_addstr(out, "</div></details></td></tr>\n");
	return 0;
}
