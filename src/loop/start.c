#include "loop/start.h"

#include <string.h>

#include "loop/journal.h"
#include "loop/mark.h"
#include "loop/pause.h"
#include "loop/race.h"
#include "loop/watchdog.h"
#include "loop/recording.h"
#include "model/budget.h"

/* A proposer that fails this often in a row will not mend itself overnight. */
#define PROPOSER_FAILURES_MAX 3

static bool finish(struct start_result *ret, enum state state, int status, const char *reason)
{
	ret->state = state;
	ret->status = status;
	ret->reason = reason;
	return true;
}

static bool person_asked(struct search *s, struct start_result *ret)
{
	search_poll_signals(s);
	if (s->stop == STOP_NO)
		return false;
	if (s->stop != STOP_SIGNAL)
		return finish(ret, STATE_STOPPED, EXIT_DONE, "asked to stop");
	ret->signal = s->signal;
	return finish(ret, STATE_STOPPED, 128 + s->signal, "a signal");
}

/* Whether there is a reason not to take another step; it is in `ret` then. */
static bool is_over(struct search *s, const struct start_options *options,
		    const struct timespec *begin, struct start_result *ret)
{
	const char *budget = budget_exhausted(&s->config.budget, &s->totals);
	struct timespec now;

	if (person_asked(s, ret))
		return true;
	if (target_is_reached(&s->config, s->totals.incumbent_metric))
		return finish(ret, STATE_TARGET, EXIT_DONE, "the target is reached");
	if (budget && !strcmp(budget, "failures"))
		return finish(ret, STATE_FAILING, EXIT_FAILING, "budget.failures");
	if (budget)
		return finish(ret, STATE_BUDGET, EXIT_BUDGET, budget);
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (options->max_experiments && ret->experiments >= options->max_experiments)
		return finish(ret, STATE_STOPPED, EXIT_BUDGET, "--max-experiments");
	if (options->max_time &&
	    difftime(now.tv_sec, begin->tv_sec) - pause_seconds(s) >= options->max_time)
		return finish(ret, STATE_STOPPED, EXIT_BUDGET, "--max-time");
	return false;
}

/* Whether the newest record is what moved the branch there: its folder may not have been synced,
 * or its note not written. */
static bool was_us(struct search *s, const char *now)
{
	CLEANUP_ENTRY struct entry entry = { 0 };
	struct error ignored = ERROR_INIT;

	return *s->ledger.tip && !ledger_read(&s->ledger, s->ledger.tip, &entry, &ignored) &&
	       record_is_on_branch(&entry.record) && !strcmp(entry.commit, now);
}

/* Whether somebody else moved the ledger branch since we did; it is in `ret` then. */
static bool was_moved(struct search *s, struct start_result *ret)
{
	struct error ignored = ERROR_INIT;
	char now[OID_HEX_SIZE];

	if (ret->moved || !*s->ledger.branch ||
	    repo_ref(s->repo, s->ledger.branch_ref, now, &ignored) ||
	    !strcmp(now, s->ledger.branch) || was_us(s, now))
		return ret->moved;
	warning("'autoresearch/%s' was moved: going on from there", s->campaign);
	ret->moved = true;
	return true;
}

/* Before is_over() will say so. */
static int64_t experiments_left(const struct search *s, const struct start_options *options,
				const struct start_result *result)
{
	int64_t left = INT64_MAX, budget = s->config.budget.experiments;

	if (budget)
		left = budget - s->totals.experiments + s->totals.imported;
	if (options->max_experiments && options->max_experiments - result->experiments < left)
		left = options->max_experiments - result->experiments;
	return left;
}

/* 0; 1 where a person cancelled it; -1. */
static int prepare(struct search *s, struct error *err)
{
	int cancelled;

	cancelled = search_prepare(s, err);
	if (cancelled || !search_needs_baseline(s))
		return cancelled;
	return search_baseline(s, err);
}

/* What the race came to since the last look: true where it is a reason to end, of which the
 * first counts. */
static bool take_news(struct race_news *news, bool over, struct start_result *ret,
		      struct error *err)
{
	ret->experiments += news->recorded;
	news->recorded = 0;
	if (over)
		return true;
	if (news->exhausted)
		return finish(ret, STATE_EXHAUSTED, EXIT_DONE,
			      "the proposer has no more ideas");
	if (news->too_dear)
		return finish(ret, STATE_BUDGET, EXIT_BUDGET, "tokens");
	if (!*news->error.message)
		return false;
	*err = news->error;
	if (news->failures >= PROPOSER_FAILURES_MAX)
		return finish(ret, STATE_FAILING, EXIT_FAILING, "the proposer");
	warning("%s", err->message);
	return false;
}

