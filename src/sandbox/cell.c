#include "sandbox/cell.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/channel.h"
#include "base/lean.h"
#include "base/process.h"
#include "sandbox/nursery.h"
#include "sandbox/order.h"

/* A pipe whose end of ours does not block. */
static int open_stream(int *ret_read, int *ret_write, struct error *err)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		return error_errno(err, "cannot make a pipe");
	*ret_read = ends[0];
	*ret_write = ends[1];
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	return 0;
}

static int start(struct cell *cell, const struct phase_launch *launch, struct error *err)
{
	CLEANUP_CLOSE int leaf = -1;
	pid_t pid;

	if (!nursery_clone(launch->sandbox->nursery, launch, cell))
		return 0;
	leaf = cgroup_leaf_fd(launch->leaf, err);
	if (leaf < 0)
		return -1;
	lean_forks();
	pid = clone_process(0, leaf, &cell->keeper);
	if (!pid)
		phase_child(launch);
	if (pid < 0)
		return error_errno(err, "cannot start a process in the trial's cgroup");
	return 0;
}

int cell_open(struct cell *cell, struct phase_launch *launch, struct error *err)
{
	CLEANUP_CLOSE int control = -1, out = -1, errs = -1;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return error_errno(err, "cannot make a socket");
	cell->control = pair[0];
	control = pair[1];
	if (open_stream(&cell->streams[STREAM_STDOUT], &out, err) ||
	    open_stream(&cell->streams[STREAM_STDERR], &errs, err))
		return -1;
	launch->control = control;
	launch->stdout_fd = out;
	launch->stderr_fd = errs;
	launch->parent = getpid();
	return start(cell, launch, err);
}

int cell_wait(struct cell *cell, struct error *err)
{
	if (cell->nursery)
		nursery_wait(cell->nursery, cell);
	return cell->keeper >= 0 ? 0
				 : error_set(err, "a process of the sandbox was not started");
}

int cell_order(struct cell *cell, const struct trial_command *command, struct error *err)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	CLEANUP_CLOSE int order = -1, input = -1;

	order_write(command, &text);
	order = text_open(text.buf, text.len, err);
	input = text_open(command->input, command->input_len, err);
	if (order < 0 || input < 0)
		return -1;
	/* Where init is dead already, its own message says why. */
	if (channel_send(cell->control, MESSAGE_ORDER, "", 0, (int[]){ order, input }, 2) &&
	    errno != EPIPE && errno != ECONNRESET)
		return error_errno(err, "cannot let the sandbox's init go on");
	return 0;
}

static void let_go(int *fd)
{
	if (*fd >= 0)
		close(steal_fd(fd));
}

void cell_close(struct cell *cell)
{
	let_go(&cell->keeper);
	let_go(&cell->init);
	let_go(&cell->control);
	let_go(&cell->streams[STREAM_STDOUT]);
	let_go(&cell->streams[STREAM_STDERR]);
}

void cell_discard(struct cell *cell, struct cgroup_leaf *leaf)
{
	struct error ignored = ERROR_INIT;
	struct channel_message m;

	cell_wait(cell, &ignored);
	/* Also where it has no keeper that we know of: who was to start it may have died in between. */
	if (cell->control >= 0 && !cgroup_leaf_kill(leaf, &ignored))
		cgroup_leaf_clear(leaf, &ignored);
	while (cell->control >= 0 && channel_receive(cell->control, MSG_DONTWAIT, &m) > 0) {
		if (m.type == MESSAGE_INIT && cell->init < 0)
			cell->init = channel_take(&m, 0);
		channel_message_release(&m);
	}
	if (cell->keeper >= 0)
		process_reap(cell->keeper);
	if (cell->init >= 0)
		process_reap(cell->init);
	cell_close(cell);
}
