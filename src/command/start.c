#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "command/delegate.h"
#include "command/options.h"
#include "command/watch.h"
#include "loop/rehearsal.h"
#include "loop/start.h"
#include "report/rehearsal.h"

/* --smoke: three rounds of two candidates, to see that everything works. */
#define SMOKE_CANDIDATES 2
#define SMOKE_EXPERIMENTS (3 * SMOKE_CANDIDATES)

struct arguments {
	struct start_options run;
	const char *campaign;
	const char *proposer, *proposer_command;
	int64_t jobs, candidates; /* 0: not given */
	bool smoke, dry_run;
};

static int parse(int argc, char **argv, struct arguments *a, struct error *err)
{
	static const struct option longs[] = {
		{ "smoke", no_argument, NULL, 's' },
		{ "dry-run", no_argument, NULL, 'd' },
		{ "max-experiments", required_argument, NULL, 'e' },
		{ "candidates", required_argument, NULL, 'r' },
		{ "jobs", required_argument, NULL, 'j' },
		{ "max-time", required_argument, NULL, 't' },
		{ "proposer", required_argument, NULL, 'p' },
		{ "proposer-command", required_argument, NULL, 'c' },
		{ "campaign", required_argument, NULL, 'n' },
		{ 0 },
	};
	int c;

	while ((c = next_option(argc, argv, ":hj:", longs)) != -1) {
		switch (c) {
		case 's':
			a->smoke = true;
			break;
		case 'd':
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
		case 'p':
			a->proposer = optarg;
			break;
		case 'c':
			a->proposer_command = optarg;
			break;
		case 'n':
			a->campaign = optarg;
			break;
		default:
			return usage(argc, argv);
		}
	}
	if (optind < argc && !a->campaign)
		a->campaign = argv[optind++];
	if (a->dry_run && (a->smoke || a->run.max_experiments || a->run.max_time > 0)) {
		error_set(err, "--dry-run makes no experiment, so nothing bounds their number");
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

static void print_end(const struct search *s, const struct start_result *result)
{
	CLEANUP_STRBUF struct strbuf best = STRBUF_INIT, first = STRBUF_INIT;
	const struct totals *t = &s->totals;

	strbuf_add_number(&best, t->incumbent_metric);
	strbuf_add_number(&first, t->baseline_metric);
	printf("%s: %s (%s)\n", s->campaign, state_name(result->state), result->reason);
	printf("%lld experiments, %lld accepted; %s %s, baseline %s\n",
	       (long long)t->experiments, (long long)t->verdicts[VERDICT_ACCEPTED],
	       s->config.metric, best.buf, first.buf);
	printf("look further: git log autoresearch/%s; git autoresearch log; "
	       "git autoresearch show %lld\n",
	       s->campaign, (long long)t->incumbent_experiment);
}

/* `named` is what the command line calls it; NULL. */
static int dry_run(struct search *s, struct repo *repo, const char *campaign, const char *named,
		   struct error *err)
{
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
	printf("next: git autoresearch start%s%s\n", named ? " " : "", named ? named : "");
	return EXIT_DONE;
}

int cmd_start(int argc, char **argv, struct error *err)
{
	CLEANUP_REPO struct repo *repo = NULL;
	CLEANUP_SEARCH struct search s;
	CLEANUP_FREE char *campaign = NULL;
	struct arguments a = { 0 };
	struct start_result result;
	struct watch watch;
	int ret;

	search_init(&s);
	ret = parse(argc, argv, &a, err);
	if (ret)
		return ret;
	delegate_self(argc, argv);
	if (a.smoke && !a.candidates)
		a.candidates = SMOKE_CANDIDATES;
	if (a.smoke && !a.run.max_experiments)
		a.run.max_experiments = SMOKE_EXPERIMENTS;
	if (repo_open(&repo, err) || choose_campaign(repo, a.campaign, &campaign, err))
		return -1;
	s.proposer = a.proposer;
	s.proposer_given = a.proposer_command;
	s.jobs = (int)a.jobs;
	s.candidates = (int)a.candidates;
	if (a.dry_run)
		return dry_run(&s, repo, campaign, a.campaign, err);
	if (search_open_campaign(&s, repo, campaign, err) || watch_begin(&watch, &s, err))
		return -1;
	ret = start_run(&s, &a.run, &result, err);
	watch_end(&watch);
	if (ret)
		return -1;
	print_end(&s, &result);
	/* A smoke run that came to its end did what it was asked for. */
	if (a.smoke && result.status == EXIT_BUDGET && result.state == STATE_STOPPED)
		return EXIT_DONE;
	return result.status;
}
