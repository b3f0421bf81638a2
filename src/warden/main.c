/*
 * git-autoresearch-warden: the small program that holds what needs privilege, and what must
 * outlive a crash of the loop that started it. It loads the eBPF programs, attaches them to the
 * cgroup that it is given, gives its privilege up, is told of each trial and takes its records
 * down; when the loop is gone, however it went, it kills what is left of the trials.
 *
 * It may be called by anybody of its group, and with file capabilities that they do not have.
 * So it takes no argument, no environment and no file name: only a socket, and over it cgroups,
 * which must be its caller's own. It reads nothing that a candidate wrote but records of the
 * kernel, and copies those.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/magic.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "base/channel.h"
#include "base/cleanup.h"
#include "base/strbuf.h"
#include "warden/programs.h"

#define LOOP 0 /* the descriptor of the socket */
/* How often rings are looked at that nobody was woken for, in ms. */
#define LOOK_EVERY 50
/* How often the loop is looked at, in s. Found stopped twice in a row, it counts as gone. */
#define LOOP_EVERY 0.5

struct watched {
	bool told, failed;
	int leaf, log; /* descriptors */
	uint64_t id;
	int64_t written;
	uint64_t taken;		    /* records */
	struct audit_counts counts; /* what was lost here, not in the kernel */
	size_t len;
	char buffer[1 << 16];
};

struct warden {
	struct programs *loaded; /* NULL: for the reason in `unloaded` */
	struct error unloaded;
	struct programs *programs; /* the same, once they are attached */
	struct stat base;
	bool over; /* nobody is there that could be served */
	int loop;  /* pidfd of the process that made the socket */
	pid_t loop_pid;
	struct timespec looked; /* at the loop */
	int found_stopped;	/* times in a row */
	int mark;		/* descriptor; -1: nobody wants to know */
	struct warden_patience patience;
	struct timespec heard; /* of the loop */
	struct watched *trials[AUDIT_SLOTS];
};

/* Never waits: a loop that lets so much lie that nothing more finds room has lost its mind. */
static void say(struct warden *w, enum warden_message type, const void *data, size_t len)
{
	if (channel_send(LOOP, (char)type, data, len, NULL, 0))
		w->over = true;
}

static void complain(struct warden *w, const struct error *err)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	strbuf_addf(&text, "%s\n%s", err->message, err->hint);
	say(w, WARDEN_ERROR, text.buf, text.len);
}

/* A cgroup of v2 that our caller could have written to without us. */
static int check_cgroup(int fd, struct stat *ret, struct error *err)
{
	struct statfs fs;

	if (fd < 0 || fstatfs(fd, &fs) || fstat(fd, ret) || fs.f_type != CGROUP2_SUPER_MAGIC ||
	    !S_ISDIR(ret->st_mode))
		return error_set(err, "that is no cgroup of v2");
	if (ret->st_uid != getuid())
		return error_set(err, "the cgroup belongs to user %u, not to user %u",
				 ret->st_uid, getuid());
	return 0;
}

/* For good: what was loaded is reached by descriptors that we hold. */
static int drop_privilege(struct error *err)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = { 0 };

	for (int cap = 0; prctl(PR_CAPBSET_READ, cap) >= 0; cap++)
		if (prctl(PR_CAPBSET_DROP, cap) && errno != EPERM)
			return error_errno(err, "cannot drop capability %d", cap);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || syscall(SYS_capset, &header, none))
		return error_errno(err, "cannot drop the capabilities");
	return 0;
}

static int take_open(struct warden *w, struct channel_message *m, struct error *err)
{
	CLEANUP_CLOSE int base = channel_take(m, 0);
	struct warden_ready ready;

	if (w->programs || m->len)
		return error_set(err, "the warden was told nonsense");
	w->over = true;
	if (check_cgroup(base, &w->base, err))
		return -1;
	if (!w->loaded) {
		*err = w->unloaded;
		return -1;
	}
	if (programs_attach(w->loaded, base, &ready, err) || drop_privilege(err))
		return -1;
	w->over = false;
	w->programs = w->loaded;
	say(w, WARDEN_READY, &ready, sizeof(ready));
	return 0;
}

/* Nothing that could be stale in a record, and nothing that a program relies on. */
static int check_policy(const struct audit_policy *p, struct error *err)
{
	if (p->addresses_nr > AUDIT_ADDRESSES || p->resolvers_nr > AUDIT_RESOLVERS ||
	    p->devices_nr > AUDIT_DEVICES)
		return error_set(err, "the policy makes no sense");
	return 0;
}

