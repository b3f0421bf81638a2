#include "loop/lane.h"

#include <math.h>
#include <string.h>

#include "loop/activity.h"
#include "loop/audit_log.h"
#include "loop/propose.h"
#include "sandbox/policy.h"
#include "sandbox/processors.h"

/* --- Devices */

/* The groups that are configured, each once. */
static void list_groups(const struct settings *settings, struct string_list *ret)
{
	for (size_t i = 0; i < settings->device_groups.nr; i++) {
		const char *group = settings->device_groups.items[i];

		if (*group && !string_list_has(ret, group))
			string_list_add(ret, group);
	}
}

/* A whole GPU, not what controls it. */
static bool is_gpu(const char *path)
{
	static const char *const prefixes[] = { "/dev/nvidia", "/dev/dri/renderD" };

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (starts_with(path, prefixes[i]) && path[strlen(prefixes[i])] >= '0' &&
		    path[strlen(prefixes[i])] <= '9')
			return true;
	return false;
}

/* Those of its groups, and those of none. */
static void list_devices(const struct lane *lane, struct string_list *ret)
{
	const struct settings *settings = &lane->search->settings;

	for (size_t i = 0; i < settings->devices.nr; i++) {
		const char *group = settings->device_groups.items[i];

		if (!*group || string_list_has(&lane->groups, group))
			string_list_add(ret, settings->devices.items[i]);
	}
}

/* A sandbox that shows its own devices and not those of the others. */
static int take_devices(struct lane *lane, const struct string_list *groups, struct error *err)
{
	CLEANUP_STRING_LIST struct string_list devices = STRING_LIST_INIT;
	struct search *s = lane->search;
	struct sandbox_options options = { .store = s->store,
					   .binds = &s->settings.binds,
					   .devices = &devices };
	size_t jobs = (size_t)s->jobs, number = (size_t)lane->number;

	for (size_t i = number * groups->nr / jobs; i < (number + 1) * groups->nr / jobs; i++)
		string_list_add(&lane->groups, groups->items[i]);
	list_devices(lane, &devices);
	lane->gpus = (int)lane->groups.nr;
	for (size_t i = 0; i < devices.nr && !groups->nr; i++)
		lane->gpus += is_gpu(devices.items[i]);
	if (!groups->nr || jobs == 1)
		return 0;
	if (sandbox_open(&lane->sandbox, &options, err))
		return -1;
	audit_policy_init(&lane->rules, &s->config.deny, &devices);
	lane->place.sandbox = lane->sandbox;
	lane->place.policy = &lane->rules;
	return 0;
}

/* --- Processors */

static void take_processors(struct lane *lane)
{
	const struct search *s = lane->search;
	int nr;

	if (s->jobs == 1)
		return;
	nr = processors_share(lane->number, s->jobs, (int)ceil(lane->limits.cpus),
			      &lane->processors);
	if (!nr)
		return;
	lane->place.processors = &lane->processors;
	if (!lane->limits.cpus || lane->limits.cpus > nr)
		lane->limits.cpus = nr;
}

static int open_lane(struct search *s, struct lane *lane, int number,
		     const struct string_list *groups, struct error *err)
{
	*lane = (struct lane){ .search = s,
			       .number = number,
			       .desk = number >= s->jobs,
			       .limits = s->config.limits,
			       .place = s->place };
	if (slot_open(&lane->slot, s->repo, s->dir, number, &s->config.hidden, err))
		return -1;
	lane->slot_path = xstrdup(slot_tree_dir(lane->slot) + strlen(s->store) + 1);
	lane->hidden_path = xstrdup(slot_hidden_dir(lane->slot) + strlen(s->store) + 1);
	if (lane->desk)
		return 0;
	take_processors(lane);
	return take_devices(lane, groups, err);
}

_Static_assert(JOBS_MAX <= AUDIT_SLOTS, "the warden has a place for each lane's trial");

/* Whoever has rounds of one wants each to know of the one before. */
static int desks_wanted(const struct search *s)
{
	if (s->jobs == 1 || s->jobs > AUDIT_SLOTS / 2 || s->config.candidates == 1)
		return 0;
	return proposers_run(&s->settings) ? s->jobs : 0;
}

int lanes_open(struct search *s, struct error *err)
{
	CLEANUP_STRING_LIST struct string_list groups = STRING_LIST_INIT;
	size_t jobs = (size_t)s->jobs;
	int nr;

	list_groups(&s->settings, &groups);
	if (groups.nr && groups.nr < jobs) {
		error_set(err,
			  "%d trials at a time want a group of devices each, and there %s %zu",
			  s->jobs, groups.nr == 1 ? "is" : "are", groups.nr);
		return error_hint(err, "git autoresearch start -j %zu", groups.nr);
	}
	if (s->jobs > processors_nr())
		warning("%d trials at a time share %d processors: they disturb each other",
			s->jobs, processors_nr());
	s->desks = desks_wanted(s);
	nr = s->jobs + s->desks;
	s->lanes = xcalloc((size_t)nr, sizeof(*s->lanes));
	while (s->lanes_nr < nr) {
		int number = s->lanes_nr++;

		if (open_lane(s, &s->lanes[number], number, &groups, err))
			return -1;
	}
	return 0;
}

void lanes_close(struct search *s)
{
	for (int i = 0; i < s->lanes_nr; i++) {
		struct lane *lane = &s->lanes[i];

		trial_close(lane->next);
		slot_free(lane->slot);
		free(lane->slot_path);
		free(lane->hidden_path);
		audit_log_free(lane->audit);
		string_list_release(&lane->groups);
		sandbox_free(lane->sandbox);
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

static int open_trial(struct lane *lane, struct trial **ret, struct error *err)
{
	return trial_open(ret, &lane->place, &lane->limits,
			  &lane->search->network[NETWORK_TRIAL], err);
}

int lane_open_trial(struct lane *lane, struct trial **ret, struct error *err)
{
	*ret = steal_ptr(lane->next);
	return *ret ? 0 : open_trial(lane, ret, err);
}

void lane_open_ahead(struct lane *lane)
{
	const struct search *s = lane->search;
	struct error ignored = ERROR_INIT;

	if (!s->ends && s->stop == STOP_NO && !lane->next)
		open_trial(lane, &lane->next, &ignored);
}

int lane_run(struct lane *lane, struct trial *trial, int64_t experiment,
	     const struct trial_command *command, struct outcome *ret, struct error *err)
{
	int failed;

	activity_begin(lane, experiment, command->phase, command->timeout);
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
