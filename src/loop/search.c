#include "loop/search.h"

#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/timer.h"
#include "git/tree.h"
#include "loop/activity.h"
#include "loop/baseline.h"
#include "loop/journal.h"
#include "loop/lane.h"
#include "loop/lock.h"
#include "loop/measure.h"
#include "loop/network.h"
#include "loop/policy.h"
#include "loop/propose.h"
#include "loop/state.h"
#include "loop/store.h"
#include "loop/recording.h"
#include "sandbox/policy.h"

#define CONFIG_MAX (1 << 20)
#define PROGRAM_MAX (256 << 10)

int config_of_commit(struct repo *repo, const char *commit, struct campaign_config *ret,
		     char **ret_program, struct error *err)
{
	CLEANUP_STRING_LIST struct string_list warnings = STRING_LIST_INIT;
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT, program = STRBUF_INIT;
	int missing = repo_read_file(repo, commit, CONFIG_PATH, CONFIG_MAX, &text, err);

	if (missing < 0)
		return -1;
	if (missing) {
		error_set(err, "there is no %s in commit %.12s", CONFIG_PATH, commit);
		error_hint(err, "write it with 'git autoresearch init' and commit it");
		return 1;
	}
	if (repo_read_file(repo, commit, PROGRAM_PATH, PROGRAM_MAX, &program, err) < 0 ||
	    campaign_config_parse(CONFIG_PATH, text.buf, text.len, ret, &warnings, err))
		return -1;
	for (size_t i = 0; i < warnings.nr && ret_program; i++)
		warning("%s", warnings.items[i]);
	if (ret_program)
		*ret_program = strbuf_detach(&program, NULL);
	return 0;
}

static void on_signal(uint32_t events, void *data)
{
	struct signalfd_siginfo info;
	struct search *s = data;
	enum stop stop;

	(void)events;
	while (read(s->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		stop = info.ssi_signo == SIGUSR1   ? STOP_AFTER
		       : info.ssi_signo == SIGUSR2 ? STOP_NOW
						   : STOP_SIGNAL;
		if (stop <= s->stop)
			continue;
		s->stop = stop;
		/* A terminal that goes away asks for the same as SIGTERM, whose status is known. */
		s->signal = info.ssi_signo == SIGINT ? SIGINT : SIGTERM;
		for (int i = 0; i < s->lanes_nr; i++)
			lane_end(&s->lanes[i], stop);
	}
}

/* From here on a signal is an event: it never interrupts the writing of a record. */
static int watch_signals(struct search *s, struct error *err)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	signal(SIGPIPE, SIG_IGN);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return error_errno(err, "cannot block signals");
	s->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (s->signals < 0)
		return error_errno(err, "cannot watch for signals");
	return evloop_add(s->events, s->signals, EPOLLIN, on_signal, s, err);
}

void search_poll_signals(struct search *s)
{
	on_signal(0, s);
}

static void on_ticker(uint32_t events, void *data)
{
	struct search *s = data;

	(void)events;
	if (timer_take(s->ticker) && s->watcher->tick)
		s->watcher->tick(s->watcher->data);
}

int search_watch(struct search *s, const struct watcher *watcher, struct error *err)
{
	s->watcher = watcher;
	if (!watcher->tick)
		return 0;
	s->ticker = timer_new(err);
	if (s->ticker < 0)
		return -1;
	if (timer_arm(s->ticker, 0.2, 0.2))
		return error_errno(err, "cannot start a timer");
	return evloop_add(s->events, s->ticker, EPOLLIN, on_ticker, s, err);
}

void search_tell_tail(struct search *s, const struct strbuf *log)
{
	CLEANUP_STRBUF struct strbuf tail = STRBUF_INIT;

	log_tail(log, &tail);
	if (tail.len && s->watcher && s->watcher->tail)
		s->watcher->tail(tail.buf, s->watcher->data);
}

static char *describe_host(const struct search *s)
{
	CLEANUP_FREE char *aside = NULL;
	struct utsname host;

	if (uname(&host))
		return xstrdup("unknown");
	if (s->jobs > 1)
		aside = xstrfmt(", %d at a time", s->jobs);
	return xstrfmt("%s %s %s, cgroups %s, %s%s%s", host.sysname, host.release, host.machine,
		       cgroup_layout(&s->cgroups), geteuid() ? "user" : "root",
		       sandbox_measures_disk(s->sandbox) ? ", disk measured" : "",
		       aside ? aside : "");
}

/* A boot has an id of its own, so two machines never have the same. */
static void tell_machine(struct search *s)
{
	CLEANUP_STRBUF struct strbuf boot = STRBUF_INIT;
	struct digest digest;

	if (strbuf_read_file(&boot, "/proc/sys/kernel/random/boot_id", 128))
		return;
	digest_init(&digest);
	digest_add_field(&digest, boot.buf, boot.len);
	digest_add_field(&digest, s->host, strlen(s->host));
	digest_hex(&digest, s->machine);
}

