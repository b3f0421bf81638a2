#include "sandbox/warden.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/channel.h"
#include "base/process.h"
#include "base/timer.h"
#include "sandbox/canary.h"
#include "sandbox/warden_file.h"
#include "warden/protocol.h"

#define NAME WARDEN_NAME

/* ms. It answers at once; loading takes it longer where the machine is busy. */
#define LOAD_MAX 30000
#define ANSWER_MAX 10000
/* ms. It ends when we hang up; one that was stopped, or sits in a frozen cgroup, does not. */
#define FAREWELL_MAX 2000
/* s. How often it hears that we are well. */
#define BEAT_EVERY 1.0
/* ms. How long it waits to hear it. Between two looks at its events the loop works with git, on
 * a large repository and a busy disk for seconds. While no trial runs it may also wait for
 * another campaign's setup. */
#define SILENCE_MAX 60000
#define SILENCE_IDLE_MAX 3600000
#define LINGER_MAX 200

struct warden {
	struct cgroup_base *base;
	struct evloop *loop;
	char *path;
	int socket; /* -1: none */
	pid_t pid;
	bool ready, lost;
	int beat; /* timerfd; -1: it is told nothing */
	enum audit_level level;
	char *lacks, *remedy;
	struct string_list programs;
	struct {
		warden_fn fn;
		void *data;
	} trials[AUDIT_SLOTS];
};

static void lack(struct warden *w, const struct error *err)
{
	free(w->lacks);
	free(w->remedy);
	w->lacks = xstrdup(err->message);
	w->remedy = *err->hint ? xstrdup(err->hint) : NULL;
}

/* Where it cannot be executed, its socket says so in its stead. */
static void __attribute__((noreturn)) become_warden(const char *path, int socket)
{
	char *const argv[] = { (char *)NAME, NULL };
	char *const none[] = { NULL };
	char text[128];
	sigset_t mask;

	sigemptyset(&mask);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	if (dup2(socket, 0) < 0 || close_range(3, ~0U, CLOSE_RANGE_CLOEXEC))
		_exit(1);
	execve(path, argv, none);
	snprintf(text, sizeof(text), "cannot execute " NAME ": %s\n", strerror(errno));
	channel_send(0, WARDEN_ERROR, text, strlen(text), NULL, 0);
	_exit(1);
}

static int spawn(struct warden *w, const char *path, struct error *err)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return error_errno(err, "cannot make a socket");
	w->pid = fork_bare();
	if (!w->pid)
		become_warden(path, pair[1]);
	close(pair[1]);
	w->socket = pair[0];
	return w->pid < 0 ? error_errno(err, "cannot fork") : 0;
}

static int start(struct warden *w, struct error *err)
{
	w->path = warden_file_find(err);
	return w->path ? spawn(w, w->path, err) : -1;
}

static bool is_reaped(pid_t pid, int ms)
{
	const struct timespec pause = { .tv_nsec = 1000000 };

	for (int i = 0; i < ms; i++) {
		if (waitpid(pid, NULL, WNOHANG))
			return true;
		nanosleep(&pause, NULL);
	}
	return false;
}

/* True when it has hung up as well: then it holds no trial and has nothing more to tell. */
static bool has_hung_up(int socket)
{
	for (;;) {
		struct pollfd fd = { .fd = socket, .events = POLLIN };
		struct channel_message m;

		if (poll(&fd, 1, FAREWELL_MAX) <= 0)
			return false;
		if (channel_receive(socket, MSG_DONTWAIT, &m) <= 0)
			return true;
		channel_message_release(&m);
	}
}

/*
 * Its end is not waited for for long: the kernel takes the programs off their hooks then, and off
 * those of LSM one after the other, an eighth of a second each. What frozen processes leave is
 * reaped when we are gone ourselves.
 */
static void say_farewell(struct warden *w)
{
	/* One that was not given anything to watch over may be loading still. */
	bool over = w->socket < 0 ||
		    (w->base && !shutdown(w->socket, SHUT_WR) && has_hung_up(w->socket));

	if (w->pid <= 0 || is_reaped(w->pid, over ? LINGER_MAX : 0))
		return;
	if (!over) {
		kill(w->pid, SIGKILL);
		is_reaped(w->pid, FAREWELL_MAX);
	}
}

static void stop_beating(struct warden *w)
{
	if (w->beat < 0)
		return;
	evloop_remove(w->loop, w->beat);
	close(steal_fd(&w->beat));
}

static void hang_up(struct warden *w)
{
	stop_beating(w);
	if (w->socket >= 0 && w->loop)
		evloop_remove(w->loop, w->socket);
	say_farewell(w);
	if (w->socket >= 0)
		close(steal_fd(&w->socket));
	w->pid = 0;
}

