#include "report/experiment.h"

#include <string.h>

#include "base/number.h"
#include "model/judge.h"
#include "model/scope.h"
#include "report/acts.h"
#include "report/date.h"
#include "report/later.h"
#include "report/line.h"
#include "report/samples.h"
#include "report/terminal.h"
#include "report/why.h"

/* A line of the head. All of it may come from a record that somebody else wrote. */
static void __attribute__((format(printf, 3, 4)))
print_field(FILE *out, const char *label, const char *format, ...)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT, visible = STRBUF_INIT;
	va_list ap;

	va_start(ap, format);
	strbuf_vaddf(&text, format, ap);
	va_end(ap);
	strbuf_add_visible(&visible, text.buf, text.len);
	fprintf(out, "%-10s %s\n", label, visible.buf);
}

static void print_metric(const char *label, bool has, double value, FILE *out)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	if (!has)
		return;
	strbuf_add_number(&text, value);
	print_field(out, label, "%s", text.buf);
}

static void print_against(const struct record *r, FILE *out)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT, change = STRBUF_INIT;

	if (!r->has_incumbent)
		return;
	strbuf_add_number(&text, r->incumbent);
	report_change(r, &change);
	print_field(out, "against", "%s%s%s%s", text.buf, change.len ? " (" : "", change.buf,
		    change.len ? ")" : "");
}

static void print_metrics(const struct record *r, FILE *out)
{
	CLEANUP_METRICS struct metrics metrics = { 0 };

	record_metrics(r, &metrics);
	for (size_t i = 0; i < metrics.nr; i++) {
		const struct metric_value *m = &metrics.items[i];
		CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

		strbuf_add_number(&text, m->value);
		fprintf(out, "           %s = %s\n", m->name,
			m->finite ? text.buf : "not finite");
	}
}

/* The phases of the candidate's last trial, and what all of its trials measured. */
static void print_trials(const struct record *r, FILE *out)
{
	const struct trial_result *t = record_last_own(r);
	size_t nr = record_own_trials(r);

	if (!t)
		return;
	if (nr > 1)
		print_field(out, "trial", "the last of %zu%s:", nr,
			    r->has_metric ? ", and a median of each metric" : "");
	for (enum phase p = 0; p < PHASE_NR; p++) {
		CLEANUP_STRBUF struct strbuf reason = STRBUF_INIT, memory = STRBUF_INIT;

		if (!t->ran[p])
			continue;
		outcome_reason(&t->outcomes[p], &reason);
		if (t->outcomes[p].memory_peak >= 0)
			strbuf_add_bytes(&memory, t->outcomes[p].memory_peak);
		print_field(out, phase_name(p), "%.2fs wall, %.2fs cpu%s%s%s%s",
			    t->outcomes[p].wall, t->outcomes[p].cpu, memory.len ? ", " : "",
			    memory.buf, reason.len ? ": " : "", reason.buf);
	}
	print_metrics(r, out);
}

static void print_audit(const struct audit_summary *audit, FILE *out)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	report_add_audit(audit, &text);
	print_field(out, "audit", "%s", text.buf);
}

static void print_asked(const struct asked *asked, FILE *out)
{
	CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;

	if (!asked)
		return;
	strbuf_addf(&line, "%s%s%s: %s%lld tokens (%lld cached), answer %lld; ", asked->model,
		    *asked->model ? " at " : "", asked->endpoint,
		    asked->estimated ? "about " : "", (long long)asked->prompt,
		    (long long)asked->cached, (long long)asked->completion);
	strbuf_add_duration(&line, asked->seconds);
	if (asked->temperature >= 0) {
		strbuf_addstr(&line, ", temperature ");
		strbuf_add_number(&line, asked->temperature);
	}
	if (asked->turns > 1)
		strbuf_addf(&line, ", %lld turns", (long long)asked->turns);
	print_field(out, "asked", "%s", line.buf);
}

