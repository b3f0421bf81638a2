#include "report/samples.h"

#include <math.h>
#include <string.h>

#include "base/number.h"
#include "model/judge.h"

/* Estimates are for people: nobody needs their last digits. */
static void add_rounded(struct strbuf *out, double value)
{
	strbuf_addf(out, "%.6g", value);
}

void report_gain(const struct record *r, struct strbuf *out)
{
	const struct effect *gain = &r->comparison.gain;

	add_rounded(out, gain->value);
	if (gain->bounded) {
		strbuf_addstr(out, ", from ");
		add_rounded(out, gain->low);
		strbuf_addstr(out, " to ");
		add_rounded(out, gain->high);
		strbuf_addf(out, " at a confidence of %g", r->plan.confidence);
	} else {
		strbuf_addstr(out, ", from too few pairs for an interval");
	}
}

static void print_gain(const struct record *r, FILE *out)
{
	CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;

	report_gain(r, &line);
	fprintf(out, "%-10s %s\n", "gain", line.buf);
}

/* In words, where it ended. */
static void print_why(const struct record *r, FILE *out)
{
	const struct comparison *c = &r->comparison;
	bool implausible = r->verdict.reason && !strcmp(r->verdict.reason, "implausible");
	CLEANUP_STRBUF struct strbuf why = STRBUF_INIT;

	if (c->step == COMPARISON_LOSER)
		strbuf_addf(&why, "let go after %zu pairs: no gain was in sight", c->searched);
	else if (c->step != COMPARISON_DONE)
		strbuf_addstr(&why, "a trial came to nothing, which ended it");
	else if (c->gain.low > 0)
		strbuf_addf(&why, "likely after %zu pairs, confirmed by %zu fresh ones at %.4f",
			    c->searched, r->plan.confirm,
			    floor(c->gain.confidence * 1e4 + 1e-6) / 1e4);
	else
		strbuf_addf(&why, "likely after %zu pairs, not confirmed by %zu fresh ones",
			    c->searched, r->plan.confirm);
	if (implausible)
		strbuf_addstr(&why, "; more than verdict.maxEffect, so a person decides");
	else if (r->verdict.kind == VERDICT_INDECISIVE && c->gain.low > 0)
		strbuf_addstr(&why, "; less than verdict.minEffect");
	fprintf(out, "%-10s %s\n", "why", why.buf);
}

static bool candidate_was_first(const struct record *r, size_t pair)
{
	for (size_t i = 0; i < r->trials_nr; i++)
		if ((size_t)r->trials[i].number == pair)
			return !r->trials[i].of_incumbent;
	return false;
}

static void print_pairs(const struct record *r, FILE *out)
{
	struct pair pairs[COMPARISON_PAIRS_MAX];
	size_t nr = record_pairs(r, pairs);

	fprintf(out, "%-10s %14s %14s %14s\n", "pair", "candidate", "incumbent", "difference");
	for (size_t i = 0; i < nr; i++) {
		bool first = candidate_was_first(r, i + 1);

		fprintf(out, "%6zu     %13.6g%c %13.6g%c %+14.6g%s\n", i + 1,
			pairs[i].candidate, first ? '*' : ' ', pairs[i].incumbent,
			first ? ' ' : '*', pairs[i].candidate - pairs[i].incumbent,
			i >= r->comparison.searched && r->comparison.step >= COMPARISON_CONFIRM
				? "  fresh"
				: "");
	}
	if (nr)
		fprintf(out, "           * was measured first\n");
}

static void print_baseline(const struct record *r, FILE *out)
{
	double samples[COMPARISON_PAIRS_MAX];
	size_t nr = record_samples(r, samples, COMPARISON_PAIRS_MAX);
	CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;

	for (size_t i = 0; i < nr; i++) {
		strbuf_addch(&line, ' ');
		add_rounded(&line, samples[i]);
	}
	fprintf(out, "%-10s%s\n", "samples", line.buf);
	if (r->has_noise)
		fprintf(out,
			"%-10s %.4g, the standard deviation of a sample, and hardly above "
			"%.4g\n",
			"noise", r->noise.sd, r->noise.above);
	fprintf(out, "%-10s %d of a candidate, by verdict.trials\n", "trials", r->settled);
}

/* When the incumbent was measured again. */
static void print_again(const struct remeasured *again, FILE *out)
{
	CLEANUP_STRBUF struct strbuf before = STRBUF_INIT;

	if (again->why == AGAIN_NOT)
		return;
	strbuf_add_number(&before, again->before);
	fprintf(out, "%-10s %s; %s before, %s\n", "again",
		again->why == AGAIN_MACHINE
			? "another machine, one started anew, or other trials beside it"
			: "it was long ago",
		before.buf, again->drift.drifted ? "so it has drifted" : "which is no drift");
}

void report_samples(const struct record *r, FILE *out)
{
	if (r->type == RECORD_BASELINE) {
		print_again(&r->again, out);
		if (r->trials_nr > 1)
			print_baseline(r, out);
		return;
	}
	if (!r->plan.search)
		return;
	if (r->comparison.step != COMPARISON_MORE)
		print_gain(r, out);
	print_why(r, out);
	print_pairs(r, out);
}