/* Where candidates are to be held by eBPF, and cannot be, none is run. */
static int refuse_unaudited(const struct search *s, struct error *err)
{
	const char *remedy = warden_remedy(s->warden);

	if (s->settings.audit != AUDIT_ENFORCE || warden_level(s->warden) >= AUDIT_LEVEL_B)
		return 0;
	error_set(err, "no audit by eBPF here: %s", warden_lacks(s->warden));
	return error_hint(err, "%s%sgit config autoresearch.audit warn runs without it",
			  remedy ? remedy : "", remedy ? "; or " : "");
}

/* What of the host its sandbox shows, and how it is fenced. */
static int open_sandbox(struct search *s, struct error *err)
{
	struct sandbox_options options = { .store = s->store,
					   .binds = &s->settings.binds,
					   .devices = &s->settings.devices };

	network_show_resolver(&s->settings.network[NETWORK_SETUP], &s->settings.binds);
	for (size_t i = 0; i < s->config.deny.nr; i++)
		if (!syscall_is_known(s->config.deny.items[i])) {
			error_set(err, "%s:%s: syscalls.deny: '%s' is no system call",
				  CONFIG_PATH, s->config.deny_lines.items[i],
				  s->config.deny.items[i]);
			return error_hint(err, "names are as in syscalls(2)");
		}
	if (syscall_filter_new(&s->filter, &s->config.deny, err) ||
	    cgroup_base_open(&s->cgroups, s->store, err))
		return -1;
	warden_attach(s->warden, &s->cgroups, s->events);
	if (sandbox_open(&s->sandbox, &options, err))
		return -1;
	audit_policy_init(&s->rules, &s->config.deny, &s->settings.devices);
	s->place = (struct trial_place){ .sandbox = s->sandbox,
					 .cgroups = &s->cgroups,
					 .filter = s->filter,
					 .warden = s->warden,
					 .policy = &s->rules,
					 .loop = s->events };
	policy_digest(&s->config, &s->settings, s->policy);
	s->host = describe_host(s);
	tell_machine(s);
	return 0;
}

static int read_config(struct search *s, const char *commit, struct error *err)
{
	int missing = config_of_commit(s->repo, commit, &s->config, &s->program, err);

	if (s->candidates)
		s->config.candidates = s->candidates;
	return missing < 0 || (missing && !s->config_optional) ? -1 : 0;
}

static int read_settings(struct search *s, struct error *err)
{
	struct settings *settings = &s->settings;
	const struct string_list *proposers = s->proposers_given;
	char *command[] = { (char *)"command" };

	if (settings_read(settings, err))
		return -1;
	if (!s->jobs)
		s->jobs = settings->jobs;
	if (proposers && proposers->nr && settings_set_proposers(settings, proposers, err))
		return -1;
	if (!s->command_given)
		return 0;
	free(settings->proposer_command);
	settings->proposer_command = xstrdup(s->command_given);
	if (proposers && proposers->nr)
		return 0;
	/* Whoever names the program means it to propose. */
	return settings_set_proposers(settings, &(struct string_list){ command, 1, 1 }, err);
}

void search_start_warden(struct search *s)
{
	if (!s->warden)
		s->warden = warden_start();
}

int search_open(struct search *s, struct repo *repo, const char *commit, const char *path,
		struct error *err)
{
	s->repo = repo;
	s->path = xstrdup(path);
	search_start_warden(s);
	campaign_config_defaults(&s->config);
	if (read_settings(s, err) || store_open(repo, &s->store, err) ||
	    store_make(s->store, path, &s->dir, err) || evloop_new(&s->events, err) ||
	    watch_signals(s, err) || read_config(s, commit, err) ||
	    network_resolve(&s->settings, NETWORK_TRIAL, &s->network[NETWORK_TRIAL], err) ||
	    open_sandbox(s, err) || lanes_open(s, err))
		return -1;
	/* The first trial gets ready while the warden loads. */
	if (lane_open_trial(lane_first(s), &lane_first(s)->next, err))
		return -1;
	warden_await(s->warden);
	return refuse_unaudited(s, err);
}

void search_init(struct search *s)
{
	*s = (struct search){
		.jobs = 1, .lock = -1, .signals = -1, .activity = -1, .ticker = -1
	};
	clock_gettime(CLOCK_MONOTONIC, &s->worked);
}

/* The newest record's totals are where the campaign stands. */
int search_read_totals(struct search *s, struct error *err)
{
	CLEANUP_ENTRY struct entry entry = { 0 };

	if (!*s->ledger.tip)
		return 0;
	if (ledger_read(&s->ledger, s->ledger.tip, &entry, err))
		return -1;
	s->totals = entry.record.totals;
	return 0;
}