static void print_decision(const struct entry *entry, FILE *out)
{
	const struct decision *d = entry->record.decision;

	if (!d)
		return;
	print_field(out, "decided", "%s by %s; it was %s", d->decided, d->by,
		    verdict_name(d->was));
	report_text(d->why, strlen(d->why), "           ", out);
	if (strcmp(entry->commit, d->commit))
		print_field(out, "candidate", "%s", d->commit);
}

/* Of the plain way there is nothing to say. */
static void print_searched(const struct searched *s, FILE *out)
{
	if (*s->proposer)
		print_field(out, "proposer", "%s", s->proposer);
	if (s->rung != LADDER_GREEDY || *s->from)
		print_field(out, "search", "%s%s%s", ladder_rung_name(s->rung),
			    *s->from ? ", proposed on " : "", s->from);
}

static void print_verdict(const struct record *r, const struct experiment_look *look, FILE *out)
{
	const char *verdict = verdict_name(r->verdict.kind);
	const char *begin = paint(look->color, verdict_paint(r->verdict.kind));
	CLEANUP_STRBUF struct strbuf reason = STRBUF_INIT, why = STRBUF_INIT;

	fprintf(out, "%-10s %s%s%s", "verdict", begin, verdict ? verdict : "baseline",
		*begin ? paint(look->color, PAINT_NONE) : "");
	if (r->verdict.reason) {
		strbuf_add_visible(&reason, r->verdict.reason, strlen(r->verdict.reason));
		fprintf(out, " (%s)", reason.buf);
	}
	fputc('\n', out);
	report_why(r, look->config, &why);
	if (why.len)
		print_field(out, "why", "%s", why.buf);
}

/* "experiment lab/12", on top of what is told of it. */
static void add_title(const struct record *r, bool color, struct strbuf *out)
{
	strbuf_addstr(out, paint(color, PAINT_NAME));
	strbuf_addstr(out, "experiment ");
	strbuf_add_visible(out, r->campaign, strlen(r->campaign));
	strbuf_addf(out, "/%lld%s\n", (long long)r->experiment, paint(color, PAINT_NONE));
}

static void print_head(const struct entry *entry, const struct experiment_look *look, FILE *out)
{
	const struct record *r = &entry->record;
	CLEANUP_STRBUF struct strbuf title = STRBUF_INIT;

	add_title(r, look->color, &title);
	fputs(title.buf, out);
	print_field(out, "commit", "%s", entry->commit);
	print_field(out, "record", "%s", entry->oid);
	if (*r->base)
		print_field(out, "base", "%s", r->base);
	print_verdict(r, look, out);
	print_decision(entry, out);
	print_metric(r->metric_name, r->has_metric, r->metric, out);
	print_against(r, out);
	print_field(out, "started", "%s, by %s", r->started,
		    *r->proposed_by ? r->proposed_by : "start");
	print_searched(&r->searched, out);
}

static void print_removed(const struct record *r, FILE *out)
{
	for (size_t i = 0; i < r->removed.nr; i++) {
		CLEANUP_STRBUF struct strbuf name = STRBUF_INIT;

		strbuf_add_quoted_path(&name, r->removed.items[i]);
		print_field(out, "removed", "%s, left in OUT, was no file or folder", name.buf);
	}
}

static void print_words(const struct record *r, FILE *out)
{
	fputc('\n', out);
	report_text(r->subject, strlen(r->subject), "    ", out);
	if (*r->rationale) {
		fputc('\n', out);
		report_text(r->rationale, strlen(r->rationale), "    ", out);
	}
}

static int count_bytes(const void *block, size_t len, void *data, struct error *err)
{
	(void)block;
	(void)err;
	*(int64_t *)data += (int64_t)len;
	return 0;
}

/* How large a file of the record is, and how it is read. */
static int print_file(struct ledger *ledger, const struct entry *entry, const char *label,
		      const char *name, FILE *out, struct error *err)
{
	CLEANUP_STRBUF struct strbuf size = STRBUF_INIT;
	int64_t bytes = 0;
	int missing = ledger_file_blocks(ledger, entry, name, count_bytes, &bytes, err);

	if (missing)
		return missing < 0 ? -1 : 0;
	strbuf_add_bytes(&size, bytes);
	print_field(out, label, "%s: git show %.10s:%s", size.buf, entry->oid, name);
	return 0;
}