/* One of the leaves of the caller's group. Where it is mounted, ".." may lead out of cgroups. */
static int check_leaf(const struct warden *w, int leaf, struct stat *ret, struct error *err)
{
	struct stat above;

	if (check_cgroup(leaf, ret, err))
		return -1;
	if (fstatat(leaf, "..", &above, 0) || above.st_ino != w->base.st_ino ||
	    above.st_dev != ret->st_dev)
		return error_set(err, "the cgroup is none of the caller's trials");
	return 0;
}

static int check_log(int log, struct stat *ret, struct error *err)
{
	int flags = log < 0 ? -1 : fcntl(log, F_GETFL);

	if (flags < 0 || flags & O_PATH || (flags & O_ACCMODE) == O_RDONLY || fstat(log, ret) ||
	    !S_ISREG(ret->st_mode) || ret->st_size > WARDEN_LOG_MAX)
		return error_set(err, "the log is no file that can be written");
	return 0;
}

static int take_add(struct warden *w, struct channel_message *m, struct error *err)
{
	CLEANUP_CLOSE int leaf = channel_take(m, 0), log = channel_take(m, 1);
	struct audit_policy policy;
	struct stat st, written;
	struct watched *t;
	uint32_t slot = 0;

	if (!w->programs || m->len != sizeof(policy))
		return error_set(err, "the warden was told nonsense");
	memcpy(&policy, m->data, sizeof(policy));
	if (check_policy(&policy, err) || check_leaf(w, leaf, &st, err) ||
	    check_log(log, &written, err))
		return -1;
	while (slot < AUDIT_SLOTS && w->trials[slot])
		slot++;
	if (slot == AUDIT_SLOTS)
		return error_set(err, "more than %d trials at a time", AUDIT_SLOTS);
	policy.slot = slot;
	if (programs_add(w->programs, st.st_ino, &policy, err))
		return -1;
	t = w->trials[slot] = xcalloc(1, sizeof(*t));
	t->id = st.st_ino;
	t->leaf = steal_fd(&leaf);
	t->log = steal_fd(&log);
	t->written = written.st_size;
	say(w, WARDEN_ADDED, &slot, sizeof(slot));
	return 0;
}

static void flush(struct watched *t)
{
	if (t->len && pwrite(t->log, t->buffer, t->len, t->written) != (ssize_t)t->len)
		t->failed = true;
	t->written += (int64_t)t->len;
	t->len = 0;
}

/* In the ring, a path has all the room that it could need. */
static size_t compact(const struct audit_record *r, char *out)
{
	const struct audit_record_path *p = (const void *)r;
	struct audit_record head = *r;
	size_t len = sizeof(head);

	if (r->size == sizeof(*p)) {
		head.path_len = r->path_len < AUDIT_PATH_MAX ? r->path_len : AUDIT_PATH_MAX;
		head.name_len = r->name_len < AUDIT_NAME_MAX ? r->name_len : AUDIT_NAME_MAX;
		memcpy(out + len, p->path, head.path_len);
		len += head.path_len;
		memcpy(out + len, p->name, head.name_len);
		len += head.name_len;
	}
	head.size = (__u32)len;
	memcpy(out, &head, sizeof(head));
	return len;
}

static void take_record(const struct audit_record *r, bool is_critical, void *data)
{
	struct warden *w = data;
	struct watched *t = w->trials[r->slot];

	if (!t)
		return;
	t->taken++;
	if (r->verdict == AUDIT_DENIED && !t->told) {
		t->told = true;
		say(w, WARDEN_DENIED, r, sizeof(*r));
	}
	if (t->len + sizeof(struct audit_record_path) + 8 > sizeof(t->buffer))
		flush(t);
	if (t->failed || t->written + (int64_t)t->len > WARDEN_LOG_MAX) {
		t->counts.lost[r->class]++;
		t->counts.lost_critical += is_critical;
		return;
	}
	t->len += compact(r, t->buffer + t->len);
}

static void forget(struct warden *w, uint32_t slot)
{
	struct watched *t = w->trials[slot];

	programs_remove(w->programs, t->id);
	close(t->leaf);
	close(t->log);
	free(t);
	w->trials[slot] = NULL;
}

static int take_look(struct warden *w, const struct channel_message *m, struct error *err)
{
	if (!w->programs || m->len)
		return error_set(err, "the warden was told nonsense");
	programs_drain(w->programs, take_record, w);
	say(w, WARDEN_LOOKED, "", 0);
	return 0;
}

