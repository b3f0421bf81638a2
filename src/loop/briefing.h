#ifndef LOOP_BRIEFING_H
#define LOOP_BRIEFING_H

/*
 * Gathers what a proposer is told of a campaign from repository and ledger, reading only:
 * a `start` that works on it is not disturbed.
 */

#include "loop/footing.h"
#include "propose/prompt.h"

/* How many earlier experiments a program is told of; a model of as many of these as its
 * window holds. */
#define BRIEFING_HISTORY 20
#define BRIEFING_HISTORY_MAX 200

/* How much of a patch is read, of how many failures a log, and how much of its end. */
#define BRIEFING_PATCH_MAX (16 * 1024)
#define BRIEFING_LOGS 20
#define BRIEFING_LOG_MAX (16 * 1024)

/* All of it borrowed. */
struct briefing {
	struct repo *repo;
	struct ledger *ledger;
	const char *incumbent;	       /* its commit */
	const struct footing *footing; /* the files that are told */
	const struct campaign_config *config;
	const struct settings *settings;
	const struct totals *totals;
	const char *program;
	const char *key;    /* of the model's endpoint, which no prompt ever holds; NULL */
	int64_t experiment; /* the number that the proposal will have */
};

/* For experiment `number` of a campaign that is being worked on. */
void briefing_of(struct search *s, int64_t number, const struct footing *footing,
		 struct briefing *ret);

/* What a model is sent, or a program gets. `ret` is empty, and to be released either way. An
 * error where it does not fit in the model's context window. */
int briefing_for_model(const struct briefing *b, struct prompt *ret, struct error *err);
int briefing_for_program(const struct briefing *b, struct prompt *ret, struct error *err);

/* What the configured proposer (of several the first that is told anything) would be told next of a
 * campaign that nobody need be working on; where that is the sweep, which is told nothing, what a
 * model would be. A warning says where the next start would measure the baseline first. */
int briefing_next(struct repo *repo, struct ledger *ledger, struct prompt *ret,
		  struct error *err);

#endif
