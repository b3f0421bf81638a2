#include <errno.h>
#include <signal.h>
#include <stdio.h>

#include "command/options.h"
#include "command/running.h"
#include "loop/state.h"

int cmd_stop(int argc, char **argv, struct error *err)
{
	static const struct option longs[] = {
		{ "campaign", required_argument, NULL, 'n' },
		{ "now", no_argument, NULL, 'w' },
		{ 0 },
	};
	CLEANUP_REPO struct repo *repo = NULL;
	CLEANUP_RUNNING struct running start = { 0 };
	const char *campaign = NULL;
	int signal_no = SIGUSR1, c;

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
	if (repo_open(&repo, err) || running_find(&start, repo, campaign, err))
		return -1;
	if (!start.pid)
		return running_none(&start);
	/* Its warden has given it up. Its trials are dead, and what is written is written. */
	if (state_read(start.dir, true) == STATE_FAILING) {
		if (signal_no != SIGUSR2) {
			error_set(err, "process %d, which works on '%s', hangs", (int)start.pid,
				  start.campaign);
			return error_hint(err, "git autoresearch stop --now");
		}
		signal_no = SIGKILL;
	}
	if (kill(start.pid, signal_no) && errno != ESRCH)
		return error_errno(err, "cannot ask process %d to stop", (int)start.pid);
	while (running_lasts(&start))
		running_nap();
	printf("%s: stopped\n", start.campaign);
	return EXIT_DONE;
}
