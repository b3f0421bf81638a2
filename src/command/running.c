#include "command/running.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "command/options.h"
#include "loop/lock.h"
#include "loop/store.h"

static char *folder(const char *store, const char *campaign)
{
	CLEANUP_FREE char *path = store_campaign_path(campaign);

	return xstrfmt("%s/%s", store, path);
}

int running_find(struct running *ret, struct repo *repo, const char *name, struct error *err)
{
	CLEANUP_RUNNING struct running r = { 0 };
	CLEANUP_FREE char *store = NULL;

	if (store_open(repo, &store, err) ||
	    campaign_find_at_work(repo, name, &r.campaign, err))
		return -1;
	r.dir = folder(store, r.campaign);
	r.pid = lock_holder(r.dir);
	*ret = r;
	r = (struct running){ 0 };
	return 0;
}

int running_none(const struct running *r)
{
	fprintf(stderr, "no start of '%s' is running\n", r->campaign);
	return EXIT_NEGATIVE;
}

bool running_lasts(const struct running *r)
{
	return lock_holder(r->dir) == r->pid;
}

void running_nap(void)
{
	const struct timespec time = { .tv_nsec = 50000000 };

	nanosleep(&time, NULL);
}

void running_release(struct running *r)
{
	free(r->campaign);
	free(r->dir);
	*r = (struct running){ 0 };
}
