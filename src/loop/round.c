#include "loop/round.h"

#include <string.h>

#include "loop/activity.h"
#include "loop/ask.h"
#include "loop/model.h"
#include "loop/race.h"

/* --- Whose */

/* Members of the team, to be dealt to. */
struct hand {
	size_t members[BANDIT_ARMS_MAX];
	const char *names[BANDIT_ARMS_MAX];
	size_t nr;
};

static void take_in(struct hand *hand, const struct team *team, size_t i)
{
	hand->members[hand->nr] = i;
	hand->names[hand->nr++] = team->members[i].name;
}

static void those_in(const struct team *team, int64_t number, struct hand *ret)
{
	*ret = (struct hand){ 0 };
	for (size_t i = 0; i < team->nr; i++)
		if (proposer_is_in(&team->members[i], number))
			take_in(ret, team, i);
}

/* Where nobody is in: of those that have but failed, the one that would be asked next. */
static struct proposer *first_to_be_back(struct team *team)
{
	struct proposer *first = NULL;

	for (size_t i = 0; i < team->nr; i++) {
		struct proposer *p = &team->members[i];

		if (proposer_is_in(p, INT64_MAX) && (!first || p->back_at < first->back_at))
			first = p;
	}
	return first;
}

static void deal(const struct search *s, const struct hand *hand, int64_t number, size_t places,
		 size_t *ret_owners)
{
	const struct totals *t = &s->totals;

	scores_deal(&t->scores, hand->names, hand->nr, t->seed, number, places, ret_owners);
	for (size_t i = 0; i < places; i++)
		ret_owners[i] = hand->members[ret_owners[i]];
}

struct proposer *round_owner(const struct team *team, int64_t number)
{
	if (number < team->first || number >= team->first + (int64_t)team->dealt)
		return NULL;
	return &team->members[team->owners[number - team->first]];
}

struct proposer *round_substitute(struct search *s, int64_t number)
{
	struct hand hand;
	size_t owner;

	those_in(s->team, number, &hand);
	if (!hand.nr)
		return first_to_be_back(s->team);
	deal(s, &hand, number, 1, &owner);
	return &s->team->members[owner];
}

static int ask_models(struct search *s, struct error *err)
{
	struct team *team = s->team;
	int dear = 0;

	for (size_t i = 0; i < team->dealt && !dear; i++) {
		struct proposer *p = &team->members[team->owners[i]];

		if (proposer_is_model(p->kind))
			dear = model_ask_ahead(p, team->first + (int64_t)i, err);
	}
	return dear < 0 ? -1 : 0;
}

int round_deal(struct search *s, int64_t number, int64_t left, struct error *err)
{
	struct team *team = s->team;
	int64_t places = s->config.candidates - (number - 1) % s->config.candidates;
	struct hand hand;

	if (places > left)
		places = left;
	team->dealt = 0;
	those_in(team, number, &hand);
	if (!hand.nr)
		return 0;
	team->owners = xrealloc(team->owners, (size_t)places * sizeof(*team->owners));
	team->first = number;
	team->dealt = (size_t)places;
	deal(s, &hand, number, team->dealt, team->owners);
	return ask_models(s, err);
}

/* --- What is asked of models */

static int64_t reserved(const struct search *s)
{
	const struct team *team = s->team;
	int64_t tokens = race_tokens(s->race);

	for (size_t i = 0; i < team->nr; i++) {
		const struct model *model = team->members[i].model;

		for (size_t j = 0; model && j < model->round_nr; j++)
			tokens += asking_reserve(model->round[j]);
	}
	return tokens;
}

int model_ask_ahead(struct proposer *p, int64_t number, struct error *err)
{
	struct search *s = p->s;
	struct footing footing;
	struct asking *a;
	struct model *m;
	int dear;

	if (model_open(p, err) || footing_of(s, footing_stage(s), &footing, err))
		return -1;
	/* It has no more ideas: model_propose() says so. */
	if (footing.stage.rung == LADDER_EXHAUSTED)
		return 0;
	m = p->model;
	dear = asking_begin(p, number, &footing, reserved(s), &a, err);
	if (dear)
		return dear;
	m->round = xrealloc(m->round, (m->round_nr + 1) * sizeof(*m->round));
	m->round[m->round_nr++] = a;
	return 0;
}

/* The one that it was asked for as that experiment, which is the caller's then; NULL. */
static struct asking *take(struct model *m, int64_t number)
{
	for (size_t i = 0; m && i < m->round_nr; i++) {
		struct asking *a = m->round[i];

		if (asking_number(a) != number)
			continue;
		m->round_nr--;
		memmove(m->round + i, m->round + i + 1, (m->round_nr - i) * sizeof(*m->round));
		return a;
	}
	return NULL;
}

int model_propose(struct proposer *p, struct lane *lane, int64_t number, struct proposal *ret,
		  enum proposed *ret_how, struct error *err)
{
	struct search *s = p->s;
	struct asking *a = take(p->model, number);
	int r = a ? 0 : model_ask_ahead(p, number, err);

	if (r) {
		*ret_how = PROPOSED_TOO_DEAR;
		return r < 0 ? -1 : 0;
	}
	if (!a)
		a = take(p->model, number);
	*ret_how = PROPOSED_NOTHING;
	if (!a)
		return 0;
	activity_begin(lane, number, PHASE_PROPOSE, p->model->timeout);
	r = asking_finish(a, lane, reserved(s), ret, err);
	asking_free(a);
	*ret_how = r ? PROPOSED_CANCELLED : PROPOSED;
	return r < 0 ? -1 : 0;
}
