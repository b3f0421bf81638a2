#include "loop/race_parts.h"

#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/timer.h"
#include "base/trace.h"
#include "loop/activity.h"
#include "loop/audit_log.h"
#include "loop/journal.h"
#include "loop/recording.h"

/* How far lanes may run ahead of what is recorded: a round that waits for its last, the next
 * one, and something for each lane. */
#define ROUNDS_AHEAD 2

/* Seconds that a record waits for others while trials run: one sync, which may take as long as a
 * short trial, makes all of them durable. */
#define LINGER 0.02

static void end_linger(uint32_t events, void *data)
{
	struct race *race = data;

	(void)events;
	if (!timer_take(race->timer))
		return;
	race->lingers = false;
	race->due = race->changed = true;
}

static void linger(struct race *race)
{
	if (!race->s->recorded_nr || race->lingers || race->due)
		return;
	race->lingers = !timer_arm(race->timer, LINGER, 0);
	race->due = !race->lingers;
}

int race_new(struct race **ret, struct search *s, struct error *err)
{
	CLEANUP_RACE struct race *race = xcalloc(1, sizeof(*race));

	race->s = s;
	race->round = s->jobs > 1 ? s->config.candidates : 1;
	race->ahead = (size_t)(ROUNDS_AHEAD * race->round + s->jobs);
	race->timer = timer_new(err);
	if (race->timer < 0 ||
	    evloop_add(s->events, race->timer, EPOLLIN, end_linger, race, err))
		return -1;
	s->race = race;
	*ret = steal_ptr(race);
	return 0;
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
	evloop_remove(race->s->events, race->timer);
	if (race->timer >= 0)
		close(race->timer);
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

int64_t race_tokens(const struct race *race)
{
	int64_t tokens = 0;

	for (size_t i = 0; race && i < race->nr; i++) {
		const struct experiment *x = &race->field[i]->x;

		tokens += asked_tokens(x->proposal.asked) + asked_tokens(x->record.asked);
	}
	return tokens;
}

bool race_goes_on(const struct race *race)
{
	return race->nr;
}

/* --- Lanes and desks */

static void leave(struct lane *lane)
{
	lane->runner = NULL;
	activity_end(lane);
	lane->search->race->changed = true;
}

/* At a desk, up to the proposal. */
static void ask(void *data)
{
	struct runner *r = data;
	SPAN("ask");

	r->failed = search_ask(r->lane, &r->x, &r->error);
	r->waits = !r->failed && r->x.how == PROPOSED;
	r->over = !r->waits;
	if (r->waits)
		r->x.audit = steal_ptr(r->lane->audit);
	leave(r->lane);
}

static void run(void *data)
{
	struct runner *r = data;
	struct search *s = r->lane->search;
	SPAN("experiment");

	r->failed = search_step(r->lane, &r->x, &r->error);
	r->over = true;
	leave(r->lane);
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
	if (fiber_new(&r->fiber, lane->desk ? ask : run, r, err))
		return -1;
	fiber_set_number(r->fiber, (int)(lane - lane->search->lanes) + 1);
	lane->runner = r;
	fiber_resume(r->fiber);
	return 0;
}

static struct lane *find_free(const struct search *s, bool desk)
{
	for (int i = 0; i < s->lanes_nr; i++)
		if (!s->lanes[i].runner && s->lanes[i].desk == desk)
			return &s->lanes[i];
	return NULL;
}

bool race_is_running(const struct race *race)
{
	for (int i = 0; i < race->s->lanes_nr; i++)
		if (race->s->lanes[i].runner)
			return true;
	return false;
}

/* Whether there may soon be others to record, or all is held by a pause. */
static bool is_busy(const struct race *race)
{
	for (int i = 0; i < race->s->lanes_nr; i++)
		if (race->s->lanes[i].runner && !race->s->lanes[i].held)
			return true;
	return false;
}

bool race_has_news(const struct race *race)
{
	return race && race->changed;
}

/* --- Beginning */

int64_t race_next_number(const struct race *race)
{
	return race->s->totals.experiments + (int64_t)race->nr + 1;
}

static struct runner *add_runner(struct race *race)
{
	struct runner *r = xcalloc(1, sizeof(*r));

	experiment_init(&r->x, race->s, race_next_number(race));
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

/* What is tried again needs nobody to ask. */
static struct runner *add_next(struct race *race, const struct lane *lane, int64_t left,
			       struct error *err)
{
	CLEANUP_PROPOSAL struct proposal again = PROPOSAL_INIT;
	struct runner *r;

	if (!lane->desk && second_tries_take(&race->again, race->s, &again, err))
		return NULL;
	race->s->experiments_left = left - (int64_t)race->nr;
	r = add_runner(race);
	r->x.proposal = again;
	strcpy(r->x.incumbent, search_incumbent(race->s));
	r->heard = again.subject;
	again = (struct proposal)PROPOSAL_INIT;
	return r;
}

/* Whether what was paid already leaves room in the budget of tokens. */
static bool can_pay(const struct race *race)
{
	int64_t budget = race->s->config.budget.tokens;

	return !budget || race->s->totals.tokens + race_tokens(race) < budget;
}

/* Where one that has nothing yet but its number may begin; NULL where it may not. No more are
 * asked for ahead than lanes can take, so that each is told of as many as can be. */
static struct lane *find_beginning(const struct race *race, int64_t left)
{
	struct lane *lane = find_free(race->s, false);
	int ahead = 0;

	if (race->closed || race->dry || (int64_t)race->nr >= left || race->nr >= race->ahead)
		return NULL;
	for (size_t i = 0; i < race->nr; i++) {
		const struct runner *r = race->field[i];

		ahead += r->waits || (r->lane->desk && !r->over);
	}
	if (!race->s->desks || (lane && race->again.nr))
		return lane;
	if (ahead == race->s->desks || !can_pay(race))
		return NULL;
	return find_free(race->s, true);
}

int race_begin(struct race *race, int64_t left, struct error *err)
{
	struct lane *lane = find_free(race->s, false);
	struct runner *r = lane && !race->closed ? find_waiting(race) : NULL;

	if (r) {
		end_waiting(r, lane);
	} else {
		lane = find_beginning(race, left);
		if (!lane)
			return 0;
		r = add_next(race, lane, left, err);
	}
	if (!r || start_runner(r, lane, err))
		return -1;
	/* There may be another to begin. */
	race->changed |= find_free(race->s, false) || find_free(race->s, true);
	return 0;
}

/* What is recorded, once it has waited for others or nothing runs that could be one. */
static int publish(struct race *race, struct error *err)
{
	if (search_publish_idle(race->s, &race->changed, err))
		return -1;
	race->due = race->s->recorded_nr;
	return 0;
}

int race_wait(struct race *race, struct error *err)
{
	int ret = 0;

	if ((race->due || !is_busy(race)) && publish(race, err))
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
	for (int i = 0; i < race->s->lanes_nr; i++)
		lane_end(&race->s->lanes[i], STOP_NOW);
}

void race_close(struct race *race)
{
	race->closed = true;
	for (int i = 0; i < race->s->lanes_nr; i++) {
		struct lane *lane = &race->s->lanes[i];

		lane->closed = lane->desk;
		if (lane->desk)
			lane_end(lane, STOP_NOW);
	}
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

		if (r->heard || !(r->waits || r->x.record.subject))
			continue;
		r->heard = true;
		race->failures = 0;
	}
}

static void drop_nothings(struct race *race, struct race_news *news)
{
	bool ends = race->closed || race->s->ends || race->s->stop != STOP_NO;

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

/* Records the first of the field, if it is decided; `ret` says whether it was. */
static int record_first(struct race *race, int64_t left, bool *ret, struct error *err)
{
	if (race_is_decided(race, left, ret, err) ||
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
	for (size_t i = 0; i < race->nr && race_round_of(race, race->field[i]) == round; i++)
		if (runner_has_passed(race->field[i]))
			return true;
	return false;
}

int race_settle(struct race *race, int64_t left, struct race_news *ret, struct error *err)
{
	bool decided = !race->broken;
	int64_t round;

	*ret = (struct race_news){ .failures = race->failures };
	drop_nothings(race, ret);
	race_put_originals_first(race);
	round = race->nr ? race_round_of(race, race->field[0]) : 0;
	/* Whatever begins next does so on the best of the round, or on top of it. */
	while (decided && race->nr && (!ret->recorded || has_finisher(race, round))) {
		if (record_first(race, left - ret->recorded, &decided, err))
			return -1;
		ret->recorded += decided;
	}
	race->changed |= ret->recorded > 0;
	linger(race);
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
	race_close(race);
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
