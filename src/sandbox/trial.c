#include "sandbox/trial.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/channel.h"
#include "base/process.h"
#include "base/timer.h"
#include "base/trace.h"
#include "sandbox/cell.h"
#include "sandbox/disk.h"
#include "sandbox/internal.h"
#include "sandbox/outdir.h"
#include "sandbox/relay.h"
#include "sandbox/upper.h"
#include "sandbox/witness.h"

/* Our own process in the leaf: init. (The keeper is gone when it matters.) */
#define OWN_PIDS 1
/* How often limits are looked at that the kernel keeps but does not tell of. */
#define TICK 0.05 /* s */
/* How often what was written to the host's disk is counted, in seconds. */
#define DISK_EVERY 0.04
/* How long what a command sent before it ended may take to be passed on. */
#define RELAY_FINISH 0.2 /* s */
#define METRICS_FILE_MAX (1 << 20)
#define REMOVED_MAX 100

struct trial {
	struct trial_place place;
	const struct network_allow *network;
	struct witness witness;
	struct limits limits;
	struct cgroup_leaf leaf;
	struct cgroup_usage usage; /* after the last phase */
	int ns, disk;		   /* -1 before the first phase */
	char *upper;		   /* on the disk, below the store; NULL: on the tmpfs */
	struct timespec counted;   /* when the host's disk was looked at last */
	double count_took;	   /* s */
	enum phase last;
	struct string_list removed;

	/* of the phase that runs */
	const struct trial_command *command;
	struct outcome outcome;
	bool ordered, ended_by_us, has_status, done;
	int status; /* as waitpid(2) gives it */
	int keeper_fate, init_fate;
	struct error failure;
	bool failed;
	int64_t output;
	struct timespec start, end;
	struct cell cell; /* before the first phase: the one that waits for its order */
	int clock, tick, notify;
	struct relay *relay; /* NULL: it may reach nothing */
};

/* Ends the phase: the first reason counts. */
static void end_phase(struct trial *t, enum outcome_kind kind)
{
	struct error err = ERROR_INIT;

	if (!t->ended_by_us) {
		t->ended_by_us = true;
		t->outcome.kind = kind;
	}
	if (cgroup_leaf_kill(&t->leaf, &err) && !t->failed) {
		t->failed = true;
		t->failure = err;
	}
}

/* Something was denied, or can be no more: the phase that runs is over. */
static void on_witness(void *data)
{
	struct trial *t = data;

	if (t->command)
		end_phase(t, OUTCOME_CANCELLED);
}

/* Starts the processes of a phase, which get ready for whatever it will be. */
static int launch(struct trial *t, struct error *err)
{
	struct phase_launch launch = { .sandbox = t->place.sandbox,
				       .limits = &t->limits,
				       .leaf = &t->leaf,
				       .upper = t->upper,
				       .trial_ns = t->ns,
				       .network = t->network,
				       .filter = t->place.filter,
				       .processors = t->place.processors };

	return cell_open(&t->cell, &launch, err);
}

int trial_open(struct trial **ret, const struct trial_place *place, const struct limits *limits,
	       const struct network_allow *network, struct error *err)
{
	struct trial *t = xcalloc(1, sizeof(*t));
	SPAN("open");

	t->place = *place;
	t->limits = *limits;
	t->network = network;
	t->cell = (struct cell)CELL_INIT;
	t->ns = t->disk = -1;
	witness_init(&t->witness, place->warden, on_witness, t);
	if (cgroup_leaf_make(t->place.cgroups, limits, OWN_PIDS, &t->leaf, err) ||
	    (t->place.sandbox->upper_on_disk &&
	     upper_make(t->place.sandbox->store, &t->upper, err)) ||
	    launch(t, err)) {
		trial_close(t);
		return -1;
	}
	*ret = t;
	return 0;
}

/* `thorough`: also counts what is on the host's disk, which takes a walk over it. */
static bool disk_is_full(const struct trial *t, bool thorough)
{
	const char *on_host[] = { t->command->upper ? t->command->upper : t->upper,
				  t->command->home };

	return t->disk >= 0 && (disk_is_out(t->disk) ||
				(thorough && disk_written(t->disk, t->place.sandbox->store,
							  on_host, 2) >= t->limits.disk));
}

static void look_at_limits(struct trial *t, bool thorough)
{
	struct cgroup_events events;

	cgroup_leaf_events(&t->leaf, &events);
	if (events.oom)
		end_phase(t, OUTCOME_MEMORY);
	else if (events.pids_hit)
		end_phase(t, OUTCOME_PIDS);
	else if (disk_is_full(t, thorough))
		end_phase(t, OUTCOME_DISK);
}

