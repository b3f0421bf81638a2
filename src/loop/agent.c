#include "loop/agent.h"

#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/timer.h"
#include "git/tree.h"
#include "loop/activity.h"
#include "loop/agent_run.h"
#include "loop/briefing.h"
#include "loop/journal.h"
#include "loop/measure.h"
#include "loop/scratch.h"

/* A limit of rate or quota is waited for, each time twice as long. */
#define LIMIT_WAIT_FIRST 10.0 /* s */
#define LIMIT_WAIT_MAX 300.0

/* What a run came to. */
enum judgement {
	JUDGED_PROPOSAL,
	JUDGED_NOTHING, /* there are no more ideas */
	JUDGED_CANCELLED,
	JUDGED_FAILURE, /* the error says which */
	JUDGED_LIMITED, /* that will pass; the error says which */
};

/* For `Proposed-by:`: an agent and its model, or the last part of a command's path. */
static char *name_of(const struct proposer *p)
{
	const char *colon = strchr(p->name, ':'), *model = p->model_name;
	const char *command = colon ? colon + 1 : p->s->settings.proposer_command;
	CLEANUP_FREE char *word = NULL;
	const char *slash;

	if (p->agent)
		return xstrfmt("%s%s%s", p->agent->adapter.name, model && *model ? "/" : "",
			       model ? model : "");
	word = xstrndup(command, strcspn(command, " \t"));
	slash = strrchr(word, '/');
	return xstrfmt("command/%s", slash ? slash + 1 : word);
}

static int read_proposal(struct agent_run *run, struct proposal *ret, struct error *err)
{
	CLEANUP_STRBUF struct strbuf subject = STRBUF_INIT, rationale = STRBUF_INIT;
	const struct strbuf *words = &run->transcript.words;
	CLEANUP_FREE char *name = name_of(run->p);

	prompt_read_words(words->buf, words->len, &subject, &rationale);
	proposal_describe(ret, subject.buf, rationale.buf, name);
	return scratch_read(run->lane, run->footing->base, run->trial,
			    run->adapter ? &run->adapter->leavings : NULL, ret, err);
}

/* Files may have been written and be what they were. 1: so it is; 0; -1. */
static int is_empty(const struct agent_run *run, const struct proposal *proposal,
		    struct error *err)
{
	CLEANUP_STRBUF struct strbuf refused = STRBUF_INIT;
	char tree[OID_HEX_SIZE], given[OID_HEX_SIZE];
	const char *base = run->footing->base;
	int impossible;

	if (!proposal->edits_nr)
		return 1;
	impossible = tree_id_of_edits(run->s->repo, base, proposal, tree, &refused, err);
	if (impossible)
		return impossible < 0 ? -1 : 0;
	if (repo_commit_tree(run->s->repo, base, given, err))
		return -1;
	return !strcmp(tree, given);
}

static void add_masked(const struct proposer *p, const struct strbuf *text, struct strbuf *out)
{
	CLEANUP_SECRETS struct secrets secrets;

	secrets_of_environment(&secrets, (const char *const *)environ);
	if (p->agent->key)
		secrets_add(&secrets, p->agent->key);
	secrets_mask(&secrets, SECRET_CODE, text->buf, text->len, out);
}

/* What an agent was told, what it had to say, and the tokens that it told of. */
static void keep_evidence(const struct agent_run *run, struct proposal *ret)
{
	const struct transcript_tokens *tokens = &run->transcript.tokens;
	const char *model = run->p->model_name;
	struct strbuf prompt = STRBUF_INIT, reply = STRBUF_INIT;

	prompt_write(run->prompt, &prompt);
	add_masked(run->p, &run->transcript.words, &reply);
	if (tokens->known) {
		ret->asked = xcalloc(1, sizeof(*ret->asked));
		*ret->asked = (struct asked){
			.endpoint = xstrdup(run->p->agent->endpoint),
			.model = xstrdup(model ? model : ""),
			.served = xstrdup(""),
			.temperature = -1,
			.max_tokens = -1,
			.seed = -1,
			.turns = 1,
			.seconds = run->outcome.wall,
			.prompt = tokens->prompt,
			.completion = tokens->completion,
			.cached = tokens->cached,
			.estimated = tokens->rounded,
		};
		digest_of(prompt.buf, prompt.len, ret->asked->digest);
	}
	ret->prompt = strbuf_detach(&prompt, NULL);
	ret->reply = strbuf_detach(&reply, NULL);
}

