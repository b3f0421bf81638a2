#include "loop/single.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "loop/lane.h"
#include "loop/lock.h"
#include "loop/measure.h"
#include "loop/network.h"
#include "loop/store.h"

/* `sandbox` may be started many times at once: each takes a folder that nobody else has. */
#define PLACES_MAX 256

int single_take_place(struct search *s, struct repo *repo, char **ret_path, struct error *err)
{
	CLEANUP_FREE char *store = NULL;

	if (store_open(repo, &store, err))
		return -1;
	for (int i = 0; i < PLACES_MAX; i++) {
		CLEANUP_FREE char *path = xstrfmt("sandbox/%d", i);
		CLEANUP_FREE char *dir = NULL;
		pid_t holder;
		int taken;

		if (store_make(store, path, &dir, err))
			return -1;
		taken = lock_take(dir, &s->lock, &holder, err);
		if (taken < 0)
			return -1;
		if (!taken) {
			*ret_path = steal_ptr(path);
			return 0;
		}
	}
	return error_set(err, "more than %d sandboxes are open", PLACES_MAX);
}

/* The tip of the campaign's branch, or HEAD where there is no campaign of that name. */
static int find_base(struct search *s, struct repo *repo, const char *campaign,
		     char ret[OID_HEX_SIZE], struct error *err)
{
	CLEANUP_FREE char *branch = repo_current_branch(repo);
	CLEANUP_STRING_LIST struct string_list all = STRING_LIST_INIT;
	const char *name = campaign ? campaign : branch;

	if (ledger_campaigns(repo, &all, err))
		return -1;
	if (!campaign && name && starts_with(name, "autoresearch/"))
		name += strlen("autoresearch/");
	if (!campaign && (!name || !string_list_has(&all, name)))
		name = all.nr == 1 ? all.items[0] : NULL;
	if (!name)
		return repo_head(repo, ret, err);
	if (!string_list_has(&all, name)) {
		CLEANUP_FREE char *word = shell_word(name);

		error_set(err, "there is no campaign '%s'", name);
		return error_hint(err, "git autoresearch start %s", word);
	}
	if (ledger_open(&s->ledger, repo, name, err))
		return -1;
	s->campaign = xstrdup(name);
	strcpy(ret, s->ledger.branch);
	return *ret ? 0 : repo_head(repo, ret, err);
}

/* The phase that the command stands for; for setup, a warm snapshot is not below it. */
static int run(struct search *s, enum phase phase, const char *const *argv,
	       void (*output)(enum stream stream, const char *data, size_t len, void *arg),
	       void *arg, struct audit_log *log, struct outcome *ret, struct error *err)
{
	CLEANUP_TRIAL_AUDIT struct trial_audit audit = TRIAL_AUDIT_INIT;
	struct lane *lane = lane_first(s);
	struct network_allow *network = &s->network[NETWORK_SETUP];
	char **env = environment_new(lane, phase, 0, 1);
	struct trial_command command = {
		.phase = phase,
		.argv = argv,
		.env = (const char *const *)env,
		.timeout = s->config.phases[phase].timeout,
		.tree = lane->slot_path,
		.hidden = phase == PHASE_EVALUATE ? lane->hidden_path : NULL,
		.warm = phase == PHASE_SETUP ? NULL : s->warm,
		.out_writable = phase == PHASE_RUN || phase == PHASE_SETUP,
		.output = output,
		.data = arg,
	};
	struct string_list masked = STRING_LIST_INIT;
	struct trial *trial = NULL;
	bool complete;
	int failed;

	if (phase == PHASE_SETUP) {
		command.masked = &masked;
		failed = measure_editable(s, &masked, err) ||
			 network_resolve(&s->settings, NETWORK_SETUP, network, err) ||
			 trial_open(&trial, &lane->place, &lane->limits, network, err);
	} else {
		failed = lane_open_trial(lane, &trial, err);
	}
	failed = failed || lane_run(lane, trial, 0, &command, ret, err) ||
		 trial_audit(trial, &audit, err) || audit_log_add(log, &audit, &complete, err);
	trial_close(trial);
	string_list_release(&masked);
	environment_free(env);
	return failed ? -1 : 0;
}

int single_run(const char *campaign, enum phase phase, const char *const *argv,
	       void (*output)(enum stream stream, const char *data, size_t len, void *arg),
	       void *arg, struct audit_log *log, struct outcome *ret, int *ret_signal,
	       struct error *err)
{
	CLEANUP_REPO struct repo *repo = NULL;
	CLEANUP_SEARCH struct search s;
	CLEANUP_FREE char *path = NULL;
	char base[OID_HEX_SIZE];
	int cancelled;

	search_init(&s);
	s.config_optional = true;
	search_start_warden(&s);
	if (repo_open(&repo, err) || find_base(&s, repo, campaign, base, err) ||
	    single_take_place(&s, repo, &path, err))
		return -1;
	strcpy(s.head, base);
	if (search_open(&s, repo, base, path, err))
		return -1;
	/* What setup would leave is not there while setup itself is looked at. */
	cancelled = phase == PHASE_SETUP ? slot_move(lane_first(&s)->slot, base, err)
					 : search_prepare(&s, err);
	/* Status 2 could be the command's own. */
	if (cancelled < 0)
		return error_status(err, EXIT_FATAL);
	if (!cancelled && run(&s, phase, argv, output, arg, log, ret, err))
		return -1;
	*ret_signal = s.signal;
	return cancelled || ret->kind == OUTCOME_CANCELLED ? 1 : 0;
}
