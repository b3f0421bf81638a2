#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

#include "command/options.h"
#include "loop/lock.h"
#include "loop/store.h"

static bool is_running(const char *store, const char *campaign)
{
	CLEANUP_FREE char *path = store_campaign_path(campaign);
	CLEANUP_FREE char *dir = xstrfmt("%s/%s", store, path);

	return lock_holder(dir) != 0;
}

int cmd_stop(int argc, char **argv, struct error *err)
{
	static const struct option longs[] = {
		{ "campaign", required_argument, NULL, 'n' },
		{ "now", no_argument, NULL, 'w' },
		{ 0 },
	};
	const struct timespec pause = { .tv_nsec = 50000000 };
	CLEANUP_REPO struct repo *repo = NULL;
	CLEANUP_FREE char *store = NULL, *path = NULL, *dir = NULL, *branch = NULL,
			  *found = NULL;
	const char *campaign = NULL;
	int signal_no = SIGUSR1, c;
	pid_t pid;

	while ((c = next_option(argc, argv, ":h", longs)) != -1) {
		if (c == 'n')
			campaign = optarg;
		else if (c == 'w')
			signal_no = SIGUSR2;
		else
			return usage(argc, argv);
	}
	if (optind < argc)
		return usage(argc, argv);
	if (repo_open(&repo, err) || store_open(repo, &store, err))
		return -1;
	/* A campaign that measures its first baseline has no ref yet, but a lock: so a name that
	 * is given, or the current branch's, is looked for there alone. */
	branch = repo_current_branch(repo);
	if (!campaign && branch && is_running(store, branch))
		campaign = branch;
	if (!campaign) {
		if (campaign_find(repo, NULL, &found, err))
			return -1;
		campaign = found;
	}
	path = store_campaign_path(campaign);
	dir = xstrfmt("%s/%s", store, path);
	pid = lock_holder(dir);
	if (!pid) {
		fprintf(stderr, "no start of '%s' is running\n", campaign);
		return EXIT_NEGATIVE;
	}
	if (kill(pid, signal_no) && errno != ESRCH)
		return error_errno(err, "cannot ask process %d to stop", (int)pid);
	while (lock_holder(dir) == pid)
		nanosleep(&pause, NULL);
	printf("%s: stopped\n", campaign);
	return EXIT_DONE;
}