/* Of an agent that changed nothing. */
static enum judgement tell_why(const struct agent_run *run, struct error *err)
{
	static const char *const kinds[] = {
		[TRANSCRIPT_NOTHING] = "it changed nothing",
		[TRANSCRIPT_ERROR] = "an error",
		[TRANSCRIPT_LIMITED] = "a limit was hit",
		[TRANSCRIPT_REFUSED] = "it refused",
	};
	CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;
	enum transcript_refusal why = transcript_judge(&run->transcript, &line);

	error_set(err, "the proposer '%s' failed: %s%s%.500s", run->adapter->name, kinds[why],
		  line.len ? ": " : ", and said nothing", line.buf);
	if (why == TRANSCRIPT_NOTHING && !line.len && run->outcome.kind == OUTCOME_EXITED &&
	    run->outcome.exit_code)
		error_set(err, "the proposer '%s' failed: exit %d", run->adapter->name,
			  run->outcome.exit_code);
	return why == TRANSCRIPT_LIMITED ? JUDGED_LIMITED : JUDGED_FAILURE;
}

/* Of a run that was ended, or of a command that did not succeed. */
static void tell_end(const struct agent_run *run, struct error *err)
{
	CLEANUP_STRBUF struct strbuf reason = STRBUF_INIT;

	if (run->fell_silent)
		strbuf_addf(&reason, "no sign of life for %.0f seconds", run->adapter->idle);
	else
		outcome_reason(&run->outcome, &reason);
	error_set(err, "the proposer failed: %s", reason.buf);
	if (run->adapter)
		error_set(err, "the proposer '%s' failed: %s", run->adapter->name, reason.buf);
}

/* True where there is a proposal to be read: by its exit status a command says so itself, and
 * of an agent it does not matter. */
static bool ended_well(const struct agent_run *run)
{
	return run->adapter ? !outcome_was_killed(&run->outcome)
			    : outcome_is_success(&run->outcome);
}

static int judge(struct agent_run *run, struct proposal *ret, enum judgement *ret_judgement,
		 struct error *err)
{
	int empty = 0;

	*ret_judgement = JUDGED_CANCELLED;
	if (run->outcome.kind == OUTCOME_CANCELLED && !run->fell_silent)
		return 0;
	*ret_judgement = JUDGED_NOTHING;
	if (!run->adapter && run->outcome.kind == OUTCOME_EXITED &&
	    run->outcome.exit_code == 125)
		return 0;
	*ret_judgement = JUDGED_FAILURE;
	if (!ended_well(run)) {
		tell_end(run, err);
		search_tell_tail(run->s, &run->transcript.tail);
		return 0;
	}
	if (read_proposal(run, ret, err)) {
		error_context(err, "the proposer failed");
		return 0;
	}
	if (run->adapter)
		empty = is_empty(run, ret, err);
	if (empty < 0)
		return -1;
	if (empty) {
		*ret_judgement = tell_why(run, err);
		search_tell_tail(run->s, &run->transcript.tail);
		return 0;
	}
	*ret_judgement = JUDGED_PROPOSAL;
	if (run->adapter)
		keep_evidence(run, ret);
	return 0;
}

/* --- Asking, and asking again */

/* What no record will count was paid for as well. */
static void count_lost_tokens(const struct agent_run *run, const struct proposal *proposal)
{
	const struct transcript_tokens *tokens = &run->transcript.tokens;

	if (!proposal->asked)
		journal_spend(run->s, tokens->prompt + tokens->completion);
}

/* What somebody is asked for, and on what. */
struct question {
	struct proposer *p;
	struct lane *lane;
	struct footing footing;
	int64_t number;
	struct prompt prompt;
};

