#ifndef COMMAND_STANDING_H
#define COMMAND_STANDING_H

/* Where a campaign stands, for `status`: read from two refs, the newest record and a few small
 * files, however long the ledger is. */

#include <sys/types.h>

#include "command/command.h"
#include "loop/state.h"
#include "model/activity.h"
#include "model/campaign.h"

struct standing {
	struct ledger ledger;
	struct entry newest;
	struct campaign_config config;
	bool has_record, has_config;
	bool is_measured; /* the tip of the branch; people may have moved it since */
	enum state state;
	pid_t pid;	      /* that works on it; 0 */
	struct strbuf reason; /* why it is failing; empty */
	struct strbuf why; /* why the last start ended, also where that is not failing; empty */
	char *log;	   /* of what was detached; NULL */
	char *dir;	   /* the campaign's folder */
	struct activities activities;
};

#define STANDING_INIT                                     \
	{                                                 \
		.reason = STRBUF_INIT, .why = STRBUF_INIT \
	}

int standing_read(struct standing *ret, struct repo *repo, const char *campaign,
		  struct error *err);
void standing_release(struct standing *standing);
#define CLEANUP_STANDING CLEANUP(standing_release)

#endif
