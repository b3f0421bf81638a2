#include <string.h>

#include "loop/ask.h"
#include "loop/model.h"

/*
 * A round's proposals are asked for at once, on top of one incumbent and with one history, so
 * that a server answers them side by side; they are tried in their order. The next round's are
 * asked for when the last of this one goes to its trial: no slot waits for a model. What was
 * accepted since a proposal was asked for is merged into it.
 */

static int64_t reserved(const struct model *model)
{
	int64_t tokens = 0;

	for (size_t i = 0; i < model->round_nr; i++)
		tokens += asking_reserve(model->round[i]);
	return tokens;
}

/* From `number` to the end of its round, but for `left` experiments at most, and for as many as
 * the budget of tokens has room for. */
static int begin(struct search *s, int64_t number, int64_t left, struct error *err)
{
	struct model *m = s->model;
	int64_t nr = s->config.candidates - (number - 1) % s->config.candidates;

	if (nr > left)
		nr = left;
	m->round = xrealloc(m->round, (size_t)nr * sizeof(*m->round));
	for (int64_t i = 0; i < nr; i++) {
		struct asking *a;
		int dear = asking_begin(s, number + i, reserved(m), &a, err);

		if (dear)
			return dear < 0 ? -1 : 0;
		m->round[m->round_nr++] = a;
	}
	return 0;
}

static struct asking *take_first(struct model *m)
{
	struct asking *first = m->round[0];

	memmove(m->round, m->round + 1, --m->round_nr * sizeof(*m->round));
	return first;
}

int model_propose(struct lane *lane, int64_t number, struct proposal *ret,
		  enum proposed *ret_how, struct error *err)
{
	struct search *s = lane->search;
	int64_t left = s->experiments_left;
	struct asking *a;
	int r;

	if (model_open(s, err) || (!s->model->round_nr && begin(s, number, left, err)))
		return -1;
	if (!s->model->round_nr) {
		*ret_how = PROPOSED_TOO_DEAR;
		return 0;
	}
	if (s->watcher && s->watcher->phase)
		s->watcher->phase(lane->number, number, PHASE_PROPOSE, s->model->timeout,
				  s->watcher->data);
	a = take_first(s->model);
	r = asking_finish(a, lane, reserved(s->model), ret, err);
	asking_free(a);
	*ret_how = r ? PROPOSED_CANCELLED : PROPOSED;
	if (r)
		return r < 0 ? -1 : 0;
	/* Who has rounds of one wants each to know of the one before. */
	if (s->model->round_nr || s->config.candidates < 2 || left < 2)
		return 0;
	return begin(s, number + 1, left - 1, err);
}