static void print_imported(const struct imported *i, FILE *out)
{
	if (!i)
		return;
	print_field(out, "imported",
		    "%s, line %lld (sha256:%s); nothing of it was measured here", i->format,
		    (long long)i->line, i->source);
	for (size_t c = 0; c < i->row_nr; c++) {
		CLEANUP_STRBUF struct strbuf cell = STRBUF_INIT;

		strbuf_add_visible(&cell, i->row[c].name, strlen(i->row[c].name));
		strbuf_addstr(&cell, " = ");
		strbuf_add_visible(&cell, i->row[c].value, strlen(i->row[c].value));
		fprintf(out, "           %s\n", cell.buf);
	}
}

int report_experiment(struct ledger *ledger, const struct entry *entry,
		      const struct experiment_look *look, FILE *out, struct error *err)
{
	const struct record *r = &entry->record;

	print_head(entry, look, out);
	if (report_later(ledger, entry, out, err))
		return -1;
	print_asked(r->asked, out);
	if (print_file(ledger, entry, "prompt", PROMPT_FILE_NAME, out, err) ||
	    print_file(ledger, entry, "reply", "reply.md", out, err))
		return -1;
	print_audit(&r->audit, out);
	if (report_acts(ledger, entry, out, err))
		return -1;
	report_samples(r, out);
	print_trials(r, out);
	print_imported(r->imported, out);
	print_removed(r, out);
	print_words(r, out);
	return 0;
}

static void add_medium_date(const struct record *r, time_t now, struct strbuf *out)
{
	time_t date;

	if (!date_parse(r->started, &date))
		return;
	strbuf_addstr(out, "Date:     ");
	date_write(date, 'd', now, out);
	strbuf_addstr(out, " (");
	date_write(date, 'r', now, out);
	strbuf_addstr(out, ")\n");
}

static void add_medium_metric(const struct record *r, struct strbuf *out)
{
	CLEANUP_STRBUF struct strbuf change = STRBUF_INIT;

	if (!r->has_metric)
		return;
	strbuf_addf(out, "Metric:   %s=", r->metric_name);
	strbuf_add_number(out, r->metric);
	if (r->has_incumbent) {
		strbuf_addstr(out, ", against ");
		strbuf_add_number(out, r->incumbent);
	}
	report_change(r, &change);
	if (change.len)
		strbuf_addf(out, " (%s)", change.buf);
	strbuf_addch(out, '\n');
}

/* An empty line, and they indented by four. */
static void add_words(const char *words, struct strbuf *out)
{
	const char *end;

	for (; *words; words = end + (*end == '\n')) {
		end = words + strcspn(words, "\n");
		strbuf_addstr(out, end > words ? "\n    " : "\n");
		report_add_text(words, (size_t)(end - words), out);
	}
	strbuf_addch(out, '\n');
}

void report_medium(const struct entry *entry, const struct experiment_look *look,
		   struct strbuf *out)
{
	const struct record *r = &entry->record;
	const char *end = paint(look->color, PAINT_NONE);

	add_title(r, look->color, out);
	strbuf_addf(out, "Verdict:  %s%s%s", paint(look->color, verdict_paint(r->verdict.kind)),
		    verdict_name(r->verdict.kind), end);
	if (r->verdict.reason) {
		strbuf_addstr(out, " (");
		strbuf_add_visible(out, r->verdict.reason, strlen(r->verdict.reason));
		strbuf_addch(out, ')');
	}
	strbuf_addch(out, '\n');
	add_medium_metric(r, out);
	strbuf_addf(out, "Commit:   %s\nProposer: ", entry->commit);
	strbuf_add_visible(out, r->proposed_by, strlen(r->proposed_by));
	strbuf_addch(out, '\n');
	add_medium_date(r, look->now, out);
	add_words(r->subject, out);
	if (*r->rationale)
		add_words(r->rationale, out);
}
