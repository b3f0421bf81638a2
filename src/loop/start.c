#include "loop/start.h"

#include <string.h>

#include "loop/propose.h"
#include "loop/step.h"

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
	if (options->max_time && difftime(now.tv_sec, begin->tv_sec) >= options->max_time)
		return finish(ret, STATE_STOPPED, EXIT_BUDGET, "--max-time");
	return false;
}

/* Before is_over() will say so. */
static int64_t experiments_left(const struct search *s, const struct start_options *options,
				const struct start_result *result)
{
	int64_t left = INT64_MAX, budget = s->config.budget.experiments;

	if (budget)
		left = budget - s->totals.experiments;
	if (options->max_experiments && options->max_experiments - result->experiments < left)
		left = options->max_experiments - result->experiments;
	return left;
}

static int prepare(struct search *s, enum step *ret, struct error *err)
{
	int cancelled;

	*ret = STEP_RECORDED;
	if (propose_check(s, err))
		return -1;
	cancelled = search_prepare(s, err);
	if (cancelled < 0)
		return -1;
	if (cancelled) {
		*ret = STEP_CANCELLED;
		return 0;
	}
	return search_needs_baseline(s) ? search_baseline(s, ret, err) : 0;
}

static int loop(struct search *s, const struct start_options *options, struct start_result *ret,
		struct error *err)
{
	struct timespec begin;
	int failures = 0;
	enum step step;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	if (prepare(s, &step, err))
		return -1;
	while (!is_over(s, options, &begin, ret)) {
		s->experiments_left = experiments_left(s, options, ret);
		if (search_step(s, &step, err))
			return -1;
		switch (step) {
		case STEP_RECORDED:
			failures = 0;
			ret->experiments++;
			break;
		case STEP_CANCELLED: /* is_over() says by whom */
			break;
		case STEP_EXHAUSTED:
			finish(ret, STATE_EXHAUSTED, EXIT_DONE,
			       "the proposer has no more ideas");
			return 0;
		case STEP_TOO_DEAR:
			finish(ret, STATE_BUDGET, EXIT_BUDGET, "tokens");
			return 0;
		case STEP_PROPOSER_FAILED:
			if (++failures == PROPOSER_FAILURES_MAX) {
				finish(ret, STATE_FAILING, EXIT_FAILING, "the proposer");
				return error_status(err, EXIT_FAILING);
			}
			warning("%s", err->message);
			break;
		}
	}
	return 0;
}

int start_run(struct search *s, const struct start_options *options, struct start_result *ret,
	      struct error *err)
{
	struct error late = ERROR_INIT;
	int failed;

	*ret = (struct start_result){ .state = STATE_STOPPED };
	if (state_write(s->dir, STATE_RUNNING, err))
		return -1;
	failed = loop(s, options, ret, err);
	if (failed)
		ret->state = err->status == EXIT_FAILING ? STATE_FAILING : STATE_STOPPED;
	if (state_write(s->dir, ret->state, failed ? &late : err))
		return -1;
	return failed;
}
