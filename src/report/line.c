#include "report/line.h"

#include <math.h>
#include <string.h>

#include "base/number.h"
#include "model/judge.h"
#include "model/scope.h"
#include "report/samples.h"

static void add_change(const struct record *r, struct strbuf *out)
{
	double change;

	if (!r->has_metric || !r->has_incumbent || r->incumbent == 0)
		return;
	change = 100 * (r->metric - r->incumbent) / fabs(r->incumbent);
	strbuf_addf(out, "%+.*f%%", fabs(change) < 10 ? 2 : 1, change);
}

static void add_person(const struct decision *d, struct strbuf *out)
{
	CLEANUP_STRBUF struct strbuf name = STRBUF_INIT;

	decision_person(d, &name);
	strbuf_add_visible(out, name.buf, name.len);
}

void report_line(const struct record *r, FILE *out)
{
	CLEANUP_STRBUF struct strbuf metric = STRBUF_INIT, change = STRBUF_INIT;
	CLEANUP_STRBUF struct strbuf words = STRBUF_INIT;
	const char *verdict = verdict_name(r->verdict.kind);

	if (r->has_metric)
		strbuf_add_number(&metric, r->metric);
	add_change(r, &change);
	strbuf_add_visible(&words, r->subject, strcspn(r->subject, "\n"));
	if (r->verdict.reason && strcmp(r->verdict.reason, "no-improvement")) {
		strbuf_addstr(&words, "  (");
		strbuf_add_visible(&words, r->verdict.reason, strlen(r->verdict.reason));
		strbuf_addch(&words, ')');
	}
	if (!r->verdict.reason && r->decision) {
		strbuf_addstr(&words, "  (by ");
		add_person(r->decision, &words);
		strbuf_addch(&words, ')');
	}
	if (r->type == RECORD_BASELINE && r->again.why != AGAIN_NOT)
		strbuf_addstr(&words, ", again");
	if (r->type == RECORD_BASELINE && r->has_noise)
		strbuf_addf(&words, "  (noise %.3g; %d trial%s a candidate)", r->noise.sd,
			    r->settled, r->settled == 1 ? "" : "s");
	fprintf(out, "%5lld  %-10s  %12s  %8s  %s\n", (long long)r->experiment,
		verdict ? verdict : "baseline", metric.buf, change.buf, words.buf);
}

void report_text(const char *text, size_t len, const char *prefix, FILE *out)
{
	while (len) {
		CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;
		const char *end = memchr(text, '\n', len);
		size_t n = end ? (size_t)(end - text) : len;

		strbuf_addstr(&line, prefix);
		for (size_t i = 0, j; i < n; i = j + 1) {
			/* A tab is a tab. */
			for (j = i; j < n && text[j] != '\t'; j++)
				;
			strbuf_add_visible(&line, text + i, j - i);
			if (j < n)
				strbuf_addch(&line, '\t');
		}
		fprintf(out, "%s\n", line.buf);
		text += n + (end ? 1 : 0);
		len -= n + (end ? 1 : 0);
	}
}

static void print_metric(const char *label, bool has, double value, FILE *out)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	if (!has)
		return;
	strbuf_add_number(&text, value);
	fprintf(out, "%-10s %s\n", label, text.buf);
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
		fprintf(out, "%-10s the last of %zu%s:\n", "trial", nr,
			r->has_metric ? ", and a median of each metric" : "");
	for (enum phase p = 0; p < PHASE_NR; p++) {
		CLEANUP_STRBUF struct strbuf reason = STRBUF_INIT, memory = STRBUF_INIT;

		if (!t->ran[p])
			continue;
		outcome_reason(&t->outcomes[p], &reason);
		if (t->outcomes[p].memory_peak >= 0)
			strbuf_add_bytes(&memory, t->outcomes[p].memory_peak);
		fprintf(out, "%-10s %.2fs wall, %.2fs cpu%s%s%s%s\n", phase_name(p),
			t->outcomes[p].wall, t->outcomes[p].cpu, memory.len ? ", " : "",
			memory.buf, reason.len ? ": " : "", reason.buf);
	}
	print_metrics(r, out);
}

