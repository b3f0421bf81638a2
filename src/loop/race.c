#include "loop/race.h"

#include <string.h>

#include "base/fiber.h"
#include "base/trace.h"
#include "loop/activity.h"
#include "loop/again.h"
#include "loop/audit_log.h"
#include "loop/journal.h"
#include "loop/recording.h"
#include "model/judge.h"
#include "model/race.h"

/* How far lanes may run ahead of what is recorded: a round that waits for its last, the next
 * one, and something for each lane. */
#define ROUNDS_AHEAD 2

/* An experiment of the race. */
struct runner {
	struct experiment x;
	struct lane *lane; /* where it runs, or did */
	struct fiber *fiber;
	bool over;   /* it has run to its end */
	bool failed; /* on our side, or for good */
	bool waits;  /* for a lane, to be measured on top of the incumbent of now */
	bool keeps;  /* what it measured, which no slot shows any more, from being pruned */
	bool heard;  /* its proposer had something to say, which was counted */
	struct error error;
};

struct race {
	struct search *s;
	struct runner *
		*field; /* in the order of their numbers, the next to be recorded first */
	size_t nr;
	struct second_tries again;
	int64_t round; /* experiments of one */
	size_t ahead;  /* numbers that may be in the field */
	bool changed;  /* what race_wait() waits for */
	bool dry;      /* there is nothing to propose before something is recorded */
	int failures;  /* of the proposer, in a row */
	bool failed; /* a runner did, as `error` says; whatever is measured can still be recorded */
	bool broken; /* nothing can be recorded any more */
	struct error error;
};

struct race *race_new(struct search *s)
{
	struct race *race = xcalloc(1, sizeof(*race));

	race->s = s;
	race->round = s->jobs > 1 ? s->config.candidates : 1;
	race->ahead = (size_t)(ROUNDS_AHEAD * race->round + s->jobs);
	s->race = race;
	return race;
}

static void runner_free(struct runner *r)
{
	if (r->keeps)
		repo_keep_no_more(r->lane->search->repo);
	experiment_release(&r->x);
	fiber_free(r->fiber);
	free(r);
}

void race_free(struct race *race)
{
	if (!race)
		return;
	race->s->race = NULL;
	for (size_t i = 0; i < race->nr; i++)
		runner_free(race->field[i]);
	second_tries_release(&race->again);
	free(race->field);
	free(race);
}

int64_t race_find_tree(const struct race *race, const char *tree, const struct record *but)
{
	for (size_t i = 0; race && i < race->nr; i++) {
		const struct record *r = &race->field[i]->x.record;

		if (r != but && !strcmp(r->tree, tree) && r->verdict.kind != VERDICT_INVALID)
			return r->experiment;
	}
	return -1;
}

bool race_goes_on(const struct race *race)
{
	return race->nr;
}

/* --- Lanes */

static void run(void *data)
{
	struct runner *r = data;
	struct search *s = r->lane->search;
	SPAN("experiment");

	r->failed = search_step(r->lane, &r->x, &r->error);
	r->over = true;
	r->lane->runner = NULL;
	activity_end(r->lane);
	s->race->changed = true;
	/* The lane goes on to the next, and with it the name that its slot gave. */
	if (s->jobs == 1 || r->keeps)
		return;
	r->keeps = true;
	repo_keep_objects(s->repo);
}

static int start_runner(struct runner *r, struct lane *lane, struct error *err)
{
	fiber_free(steal_ptr(r->fiber));
	r->over = false;
	r->lane = lane;
	if (fiber_new(&r->fiber, run, r, err))
		return -1;
	fiber_set_number(r->fiber, (int)(lane - lane->search->lanes) + 1);
	lane->runner = r;
	fiber_resume(r->fiber);
	return 0;
}

static struct lane *find_free_lane(const struct search *s)
{
	for (int i = 0; i < s->jobs; i++)
		if (!s->lanes[i].runner)
			return &s->lanes[i];
	return NULL;
}

static bool is_stale(const struct race *race, const struct runner *r)
{
	return strcmp(r->x.record.base, search_incumbent(race->s)) != 0;
}

static bool has_passed(const struct runner *r)
{
	return r->over && r->x.how == PROPOSED && r->x.record.verdict.kind == VERDICT_ACCEPTED;
}

static int64_t round_of(const struct race *race, const struct runner *r)
{
	return (r->x.record.experiment - 1) / race->round;
}

bool race_is_running(const struct race *race)
{
	for (int i = 0; i < race->s->jobs; i++)
		if (race->s->lanes[i].runner)
			return true;
	return false;
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
	x->proposal = (struct proposal)PROPOSAL_INIT;
	experiment_release(x);
	*x = fresh;
	r->over = false;
	r->waits = true;
}

/* --- Beginning */

static int64_t next_number(const struct race *race)
{
	return race->s->totals.experiments + (int64_t)race->nr + 1;
}