/*
 * A record that another trial is about to write may lie in the ring before one of ours, and hides
 * it for a moment.
 */
static void drain_trial(struct warden *w, const struct watched *t,
			const struct audit_counts *counts)
{
	const struct timespec pause = { .tv_nsec = 200000 };
	uint64_t wanted = 0;

	for (size_t i = 0; i < AUDIT_CLASSES; i++)
		wanted += counts->emitted[i] - counts->aggregated[i] - counts->lost[i];
	for (int i = 0; i < 50; i++) {
		programs_drain(w->programs, take_record, w);
		if (t->taken >= wanted)
			return;
		nanosleep(&pause, NULL);
	}
}

static int take_end(struct warden *w, const struct channel_message *m, struct error *err)
{
	struct audit_counts counts;
	struct watched *t;
	uint32_t slot;
	bool failed;

	if (m->len != sizeof(slot))
		return error_set(err, "the warden was told nonsense");
	memcpy(&slot, m->data, sizeof(slot));
	t = slot < AUDIT_SLOTS ? w->trials[slot] : NULL;
	if (!t)
		return error_set(err, "there is no trial %u", slot);
	/* The leaf is empty: nothing is added to what is there now. */
	if (programs_counts(w->programs, slot, &counts, err))
		return -1;
	drain_trial(w, t, &counts);
	flush(t);
	for (size_t i = 0; i < AUDIT_CLASSES; i++)
		counts.lost[i] += t->counts.lost[i];
	counts.lost_critical += t->counts.lost_critical;
	failed = t->failed;
	forget(w, slot);
	if (failed)
		return error_set(err, "the audit's log could not be written");
	say(w, WARDEN_ENDED, &counts, sizeof(counts));
	return 0;
}

static int take_guard(struct warden *w, struct channel_message *m, struct error *err)
{
	CLEANUP_CLOSE int mark = channel_take(m, 0);
	struct stat st;

	if (!w->programs || (m->len && m->len != sizeof(w->patience)))
		return error_set(err, "the warden was told nonsense");
	if (m->len && (check_log(mark, &st, err) || st.st_size))
		return error_set(err, "the mark is no empty file that can be written");
	memcpy(&w->patience, m->data, m->len);
	if (w->mark >= 0)
		close(steal_fd(&w->mark));
	if (m->len)
		w->mark = steal_fd(&mark);
	say(w, WARDEN_GUARDING, "", 0);
	return 0;
}

static void take_question(struct warden *w, struct channel_message *m)
{
	struct error err = ERROR_INIT;
	int failed;

	switch ((enum warden_message)m->type) {
	case WARDEN_OPEN:
		failed = take_open(w, m, &err);
		break;
	case WARDEN_ADD:
		failed = take_add(w, m, &err);
		break;
	case WARDEN_LOOK:
		failed = take_look(w, m, &err);
		break;
	case WARDEN_END:
		failed = take_end(w, m, &err);
		break;
	case WARDEN_GUARD:
		failed = take_guard(w, m, &err);
		break;
	case WARDEN_BEAT:
		failed = 0;
		break;
	default:
		failed = error_set(&err, "the warden was asked nonsense");
	}
	if (failed)
		complain(w, &err);
	/* It does not sit about with its capabilities. */
	if (!w->programs)
		w->over = true;
}

/* Nobody judges any more what a trial did: it must not go on. */
static void kill_all(struct warden *w)
{
	for (uint32_t slot = 0; slot < AUDIT_SLOTS; slot++) {
		CLEANUP_CLOSE int fd = -1;

		if (!w->trials[slot])
			continue;
		fd = openat(w->trials[slot]->leaf, "cgroup.kill", O_WRONLY | O_CLOEXEC);
		if (fd >= 0 && write(fd, "1", 1) < 0)
			continue;
	}
}

/* In seconds. A machine that is suspended does not count. */
static double since(const struct timespec *then)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - then->tv_sec) +
	       (double)(now.tv_nsec - then->tv_nsec) / 1e9;
}

/* A loop that was stopped keeps no time limit. One that is gone shows at its pidfd. */
static bool loop_is_stopped(struct warden *w)
{
	CLEANUP_FREE char *path = xstrfmt("/proc/%d/stat", (int)w->loop_pid);
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	const char *end;

	if (since(&w->looked) < LOOP_EVERY)
		return false;
	clock_gettime(CLOCK_MONOTONIC, &w->looked);
	end = strbuf_read_file(&text, path, 4096) ? NULL : strrchr(text.buf, ')');
	w->found_stopped = end && starts_with(end, ") T") ? w->found_stopped + 1 : 0;
	return w->found_stopped > 1;
}