static void print_audit(const struct audit_summary *audit, FILE *out)
{
	const char *level = audit_level_name(audit->level);

	if (audit->level == AUDIT_LEVEL_NONE)
		fprintf(out, "%-10s none\n", "audit");
	else if (!*audit->digest)
		fprintf(out, "%-10s %s, level %s: nothing is on record\n", "audit",
			audit_is_enforced(audit) ? "enforced" : "unenforced", level);
	else
		fprintf(out, "%-10s %s, level %s: %lld events, %lld denied, %lld lost%s\n",
			"audit", audit_is_enforced(audit) ? "enforced" : "unenforced", level,
			(long long)audit->events, (long long)audit->denied,
			(long long)audit->lost, audit->incomplete ? ": incomplete" : "");
}

static void print_asked(const struct asked *asked, FILE *out)
{
	CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;

	if (!asked)
		return;
	strbuf_add_visible(&line, asked->model, strlen(asked->model));
	strbuf_addstr(&line, *asked->model ? " at " : "");
	strbuf_add_visible(&line, asked->endpoint, strlen(asked->endpoint));
	strbuf_addf(&line, ": %s%lld tokens (%lld cached), answer %lld; ",
		    asked->estimated ? "about " : "", (long long)asked->prompt,
		    (long long)asked->cached, (long long)asked->completion);
	strbuf_add_duration(&line, asked->seconds);
	if (asked->temperature >= 0) {
		strbuf_addstr(&line, ", temperature ");
		strbuf_add_number(&line, asked->temperature);
	}
	if (asked->turns > 1)
		strbuf_addf(&line, ", %lld turns", (long long)asked->turns);
	fprintf(out, "%-10s %s\n", "asked", line.buf);
}

static void print_decision(const struct entry *entry, FILE *out)
{
	const struct decision *d = entry->record.decision;
	CLEANUP_STRBUF struct strbuf by = STRBUF_INIT;

	if (!d)
		return;
	strbuf_add_visible(&by, d->by, strlen(d->by));
	fprintf(out, "%-10s %s by %s; it was %s\n", "decided", d->decided, by.buf,
		verdict_name(d->was));
	report_text(d->why, strlen(d->why), "           ", out);
	if (strcmp(entry->commit, d->commit))
		fprintf(out, "%-10s %s\n", "candidate", d->commit);
}

/* Of the plain way there is nothing to say. */
static void print_searched(const struct searched *s, FILE *out)
{
	CLEANUP_STRBUF struct strbuf name = STRBUF_INIT;

	if (*s->proposer) {
		strbuf_add_visible(&name, s->proposer, strlen(s->proposer));
		fprintf(out, "%-10s %s\n", "proposer", name.buf);
	}
	if (s->rung != LADDER_GREEDY || *s->from)
		fprintf(out, "%-10s %s%s%s\n", "search", ladder_rung_name(s->rung),
			*s->from ? ", proposed on " : "", s->from);
}

void report_experiment(const struct entry *entry, FILE *out)
{
	const struct record *r = &entry->record;
	const char *verdict = verdict_name(r->verdict.kind);

	fprintf(out, "experiment %s/%lld\n", r->campaign, (long long)r->experiment);
	fprintf(out, "%-10s %s\n", "commit", entry->commit);
	fprintf(out, "%-10s %s\n", "record", entry->oid);
	if (*r->base)
		fprintf(out, "%-10s %s\n", "base", r->base);
	fprintf(out, "%-10s %s", "verdict", verdict ? verdict : "baseline");
	if (r->verdict.reason) {
		CLEANUP_STRBUF struct strbuf reason = STRBUF_INIT;

		strbuf_add_visible(&reason, r->verdict.reason, strlen(r->verdict.reason));
		fprintf(out, " (%s)", reason.buf);
	}
	fprintf(out, "\n");
	print_decision(entry, out);
	print_metric(r->metric_name, r->has_metric, r->metric, out);
	print_metric("against", r->has_incumbent, r->incumbent, out);
	fprintf(out, "%-10s %s, by %s\n", "started", r->started,
		*r->proposed_by ? r->proposed_by : "start");
	print_searched(&r->searched, out);
	print_asked(r->asked, out);
	print_audit(&r->audit, out);
	report_samples(r, out);
	print_trials(r, out);
	for (size_t i = 0; i < r->removed.nr; i++) {
		CLEANUP_STRBUF struct strbuf name = STRBUF_INIT;

		strbuf_add_quoted_path(&name, r->removed.items[i]);
		fprintf(out, "%-10s %s, left in OUT, was no file or folder\n", "removed",
			name.buf);
	}
	fprintf(out, "\n");
	report_text(r->subject, strlen(r->subject), "    ", out);
	if (*r->rationale) {
		fprintf(out, "\n");
		report_text(r->rationale, strlen(r->rationale), "    ", out);
	}
}
