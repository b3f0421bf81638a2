#include "loop/agent.h"

#include <string.h>
#include <sys/epoll.h>
#include <time.h>

#include "base/digest.h"
#include "base/timer.h"
#include "git/tree.h"
#include "loop/briefing.h"
#include "loop/measure.h"
#include "loop/scratch.h"
#include "loop/store.h"
#include "propose/prompt.h"
#include "propose/transcript.h"
#include "sandbox/snapshot.h"
#include "sandbox/upper.h"

/* How often a proposer is looked at for a sign of life. */
#define IDLE_LOOK 1.0 /* s */

/* One run of a proposer. */
struct run {
	struct search *s;
	const struct adapter *adapter; /* NULL: a plain command */
	const struct prompt *prompt;
	struct trial *trial;
	struct limits limits;
	struct transcript transcript;
	struct outcome outcome;

	int timer; /* that looks for a sign of life; -1 */
	double idle;
	int64_t traffic; /* at the last look that found some */
	struct timespec alive;
	bool fell_silent;
};

static void take_output(enum stream stream, const char *data, size_t len, void *arg)
{
	struct run *run = arg;

	transcript_feed(&run->transcript, stream == STREAM_STDERR, data, len);
}

/* --- A sign of life: something printed, sent or received */

static void on_look(uint32_t events, void *data)
{
	struct run *run = data;
	int64_t traffic = trial_traffic(run->trial);

	(void)events;
	if (!timer_take(run->timer))
		return;
	if (traffic != run->traffic) {
		run->traffic = traffic;
		clock_gettime(CLOCK_MONOTONIC, &run->alive);
	}
	if (seconds_since(&run->alive) < run->idle)
		return;
	run->fell_silent = true;
	trial_cancel(run->trial);
}

static int watch_for_life(struct run *run, struct error *err)
{
	run->idle = run->adapter->idle;
	clock_gettime(CLOCK_MONOTONIC, &run->alive);
	run->timer = timer_new(err);
	if (run->timer < 0 ||
	    evloop_add(run->s->events, run->timer, EPOLLIN, on_look, run, err))
		return -1;
	if (timer_arm(run->timer, IDLE_LOOK, IDLE_LOOK))
		return error_errno(err, "cannot start the clock");
	return 0;
}

static void end_watch(struct run *run)
{
	if (run->timer < 0)
		return;
	evloop_remove(run->s->events, run->timer);
	close(run->timer);
}

/* --- What it came to */

/* For `Proposed-by:`: an agent and its model, or the last part of a command's path. */
static char *name_of(const struct search *s)
{
	const char *command = s->settings.proposer_command, *model = s->settings.model;
	CLEANUP_FREE char *word = NULL;
	const char *slash;

	if (s->agent)
		return xstrfmt("%s%s%s", s->agent->adapter.name, model && *model ? "/" : "",
			       model ? model : "");
	word = xstrndup(command, strcspn(command, " \t"));
	slash = strrchr(word, '/');
	return xstrfmt("command/%s", slash ? slash + 1 : word);
}

static int read_proposal(struct run *run, struct proposal *ret, struct error *err)
{
	CLEANUP_STRBUF struct strbuf subject = STRBUF_INIT, rationale = STRBUF_INIT;
	const struct strbuf *words = &run->transcript.words;
	CLEANUP_FREE char *name = name_of(run->s);

	prompt_read_words(words->buf, words->len, &subject, &rationale);
	proposal_describe(ret, subject.buf, rationale.buf, name);
	return scratch_read(run->s, run->trial, run->adapter ? &run->adapter->leavings : NULL,
			    ret, err);
}

/* Files may have been written and be what they were. 1: so it is; 0; -1. */
static int is_empty(struct search *s, const struct proposal *proposal, struct error *err)
{
	CLEANUP_STRBUF struct strbuf refused = STRBUF_INIT;
	char tree[OID_HEX_SIZE], incumbent[OID_HEX_SIZE];
	int impossible;

	if (!proposal->edits_nr)
		return 1;
	impossible =
		tree_apply_edits(s->repo, search_incumbent(s), proposal, tree, &refused, err);
	if (impossible)
		return impossible < 0 ? -1 : 0;
	if (repo_commit_tree(s->repo, search_incumbent(s), incumbent, err))
		return -1;
	return !strcmp(tree, incumbent);
}

