#include "loop/propose.h"

#include <string.h>

#include "base/trace.h"
#include "loop/agent.h"
#include "loop/footing.h"
#include "loop/journal.h"
#include "loop/model.h"
#include "loop/round.h"
#include "loop/sweeping.h"

/* One of several that fails sits out 0, 2, 6, … experiments, longer with each failure in a row, up
 * to so many. What will not mend itself, after it was waited for, begins at 6. */
#define FAILURES_COUNTED 6
#define FAILURES_OF_OUTAGE 3

/* --- Names */

void proposer_name_split(const char *name, char **ret_kind, char **ret_rest)
{
	size_t len = strcspn(name, ":/");

	*ret_rest = NULL;
	if (name[len] != ':')
		len = strlen(name);
	else
		*ret_rest = xstrdup(name + len + 1);
	*ret_kind = xstrndup(name, len);
}

bool proposer_is_told(const char *kind)
{
	return strcmp(kind, "sweep") != 0;
}

bool proposer_is_model(const char *kind)
{
	return !strcmp(kind, "endpoint");
}

bool proposers_run(const struct settings *settings)
{
	for (size_t i = 0; i < settings->proposers.nr; i++) {
		CLEANUP_FREE char *kind = NULL, *rest = NULL;

		proposer_name_split(settings->proposers.items[i], &kind, &rest);
		if (proposer_is_told(kind) && !proposer_is_model(kind))
			return true;
	}
	return false;
}

/* --- The team */

static int member_init(struct proposer *p, struct search *s, const char *name,
		       struct error *err)
{
	CLEANUP_FREE char *rest = NULL;
	const char *model;

	p->s = s;
	p->name = xstrdup(name);
	proposer_name_split(name, &p->kind, &rest);
	if (rest && (!*rest || !proposer_is_told(p->kind))) {
		error_set(err, "autoresearch.proposer: '%s' has %s behind the colon", name,
			  *rest ? "more than can be" : "nothing");
		return error_hint(err, "endpoint:<model>, <agent>:<model>, command:<program>, "
				       "sweep");
	}
	model = rest && strcmp(p->kind, "command") ? rest : s->settings.model;
	p->model_name = model ? xstrdup(model) : NULL;
	return 0;
}

static int find(struct proposer *p, struct error *err)
{
	if (!proposer_is_told(p->kind))
		return 0;
	return proposer_is_model(p->kind) ? model_open(p, err) : agent_find(p, err);
}

int propose_check(struct search *s, struct error *err)
{
	const struct string_list *names = &s->settings.proposers;

	if (!s->team) {
		s->team = xcalloc(1, sizeof(*s->team));
		s->team->members = xcalloc(names->nr, sizeof(*s->team->members));
		for (size_t i = 0; i < names->nr; i++)
			if (member_init(&s->team->members[s->team->nr++], s, names->items[i],
					err))
				return -1;
	}
	for (size_t i = 0; i < s->team->nr; i++)
		if (find(&s->team->members[i], err))
			return -1;
	return footing_choose(s, err);
}

static void member_release(struct proposer *p)
{
	sweeping_free(p->sweeping);
	model_free(p->model);
	agent_release(p);
	free(p->name);
	free(p->kind);
	free(p->model_name);
}

void propose_release(struct search *s)
{
	if (!s->team)
		return;
	for (size_t i = 0; i < s->team->nr; i++)
		member_release(&s->team->members[i]);
	free(s->team->members);
	free(s->team->owners);
	free(steal_ptr(s->team));
}

bool propose_is_stalled(const struct search *s)
{
	if (!s->team || footing_stage(s) < LADDER_STAGES)
		return false;
	for (size_t i = 0; i < s->team->nr; i++)
		if (proposer_is_told(s->team->members[i].kind))
			return true;
	return false;
}

/* --- Asking */

static int ask(struct proposer *p, struct lane *lane, int64_t number, struct proposal *ret,
	       enum proposed *ret_how, struct error *err)
{
	if (!proposer_is_told(p->kind))
		return sweeping_propose(p, ret, ret_how, err);
	if (proposer_is_model(p->kind))
		return model_propose(p, lane, number, ret, ret_how, err);
	return agent_propose(p, lane, number, ret, ret_how, err);
}