static void do_without(struct warden *w, const struct error *why)
{
	lack(w, why);
	hang_up(w);
}

struct warden *warden_start(void)
{
	struct warden *w = xcalloc(1, sizeof(*w));
	struct error err = ERROR_INIT;

	w->socket = w->beat = -1;
	w->level = AUDIT_LEVEL_C;
	if (start(w, &err))
		do_without(w, &err);
	return w;
}

void warden_attach(struct warden *w, struct cgroup_base *base, struct evloop *loop)
{
	struct cgroup_leaf group = { .unified = base->unified };
	struct error err = ERROR_INIT;
	CLEANUP_CLOSE int fd = cgroup_leaf_fd(&group, &err);

	w->base = base;
	w->loop = loop;
	if (fd < 0)
		do_without(w, &err);
	/* One that is gone by now has left word why, or shows when it is awaited. */
	if (w->socket >= 0)
		channel_send(w->socket, WARDEN_OPEN, "", 0, &fd, 1);
}

/* The guards are gone: nothing that runs may go on. Returns -1. */
static int on_loss(struct warden *w, const char *how, struct error *err)
{
	error_set(err, NAME " %s", how);
	if (w->socket < 0)
		return -1;
	w->lost = true;
	lack(w, err);
	for (size_t i = 0; i < AUDIT_SLOTS; i++)
		if (w->trials[i].fn)
			w->trials[i].fn(NULL, w->trials[i].data);
	hang_up(w);
	return -1;
}

static void take_denied(struct warden *w, const struct channel_message *m)
{
	struct audit_record record;

	if (m->len != sizeof(record))
		return;
	memcpy(&record, m->data, sizeof(record));
	if (record.slot < AUDIT_SLOTS && w->trials[record.slot].fn)
		w->trials[record.slot].fn(&record, w->trials[record.slot].data);
}

static void on_message(uint32_t events, void *data)
{
	struct error ignored = ERROR_INIT;
	struct channel_message m;
	struct warden *w = data;
	int got = channel_receive(w->socket, MSG_DONTWAIT, &m);

	(void)events;
	if (got > 0) {
		if (m.type == WARDEN_DENIED)
			take_denied(w, &m);
		channel_message_release(&m);
	} else if (!got || (errno != EAGAIN && errno != EINTR)) {
		on_loss(w, "died", &ignored);
	}
}

/* The next message that is an answer; whatever is told in between is taken. */
static int await_answer(struct warden *w, enum warden_message wanted, struct channel_message *m,
			struct error *err)
{
	for (;;) {
		struct pollfd fd = { .fd = w->socket, .events = POLLIN };
		int got,
			waited = poll(&fd, 1, w->level < AUDIT_LEVEL_B ? LOAD_MAX : ANSWER_MAX);

		if (waited < 0 && errno == EINTR)
			continue;
		if (!waited)
			return on_loss(w, "does not answer", err);
		got = channel_receive(w->socket, 0, m);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return on_loss(w, "died", err);
		channel_message_release(m);
		if (m->type == (char)wanted)
			return 0;
		if (m->type == WARDEN_DENIED) {
			take_denied(w, m);
		} else if (m->type == WARDEN_ERROR) {
			char *hint = strchr(m->data, '\n');

			if (hint)
				*hint++ = '\0';
			error_set(err, "%s", m->data);
			return hint && *hint ? error_hint(err, "%s", hint) : -1;
		} else {
			return error_set(err, NAME " says nonsense");
		}
	}
}

static int ask(struct warden *w, enum warden_message question, const void *data, size_t len,
	       const int *fds, int nfds, enum warden_message wanted, struct channel_message *m,
	       struct error *err)
{
	if (w->socket < 0 || channel_send(w->socket, (char)question, data, len, fds, nfds))
		return on_loss(w, "died", err);
	return await_answer(w, wanted, m, err);
}

/* One "name:tag" a line. */
static void take_programs(struct warden *w, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");
		CLEANUP_FREE char *line = xstrndup(text, len);

		string_list_add(&w->programs, line);
		text += len + (text[len] == '\n');
	}
}

static int await(struct warden *w, struct error *err)
{
	struct channel_message m;
	struct warden_ready ready;

	if (await_answer(w, WARDEN_READY, &m, err))
		return warden_file_hint(w->path, err);
	if (m.len != sizeof(ready))
		return error_set(err, NAME " is of another version");
	memcpy(&ready, m.data, sizeof(ready));
	take_programs(w, ready.programs);
	w->level = ready.lsm ? AUDIT_LEVEL_A : AUDIT_LEVEL_B;
	if (!ready.lsm) {
		struct error lacks = ERROR_INIT;

		error_set(&lacks, "no BPF LSM: %s", ready.lsm_error);
		error_hint(&lacks,
			   "it takes a kernel with CONFIG_BPF_LSM, booted with bpf in its "
			   "lsm= list");
		lack(w, &lacks);
	}
	return evloop_add(w->loop, w->socket, EPOLLIN, on_message, w, err);
}