/* A walk over a large folder takes long: a tenth of the time at most is spent on them. */
static void take_tick(struct trial *t)
{
	bool thorough = seconds_since(&t->counted) > DISK_EVERY + 10 * t->count_took;
	struct timespec begin;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	look_at_limits(t, thorough);
	if (!thorough)
		return;
	t->count_took = seconds_since(&begin);
	clock_gettime(CLOCK_MONOTONIC, &t->counted);
}

static void on_tick(uint32_t events, void *data)
{
	struct trial *t = data;

	(void)events;
	if (timer_take(t->tick))
		take_tick(t);
}

/* Before anything runs that it would have to end; on_clock() gives back what that took. */
static int start_clock(struct trial *t, struct error *err)
{
	if (timer_arm(t->clock, t->command->timeout, 0) || timer_arm(t->tick, TICK, TICK))
		return error_errno(err, "cannot start the clock");
	return 0;
}

static void on_clock(uint32_t events, void *data)
{
	struct trial *t = data;
	double left = t->command->timeout;

	(void)events;
	if (!timer_take(t->clock))
		return;
	/* The clock was started a moment before the command. */
	if (t->start.tv_sec)
		left -= seconds_since(&t->start);
	if (t->start.tv_sec && left > 0 && !timer_arm(t->clock, left, 0))
		return;
	evloop_remove(t->place.loop, t->clock);
	end_phase(t, OUTCOME_TIMEOUT);
}

static void on_forbidden(uint32_t events, void *data)
{
	struct trial *t = data;
	char name[sizeof(t->outcome.syscall)];

	if (events & EPOLLIN && !syscall_report_read(t->notify, name, sizeof(name))) {
		if (!t->ended_by_us)
			strcpy(t->outcome.syscall, name);
		end_phase(t, OUTCOME_SYSCALL);
		return;
	}
	/* Where a call was interrupted before we took it, another may come. Hung up: every process
	 * behind the filter is dead. */
	if (events & EPOLLHUP)
		evloop_remove(t->place.loop, t->notify);
}

static void close_fd(struct trial *t, int *fd)
{
	if (*fd < 0)
		return;
	evloop_remove(t->place.loop, *fd);
	close(*fd);
	*fd = -1;
}

/* Reads what is there. False at the end of the stream. */
static bool read_stream(struct trial *t, enum stream stream)
{
	char buf[65536];

	for (;;) {
		ssize_t n = read(t->cell.streams[stream], buf, sizeof(buf));
		int64_t room = t->limits.output - t->output;

		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		if (!n)
			return false;
		t->output += n;
		if (n > room)
			end_phase(t, OUTCOME_OUTPUT);
		if (room > 0 && t->command->output)
			t->command->output(stream, buf, (size_t)(n < room ? n : room),
					   t->command->data);
		if (n > room)
			return false;
	}
}

static void on_stream(struct trial *t, enum stream stream)
{
	if (!read_stream(t, stream))
		close_fd(t, &t->cell.streams[stream]);
}

static void on_stdout(uint32_t events, void *data)
{
	(void)events;
	on_stream(data, STREAM_STDOUT);
}

static void on_stderr(uint32_t events, void *data)
{
	(void)events;
	on_stream(data, STREAM_STDERR);
}

static void fail(struct trial *t, const struct error *err)
{
	if (!t->failed) {
		t->failed = true;
		t->failure = *err;
	}
	end_phase(t, OUTCOME_CANCELLED);
	/* Whatever was to tell of the end may not be watched: settle() reaps it. */
	t->done = true;
}

static void on_init_dead(uint32_t events, void *data)
{
	struct trial *t = data;

	(void)events;
	evloop_remove(t->place.loop, t->cell.init);
	t->done = true;
}

