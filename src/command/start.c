#include <stdio.h>
#include <string.h>

#include "base/timer.h"
#include "base/trace.h"
#include "command/delegate.h"
#include "command/detach.h"
#include "command/notify.h"
#include "command/options.h"
#include "command/watch.h"
#include "git/diffstat.h"
#include "loop/pause.h"
#include "loop/rehearsal.h"
#include "loop/start.h"
#include "report/rehearsal.h"
#include "report/summary.h"

/* --smoke: three rounds of two candidates, to see that everything works. */
#define SMOKE_CANDIDATES 2
#define SMOKE_EXPERIMENTS (3 * SMOKE_CANDIDATES)

struct arguments {
	struct start_options run;
	const char *campaign;
	const char *proposer_command, *from, *trace;
	struct string_list proposers;
	int64_t jobs, candidates; /* 0: not given */
	bool smoke, dry_run, detach;
};

static int parse(int argc, char **argv, struct arguments *a, struct error *err)
{
	static const struct option longs[] = {
		{ "smoke", no_argument, NULL, 's' },
		{ "dry-run", no_argument, NULL, 'y' },
		{ "max-experiments", required_argument, NULL, 'e' },
		{ "candidates", required_argument, NULL, 'r' },
		{ "jobs", required_argument, NULL, 'j' },
		{ "max-time", required_argument, NULL, 't' },
		{ "detach", no_argument, NULL, 'd' },
		{ "proposer", required_argument, NULL, 'p' },
		{ "proposer-command", required_argument, NULL, 'c' },
		{ "from", required_argument, NULL, 'f' },
		{ "campaign", required_argument, NULL, 'n' },
		{ "trace", required_argument, NULL, 'T' },
		{ 0 },
	};
	int c;

	while ((c = next_option(argc, argv, ":hj:", longs)) != -1) {
		switch (c) {
		case 's':
			a->smoke = true;
			break;
		case 'y':
			a->dry_run = true;
			break;
		case 'e':
			if (option_count("max-experiments", optarg, &a->run.max_experiments,
					 err))
				return -1;
			break;
		case 'r':
			if (option_count("candidates", optarg, &a->candidates, err))
				return -1;
			break;
		case 'j':
			if (option_count("jobs", optarg, &a->jobs, err))
				return -1;
			if (a->jobs > JOBS_MAX) {
				error_set(err, "--jobs is at most %d", JOBS_MAX);
				return error_status(err, EXIT_USAGE);
			}
			break;
		case 't':
			if (option_duration("max-time", optarg, &a->run.max_time, err))
				return -1;
			break;
		case 'd':
			a->detach = true;
			break;
		case 'p':
			string_list_add(&a->proposers, optarg);
			break;
		case 'c':
			a->proposer_command = optarg;
			break;
		case 'f':
			a->from = optarg;
			break;
		case 'n':
			a->campaign = optarg;
			break;
		case 'T':
			a->trace = optarg;
			break;
		default:
			return usage(argc, argv);
		}
	}
	if (optind < argc && !a->campaign)
		a->campaign = argv[optind++];
	if (a->dry_run &&
	    (a->smoke || a->detach || a->run.max_experiments || a->run.max_time > 0)) {
		error_set(
			err,
			"--dry-run makes no experiment: nothing bounds their number, or detaches");
		return error_status(err, EXIT_USAGE);
	}
	return optind < argc ? usage(argc, argv) : 0;
}

/* The branch that we are on names the campaign, unless another is named. */
static int choose_campaign(struct repo *repo, const char *named, char **ret, struct error *err)
{
	CLEANUP_FREE char *branch = repo_current_branch(repo);
	const char *name = named ? named : branch;

	if (!name) {
		error_set(err, "HEAD is on no branch, so the campaign needs a name");
		return error_hint(err, "git autoresearch start <campaign>");
	}
	if (!named && starts_with(name, "autoresearch/"))
		name += strlen("autoresearch/");
	*ret = xstrdup(name);
	return 0;
}

/* A process of its own, that goes on when the terminal is gone. */
struct departure {
	struct detach detach;
	struct search *search;
	struct watch *watch;
};

static int leave_terminal(void *data, struct error *err)
{
	struct departure *d = data;

	/* Whoever has changed their mind is told how it ends. */
	search_poll_signals(d->search);
	if (d->search->stop != STOP_NO)
		return 0;
	if (detach_leave(&d->detach, d->search->campaign, d->search->dir, err))
		return -1;
	progress_init(&d->watch->progress);
	return 0;
}

/* `named` is what the command line calls it; NULL. */
static int dry_run(struct search *s, struct repo *repo, const char *campaign, const char *named,
		   struct error *err)
{
	CLEANUP_FREE char *word = named ? shell_word(named) : NULL;
	struct rehearsal rehearsal;
	struct watch watch;
	int ret;

	if (rehearsal_open(s, repo, campaign, err) || watch_begin(&watch, s, err))
		return -1;
	ret = rehearsal_run(s, &rehearsal, err);
	watch_end(&watch);
	if (ret)
		return ret < 0 ? -1 : 128 + s->signal;
	report_rehearsal(&s->config, &s->totals, &rehearsal, stdout);
	printf("next: git autoresearch start%s%s\n", word ? " " : "", word ? word : "");
	return EXIT_DONE;
}

static bool has_command(const char *name)
{
	const struct command *c = commands;

	while (c->name && strcmp(c->name, name))
		c++;
	return c->name;
}

