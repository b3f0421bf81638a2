#ifndef MODEL_SCORES_H
#define MODEL_SCORES_H

/*
 * How well each of a campaign's proposers has done, by name: what the newest record's totals
 * keep for the rule of model/bandit.h, and what `status` shows. A campaign that never had more
 * than one proposer at a time has none.
 */

#include "base/error.h"
#include "base/json.h"
#include "model/bandit.h"
#include "model/ladder.h"

struct score {
	char name[PROPOSER_NAME_MAX + 1];
	struct bandit_arm arm;
	int64_t experiments, accepted; /* all of them, not discounted */
};

struct scores {
	struct score items[BANDIT_ARMS_MAX]; /* in the order in which they first came */
	size_t nr;
};

/* Takes a candidate of the proposer `name` into account, as bandit_observe() does. One more
 * than there is room for takes the place of the least known. */
void scores_observe(struct scores *scores, const char *name, enum verdict_kind kind);

/* The score of `name`; one of which nothing is known where it is none of them. */
struct score scores_find(const struct scores *scores, const char *name);

/*
 * To whom each of `places` experiments goes, `number` being the first: ret_owner[i] is an index
 * into `names` (`nr` of them, one at least). Who has had no experiment yet comes first, so that
 * nobody is named for nothing; then by bandit_deal(). The same names, scores, seed and number
 * always give the same.
 */
void scores_deal(const struct scores *scores, const char *const *names, size_t nr,
		 uint64_t seed, int64_t number, size_t places, size_t *ret_owner);

/* Its score as people are told it, bandit_score(), from 0 to 1. */
double score_value(const struct score *score);

/* Adds them as the member `proposers` of the totals, where there are any; and reads that. */
void scores_add(struct json *totals, const struct scores *scores);
int scores_read(const struct json *totals, struct scores *ret, struct error *err);

#endif
