#ifndef GIT_VERIFY_VERDICT_H
#define GIT_VERIFY_VERDICT_H

/* A record is judged again, from its trials and the config of the commit that it was measured
 * against. */

#include "git/ledger.h"
#include "model/campaign.h"

/* Remembers the config that was read last: most records share it. */
struct rejudge {
	struct repo *repo;
	char commit[OID_HEX_SIZE]; /* whose config it is; "" none */
	struct campaign_config config;
};

void rejudge_release(struct rejudge *j);
#define CLEANUP_REJUDGE CLEANUP(rejudge_release)

/* What does not follow (see record_contradiction()), or why nobody can tell, in `err`. 0 where
 * all is well; 1 with `err`. */
int rejudge_record(struct rejudge *j, const struct entry *entry, struct error *err);

/* The same of a replay, beside what it replays. */
int rejudge_replay(struct rejudge *j, const struct entry *replay, const struct entry *then,
		   struct error *err);

#endif