static void take_message(struct trial *t, struct channel_message *m)
{
	struct error err = ERROR_INIT;
	struct moment moment = { 0 };

	if (m->len == sizeof(moment))
		memcpy(&moment, m->data, sizeof(moment));
	switch ((enum message)m->type) {
	case MESSAGE_TRIAL:
		t->ns = channel_take(m, 0);
		t->disk = channel_take(m, 1);
		break;
	case MESSAGE_INIT:
		t->cell.init = channel_take(m, 0);
		if (evloop_add(t->place.loop, t->cell.init, EPOLLIN, on_init_dead, t, &err))
			fail(t, &err);
		break;
	case MESSAGE_ADMITTED:
		t->ordered = true;
		/* Now, while nothing runs that the clock would have to end. */
		if (start_clock(t, &err) || cell_order(&t->cell, t->command, &err))
			fail(t, &err);
		break;
	case MESSAGE_FILTER:
		t->notify = channel_take(m, 0);
		if (evloop_add(t->place.loop, t->notify, EPOLLIN, on_forbidden, t, &err))
			fail(t, &err);
		break;
	case MESSAGE_STARTED:
		t->start = moment.at;
		break;
	case MESSAGE_ENDED:
		t->end = moment.at;
		t->status = moment.status;
		t->has_status = true;
		break;
	case MESSAGE_REMOVED:
		if (t->removed.nr < REMOVED_MAX)
			string_list_add(&t->removed, m->data);
		break;
	case MESSAGE_LISTENERS:
		if (relay_take(&t->relay, t->network, t->place.loop, m, &err))
			fail(t, &err);
		break;
	case MESSAGE_ERROR:
		error_set(&err, "%s", m->data);
		error_context(&err, "cannot start the sandbox");
		fail(t, &err);
		break;
	}
}

/* Takes one message; false where there is none. */
static bool receive(struct trial *t)
{
	struct channel_message m;

	if (channel_receive(t->cell.control, MSG_DONTWAIT, &m) <= 0)
		return false;
	take_message(t, &m);
	channel_message_release(&m);
	return true;
}

static void on_control(uint32_t events, void *data)
{
	struct trial *t = data;

	if (!receive(t) && events & EPOLLHUP)
		evloop_remove(t->place.loop, t->cell.control);
}

/* The keeper dies once init is ready: where it is not, there is nothing to wait for. */
static void on_keeper_dead(uint32_t events, void *data)
{
	struct trial *t = data;

	(void)events;
	evloop_remove(t->place.loop, t->cell.keeper);
	while (receive(t))
		;
	if (!t->ordered)
		t->done = true;
}

void trial_cancel(struct trial *t)
{
	if (t->command)
		end_phase(t, OUTCOME_CANCELLED);
}

static int watch(struct trial *t, struct error *err)
{
	t->clock = timer_new(err);
	t->tick = timer_new(err);
	if (t->clock < 0 || t->tick < 0)
		return -1;
	return evloop_add(t->place.loop, t->clock, EPOLLIN, on_clock, t, err) ||
			       evloop_add(t->place.loop, t->tick, EPOLLIN, on_tick, t, err) ||
			       evloop_add(t->place.loop, t->cell.streams[0], EPOLLIN, on_stdout,
					  t, err) ||
			       evloop_add(t->place.loop, t->cell.streams[1], EPOLLIN, on_stderr,
					  t, err) ||
			       evloop_add(t->place.loop, t->cell.control, EPOLLIN, on_control,
					  t, err) ||
			       evloop_add(t->place.loop, t->cell.keeper, EPOLLIN,
					  on_keeper_dead, t, err)
		       ? -1
		       : 0;
}

static int reap(struct trial *t, int *pidfd)
{
	int fate = *pidfd < 0 ? -1 : process_reap(*pidfd);

	close_fd(t, pidfd);
	return fate;
}

/* Everything is dead: takes what is still in the pipes, and lets the descriptors go. */
static int settle(struct trial *t, struct error *err)
{
	int failed = cgroup_leaf_clear(&t->leaf, err);

	for (enum stream s = 0; s < 2; s++)
		if (t->cell.streams[s] >= 0 && !failed)
			read_stream(t, s);
	while (t->cell.control >= 0 && receive(t))
		;
	relay_finish(t->relay, t->ended_by_us || failed ? 0 : RELAY_FINISH);
	relay_free(steal_ptr(t->relay));
	t->keeper_fate = reap(t, &t->cell.keeper);
	t->init_fate = reap(t, &t->cell.init);
	close_fd(t, &t->cell.control);
	close_fd(t, &t->cell.streams[0]);
	close_fd(t, &t->cell.streams[1]);
	close_fd(t, &t->clock);
	close_fd(t, &t->tick);
	close_fd(t, &t->notify);
	return failed;
}

/* How it ended, once all that there is to know is known. */
static int conclude(struct trial *t, const struct cgroup_usage *before, struct outcome *ret,
		    struct error *err)
{
	struct cgroup_usage usage;

