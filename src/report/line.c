#include "report/line.h"

#include <math.h>
#include <string.h>

#include "base/number.h"
#include "report/terminal.h"

#define METRIC_WIDTH 12

void report_change(const struct record *r, struct strbuf *out)
{
	double change;

	if (!r->has_metric || !r->has_incumbent || r->incumbent == 0)
		return;
	change = 100 * (r->metric - r->incumbent) / fabs(r->incumbent);
	if (change != 0 && fabs(change) < 0.005)
		strbuf_addf(out, "%+.1g%%", change);
	else
		strbuf_addf(out, "%+.*f%%", fabs(change) < 10 ? 2 : 1, change);
}

static void add_person(const struct decision *d, struct strbuf *out)
{
	CLEANUP_STRBUF struct strbuf name = STRBUF_INIT;

	decision_person(d, &name);
	strbuf_add_visible(out, name.buf, name.len);
}

/* What there is to say besides the verdict, in parentheses. */
static void add_reason(const struct record *r, struct strbuf *out)
{
	if (r->verdict.reason && strcmp(r->verdict.reason, "no-improvement")) {
		strbuf_addstr(out, "  (");
		strbuf_add_visible(out, r->verdict.reason, strlen(r->verdict.reason));
		strbuf_addch(out, ')');
	}
	if (r->imported && !r->verdict.reason)
		strbuf_addstr(out, "  (imported)");
	if (!r->verdict.reason && r->decision) {
		strbuf_addstr(out, "  (by ");
		add_person(r->decision, out);
		strbuf_addch(out, ')');
	}
	if (r->type == RECORD_BASELINE && r->again.why != AGAIN_NOT)
		strbuf_addstr(out, ", again");
	if (r->type == RECORD_BASELINE && r->has_noise)
		strbuf_addf(out, "  (noise %.3g; %d trial%s a candidate)", r->noise.sd,
			    r->settled, r->settled == 1 ? "" : "s");
}

void report_add_line(const struct record *r, bool color, struct strbuf *out)
{
	CLEANUP_STRBUF struct strbuf metric = STRBUF_INIT, change = STRBUF_INIT;
	const char *verdict = verdict_name(r->verdict.kind);
	const char *begin = paint(color, verdict_paint(r->verdict.kind));
	const char *end = *begin ? paint(color, PAINT_NONE) : "";
	bool is_gain = r->verdict.kind == VERDICT_ACCEPTED;

	if (r->has_metric)
		strbuf_add_number(&metric, r->metric);
	if (metric.len > METRIC_WIDTH) {
		strbuf_reset(&metric);
		strbuf_addf(&metric, "%.6g", r->metric);
	}
	report_change(r, &change);
	strbuf_addf(out, "%s%5lld%s  %s%-10s%s  %*s  %s%8s%s  ", paint(color, PAINT_NAME),
		    (long long)r->experiment, paint(color, PAINT_NONE), begin,
		    verdict ? verdict : "baseline", end, METRIC_WIDTH, metric.buf,
		    is_gain ? begin : "", change.buf, is_gain ? end : "");
	strbuf_add_visible(out, r->subject, strcspn(r->subject, "\n"));
	add_reason(r, out);
}

void report_add_text(const char *line, size_t len, struct strbuf *out)
{
	for (size_t i = 0, j; i < len; i = j + 1) {
		for (j = i; j < len && line[j] != '\t'; j++)
			;
		strbuf_add_visible(out, line + i, j - i);
		if (j < len)
			strbuf_addch(out, '\t');
	}
}

void report_text(const char *text, size_t len, const char *prefix, FILE *out)
{
	while (len) {
		CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;
		const char *end = memchr(text, '\n', len);
		size_t n = end ? (size_t)(end - text) : len;

		report_add_text(text, n, &line);
		fprintf(out, "%s%s\n", prefix, line.buf);
		text += n + (end ? 1 : 0);
		len -= n + (end ? 1 : 0);
	}
}