/* What it came to, on stdout and for whoever is to be told; a smoke run is nobody's news. What
 * cannot be read for it is left out. */
static void tell_end(struct search *s, const struct arguments *a,
		     const struct start_result *result, struct notice *notice)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT, diffstat = STRBUF_INIT;
	CLEANUP_FREE char *branch = NULL;
	CLEANUP_ENTRY struct entry best = { 0 };
	struct error ignored = ERROR_INIT;
	struct summary summary = { .campaign = s->campaign,
				   .state = state_name(result->state),
				   .reason = result->reason,
				   .metric = s->config.metric,
				   .has_record = *s->ledger.tip,
				   .stalled = result->stalled,
				   .totals = &s->totals,
				   .has_report = has_command("report"),
				   .has_promote = has_command("promote") };

	if (!result->begun)
		return;
	if (s->totals.verdicts[VERDICT_ACCEPTED])
		diffstat_since("HEAD", s->ledger.branch_ref, &diffstat, &ignored);
	if (s->totals.incumbent_experiment &&
	    !ledger_find(&s->ledger, s->totals.incumbent_experiment, &best, &ignored))
		summary.best = &best.record;
	branch = repo_current_branch(s->repo);
	summary.branch = branch;
	summary.diffstat = diffstat.buf;
	report_summary(&summary, &text);
	fputs(text.buf, stdout);
	fflush(stdout);
	if (!a->smoke)
		notice_write(notice, s, result, &text);
}

/* What is left of the bounds of this run. */
static void lessen(struct start_options *run, const struct start_result *result, double elapsed)
{
	if (run->max_experiments)
		run->max_experiments -= result->experiments;
	/* Zero would be none. */
	if (run->max_time > 0)
		run->max_time = run->max_time > elapsed ? run->max_time - elapsed : 1e-3;
}

static void prepare(struct search *s, const struct arguments *a)
{
	search_init(s);
	s->proposers_given = &a->proposers;
	s->command_given = a->proposer_command;
	s->from_given = a->from;
	s->jobs = (int)a->jobs;
	s->candidates = (int)a->candidates;
}

/* Works on the campaign until there is a reason to end; where people move its branch meanwhile it
 * is opened anew. `s` is prepared. */
static int run(struct search *s, struct repo *repo, const char *campaign, struct arguments *a,
	       struct departure *departure, struct start_result *ret, struct error *err)
{
	struct timespec begin;
	bool begun = false;
	struct watch watch;
	int failed;

	departure->search = s;
	departure->watch = &watch;
	for (;;) {
		clock_gettime(CLOCK_MONOTONIC, &begin);
		if (search_open_campaign(s, repo, campaign, err) || watch_begin(&watch, s, err))
			break;
		failed = start_run(s, &a->run, ret, err);
		watch_end(&watch);
		ret->begun |= begun;
		begun = ret->begun;
		if (failed || !ret->moved)
			return failed;
		lessen(&a->run, ret, seconds_since(&begin) - pause_seconds(s));
		a->run.begun = NULL;
		a->from = NULL;
		search_close(s);
		prepare(s, a);
	}
	/* There is nothing open to tell of. */
	ret->begun = false;
	return -1;
}

/* From the repository to the end of the run. */
static int work(struct arguments *a, struct departure *departure, struct notice *notice,
		struct error *err)
{
	CLEANUP_REPO struct repo *repo = NULL;
	CLEANUP_SEARCH struct search s;
	CLEANUP_FREE char *campaign = NULL;
	struct start_result result = { 0 };
	int ret;

	if (a->smoke && !a->candidates)
		a->candidates = SMOKE_CANDIDATES;
	if (a->smoke && !a->run.max_experiments)
		a->run.max_experiments = SMOKE_EXPERIMENTS;
	prepare(&s, a);
	if (repo_open(&repo, err) || choose_campaign(repo, a->campaign, &campaign, err))
		return -1;
	if (a->dry_run)
		return dry_run(&s, repo, campaign, a->campaign, err);
	ret = run(&s, repo, campaign, a, departure, &result, err);
	tell_end(&s, a, &result, notice);
	if (ret)
		return -1;
	/* A smoke run that came to its end did what it was asked for. */
	if (a->smoke && result.status == EXIT_BUDGET && result.state == STATE_STOPPED)
		return EXIT_DONE;
	return result.status;
}

static void arguments_release(struct arguments *a)
{
	string_list_release(&a->proposers);
}

int cmd_start(int argc, char **argv, struct error *err)
{
	CLEANUP_NOTICE struct notice notice = NOTICE_INIT;
	struct departure departure = { 0 };
	CLEANUP(arguments_release) struct arguments a = { 0 };
	int ret = parse(argc, argv, &a, err), status;
	struct error ignored = ERROR_INIT;

	if (ret)
		return ret;
	delegate_self(argc, argv, a.detach);
	if (a.detach) {
		ret = detach_fork(&departure.detach, &status, err);
		if (ret)
			return ret < 0 ? -1 : status;
		a.run.begun = leave_terminal;
		a.run.data = &departure;
	}
	if (a.trace && trace_open(a.trace, err))
		return -1;
	ret = work(&a, &departure, &notice, err);
	if (trace_close(ret < 0 ? &ignored : err))
		ret = -1;
	notice_send(&notice);
	return ret;
}