static int ask(const struct question *q, struct proposal *ret, enum judgement *ret_judgement,
	       struct error *err)
{
	CLEANUP_AGENT_RUN struct agent_run run;
	bool complete;

	proposal_release(ret);
	if (agent_run(&run, q->p, q->lane, &q->footing, q->number, &q->prompt, err) ||
	    judge(&run, ret, ret_judgement, err))
		return -1;
	if (*ret_judgement == JUDGED_PROPOSAL)
		journal_put(q->p, q->number, &q->footing, ret);
	count_lost_tokens(&run, ret);
	return measure_audit(q->lane, run.trial, &complete, err);
}

struct pause {
	int timer;
	bool over; /* also where a person ends it */
};

static void on_pause_over(uint32_t events, void *data)
{
	struct pause *p = data;

	(void)events;
	p->over |= timer_take(p->timer);
}

/* 0; 1 where a person ended it; -1. */
static int wait_for(struct lane *lane, double seconds, const char *why, struct error *err)
{
	struct search *s = lane->search;
	struct pause p = { .timer = timer_new(err) };
	CLEANUP_CLOSE int timer = p.timer;
	int failed;

	if (timer < 0 || evloop_add(s->events, timer, EPOLLIN, on_pause_over, &p, err))
		return -1;
	activity_wait(s, why, seconds, s->settings.endpoint_timeout);
	failed = timer_arm(timer, seconds, 0) ? error_errno(err, "cannot start the clock")
					      : lane_wait(lane, &p.over, err);
	evloop_remove(s->events, timer);
	return failed ? -1 : s->stop != STOP_NO || s->ends || lane->closed;
}

/* Asks until there is something other than a limit, or `autoresearch.endpointTimeout` is over. */
static int ask_patiently(const struct question *q, struct proposal *ret,
			 enum judgement *ret_judgement, struct error *err)
{
	struct search *s = q->p->s;
	double wait = LIMIT_WAIT_FIRST, left;
	struct timespec begin;
	int ended;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (;;) {
		if (ask(q, ret, ret_judgement, err))
			return -1;
		left = s->settings.endpoint_timeout - seconds_since(&begin);
		if (*ret_judgement != JUDGED_LIMITED)
			return 0;
		if (left <= 0)
			return error_status(err, EXIT_FAILING);
		ended = wait_for(q->lane, wait < left ? wait : left, err->message, err);
		if (ended < 0)
			return -1;
		if (ended) {
			*ret_judgement = JUDGED_CANCELLED;
			return 0;
		}
		wait = 2 * wait < LIMIT_WAIT_MAX ? 2 * wait : LIMIT_WAIT_MAX;
	}
}

static int tell(struct question *q, struct error *err)
{
	struct briefing briefing;

	briefing_of(q->p->s, q->number, &q->footing, &briefing);
	briefing.key = q->p->agent ? q->p->agent->key : NULL;
	return briefing_for_program(&briefing, &q->prompt, err);
}

int agent_propose(struct proposer *p, struct lane *lane, int64_t number, struct proposal *ret,
		  enum proposed *ret_how, struct error *err)
{
	static const enum proposed how[] = {
		[JUDGED_PROPOSAL] = PROPOSED,
		[JUDGED_NOTHING] = PROPOSED_NOTHING,
		[JUDGED_CANCELLED] = PROPOSED_CANCELLED,
		[JUDGED_FAILURE] = PROPOSED_FAILURE,
		[JUDGED_LIMITED] = PROPOSED_FAILURE,
	};
	struct question q = { .p = p, .lane = lane, .number = number, .prompt = PROMPT_INIT };
	enum judgement judgement;
	int failed;

	if (journal_ready(p->s, err) || footing_of(p->s, footing_stage(p->s), &q.footing, err))
		return -1;
	*ret_how = PROPOSED_NOTHING;
	if (q.footing.stage.rung == LADDER_EXHAUSTED)
		return 0;
	failed = tell(&q, err) || ask_patiently(&q, ret, &judgement, err);
	prompt_release(&q.prompt);
	if (failed)
		return -1;
	*ret_how = how[judgement];
	return footing_tell(p->s, &q.footing, ret, err);
}
