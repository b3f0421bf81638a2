#include "report/summary.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/number.h"

void report_best(const struct totals *t, bool is_measured, struct strbuf *out)
{
	double from = t->baseline_metric, to = t->incumbent_metric;

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

void report_summary(const struct summary *s, struct strbuf *out)
{
	const struct totals *t = s->totals;

	strbuf_addf(out, "%s: %s (", s->campaign, s->state);
	strbuf_add_visible(out, s->reason, strlen(s->reason));
	strbuf_addstr(out, ")\n");
	if (!s->has_record)
		return;
	strbuf_addf(out, "%" PRId64 " experiments in ", t->experiments);
	strbuf_add_duration(out, t->time);
	strbuf_addstr(out, t->experiments ? ": " : "");
	report_verdicts(t, out);
	strbuf_addf(out, "\n%s ", s->metric);
	report_best(t, true, out);
	if (t->incumbent_experiment)
		strbuf_addf(out, ", by experiment %" PRId64, t->incumbent_experiment);
	if (s->stalled)
		strbuf_addf(out,
			    "\ngo on all the same: git autoresearch start %s --from=%" PRId64,
			    s->campaign, t->incumbent_experiment);
	strbuf_addf(out,
		    "\nlook further: git log autoresearch/%s; git autoresearch log; "
		    "git autoresearch show %" PRId64 "\n",
		    s->campaign, t->incumbent_experiment);
}