	if (t->failed) {
		*err = t->failure;
		return -1;
	}
	look_at_limits(t, true);
	if (!t->ended_by_us && t->has_status && WIFSIGNALED(t->status)) {
		t->outcome.kind = OUTCOME_SIGNALED;
		t->outcome.signal = WTERMSIG(t->status);
	} else if (!t->ended_by_us && t->has_status) {
		t->outcome.kind = OUTCOME_EXITED;
		t->outcome.exit_code = WEXITSTATUS(t->status);
	}
	if (witness_settle(&t->witness, &t->outcome, err))
		return -1;
	if (!t->ended_by_us && !t->has_status)
		return error_set(err,
				 "the sandbox ended without saying how (keeper %d, init %d)",
				 t->keeper_fate, t->init_fate);
	cgroup_leaf_usage(&t->leaf, &usage);
	t->outcome.cpu = usage.cpu - before->cpu;
	t->outcome.memory_peak = usage.memory_peak;
	t->usage = usage;
	*ret = t->outcome;
	return 0;
}

/* A leaf that had to be killed is of no more use. */
static int renew_leaf(struct trial *t, struct error *err)
{
	if (!t->leaf.killed)
		return 0;
	if (witness_pause(&t->witness, err))
		return -1;
	cgroup_leaf_remove(&t->leaf);
	t->usage = (struct cgroup_usage){ 0 };
	return cgroup_leaf_make(t->place.cgroups, &t->limits, OWN_PIDS, &t->leaf, err);
}

/* What waited for its order, for hours perhaps, may have been killed meanwhile: by a person, or for
 * want of memory. So may who was to start it. */
static void drop_dead_cell(struct trial *t)
{
	struct error ignored = ERROR_INIT;

	if (cell_wait(&t->cell, &ignored) || cgroup_leaf_is_empty(&t->leaf))
		cell_discard(&t->cell, &t->leaf);
}

int trial_run(struct trial *t, const struct trial_command *command, struct outcome *ret,
	      struct error *err)
{
	struct cgroup_usage before;
	struct error late = ERROR_INIT;
	SPAN("phase");
	int failed;

	drop_dead_cell(t);
	if (renew_leaf(t, err) || witness_begin(&t->witness, &t->leaf, t->place.policy,
						t->network, command->phase, err))
		return -1;
	before = t->usage;
	t->command = command;
	t->last = command->phase;
	t->output = 0;
	t->outcome = (struct outcome){ 0 };
	t->ordered = t->ended_by_us = t->has_status = t->done = t->failed = false;
	t->start = (struct timespec){ 0 };
	t->clock = t->tick = t->notify = -1;
	failed = (t->upper && upper_clear(t->place.sandbox->store, t->upper, err)) ||
		 (t->cell.keeper < 0 && (launch(t, err) || cell_wait(&t->cell, err))) ||
		 watch(t, err) || evloop_run(t->place.loop, &t->done, err);
	if (!t->has_status)
		clock_gettime(CLOCK_MONOTONIC, &t->end);
	failed |= settle(t, failed ? &late : err);
	if (t->start.tv_sec) {
		t->outcome.wall = seconds_between(&t->start, &t->end);
		trace_span(phase_name(command->phase), &t->start, &t->end);
	}
	if (!failed)
		failed = conclude(t, &before, ret, err);
	t->command = NULL;
	return failed ? -1 : 0;
}

int trial_read_metrics(struct trial *t, struct strbuf *ret, struct error *err)
{
	CLEANUP_FREE char *path = xstrfmt("%s/metrics/values", phase_name(t->last));

	return t->disk < 0 ? 1 : outdir_read(t->disk, path, METRICS_FILE_MAX, ret, err);
}

const struct string_list *trial_removed(const struct trial *t)
{
	return &t->removed;
}

int trial_upper_fd(struct trial *t)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	CLEANUP_FREE char *path = NULL;

	if (t->upper) {
		path = xstrfmt("%s/%s/upper", t->place.sandbox->store, t->upper);
		return open(path, flags);
	}
	path = xstrfmt("%s/upper", phase_name(t->last));
	return openat(t->disk, path, flags);
}

int trial_audit(struct trial *t, struct trial_audit *ret, struct error *err)
{
	return witness_end(&t->witness, ret, err);
}

int64_t trial_traffic(const struct trial *t)
{
	return t->output + relay_bytes(t->relay);
}

void trial_close(struct trial *t)
{
	if (!t)
		return;
	if (t->ns >= 0)
		close(t->ns);
	if (t->disk >= 0)
		close(t->disk);
	if (t->upper)
		upper_remove(t->place.sandbox->store, t->upper);
	free(t->upper);
	cell_discard(&t->cell, &t->leaf);
	witness_release(&t->witness);
	cgroup_leaf_remove(&t->leaf);
	string_list_release(&t->removed);
	free(t);
}
