#include "loop/race_parts.h"

#include <string.h>

#include "loop/audit_log.h"
#include "model/judge.h"
#include "model/race.h"

bool runner_has_passed(const struct runner *r)
{
	return r->over && r->x.how == PROPOSED && r->x.record.verdict.kind == VERDICT_ACCEPTED;
}

int64_t race_round_of(const struct race *race, const struct runner *r)
{
	return (r->x.record.experiment - 1) / race->round;
}

static bool is_stale(const struct race *race, const struct runner *r)
{
	return strcmp(r->x.record.base, search_incumbent(race->s)) != 0;
}

/* --- On top of another incumbent */

/* It is as if it had not been measured yet, but for what was paid for it. */
static void begin_again(struct runner *r, struct search *s)
{
	struct experiment *x = &r->x, fresh;

	experiment_init(&fresh, s, x->record.experiment);
	fresh.proposal = x->proposal;
	fresh.proposal.asked = steal_ptr(x->record.asked);
	fresh.audit = steal_ptr(x->audit);
	search_spend_gpus(s, x->record.gpu_hours);
	strcpy(fresh.incumbent, search_incumbent(s));
	x->proposal = (struct proposal)PROPOSAL_INIT;
	experiment_release(x);
	*x = fresh;
	r->over = false;
	r->waits = true;
}

/* --- The end of a round */

/* Nobody of the round of the first in the field runs or waits, or will begin. */
static bool round_is_complete(const struct race *race, int64_t left)
{
	int64_t round = race_round_of(race, race->field[0]);
	size_t i = 0;

	while (i < race->nr && race_round_of(race, race->field[i]) == round)
		if (!race->field[i++]->over)
			return false;
	return i < race->nr || race->dry || (int64_t)race->nr >= left ||
	       (race_next_number(race) - 1) / race->round != round;
}

/* It passed beside an incumbent, but another one is better, or is the incumbent by now. */
static void lose(struct runner *r, int64_t winner, double metric)
{
	struct record *record = &r->x.record;

	verdict_set(&record->verdict, VERDICT_REJECTED, "no-improvement");
	record->incumbent = metric;
	record->beaten_by = winner;
}

/* Those that were the same as one that is another tree now are what their own change makes of
 * the new incumbent. */
static int send_back_duplicates(struct race *race, const char *tree, struct error *err)
{
	for (size_t i = 0; i < race->nr; i++) {
		struct runner *r = race->field[i];
		bool new, clean;

		if (!r->over || verdict_same_as(&r->x.record.verdict) < 0 ||
		    strcmp(r->x.record.tree, tree))
			continue;
		if (again_carry(race->s, r->x.record.base, &r->x.proposal, &r->x.record, &new,
				&clean, err))
			return -1;
		begin_again(r, race->s);
	}
	return 0;
}

/* Sends those that passed beside an incumbent of before to run again beside that of now. True
 * where there are any. */
static int send_back(struct race *race, bool *ret, struct error *err)
{
	const struct totals *t = &race->s->totals;
	int64_t round = race_round_of(race, race->field[0]);
	char tree[OID_HEX_SIZE];

	*ret = false;
	for (size_t i = 0; i < race->nr && race_round_of(race, race->field[i]) == round; i++) {
		struct runner *r = race->field[i];
		bool new, clean;

		if (!runner_has_passed(r) || !is_stale(race, r))
			continue;
		if (again_carry(race->s, r->x.record.base, &r->x.proposal, &r->x.record, &new,
				&clean, err))
			return -1;
		if (new) {
			strcpy(tree, r->x.record.tree);
			begin_again(r, race->s);
			if (send_back_duplicates(race, tree, err))
				return -1;
			*ret = true;
		} else {
			lose(r, t->incumbent_experiment, t->incumbent_metric);
		}
	}
	return 0;
}

/* Of those of the round that passed, the best is left. */
static void choose(struct race *race)
{
	const struct campaign_config *config = &race->s->config;
	int64_t round = race_round_of(race, race->field[0]);
	struct runner *best, **passed = xcalloc(race->nr, sizeof(struct runner *));
	struct finisher *finishers = xcalloc(race->nr, sizeof(*finishers));
	size_t nr = 0;

	for (size_t i = 0; i < race->nr && race_round_of(race, race->field[i]) == round; i++) {
		struct runner *r = race->field[i];

		if (!runner_has_passed(r))
			continue;
		finishers[nr] = (struct finisher){
			.gain = record_gain(config, &r->x.record),
			.lines = race_lines(r->x.candidate.patch.buf),
		};
		passed[nr++] = r;
	}
	best = passed[race_winner(
		finishers, nr,
		threshold_value(&config->min_effect, race->s->totals.incumbent_metric))];
	for (size_t i = 0; i < nr; i++) {
		if (passed[i] == best)
			continue;
		second_tries_keep(&race->again, &passed[i]->x, best->x.record.experiment);
		lose(passed[i], best->x.record.experiment, best->x.record.metric);
	}
	free(passed);
	free(finishers);
}

/* Two change places; what is the same as one of them is from now on the same as the first. */
static void swap(struct race *race, size_t first, size_t second)
{
	struct runner *a = race->field[first], *b = race->field[second];
	int64_t low = a->x.record.experiment, high = b->x.record.experiment;

	race->field[first] = b;
	race->field[second] = a;
	b->x.record.experiment = low;
	a->x.record.experiment = high;
	a->x.renumbered = b->x.renumbered = true;
	for (size_t i = 0; i < race->nr; i++) {
		struct verdict *v = &race->field[i]->x.record.verdict;
		int64_t same = verdict_same_as(v);

		if (same == low || same == high)
			verdict_set_same_as(v, low);
	}
}

void race_put_originals_first(struct race *race)
{
	for (size_t i = 0; i < race->nr; i++) {
		const struct record *r = &race->field[i]->x.record;
		int64_t same;

		/* The one behind may be the same as another in turn. */
		while ((same = verdict_same_as(&r->verdict)) > r->experiment) {
			swap(race, i, i + (size_t)(same - r->experiment));
			r = &race->field[i]->x.record;
		}
	}
}

int race_is_decided(struct race *race, int64_t left, bool *ret, struct error *err)
{
	bool sent_back = false;

	*ret = false;
	if (!race->field[0]->over)
		return 0;
	if (runner_has_passed(race->field[0])) {
		if (!round_is_complete(race, left))
			return 0;
		if (send_back(race, &sent_back, err))
			return -1;
		if (sent_back)
			return 0;
		if (runner_has_passed(race->field[0]))
			choose(race);
	}
	*ret = true;
	return 0;
}