bool proposer_is_in(const struct proposer *p, int64_t number)
{
	return strcmp(p->done_at, search_incumbent(p->s)) && number >= p->back_at;
}

/* Whether another member may have an idea: one that is in, or one that has but failed. */
static bool is_another_in(const struct proposer *p, int64_t number)
{
	for (size_t i = 0; i < p->s->team->nr; i++)
		if (&p->s->team->members[i] != p &&
		    proposer_is_in(&p->s->team->members[i], number))
			return true;
	return false;
}

static void sit_out(struct proposer *p, int64_t number, bool outage)
{
	p->failures++;
	if (outage && p->failures < FAILURES_OF_OUTAGE)
		p->failures = FAILURES_OF_OUTAGE;
	if (p->failures > FAILURES_COUNTED)
		p->failures = FAILURES_COUNTED;
	p->back_at = number + ((int64_t)1 << p->failures) - 1;
	if (p->model)
		model_forget(p->model);
}

/*
 * Asks one of several. 1 where another is to be asked instead; otherwise as propose().
 */
static int ask_member(struct proposer *p, struct lane *lane, int64_t number,
		      struct proposal *ret, enum proposed *ret_how, struct error *err)
{
	char incumbent[OID_HEX_SIZE]; /* there may be another when it has answered */
	int failed;

	strcpy(incumbent, search_incumbent(p->s));
	proposal_release(ret);
	failed = ask(p, lane, number, ret, ret_how, err);
	if (failed && err->status != EXIT_FAILING)
		return -1;
	if (!failed && *ret_how == PROPOSED_NOTHING) {
		strcpy(p->done_at, incumbent);
		return 1;
	}
	if (failed || *ret_how == PROPOSED_FAILURE) {
		*ret_how = PROPOSED_FAILURE;
		/* All others have no more ideas: it is as if it were alone. */
		if (!is_another_in(p, INT64_MAX))
			return failed;
		sit_out(p, number, failed);
		if (!is_another_in(p, number))
			return 0;
		warning("%s: %s", p->name, err->message);
		return 1;
	}
	if (*ret_how == PROPOSED) {
		p->failures = 0;
		strcpy(ret->searched.proposer, p->name);
	}
	return 0;
}

static int ask_team(struct lane *lane, int64_t number, struct proposal *ret,
		    enum proposed *ret_how, struct error *err)
{
	struct search *s = lane->search;
	struct proposer *p = round_owner(s->team, number);
	int r;

	if (s->team->nr == 1)
		return ask(&s->team->members[0], lane, number, ret, ret_how, err);
	if (!p || !proposer_is_in(p, number))
		p = round_substitute(s, number);
	for (; p; p = round_substitute(s, number)) {
		r = ask_member(p, lane, number, ret, ret_how, err);
		if (r <= 0)
			return r;
	}
	*ret_how = PROPOSED_NOTHING;
	return 0;
}

static bool asks_models(const struct team *team)
{
	for (size_t i = 0; i < team->nr; i++)
		if (proposer_is_model(team->members[i].kind))
			return true;
	return false;
}

int propose(struct lane *lane, int64_t number, struct proposal *ret, enum proposed *ret_how,
	    struct error *err)
{
	struct search *s = lane->search;
	int64_t left = s->experiments_left;
	struct team *team = s->team;
	bool dealt = round_owner(team, number) != NULL;
	int none = dealt ? 1 : journal_take(s, ret, err);
	SPAN("propose");

	*ret_how = PROPOSED;
	if (none <= 0)
		return none;
	if (!dealt && round_deal(s, number, left, err))
		return -1;
	if (ask_team(lane, number, ret, ret_how, err))
		return -1;
	/* Who has rounds of one wants each to know of the one before. */
	if (*ret_how != PROPOSED || s->config.candidates < 2 || left < 2 ||
	    !asks_models(team) || round_owner(team, number + 1))
		return 0;
	return round_deal(s, number + 1, left - 1, err);
}