static struct runner *add_runner(struct race *race)
{
	struct runner *r = xcalloc(1, sizeof(*r));

	experiment_init(&r->x, race->s, next_number(race));
	race->field = xrealloc(race->field, (race->nr + 1) * sizeof(*race->field));
	race->field[race->nr++] = r;
	return r;
}

static struct runner *find_waiting(const struct race *race)
{
	for (size_t i = 0; i < race->nr; i++)
		if (race->field[i]->waits)
			return race->field[i];
	return NULL;
}

static void end_waiting(struct runner *r, struct lane *lane)
{
	r->waits = false;
	/* What a proposer that failed in this lane has left is no part of its record. */
	audit_log_free(lane->audit);
	lane->audit = steal_ptr(r->x.audit);
}

static struct runner *add_next(struct race *race, int64_t left, struct error *err)
{
	CLEANUP_PROPOSAL struct proposal again = PROPOSAL_INIT;
	struct runner *r;

	if (second_tries_take(&race->again, race->s, &again, err))
		return NULL;
	race->s->experiments_left = left - (int64_t)race->nr;
	r = add_runner(race);
	r->x.proposal = again;
	r->heard = again.subject;
	again = (struct proposal)PROPOSAL_INIT;
	return r;
}

int race_begin(struct race *race, int64_t left, struct error *err)
{
	struct lane *lane = find_free_lane(race->s);
	struct runner *r = find_waiting(race);

	if (!lane)
		return 0;
	if (r)
		end_waiting(r, lane);
	else if (race->dry || (int64_t)race->nr >= left || race->nr >= race->ahead)
		return 0;
	else if (!(r = add_next(race, left, err)))
		return -1;
	if (start_runner(r, lane, err))
		return -1;
	/* There may be another to begin. */
	race->changed |= find_free_lane(race->s) != NULL;
	return 0;
}

int race_wait(struct race *race, struct error *err)
{
	int ret = 0;

	if (search_publish_idle(race->s, &race->changed, err))
		return -1;
	/* Where there is more to do, whoever has become ready meanwhile does not wait for all of it. */
	if (race->changed)
		ret = evloop_turn(race->s->events, err) < 0 ? -1 : 0;
	else if (race_is_running(race))
		ret = evloop_run(race->s->events, &race->changed, err);
	race->changed = false;
	return ret;
}

void race_cancel(struct race *race)
{
	race->s->ends = true;
	for (int i = 0; i < race->s->jobs; i++)
		lane_end(&race->s->lanes[i], STOP_NOW);
}

/* --- What came to nothing */

static void take_out(struct race *race, size_t i)
{
	runner_free(race->field[i]);
	memmove(race->field + i, race->field + i + 1, (--race->nr - i) * sizeof(*race->field));
}

/* One that is the same as an experiment under way, whose number changes. */
static void renumber_duplicate(struct runner *r, int64_t gone)
{
	struct verdict *v = &r->x.record.verdict;
	int64_t same = verdict_same_as(v);

	if (same == gone)
		r->x.how = PROPOSED_CANCELLED; /* and it was never tried */
	else if (same > gone)
		verdict_set_same_as(v, same - 1);
}

/* Those behind the one at `i` move up. One before it may be the same as one of them. */
static void close_gap(struct race *race, size_t i)
{
	int64_t gone = race->field[i]->x.record.experiment;

	take_out(race, i);
	for (size_t j = 0; j < race->nr; j++) {
		struct runner *r = race->field[j];

		renumber_duplicate(r, gone);
		if (j < i)
			continue;
		r->x.record.experiment--;
		r->x.renumbered = true;
	}
}

/* Notes why, and takes it out. */
static void drop(struct race *race, size_t i, struct race_news *news)
{
	const struct runner *r = race->field[i];

	if (r->x.how == PROPOSED_CANCELLED && !r->failed)
		journal_give_back(race->s, r->x.proposal.key);
	/* No record says so, but the next one counts it. */
	search_spend_time(race->s);
	if (r->x.how == PROPOSED_FAILURE) {
		news->failures = ++race->failures;
		news->error = r->error;
	}
	race->dry |= r->x.how == PROPOSED_NOTHING || r->x.how == PROPOSED_TOO_DEAR;
	/* What is under way may still lead to an incumbent that has ideas. */
	if (race->nr == 1 && !race->again.nr) {
		news->exhausted = r->x.how == PROPOSED_NOTHING;
		news->too_dear = r->x.how == PROPOSED_TOO_DEAR;
	}
	if (race->nr == 1)
		race->dry = false;
	close_gap(race, i);
}

/* A proposal ends a row of failures as it comes, however long it takes to be measured. */
static void hear_proposers(struct race *race)
{
	for (size_t i = 0; i < race->nr; i++) {
		struct runner *r = race->field[i];

		if (r->heard || !r->x.record.subject)
			continue;
		r->heard = true;
		race->failures = 0;
	}
}

