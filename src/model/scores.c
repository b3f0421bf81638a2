#include "model/scores.h"

#include <string.h>

static struct score *find(struct scores *scores, const char *name)
{
	for (size_t i = 0; i < scores->nr; i++)
		if (!strcmp(scores->items[i].name, name))
			return &scores->items[i];
	return NULL;
}

static double evidence(const struct score *score)
{
	return score->arm.won + score->arm.lost;
}

static struct score *add(struct scores *scores, const char *name)
{
	struct score *score = &scores->items[0];

	if (scores->nr < BANDIT_ARMS_MAX)
		score = &scores->items[scores->nr++];
	else
		for (size_t i = 1; i < scores->nr; i++)
			if (evidence(&scores->items[i]) < evidence(score))
				score = &scores->items[i];
	*score = (struct score){ 0 };
	strncpy(score->name, name, PROPOSER_NAME_MAX);
	return score;
}

void scores_observe(struct scores *scores, const char *name, enum verdict_kind kind)
{
	struct score *score = find(scores, name);
	struct bandit bandit;
	bool won;

	if (!score)
		score = add(scores, name);
	score->experiments++;
	score->accepted += kind == VERDICT_ACCEPTED;
	if (!bandit_counts(kind, &won))
		return;
	bandit.nr = scores->nr;
	for (size_t i = 0; i < scores->nr; i++)
		bandit.arms[i] = scores->items[i].arm;
	bandit_observe(&bandit, (size_t)(score - scores->items), won);
	for (size_t i = 0; i < scores->nr; i++)
		scores->items[i].arm = bandit.arms[i];
}

struct score scores_find(const struct scores *scores, const char *name)
{
	struct score unknown = { 0 };

	for (size_t i = 0; i < scores->nr; i++)
		if (!strcmp(scores->items[i].name, name))
			return scores->items[i];
	strncpy(unknown.name, name, PROPOSER_NAME_MAX);
	return unknown;
}

/* One after the other, so that nobody has all of a round's first places, which are those of
 * the low temperatures. */
static void spread(size_t *counts, size_t nr, size_t places, size_t *ret_owner)
{
	for (size_t i = 0, arm = 0; i < places; arm = (arm + 1) % nr) {
		if (!counts[arm])
			continue;
		counts[arm]--;
		ret_owner[i++] = arm;
	}
}

/* A place for each that has had no experiment yet, as far as there are some; by the number, so
 * that where places are dealt one by one it is not the same one every time. Returns how many. */
static size_t first_turns(const struct scores *scores, const char *const *names, size_t nr,
			  int64_t number, size_t places, size_t *counts)
{
	size_t given = 0;

	for (size_t i = 0; i < nr && given < places; i++) {
		size_t arm = ((size_t)number - 1 + i) % nr;

		if (scores_find(scores, names[arm]).experiments)
			continue;
		counts[arm]++;
		given++;
	}
	return given;
}

void scores_deal(const struct scores *scores, const char *const *names, size_t nr,
		 uint64_t seed, int64_t number, size_t places, size_t *ret_owner)
{
	struct bandit bandit = { .nr = nr };
	size_t counts[BANDIT_ARMS_MAX], first[BANDIT_ARMS_MAX] = { 0 };
	size_t given = first_turns(scores, names, nr, number, places, first);

	for (size_t i = 0; i < nr; i++)
		bandit.arms[i] = scores_find(scores, names[i]).arm;
	bandit_deal(&bandit, seed, (uint64_t)number, places - given, counts);
	for (size_t i = 0; i < nr; i++)
		counts[i] += first[i];
	spread(counts, nr, places, ret_owner);
}

double score_value(const struct score *score)
{
	struct bandit bandit = { .arms = { score->arm }, .nr = 1 };

	return bandit_score(&bandit, 0);
}

void scores_add(struct json *totals, const struct scores *scores)
{
	struct json *proposers;

	if (!scores->nr)
		return;
	proposers = json_add_array(totals, "proposers");
	for (size_t i = 0; i < scores->nr; i++) {
		const struct score *score = &scores->items[i];
		struct json *o = json_add_object(proposers, NULL);

		json_add_string(o, "name", score->name);
		json_add_double(o, "won", score->arm.won);
		json_add_double(o, "lost", score->arm.lost);
		json_add_int(o, "experiments", score->experiments);
		json_add_int(o, "accepted", score->accepted);
	}
}

static int read_score(const struct json *o, struct score *ret, struct error *err)
{
	const char *name;

	if (json_get_string(o, "name", &name, err) ||
	    json_get_double(o, "won", &ret->arm.won, err) ||
	    json_get_double(o, "lost", &ret->arm.lost, err) ||
	    json_get_int(o, "experiments", &ret->experiments, err) ||
	    json_get_int(o, "accepted", &ret->accepted, err))
		return -1;
	if (!*name || strlen(name) > PROPOSER_NAME_MAX || ret->arm.won < 0 ||
	    ret->arm.lost < 0 || ret->accepted < 0 || ret->experiments < ret->accepted)
		return -1;
	strcpy(ret->name, name);
	return 0;
}

int scores_read(const struct json *totals, struct scores *ret, struct error *err)
{
	const struct json *proposers = json_get(totals, "proposers"), *o;

	*ret = (struct scores){ 0 };
	if (json_is_null(proposers))
		return 0;
	if (!json_is_array(proposers) || json_array_len(proposers) > BANDIT_ARMS_MAX)
		return error_set(err, "'proposers' is malformed");
	while ((o = json_array_at(proposers, ret->nr)))
		if (read_score(o, &ret->items[ret->nr++], err))
			return error_set(err, "'proposers' is malformed");
	return 0;
}