/* Nothing is under way. True where it is time to go on with the race: the incumbent had to be
 * measured first, and was. */
static int refresh(struct search *s, bool over, bool *ret, struct error *err)
{
	*ret = !over && search_needs_baseline(s);
	return *ret && search_baseline(s, err) < 0 ? -1 : 0;
}

/* Experiments that may begin: none when it is over, nor where the incumbent has to be measured
 * first, which it is by itself. */
static int64_t places_left(const struct search *s, bool over,
			   const struct start_options *options,
			   const struct start_result *result)
{
	if (over || search_needs_baseline(s))
		return 0;
	return experiments_left(s, options, result);
}

/* Once there is a reason to end, what is under way ends as well: at once where its verdict
 * would be of no use, else with its trial; what was proposed before nobody had anything more to
 * say is worth as much as ever. */
static int run_race(struct search *s, struct race *race, const struct start_options *options,
		    struct start_result *ret, struct error *err)
{
	bool over = false, closed = false, silent = false, more;
	struct race_news news = { 0 };
	struct timespec begin;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (;;) {
		over = over || is_over(s, options, &begin, ret) || was_moved(s, ret);
		if (!over && watchdog_look(s, err))
			return -1;
		if (over && !closed && !silent) {
			closed = true;
			if (ret->moved || ret->state != STATE_STOPPED)
				race_cancel(race);
			else
				race_close(race);
		}
		if (race_begin(race, places_left(s, over, options, ret), err))
			return -1;
		if (!race_goes_on(race)) {
			if (search_publish(s, err) || refresh(s, over, &more, err))
				return -1;
			if (more)
				continue;
			break;
		}
		if (race_wait(race, err) ||
		    race_settle(race, places_left(s, over, options, ret), &news, err)) {
			ret->experiments += news.recorded;
			return -1;
		}
		over = take_news(&news, over, ret, err);
		silent = silent || news.failures >= PROPOSER_FAILURES_MAX;
	}
	if (ret->state == STATE_EXHAUSTED && propose_is_stalled(s)) {
		ret->stalled = true;
		ret->reason = "nothing was accepted for long";
	}
	/* The last of its failures is what it ends with. */
	return ret->state == STATE_FAILING && silent ? error_status(err, EXIT_FAILING) : 0;
}

static int loop(struct search *s, const struct start_options *options, struct start_result *ret,
		struct error *err)
{
	CLEANUP_RACE struct race *race = NULL;
	int failed;

	if (person_asked(s, ret))
		return 0;
	failed = prepare(s, err);
	if (failed < 0)
		return -1;
	if (failed) {
		person_asked(s, ret);
		return 0;
	}
	if (race_new(&race, s, err))
		return -1;
	failed = run_race(s, race, options, ret, err);
	if (failed)
		race_abandon(race);
	/* What was measured beside another incumbent has no record, and is kept. */
	return failed && !s->unpublished && was_moved(s, ret) ? 0 : failed;
}

/* Nothing of the settings can be wrong any more. */
static int set_out(struct search *s, const struct start_options *options, struct error *err)
{
	struct error ignored = ERROR_INIT;

	if (propose_check(s, err) || watchdog_begin(s, err))
		return -1;
	if ((!options->begun || !options->begun(options->data, err)) &&
	    !state_write(s->dir, STATE_RUNNING, NULL, err))
		return 0;
	watchdog_end(s, &ignored);
	return -1;
}

/* For whoever looks next. */
static int leave(struct search *s, const struct start_result *result, struct error *err)
{
	if (result->state == STATE_FAILING && mark_write(s->dir, result->reason, err))
		return -1;
	return state_write(s->dir, result->state, result->reason, err);
}

int start_run(struct search *s, const struct start_options *options, struct start_result *ret,
	      struct error *err)
{
	struct error late = ERROR_INIT;
	int failed;

	*ret = (struct start_result){ .state = STATE_STOPPED };
	if (set_out(s, options, err))
		return -1;
	ret->begun = true;
	failed = loop(s, options, ret, err);
	search_spend_time(s);
	journal_keep_spent(s);
	watchdog_end(s, failed ? err : &late);
	if (ret->moved) {
		/* Somebody may have asked to stop as well. */
		ret->moved = !failed && !person_asked(s, ret);
		ret->state = STATE_STOPPED;
	}
	if (failed) {
		ret->state = err->status == EXIT_FAILING ? STATE_FAILING : STATE_STOPPED;
		ret->status = err->status;
		ret->reason = err->message;
	}
	if (leave(s, ret, failed ? &late : err))
		return -1;
	return failed;
}