static void drop_nothings(struct race *race, struct race_news *news)
{
	bool ends = race->s->ends || race->s->stop != STOP_NO;

	hear_proposers(race);
	for (size_t i = 0; i < race->nr;) {
		struct runner *r = race->field[i];

		if (r->over && r->failed) {
			race->failed = true;
			race->error = r->error;
		}
		/* The journey to another incumbent is not begun any more. */
		if (r->waits && ends)
			r->over = true;
		if ((r->over && r->failed) || (r->waits && ends))
			r->x.how = PROPOSED_CANCELLED;
		if (r->over && r->x.how != PROPOSED) {
			drop(race, i, news);
			i = 0; /* those that were the same go as well */
			continue;
		}
		i++;
	}
}

/* --- The end of a round */

/* Nobody of the round of the first in the field runs or waits, or will begin. */
static bool round_is_complete(const struct race *race, int64_t left)
{
	int64_t round = round_of(race, race->field[0]);
	size_t i = 0;

	while (i < race->nr && round_of(race, race->field[i]) == round)
		if (!race->field[i++]->over)
			return false;
	return i < race->nr || race->dry || (int64_t)race->nr >= left ||
	       (next_number(race) - 1) / race->round != round;
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
	int64_t round = round_of(race, race->field[0]);
	char tree[OID_HEX_SIZE];

	*ret = false;
	for (size_t i = 0; i < race->nr && round_of(race, race->field[i]) == round; i++) {
		struct runner *r = race->field[i];
		bool new, clean;

		if (!has_passed(r) || !is_stale(race, r))
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
	int64_t round = round_of(race, race->field[0]);
	struct runner *best, **passed = xcalloc(race->nr, sizeof(struct runner *));
	struct finisher *finishers = xcalloc(race->nr, sizeof(*finishers));
	size_t nr = 0;

	for (size_t i = 0; i < race->nr && round_of(race, race->field[i]) == round; i++) {
		struct runner *r = race->field[i];

		if (!has_passed(r))
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

/*
 * Proposals do not arrive in the order of their numbers: where one is the same as one behind it,
 * which is measured, the two change places. A round that is complete has its numbers for good.
 */
static void put_originals_first(struct race *race)
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

/* Whether the first of the field can be recorded; it may have to wait for its round. */
static int is_decided(struct race *race, int64_t left, bool *ret, struct error *err)
{
	bool sent_back = false;

	*ret = false;
	if (!race->field[0]->over)
		return 0;
	if (has_passed(race->field[0])) {
		if (!round_is_complete(race, left))
			return 0;
		if (send_back(race, &sent_back, err))
			return -1;
		if (sent_back)
			return 0;
		if (has_passed(race->field[0]))
			choose(race);
	}
	*ret = true;
	return 0;
}

/* Records the first of the field, if it is decided; `ret` says whether it was. */
static int record_first(struct race *race, int64_t left, bool *ret, struct error *err)
{
	if (is_decided(race, left, ret, err) ||
	    (*ret && search_record_later(race->s, &race->field[0]->x, err))) {
		race->broken = true;
		return -1;
	}
	if (*ret) {
		take_out(race, 0);
		race->dry = false;
	}
	return 0;
}

static bool has_finisher(const struct race *race, int64_t round)
{
	for (size_t i = 0; i < race->nr && round_of(race, race->field[i]) == round; i++)
		if (has_passed(race->field[i]))
			return true;
	return false;
}

int race_settle(struct race *race, int64_t left, struct race_news *ret, struct error *err)
{
	bool decided = !race->broken;
	int64_t round;

	*ret = (struct race_news){ .failures = race->failures };
	drop_nothings(race, ret);
	put_originals_first(race);
	round = race->nr ? round_of(race, race->field[0]) : 0;
	/* Whatever begins next does so on the best of the round, or on top of it. */
	while (decided && race->nr && (!ret->recorded || has_finisher(race, round))) {
		if (record_first(race, left - ret->recorded, &decided, err))
			return -1;
		ret->recorded += decided;
	}
	race->changed |= ret->recorded > 0;
	if (!race->failed)
		return 0;
	*err = race->error;
	return -1;
}

void race_abandon(struct race *race)
{
	struct error ignored = ERROR_INIT;
	struct race_news news;

	/* Where that fails once more, it is not what those are ended by that still run. */
	search_publish(race->s, &ignored);
	/* Where nobody proposes any more, what is measured is worth as much as ever. */
	if (race->broken || race->error.status != EXIT_FAILING)
		race_cancel(race);
	while (race_is_running(race) && !race_wait(race, &ignored))
		;
	do
		race_settle(race, 0, &news, &ignored);
	while (news.recorded);
	search_publish(race->s, &ignored);
}