static int take_lock(struct search *s, struct error *err)
{
	CLEANUP_FREE char *dir = NULL;

	if (store_open(s->repo, &s->store, err) || store_make(s->store, s->path, &dir, err))
		return -1;
	return lock_campaign(dir, s->campaign, &s->lock, err);
}

/* A branch that somebody works on must not move under their feet. */
static int refuse_checked_out(struct search *s, struct error *err)
{
	CLEANUP_FREE char *where = NULL;

	if (repo_checked_out_at(s->repo, s->ledger.branch_ref, &where, err))
		return -1;
	if (!where)
		return 0;
	error_set(err, "the ledger branch 'autoresearch/%s' is checked out at '%s'",
		  s->campaign, where);
	return error_hint(err, "check another branch out there: accepted changes move it");
}

int search_open_campaign(struct search *s, struct repo *repo, const char *campaign,
			 struct error *err)
{
	CLEANUP_FREE char *path = store_campaign_path(campaign);
	char base[OID_HEX_SIZE] = "";

	s->repo = repo;
	s->campaign = xstrdup(campaign);
	s->path = xstrdup(path);
	/* Validates the name before it makes a folder. */
	if (ledger_open(&s->ledger, repo, campaign, err))
		return -1;
	if (!*s->ledger.branch && !s->again && repo_head(repo, base, err))
		return -1;
	if ((!s->branch_stays && refuse_checked_out(s, err)) || take_lock(s, err))
		return -1;
	free(steal_ptr(s->store));
	free(steal_ptr(s->path));
	/* Another process may have moved on between our look and the lock. */
	ledger_release(&s->ledger);
	if (ledger_open(&s->ledger, repo, campaign, err) || ledger_mend(&s->ledger, err) ||
	    search_read_totals(s, err))
		return -1;
	/* Somebody deleted the branch: the ledger still knows, and keeps, the incumbent. */
	if (!*s->ledger.branch && *s->totals.incumbent && !s->again &&
	    ledger_create_branch(&s->ledger, s->totals.incumbent, err))
		return -1;
	strcpy(s->head, base);
	if (tree_wants_filters(repo, search_incumbent(s)))
		warning(".gitattributes asks for filters, but a candidate's files are exactly what "
			"git holds: no end of line is changed, nothing of LFS is fetched");
	if (search_open(s, repo, search_incumbent(s), path, err) ||
	    tried_open(&s->tried, &s->ledger, s->dir, err) || baseline_read_reference(s, err))
		return -1;
	activity_open(s);
	return journal_open(s, err);
}

const char *search_incumbent(const struct search *s)
{
	if (s->again)
		return *s->again->record.base ? s->again->record.base : s->again->commit;
	return *s->ledger.branch ? s->ledger.branch : s->head;
}

bool search_needs_baseline(const struct search *s)
{
	return strcmp(s->totals.incumbent, search_incumbent(s)) || !search_trials(s) ||
	       baseline_again(s) != AGAIN_NOT;
}

int search_trials(const struct search *s)
{
	return s->config.trials == TRIALS_AUTO ? s->totals.measured.trials : s->config.trials;
}

void search_refer(const struct search *s, struct record *r)
{
	metrics_merge(&r->reference, &s->reference);
}

void search_spend_gpus(struct search *s, double hours)
{
	s->totals.gpu_hours += hours;
	s->unrecorded.gpu_hours += hours;
}

int search_prepare(struct search *s, struct error *err)
{
	int ret;

	clock_gettime(CLOCK_MONOTONIC, &s->worked);
	/* The first time takes long for many files: no trial runs yet whose clock would be late. */
	for (int i = 0; i < s->lanes_nr; i++)
		if (slot_move(s->lanes[i].slot, search_incumbent(s), err))
			return -1;
	ret = measure_warm(lane_first(s), err);
	if (ret < 0)
		return error_status(err, EXIT_FAILING);
	return ret;
}

void search_close(struct search *s)
{
	search_forget_recorded(s);
	propose_release(s);
	activity_close(s);
	journal_close(s);
	tried_free(s->tried);
	lanes_close(s);
	sandbox_free(s->sandbox);
	warden_free(s->warden);
	if (s->cgroups.unified)
		cgroup_base_close(&s->cgroups);
	syscall_filter_free(s->filter);
	if (s->signals >= 0)
		close(s->signals);
	if (s->ticker >= 0)
		close(s->ticker);
	evloop_free(s->events);
	if (s->lock >= 0)
		close(s->lock);
	campaign_config_release(&s->config);
	settings_release(&s->settings);
	for (int i = 0; i < NETWORK_NR; i++)
		network_allow_release(&s->network[i]);
	ledger_release(&s->ledger);
	metrics_release(&s->reference);
	free(s->warm);
	free(s->host);
	free(s->program);
	free(s->store);
	free(s->path);
	free(s->dir);
	free(s->campaign);
}
