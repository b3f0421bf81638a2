#include "sandbox/nursery.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/channel.h"
#include "base/lean.h"
#include "base/process.h"
#include "sandbox/cell.h"

#define PATIENCE_MS 5000
#define WAITING_MAX 256 /* more than there are trials at a time */
#define REQUEST 'C'
#define REPLY 'c'

struct nursery {
	const struct syscall_filter *filter; /* that it was made with */
	unsigned launched;		     /* with that filter */
	pid_t pid;			     /* 0: there is none */
	int socket;
	struct cell *waiting[WAITING_MAX]; /* for an answer, in the order in which they asked */
	size_t waiting_nr;
};

/* What is told of a launch. Behind it stand its texts, each with its NUL, "" for NULL: the folders of
 * its leaf, that of v2 first, and its upper. */
struct request {
	struct limits limits;
	cpu_set_t processors;
	bool has_processors, has_trial;
};

/* The descriptors of one. */
enum { FD_CONTROL, FD_STDOUT, FD_STDERR, FD_TRIAL, FD_NR };

_Static_assert(FD_NR <= CHANNEL_FDS_MAX, "a message holds the descriptors of a launch");

struct nursery *nursery_new(void)
{
	return xcalloc(1, sizeof(struct nursery));
}

/* --- Its side */

static char *take_text(char **at)
{
	char *text = *at;

	*at += strlen(text) + 1;
	return *text ? text : NULL;
}

/* Makes the launch of `ours` and of what was told, and clones. */
static void start(const struct phase_launch *ours, struct channel_message *m, int *ret_pidfd)
{
	struct phase_launch launch = *ours;
	struct request request;
	struct cgroup_leaf leaf = { 0 };
	struct error ignored = ERROR_INIT;
	char *at = m->data + sizeof(request);
	CLEANUP_CLOSE int folder = -1;

	memcpy(&request, m->data, sizeof(request));
	leaf.unified = take_text(&at);
	for (enum controller c = 0; c < CONTROLLER_NR; c++)
		leaf.legacy[c] = take_text(&at);
	launch.upper = take_text(&at);
	launch.leaf = &leaf;
	launch.limits = &request.limits;
	launch.processors = request.has_processors ? &request.processors : NULL;
	launch.trial_ns = request.has_trial ? m->fds[FD_TRIAL] : -1;
	launch.control = m->fds[FD_CONTROL];
	launch.stdout_fd = m->fds[FD_STDOUT];
	launch.stderr_fd = m->fds[FD_STDERR];
	folder = cgroup_leaf_fd(&leaf, &ignored);
	if (folder >= 0 && !clone_process(CLONE_PARENT, folder, ret_pidfd))
		phase_child(&launch);
}

static void __attribute__((noreturn)) serve(int socket, const struct phase_launch *ours)
{
	const int kept[] = { socket, ours->sandbox->userns, ours->sandbox->skeleton };
	struct channel_message m;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != ours->parent ||
	    close_all_but(kept, ARRAY_SIZE(kept)))
		_exit(1);
	while (channel_receive(socket, 0, &m) == 1) {
		int pidfd = -1;

		start(ours, &m, &pidfd);
		channel_message_release(&m);
		if (channel_send(socket, REPLY, "", 0, &pidfd, pidfd >= 0))
			break;
		if (pidfd >= 0)
			close(pidfd);
	}
	_exit(0);
}

/* --- Ours */

/* The oldest of those that wait is told its process, or that it has none: whoever tries again does so
 * himself, and learns why. */
static void settle(struct nursery *n, int keeper)
{
	struct cell *cell = n->waiting[0];

	if (keeper < 0)
		n->launched = 0;
	cell->keeper = keeper;
	cell->nursery = NULL;
	memmove(n->waiting, n->waiting + 1, --n->waiting_nr * sizeof(*n->waiting));
}

/* Whoever waits has no process. */
static void end(struct nursery *n)
{
	if (!n->pid)
		return;
	close(n->socket);
	kill(n->pid, SIGKILL);
	waitpid(n->pid, NULL, 0);
	n->pid = 0;
	while (n->waiting_nr)
		settle(n, -1);
}

void nursery_free(struct nursery *nursery)
{
	if (nursery)
		end(nursery);
	free(nursery);
}

static int begin(struct nursery *n, const struct phase_launch *launch)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -1;
	lean_forks();
	n->pid = clone_process(0, -1, NULL);
	if (!n->pid)
		serve(pair[1], launch);
	close(pair[1]);
	n->socket = pair[0];
	if (n->pid > 0)
		return 0;
	n->pid = 0;
	close(pair[0]);
	return -1;
}

static void put_text(struct strbuf *out, const char *text)
{
	strbuf_add(out, text ? text : "", text ? strlen(text) + 1 : 1);
}

static int tell(const struct nursery *n, const struct phase_launch *launch)
{
	struct request request = { .limits = *launch->limits,
				   .has_trial = launch->trial_ns >= 0,
				   .has_processors = launch->processors };
	const int fds[] = { launch->control, launch->stdout_fd, launch->stderr_fd,
			    launch->trial_ns };
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	if (launch->processors)
		request.processors = *launch->processors;
	strbuf_add(&text, &request, sizeof(request));
	put_text(&text, launch->leaf->unified);
	for (enum controller c = 0; c < CONTROLLER_NR; c++)
		put_text(&text, launch->leaf->legacy[c]);
	put_text(&text, launch->upper);
	if (text.len >= sizeof(((struct channel_message *)NULL)->data))
		return -1;
	return channel_send(n->socket, REQUEST, text.buf, text.len, fds,
			    request.has_trial ? FD_NR : FD_TRIAL);
}

/* Takes one answer. Where none comes it is dead, or as good as that. */
static void hear(struct nursery *n)
{
	struct pollfd ready = { .fd = n->socket, .events = POLLIN };
	struct channel_message m;
	int got;

	while ((got = poll(&ready, 1, PATIENCE_MS)) < 0 && errno == EINTR)
		;
	if (got != 1 || channel_receive(n->socket, 0, &m) != 1) {
		end(n);
		return;
	}
	settle(n, channel_take(&m, 0));
	channel_message_release(&m);
}

void nursery_wait(struct nursery *n, const struct cell *cell)
{
	while (cell->nursery)
		hear(n);
}

/* What it was told and what it knows is all that the launch's process needs. */
static bool is_known(const struct phase_launch *launch)
{
	return !launch->network || (!launch->network->nr && !launch->network->open);
}

int nursery_clone(struct nursery *n, const struct phase_launch *launch, struct cell *cell)
{
	if (n->filter != launch->filter) {
		end(n);
		n->filter = launch->filter;
		n->launched = 0;
	}
	if (!is_known(launch) || !n->launched++ || n->waiting_nr == ARRAY_SIZE(n->waiting) ||
	    (!n->pid && begin(n, launch)))
		return 1;
	if (tell(n, launch)) {
		end(n);
		return 1;
	}
	cell->nursery = n;
	n->waiting[n->waiting_nr++] = cell;
	return 0;
}
