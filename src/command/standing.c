#include "command/standing.h"

#include <string.h>
#include <unistd.h>

#include "command/detach.h"
#include "loop/activity.h"
#include "loop/lock.h"
#include "loop/search.h"
#include "loop/store.h"
#include "loop/watchdog.h"

void standing_release(struct standing *st)
{
	entry_release(&st->newest);
	campaign_config_release(&st->config);
	ledger_release(&st->ledger);
	strbuf_release(&st->reason);
	strbuf_release(&st->why);
	free(st->log);
	free(st->dir);
}

static int read_all(struct repo *repo, struct standing *st, struct error *err)
{
	CLEANUP_FREE char *store = NULL, *path = NULL, *log = NULL;
	struct error ignored = ERROR_INIT;

	campaign_config_defaults(&st->config);
	if (*st->ledger.tip && ledger_read(&st->ledger, st->ledger.tip, &st->newest, err))
		return -1;
	st->has_record = *st->ledger.tip;
	st->is_measured = *st->newest.record.totals.incumbent &&
			  (!*st->ledger.branch ||
			   !strcmp(st->newest.record.totals.incumbent, st->ledger.branch));
	/* The direction is in the config alone; a broken one must not hide where things stand. */
	st->has_config = *st->ledger.branch && !config_of_commit(repo, st->ledger.branch,
								 &st->config, NULL, &ignored);
	if (store_open(repo, &store, err))
		return -1;
	path = store_campaign_path(st->ledger.campaign);
	st->dir = xstrfmt("%s/%s", store, path);
	st->state = state_read(st->dir, st->has_record);
	st->pid = lock_holder(st->dir);
	if (st->pid)
		activity_read(st->dir, st->pid, &st->activities);
	if (st->state == STATE_FAILING)
		watchdog_reason(st->dir, &st->reason);
	else if (!st->pid)
		state_why(st->dir, &st->why);
	log = xstrfmt("%s/" DETACH_LOG, st->dir);
	if (!access(log, F_OK))
		st->log = steal_ptr(log);
	return 0;
}

int standing_read(struct standing *ret, struct repo *repo, const char *campaign,
		  struct error *err)
{
	CLEANUP_STANDING struct standing st = STANDING_INIT;

	if (ledger_open(&st.ledger, repo, campaign, err) || read_all(repo, &st, err))
		return -1;
	*ret = st;
	st = (struct standing)STANDING_INIT;
	return 0;
}