static void add_masked(const struct search *s, const struct strbuf *text, struct strbuf *out)
{
	CLEANUP_SECRETS struct secrets secrets;

	secrets_of_environment(&secrets, (const char *const *)environ);
	if (s->agent->key)
		secrets_add(&secrets, s->agent->key);
	secrets_mask(&secrets, SECRET_CODE, text->buf, text->len, out);
}

/* What an agent was told, what it had to say, and the tokens that it told of. */
static void keep_evidence(const struct run *run, struct proposal *ret)
{
	const struct transcript_tokens *tokens = &run->transcript.tokens;
	const struct settings *settings = &run->s->settings;
	struct strbuf prompt = STRBUF_INIT, reply = STRBUF_INIT;

	prompt_write(run->prompt, &prompt);
	add_masked(run->s, &run->transcript.words, &reply);
	if (tokens->known) {
		ret->asked = xcalloc(1, sizeof(*ret->asked));
		*ret->asked = (struct asked){
			.endpoint = xstrdup(run->s->agent->endpoint),
			.model = xstrdup(settings->model ? settings->model : ""),
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

static void tell_why(const struct run *run, struct error *err)
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
}

/* Of a run that was ended, or of a command that did not succeed. */
static void tell_end(const struct run *run, struct error *err)
{
	CLEANUP_STRBUF struct strbuf reason = STRBUF_INIT;

	if (run->fell_silent)
		strbuf_addf(&reason, "no sign of life for %.0f seconds", run->idle);
	else
		outcome_reason(&run->outcome, &reason);
	error_set(err, "the proposer failed: %s", reason.buf);
	if (run->adapter)
		error_set(err, "the proposer '%s' failed: %s", run->adapter->name, reason.buf);
}

/* True where there is a proposal to be read: by its exit status a command says so itself, and
 * of an agent it does not matter. */
static bool ended_well(const struct run *run)
{
	return run->adapter ? !outcome_was_killed(&run->outcome)
			    : outcome_is_success(&run->outcome);
}

static int judge(struct run *run, struct proposal *ret, enum proposed *ret_how,
		 struct error *err)
{
	int empty = 0;

	if (run->outcome.kind == OUTCOME_CANCELLED && !run->fell_silent) {
		*ret_how = PROPOSED_CANCELLED;
		return 0;
	}
	if (!run->adapter && run->outcome.kind == OUTCOME_EXITED &&
	    run->outcome.exit_code == 125) {
		*ret_how = PROPOSED_NOTHING;
		return 0;
	}
	*ret_how = PROPOSED_FAILURE;
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
		empty = is_empty(run->s, ret, err);
	if (empty < 0)
		return -1;
	if (empty) {
		tell_why(run, err);
		search_tell_tail(run->s, &run->transcript.tail);
		return 0;
	}
	*ret_how = PROPOSED;
	if (run->adapter)
		keep_evidence(run, ret);
	return 0;
}

/* --- Running it */

static int open_sandbox(struct search *s, struct error *err)
{
	struct sandbox_options options = { .store = s->store, .binds = &s->proposer_binds };

	if (s->proposer_sandbox)
		return 0;
	return sandbox_open(&s->proposer_sandbox, &options, err);
}

/* HOME is kept for the campaign, but is no way around the disk limit, of which half is left for
 * the next ask: larger, it goes. */
static int prepare_home(const struct run *run, char **ret, struct error *err)
{
	struct search *s = run->s;
	CLEANUP_FREE char *home = xstrfmt("%s/home", s->path);

	if (store_size(s->store, home) >= run->limits.disk / 2) {
		warning("the proposer's HOME has outgrown half of limits.disk and is emptied");
		if (store_remove(s->dir, "home", err))
			return -1;
	}
	if (store_make(s->store, home, NULL, err))
		return -1;
	*ret = steal_ptr(home);
	return 0;
}

/* An agent's own needs are no matter of what a trial may use. */
static void set_limits(struct run *run)
{
	const struct adapter *a = run->adapter;
	struct limits *l = &run->limits;

	*l = run->s->config.limits;
	if (!a)
		return;
	l->memory = a->memory > l->memory ? a->memory : l->memory;
	l->pids = a->pids > l->pids ? a->pids : l->pids;
	l->disk = a->disk > l->disk ? a->disk : l->disk;
	l->output = a->output > l->output ? a->output : l->output;
}

/* One commit, without a past, of all that it sees; its own commits go the same way as it. */
static const char make_repository[] =
	"{ git init -q && git config user.name autoresearch &&\n"
	"git config user.email autoresearch@localhost && git add -A -f . &&\n"
	"git commit -q --no-verify --no-gpg-sign --allow-empty -m incumbent\n"
	"} </dev/null >&2 || exit\n";

static char *script_of(const struct search *s)
{
	return xstrfmt("%s%s", s->agent && s->agent->adapter.git ? make_repository : "",
		       s->proposer_command);
}

/* The environment of the phase, and that of the agent: which has a PATH of its own. */
static char **environment_of(const struct search *s, int64_t number)
{
	char **env = environment_new(s, PHASE_PROPOSE, number, 1);
	size_t n = 0, more = s->agent ? s->agent->env.nr : 0;

	while (env[n])
		n++;
	env = xrealloc(env, (n + more + 1) * sizeof(*env));
	for (size_t i = 0; i < more; i++) {
		char *pair = xstrdup(s->agent->env.items[i]);

		if (starts_with(pair, "PATH=")) {
			free(env[0]);
			env[0] = pair;
		} else {
			env[n++] = pair;
		}
	}
	env[n] = NULL;
	return env;
}

static int run_trial(struct run *run, int64_t number, struct trial_command *command,
		     struct error *err)
{
	struct search *s = run->s;
	int failed;

	if (s->watcher && s->watcher->phase)
		s->watcher->phase(number, PHASE_PROPOSE, command->timeout, s->watcher->data);
	s->running = run->trial;
	s->proposing = true;
	failed = (run->adapter && watch_for_life(run, err)) ||
		 trial_run(run->trial, command, &run->outcome, err);
	end_watch(run);
	s->running = NULL;
	s->proposing = false;
	transcript_end(&run->transcript);
	return failed ? -1 : 0;
}

static int ask(struct run *run, int64_t number, struct error *err)
{
	struct search *s = run->s;
	CLEANUP_FREE char *home = NULL, *script = script_of(s);
	const char *const argv[] = { "sh", "-c", script, NULL };
	char **env = environment_of(s, number);
	struct trial_command command = {
		.phase = PHASE_PROPOSE,
		.argv = argv,
		.env = (const char *const *)env,
		.timeout = run->adapter ? run->adapter->timeout
					: s->config.phases[PHASE_PROPOSE].timeout,
		.tree = s->slot_path,
		.out_writable = true,
		.network = &s->network[NETWORK_PROPOSER],
		.input = run->prompt->user.buf,
		.input_len = run->prompt->user.len,
		.output = take_output,
		.data = run,
	};
	int failed = prepare_home(run, &home, err);

	command.home = home;
	failed = failed || run_trial(run, number, &command, err);
	environment_free(env);
	return failed ? -1 : 0;
}

/* What no record will count was paid for as well. */
static void count_lost_tokens(const struct run *run, const struct proposal *proposal)
{
	const struct transcript_tokens *tokens = &run->transcript.tokens;

	if (!proposal->asked)
		run->s->totals.tokens += tokens->prompt + tokens->completion;
}

int agent_propose(struct search *s, int64_t number, struct proposal *ret,
		  enum proposed *ret_how, struct error *err)
{
	CLEANUP_PROMPT struct prompt prompt = PROMPT_INIT;
	struct run run = {
		.s = s, .prompt = &prompt, .transcript = TRANSCRIPT_INIT, .timer = -1
	};
	struct trial_place place = s->place;
	struct briefing briefing;
	bool complete;
	int failed;

	if ((!s->proposer_command && agent_find(s, err)) || open_sandbox(s, err))
		return -1;
	briefing_of(s, number, &briefing);
	briefing.key = s->agent ? s->agent->key : NULL;
	if (briefing_for_program(&briefing, &prompt, err))
		return -1;
	if (s->agent)
		run.adapter = run.transcript.adapter = &s->agent->adapter;
	set_limits(&run);
	place.sandbox = s->proposer_sandbox;
	if (trial_open(&run.trial, &place, &run.limits, err))
		return -1;
	failed = ask(&run, number, err) || judge(&run, ret, ret_how, err) ||
		 measure_audit(s, run.trial, &complete, err);
	count_lost_tokens(&run, ret);
	trial_close(run.trial);
	transcript_release(&run.transcript);
	return failed ? -1 : 0;
}