/* Nor does one that goes round in circles, or waits for what never comes. */
static bool loop_is_silent(const struct warden *w)
{
	uint32_t patience = w->patience.idle;

	if (w->mark < 0)
		return false;
	for (uint32_t slot = 0; slot < AUDIT_SLOTS; slot++)
		if (w->trials[slot])
			patience = w->patience.working;
	return since(&w->heard) * 1000 > patience;
}

/* Why the loop has to be done without; NULL: it is there and well. */
static const char *loop_is_lost(struct warden *w, bool is_dead)
{
	if (is_dead)
		return "start was killed, or died";
	if (loop_is_stopped(w))
		return "start was stopped, as by Ctrl-Z, and stood still";
	if (loop_is_silent(w))
		return "start hung: it gave no sign of life";
	return NULL;
}

/* For a person, who finds it there. */
static void leave_mark(struct warden *w, const char *why)
{
	CLEANUP_FREE char *line = xstrfmt("%s\n", why);

	if (w->mark >= 0 && pwrite(w->mark, line, strlen(line), 0) > 0)
		fsync(w->mark);
}

/* Takes what the loop has to say. False at the end. */
static bool listen_to_loop(struct warden *w)
{
	struct channel_message m;
	int got = channel_receive(LOOP, MSG_DONTWAIT, &m);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (got <= 0)
		return false;
	clock_gettime(CLOCK_MONOTONIC, &w->heard);
	take_question(w, &m);
	channel_message_release(&m);
	return true;
}

/* Until the loop hangs up or is lost. Why, where it is; NULL. */
static const char *serve(struct warden *w)
{
	while (!w->over) {
		struct pollfd fds[] = {
			{ .fd = LOOP, .events = POLLIN },
			{ .fd = w->loop, .events = POLLIN },
			{ .fd = w->programs ? programs_fd(w->programs) : -1, .events = POLLIN },
		};
		const char *lost;

		if (poll(fds, ARRAY_SIZE(fds), LOOK_EVERY) < 0 && errno != EINTR)
			return NULL;
		if (w->programs)
			programs_drain(w->programs, take_record, w);
		lost = loop_is_lost(w, fds[1].revents);
		if (lost)
			return lost;
		/* Who hangs up in peace has taken the mark back before. */
		if (fds[0].revents && !listen_to_loop(w))
			return loop_is_lost(w, true);
	}
	return "start hung: it did not listen";
}

/* A socket whose other end is a process of the user who called us. */
static bool is_called_rightly(struct warden *w, int argc)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);
	int type;
	socklen_t type_len = sizeof(type);

	if (argc != 1 || *environ || getsockopt(LOOP, SOL_SOCKET, SO_TYPE, &type, &type_len) ||
	    type != SOCK_SEQPACKET || getsockopt(LOOP, SOL_SOCKET, SO_PEERCRED, &peer, &len) ||
	    peer.uid != getuid())
		return false;
	w->loop_pid = peer.pid;
	return true;
}

/* Nothing of the caller's but the socket, and nobody looks in. */
static int settle_in(struct warden *w)
{
	int nothing;

	prctl(PR_SET_DUMPABLE, 0);
	/* A Ctrl-C is the loop's to take. */
	setsid();
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	umask(077);
	if (chdir("/") || close_range(3, ~0U, 0) || fcntl(LOOP, F_SETFL, O_NONBLOCK))
		return -1;
	nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (nothing < 0 || dup2(nothing, 1) < 0 || dup2(nothing, 2) < 0)
		return -1;
	if (nothing > 2)
		close(nothing);
	w->loop = (int)syscall(SYS_pidfd_open, w->loop_pid, 0);
	return w->loop < 0 ? -1 : 0;
}

int main(int argc, char **argv)
{
	struct warden warden = { .mark = -1 };
	const char *lost;

	(void)argv;
	if (!is_called_rightly(&warden, argc)) {
		fprintf(stderr, "fatal: git autoresearch starts this program itself\n");
		return 129;
	}
	if (settle_in(&warden))
		return 1;
	/* What takes long, before anybody asks for it. */
	programs_load(&warden.loaded, &warden.unloaded);
	lost = serve(&warden);
	kill_all(&warden);
	if (lost)
		leave_mark(&warden, lost);
	/* The loop need not wait until the kernel has taken the programs off their hooks. */
	close(LOOP);
	return 0;
}
