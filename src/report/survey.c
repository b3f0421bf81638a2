#include "report/survey.h"

#include <math.h>
#include <string.h>

struct reading {
	struct survey *survey;
	entry_fn also;
	void *data;
};

/* The gain's interval, laid around what was measured. */
static void read_interval(const struct record *r, bool lower_is_better,
			  struct survey_point *ret)
{
	const struct effect *gain = &r->comparison.gain;
	double less = gain->value - gain->low, more = gain->high - gain->value;

	ret->low = ret->high = NAN;
	/* Where nothing varies there is none to show. */
	if (!r->plan.search || !r->has_metric || !gain->bounded || !isfinite(less + more) ||
	    less + more <= 0)
		return;
	ret->low = r->metric - (lower_is_better ? more : less);
	ret->high = r->metric + (lower_is_better ? less : more);
}

void survey_point_of(const struct record *r, bool lower_is_better, struct survey_point *ret)
{
	*ret = (struct survey_point){ .type = r->type,
				      .number = r->experiment,
				      .kind = r->verdict.kind,
				      .metric = r->has_metric ? r->metric : NAN };
	ret->at = r->type == RECORD_EXPERIMENT ? r->experiment : r->totals.experiments;
	ret->incumbent = *r->totals.incumbent ? r->totals.incumbent_metric : NAN;
	read_interval(r, lower_is_better, ret);
}

bool survey_lower_is_better(const struct survey *s)
{
	const struct totals *t = &s->newest.record.totals;

	if (s->place.config)
		return s->place.config->direction == MINIMIZE;
	return t->incumbent_metric <= t->baseline_metric;
}

static void add_proposer(struct survey *s, const struct record *r)
{
	const char *name = r->proposed_by;
	size_t i = 0;

	if (s->proposers_nr == SURVEY_PROPOSERS_MAX)
		name = "others";
	while (i < s->proposers_nr && strcmp(s->proposers[i].name, r->proposed_by) &&
	       strcmp(s->proposers[i].name, name))
		i++;
	if (i == s->proposers_nr) {
		s->proposers = xrealloc(s->proposers, (i + 1) * sizeof(*s->proposers));
		s->proposers[i] = (struct survey_proposer){ .name = xstrdup(name) };
		s->proposers_nr++;
	}
	s->proposers[i].experiments++;
	s->proposers[i].accepted += r->verdict.kind == VERDICT_ACCEPTED;
}

static void add_point(struct survey *s, const struct record *r)
{
	if (s->points_nr == s->points_alloc) {
		s->points_alloc = s->points_alloc ? 2 * s->points_alloc : 64;
		s->points = xrealloc(s->points, s->points_alloc * sizeof(*s->points));
	}
	survey_point_of(r, survey_lower_is_better(s), &s->points[s->points_nr++]);
}

static void take_promotion(struct survey *s, const struct record *r)
{
	if (*s->promoted.at || r->verdict.kind != VERDICT_ACCEPTED)
		return;
	strcpy(s->promoted.at, r->started);
	strcpy(s->promoted.result, r->promotion->result);
	for (size_t i = 0; i < r->promotion->nr; i++)
		s->promoted.experiments += r->promotion->picked[i].experiment > 0;
}

static int add_entry(const struct entry *entry, void *data, struct error *err)
{
	struct reading *reading = data;
	struct survey *s = reading->survey;
	const struct record *r = &entry->record;
	const char *source = record_metric_source(r);

	add_point(s, r);
	s->duration += r->duration;
	if (r->type == RECORD_EXPERIMENT)
		add_proposer(s, r);
	if (r->type == RECORD_PROMOTION)
		take_promotion(s, r);
	/* What was promoted is measured for another question. */
	if (r->trials_nr && record_is_listed(r)) {
		s->levels[r->audit.level]++;
		s->denied += r->audit.denied;
		s->lost += r->audit.lost;
	}
	s->self_reported += record_is_listed(r) && source && !strcmp(source, "self-reported");
	if (!*s->last)
		strcpy(s->last, r->started);
	strcpy(s->first, r->started);
	return reading->also ? reading->also(entry, reading->data, err) : 0;
}

static int by_experiments(const void *a, const void *b)
{
	const struct survey_proposer *x = a, *y = b;

	return (y->experiments > x->experiments) - (y->experiments < x->experiments);
}

static void reverse(struct survey_point *points, size_t nr)
{
	for (size_t i = 0; i < nr / 2; i++) {
		struct survey_point point = points[i];

		points[i] = points[nr - 1 - i];
		points[nr - 1 - i] = point;
	}
}

int survey_read(struct survey *ret, struct ledger *ledger, const struct survey_place *place,
		entry_fn also, void *data, struct error *err)
{
	CLEANUP_SURVEY struct survey s = { .ledger = ledger, .place = *place };
	struct reading reading = { .survey = &s, .also = also, .data = data };
	const char *incumbent;

	if (ledger_read(ledger, ledger->tip, &s.newest, err) ||
	    ledger_walk(ledger, add_entry, &reading, err))
		return -1;
	incumbent = s.newest.record.totals.incumbent;
	s.is_measured = *incumbent && (!*ledger->branch || !strcmp(incumbent, ledger->branch));
	reverse(s.points, s.points_nr);
	if (s.proposers_nr)
		qsort(s.proposers, s.proposers_nr, sizeof(*s.proposers), by_experiments);
	*ret = s;
	s = (struct survey){ 0 };
	return 0;
}

void survey_release(struct survey *s)
{
	entry_release(&s->newest);
	free(s->points);
	for (size_t i = 0; i < s->proposers_nr; i++)
		free(s->proposers[i].name);
	free(s->proposers);
	*s = (struct survey){ 0 };
}

const struct survey_point *survey_best(const struct survey *s)
{
	const struct totals *t = &s->newest.record.totals;

	for (size_t i = s->points_nr; i-- > 0;) {
		const struct survey_point *p = &s->points[i];

		if (p->number == t->incumbent_experiment &&
		    p->type == (p->number ? RECORD_EXPERIMENT : RECORD_BASELINE))
			return p;
	}
	return NULL;
}

void survey_add_change(struct strbuf *out, double from, double to)
{
	double change = 100 * (to - from) / fabs(from);

	if (isfinite(change))
		strbuf_addf(out, "%+.*f%%", fabs(change) < 10 ? 2 : 1, change);
}
