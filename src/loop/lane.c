#include "loop/lane.h"

#include <string.h>

#include "loop/audit_log.h"

static int open_lane(struct search *s, struct lane *lane, int number, struct error *err)
{
	*lane = (struct lane){ .search = s, .number = number };
	if (slot_open(&lane->slot, s->repo, s->dir, number, &s->config.hidden, err))
		return -1;
	lane->slot_path = xstrdup(slot_tree_dir(lane->slot) + strlen(s->store) + 1);
	lane->hidden_path = xstrdup(slot_hidden_dir(lane->slot) + strlen(s->store) + 1);
	return 0;
}

int lanes_open(struct search *s, struct error *err)
{
	s->lanes = xcalloc((size_t)s->jobs, sizeof(*s->lanes));
	for (int i = 0; i < s->jobs; i++)
		if (open_lane(s, &s->lanes[i], i, err))
			return -1;
	return 0;
}

void lanes_close(struct search *s)
{
	for (int i = 0; s->lanes && i < s->jobs; i++) {
		struct lane *lane = &s->lanes[i];

		slot_free(lane->slot);
		free(lane->slot_path);
		free(lane->hidden_path);
		audit_log_free(lane->audit);
	}
	free(s->lanes);
}

struct lane *lane_first(const struct search *s)
{
	return &s->lanes[0];
}

void lane_end(struct lane *lane, enum stop stop)
{
	/* A proposer that is asked is no trial in flight. */
	if (lane->running && (stop > STOP_AFTER || lane->proposing))
		trial_cancel(lane->running);
	if (lane->waiting)
		*lane->waiting = true;
}

int lane_run(struct lane *lane, struct trial *trial, int64_t experiment,
	     const struct trial_command *command, struct outcome *ret, struct error *err)
{
	const struct watcher *w = lane->search->watcher;
	int failed;

	if (w && w->phase)
		w->phase(lane->number, experiment, command->phase, command->timeout, w->data);
	lane->running = trial;
	lane->proposing = command->phase == PHASE_PROPOSE;
	failed = trial_run(trial, command, ret, err);
	lane->running = NULL;
	lane->proposing = false;
	return failed;
}

int lane_wait(struct lane *lane, bool *over, struct error *err)
{
	int failed;

	lane->waiting = over;
	failed = evloop_run(lane->search->events, over, err);
	lane->waiting = NULL;
	return failed;
}
