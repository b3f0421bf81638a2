#include "loop/pause.h"

#include <stdio.h>

#include "command/options.h"
#include "command/running.h"
#include "loop/state.h"

static int parse(int argc, char **argv, const char **ret_campaign)
{
	static const struct option longs[] = {
		{ "campaign", required_argument, NULL, 'n' },
		{ 0 },
	};
	int c;

	*ret_campaign = NULL;
	while ((c = next_option(argc, argv, ":h", longs)) != -1) {
		if (c != 'n')
			return usage(argc, argv);
		*ret_campaign = optarg;
	}
	return optind < argc ? usage(argc, argv) : 0;
}

/* 0 with the start that runs; the exit status where none does; -1. */
static int find(int argc, char **argv, struct running *ret, struct error *err)
{
	CLEANUP_REPO struct repo *repo = NULL;
	const char *campaign;
	int bad = parse(argc, argv, &campaign);

	if (bad)
		return bad;
	if (repo_open(&repo, err) || running_find(ret, repo, campaign, err))
		return -1;
	return ret->pid ? 0 : running_none(ret);
}

int cmd_pause(int argc, char **argv, struct error *err)
{
	CLEANUP_RUNNING struct running start = { 0 };
	int ret = find(argc, argv, &start, err);

	if (ret)
		return ret;
	if (pause_ask(start.dir, start.pid, err))
		return -1;
	while (running_lasts(&start) && pause_is_asked(start.dir, start.pid)) {
		if (state_read(start.dir, true) == STATE_PAUSED) {
			printf("%s: paused\n", start.campaign);
			return EXIT_DONE;
		}
		running_nap();
	}
	fprintf(stderr, "'%s' %s before it could pause\n", start.campaign,
		running_lasts(&start) ? "was resumed" : "ended");
	return EXIT_NEGATIVE;
}

int cmd_resume(int argc, char **argv, struct error *err)
{
	CLEANUP_RUNNING struct running start = { 0 };
	int ret = find(argc, argv, &start, err);

	if (ret)
		return ret;
	if (!pause_is_asked(start.dir, start.pid)) {
		fprintf(stderr, "'%s' is not paused\n", start.campaign);
		return EXIT_NEGATIVE;
	}
	if (pause_withdraw(start.dir, err))
		return -1;
	printf("%s: running\n", start.campaign);
	return EXIT_DONE;
}