void warden_await(struct warden *w)
{
	struct error err = ERROR_INIT, lacks = ERROR_INIT;
	struct canary *canary;
	enum audit_level loaded;

	if (w->ready)
		return;
	w->ready = true;
	if (w->socket < 0)
		return;
	canary = canary_hatch(w->base, &lacks);
	if (await(w, &err)) {
		canary_free(canary);
		w->level = AUDIT_LEVEL_C;
		do_without(w, &err);
		return;
	}
	loaded = w->level;
	w->level = canary ? canary_level(canary, w, loaded, &lacks) : AUDIT_LEVEL_C;
	canary_free(canary);
	if (w->level < loaded)
		lack(w, &lacks);
	if (w->level < AUDIT_LEVEL_B)
		hang_up(w);
}

enum audit_level warden_level(const struct warden *w)
{
	return w->level;
}

const char *warden_lacks(const struct warden *w)
{
	return w->lacks;
}

const char *warden_remedy(const struct warden *w)
{
	return w->remedy;
}

const struct string_list *warden_programs(const struct warden *w)
{
	return &w->programs;
}

int warden_add(struct warden *w, const struct cgroup_leaf *leaf, int log,
	       const struct audit_policy *policy, warden_fn denied, void *data, int *ret_slot,
	       struct error *err)
{
	CLEANUP_CLOSE int fd = -1;
	struct channel_message m;
	uint32_t slot;

	*ret_slot = -1;
	if (w->level < AUDIT_LEVEL_B)
		return 0;
	fd = cgroup_leaf_fd(leaf, err);
	if (fd < 0 || ask(w, WARDEN_ADD, policy, sizeof(*policy), (int[]){ fd, log }, 2,
			  WARDEN_ADDED, &m, err))
		return -1;
	memcpy(&slot, m.data, sizeof(slot));
	if (m.len != sizeof(slot) || slot >= AUDIT_SLOTS)
		return error_set(err, NAME " says nonsense");
	w->trials[slot].fn = denied;
	w->trials[slot].data = data;
	*ret_slot = (int)slot;
	return 0;
}

int warden_look(struct warden *w, struct error *err)
{
	struct channel_message m;

	return w->level < AUDIT_LEVEL_B
		       ? 0
		       : ask(w, WARDEN_LOOK, "", 0, NULL, 0, WARDEN_LOOKED, &m, err);
}

int warden_end(struct warden *w, int slot, struct audit_counts *counts, struct error *err)
{
	struct channel_message m;
	uint32_t number = (uint32_t)slot;
	struct audit_counts these;

	if (slot < 0)
		return 0;
	if (ask(w, WARDEN_END, &number, sizeof(number), NULL, 0, WARDEN_ENDED, &m, err))
		return -1;
	w->trials[slot].fn = NULL;
	if (m.len != sizeof(these))
		return error_set(err, NAME " says nonsense");
	memcpy(&these, m.data, sizeof(these));
	/* It is made of counters alone. */
	for (size_t i = 0; i < sizeof(these) / sizeof(__u64); i++)
		((__u64 *)counts)[i] += ((const __u64 *)&these)[i];
	return 0;
}

static void on_beat(uint32_t events, void *data)
{
	struct warden *w = data;

	(void)events;
	if (timer_take(w->beat))
		channel_signal(w->socket, WARDEN_BEAT);
}

static int start_beating(struct warden *w, struct error *err)
{
	w->beat = timer_new(err);
	if (w->beat < 0 || evloop_add(w->loop, w->beat, EPOLLIN, on_beat, w, err))
		return -1;
	if (timer_arm(w->beat, BEAT_EVERY, BEAT_EVERY))
		return error_errno(err, "cannot start a timer");
	return 0;
}

int warden_guard(struct warden *w, int mark, struct error *err)
{
	const struct warden_patience patience = { SILENCE_MAX, SILENCE_IDLE_MAX };
	size_t len = mark < 0 ? 0 : sizeof(patience);
	struct channel_message m;

	stop_beating(w);
	if (w->level < AUDIT_LEVEL_B)
		return 0;
	if (ask(w, WARDEN_GUARD, &patience, len, &mark, mark >= 0, WARDEN_GUARDING, &m, err))
		return -1;
	return mark < 0 ? 0 : start_beating(w, err);
}

bool warden_is_lost(const struct warden *w)
{
	return w->lost;
}

void warden_free(struct warden *w)
{
	if (!w)
		return;
	hang_up(w);
	free(w->path);
	free(w->lacks);
	free(w->remedy);
	string_list_release(&w->programs);
	free(w);
}
