#include "model/compare.h"

#include <float.h>
#include <math.h>

#include "base/random.h"
#include "model/wager.h"

/* More than could show anything: so that two or three of the smallest may go wrong. */
#define SPARE_PAIRS 4
/* Of any plan: few enough for the stack. */
#define SEARCH_MAX (3 * COMPARISON_TRIALS_MAX / 2)

struct comparison_plan comparison_plan(int trials, double confidence)
{
	size_t least = signed_rank_least(confidence) + SPARE_PAIRS;
	size_t confirm = trials > 0 && (size_t)trials > least ? (size_t)trials : least;

	if (confirm > COMPARISON_TRIALS_MAX)
		confirm = COMPARISON_TRIALS_MAX;
	return (struct comparison_plan){ 3 * confirm / 2, confirm, confidence };
}

bool comparison_candidate_first(uint64_t seed, size_t number)
{
	uint64_t state = seed;

	state = random_next(&state) + number;
	return random_next(&state) & 1;
}

static double pair_gain(enum direction direction, const struct pair *p)
{
	double gain = direction == MINIMIZE ? p->incumbent - p->candidate
					    : p->candidate - p->incumbent;

	return fmax(-DBL_MAX, fmin(DBL_MAX, gain));
}

/* Goes through the search as it was lived, and sets how it ended, or that it did not. */
static void read_search(const struct comparison_plan *plan, const double *gains, size_t nr,
			struct comparison *ret)
{
	double goal = 1 / (1 - plan->confidence);
	struct wager wager;

	wager_init(&wager, plan->search, goal);
	ret->step = COMPARISON_MORE;
	ret->wealth = wager_wealth(&wager);
	while (ret->step == COMPARISON_MORE && ret->searched < nr) {
		wager_bet(&wager, gains, ++ret->searched);
		ret->wealth = wager_wealth(&wager);
		if (ret->wealth >= goal)
			ret->step = COMPARISON_CONFIRM;
		else if (ret->wealth < COMPARISON_LET_GO ||
			 wager_best(&wager, plan->search - ret->searched) < goal)
			ret->step = COMPARISON_LOSER;
	}
}

/* The estimates of `nr` pairs, 1 or more. */
static void estimate(const struct comparison_plan *plan, const struct pair *pairs,
		     const double *gains, size_t nr, struct comparison *ret)
{
	double side[SEARCH_MAX];

	signed_rank(gains, nr, plan->confidence, &ret->gain);
	for (size_t i = 0; i < nr; i++)
		side[i] = pairs[i].candidate;
	ret->candidate = hodges_lehmann(side, nr);
	for (size_t i = 0; i < nr; i++)
		side[i] = pairs[i].incumbent;
	ret->incumbent = hodges_lehmann(side, nr);
}

void comparison_read(const struct comparison_plan *plan, enum direction direction,
		     const struct pair *pairs, size_t nr, struct comparison *ret)
{
	double gains[SEARCH_MAX + COMPARISON_TRIALS_MAX];
	size_t fresh;

	*ret = (struct comparison){ 0 };
	if (nr > plan->search + plan->confirm)
		nr = plan->search + plan->confirm;
	for (size_t i = 0; i < nr; i++)
		gains[i] = pair_gain(direction, &pairs[i]);
	read_search(plan, gains, nr, ret);

	fresh = ret->step == COMPARISON_CONFIRM ? nr - ret->searched : 0;
	if (fresh >= plan->confirm) {
		fresh = plan->confirm;
		ret->step = COMPARISON_DONE;
	}
	if (ret->step == COMPARISON_MORE)
		ret->wanted = 1;
	else if (ret->step == COMPARISON_CONFIRM)
		ret->wanted = plan->confirm - fresh;

	if (fresh)
		estimate(plan, pairs + ret->searched, gains + ret->searched, fresh, ret);
	else if (ret->step != COMPARISON_MORE)
		estimate(plan, pairs, gains, ret->searched, ret);
}

void comparison_decide(const struct campaign_config *config, const struct comparison *c,
		       const struct metrics *metrics, struct verdict *ret)
{
	bool confirmed = c->step == COMPARISON_DONE && c->gain.low > 0;

	verdict_decide_gain(config, c->gain.value, confirmed, metrics, c->incumbent, ret);
}
