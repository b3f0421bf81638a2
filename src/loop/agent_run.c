#include "loop/agent_run.h"

#include <string.h>
#include <sys/epoll.h>

#include "base/timer.h"
#include "loop/measure.h"
#include "loop/store.h"
#include "sandbox/snapshot.h"
#include "sandbox/upper.h"

/* How often a proposer is looked at for a sign of life. */
#define IDLE_LOOK 1.0 /* s */

static void take_output(enum stream stream, const char *data, size_t len, void *arg)
{
	struct agent_run *run = arg;

	transcript_feed(&run->transcript, stream == STREAM_STDERR, data, len);
}

/* --- A sign of life: something printed, sent or received */

static void on_look(uint32_t events, void *data)
{
	struct agent_run *run = data;
	int64_t traffic = trial_traffic(run->trial);

	(void)events;
	if (!timer_take(run->timer))
		return;
	if (traffic != run->traffic) {
		run->traffic = traffic;
		clock_gettime(CLOCK_MONOTONIC, &run->alive);
	}
	if (seconds_since(&run->alive) < run->adapter->idle)
		return;
	run->fell_silent = true;
	trial_cancel(run->trial);
}

static int watch_for_life(struct agent_run *run, struct error *err)
{
	clock_gettime(CLOCK_MONOTONIC, &run->alive);
	run->timer = timer_new(err);
	if (run->timer < 0 ||
	    evloop_add(run->s->events, run->timer, EPOLLIN, on_look, run, err))
		return -1;
	if (timer_arm(run->timer, IDLE_LOOK, IDLE_LOOK))
		return error_errno(err, "cannot start the clock");
	return 0;
}

static void end_watch(struct agent_run *run)
{
	if (run->timer < 0)
		return;
	evloop_remove(run->s->events, run->timer);
	close(run->timer);
}

/* --- Its sandbox */

static int open_sandbox(struct proposer *p, struct error *err)
{
	struct sandbox_options options = { .store = p->s->store, .binds = &p->binds };

	if (p->sandbox)
		return 0;
	return sandbox_open(&p->sandbox, &options, err);
}

/* HOME is kept for the campaign, but is no way around the disk limit, of which half is left for
 * the next ask: larger, it goes. */
static int prepare_home(const struct agent_run *run, char **ret, struct error *err)
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
static void set_limits(struct agent_run *run)
{
	const struct adapter *a = run->adapter;
	struct limits *l = &run->limits;

	*l = run->s->config.limits;
	l->yields = run->lane->desk;
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

static char *script_of(const struct proposer *p)
{
	return xstrfmt("%s%s", p->agent && p->agent->adapter.git ? make_repository : "",
		       p->command);
}

/* The environment of the phase, and that of the agent: which has a PATH of its own. */
static char **environment_of(const struct agent_run *run, int64_t number)
{
	const struct proposer *p = run->p;
	char **env = environment_new(run->lane, PHASE_PROPOSE, number, 1);
	size_t n = 0, more = p->agent ? p->agent->env.nr : 0;

	while (env[n])
		n++;
	env = xrealloc(env, (n + more + 1) * sizeof(*env));
	for (size_t i = 0; i < more; i++) {
		char *pair = xstrdup(p->agent->env.items[i]);

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

static int run_trial(struct agent_run *run, int64_t number, struct trial_command *command,
		     struct error *err)
{
	int failed = (run->adapter && watch_for_life(run, err)) ||
		     lane_run(run->lane, run->trial, number, command, &run->outcome, err);

	end_watch(run);
	transcript_end(&run->transcript);
	return failed ? -1 : 0;
}

static int ask(struct agent_run *run, int64_t number, struct error *err)
{
	struct search *s = run->s;
	CLEANUP_FREE char *home = NULL, *script = script_of(run->p);
	const char *const argv[] = { "sh", "-c", script, NULL };
	char **env = environment_of(run, number);
	struct trial_command command = {
		.phase = PHASE_PROPOSE,
		.argv = argv,
		.env = (const char *const *)env,
		.timeout = run->adapter ? run->adapter->timeout
					: s->config.phases[PHASE_PROPOSE].timeout,
		.tree = run->lane->slot_path,
		.out_writable = true,
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

int agent_run(struct agent_run *run, struct proposer *p, struct lane *lane,
	      const struct footing *footing, int64_t number, const struct prompt *prompt,
	      struct error *err)
{
	struct trial_place place = p->s->place;

	*run = (struct agent_run){ .lane = lane,
				   .s = p->s,
				   .p = p,
				   .footing = footing,
				   .prompt = prompt,
				   .transcript = TRANSCRIPT_INIT,
				   .timer = -1 };
	if (p->agent)
		run->adapter = run->transcript.adapter = &p->agent->adapter;
	set_limits(run);
	if (open_sandbox(p, err) || slot_move(lane->slot, footing->base, err))
		return -1;
	place.sandbox = p->sandbox;
	return trial_open(&run->trial, &place, &run->limits, &run->s->network[NETWORK_PROPOSER],
			  err) ||
			       ask(run, number, err)
		       ? -1
		       : 0;
}

void agent_run_release(struct agent_run *run)
{
	trial_close(run->trial);
	transcript_release(&run->transcript);
}
