#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/keyctl.h>
#include <linux/sched.h>
#include <linux/securebits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/channel.h"
#include "base/process.h"
#include "sandbox/cgroup.h"
#include "sandbox/internal.h"
#include "sandbox/loopback.h"
#include "sandbox/mounts.h"
#include "sandbox/order.h"

/*
 * The child's side of a phase, three processes, all in the trial's leaf:
 *
 *   keeper   our child: enters the user namespace, makes the trial's mount namespace if it
 *            is the first, starts init, puts it in the other cgroups, and is done
 *   init     pid 1 of the phase, and our child too (CLONE_PARENT), so that nobody else has
 *            to reap it: prepares its namespaces and waits for an order; then it builds the view,
 *            gives up every privilege, starts the command and reaps; when the command is dead it
 *            says how, and with it dies the rest
 *   command  init's child, behind the system call filter
 *
 * They tell the parent what happens over `control`, a SOCK_SEQPACKET socket that no command
 * ever holds. An error before the command runs is ours, never the candidate's.
 */

/* Bytes of an order: the paths of a whole repository may be in it. */
#define ORDER_MAX (1 << 30)

static void __attribute__((noreturn)) give_up(int control, const struct error *err)
{
	channel_send(control, MESSAGE_ERROR, err->message, strlen(err->message), NULL, 0);
	_exit(1);
}

/* Makes the mount namespace and the disk that all phases of the trial share. */
static int make_trial(const struct phase_launch *launch, struct error *err)
{
	int64_t disk = launch->limits->disk;
	int64_t files = disk / 16384 > 65536 ? disk / 16384 : 65536;
	CLEANUP_FREE char *options = xstrfmt("mode=0755,size=%lld,nr_inodes=%lld",
					     (long long)disk, (long long)files);
	CLEANUP_CLOSE int ns = -1, dir = -1;

	if (unshare(CLONE_NEWNS))
		return error_errno(err, "cannot make a mount namespace");
	if (mount_new("tmpfs", INSIDE_DISK, MS_NOSUID | MS_NODEV, options, err))
		return -1;
	if (mkdir(INSIDE_DISK "/out", 0755))
		return error_errno(err, "cannot make OUT");
	ns = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	dir = open(INSIDE_DISK, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (ns < 0 || dir < 0 ||
	    channel_send(launch->control, MESSAGE_TRIAL, "", 0, (int[]){ ns, dir }, 2))
		return error_errno(err, "cannot hand the trial's disk over");
	return 0;
}

/* No capability is left in any set, and none can come back: not by uid 0, not by exec. */
static int drop_privilege(struct error *err)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = { 0 };
	const unsigned long bits = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED |
				   SECBIT_NO_SETUID_FIXUP | SECBIT_NO_SETUID_FIXUP_LOCKED |
				   SECBIT_KEEP_CAPS_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE |
				   SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;

	for (int cap = 0; prctl(PR_CAPBSET_READ, cap) >= 0; cap++)
		if (prctl(PR_CAPBSET_DROP, cap))
			return error_errno(err, "cannot drop capability %d", cap);
	if (prctl(PR_SET_SECUREBITS, bits) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    syscall(SYS_capset, &header, none))
		return error_errno(err, "cannot drop the capabilities");
	return 0;
}

/* Whether something that it writes lands on the host's disk, where no tmpfs caps it. */
static bool writes_to_disk(const struct phase_launch *launch,
			   const struct trial_command *command)
{
	return launch->upper || command->upper || command->home;
}

/* Of the trial, or what the first of its phases copies. */
static int mount_namespace(const struct phase_launch *launch)
{
	return launch->trial_ns >= 0 ? launch->trial_ns : launch->sandbox->skeleton;
}

/* Whether it sees the host's network as it is. */
static bool shares_network(const struct phase_launch *launch)
{
	return launch->network && launch->network->open;
}

static int set_rlimits(const struct phase_launch *launch, const struct trial_command *command,
		       struct error *err)
{
	const struct {
		int resource;
		rlim_t value;
	} ceilings[] = {
		/* Not 0, with which a host's core_pattern still pipes to a program; core(5) */
		{ RLIMIT_CORE, 1 },
		{ RLIMIT_NOFILE, 65536 },
		{ RLIMIT_FSIZE, writes_to_disk(launch, command) ? (rlim_t)launch->limits->disk
								: RLIM_INFINITY },
		{ RLIMIT_MEMLOCK, 64 << 20 },
		{ RLIMIT_MSGQUEUE, 1 << 20 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(ceilings); i++) {
		struct rlimit old, new;

		if (getrlimit(ceilings[i].resource, &old))
			return error_errno(err, "cannot read a resource limit");
		new.rlim_max = ceilings[i].value < old.rlim_max ? ceilings[i].value
								: old.rlim_max;
		new.rlim_cur = new.rlim_max;
		/* Programs that use select(2), or close every possible descriptor, like it small. */
		if (ceilings[i].resource == RLIMIT_NOFILE && new.rlim_cur > 1024)
			new.rlim_cur = 1024;
		if (setrlimit(ceilings[i].resource, &new))
			return error_errno(err, "cannot set a resource limit");
	}
	return 0;
}

static int tell_moment(int control, enum message type, int status)
{
	struct moment moment = { .status = status };

	clock_gettime(CLOCK_MONOTONIC, &moment.at);
	return channel_send(control, (char)type, &moment, sizeof(moment), NULL, 0);
}

static void __attribute__((noreturn))
command_main(const struct phase_launch *launch, const struct trial_command *command,
	     int stdin_fd)
{
	char *const *argv = (char *const *)command->argv;
	struct error err = ERROR_INIT;
	sigset_t none;
	int filter;

	setsid();
	/* Also the last of what we hold ourselves. */
	if (close_range(3, ~0U, CLOSE_RANGE_CLOEXEC)) {
		error_errno(&err, "cannot close what is open");
		give_up(launch->control, &err);
	}
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	umask(022);
	if (dup2(stdin_fd, 0) < 0 || dup2(launch->stdout_fd, 1) < 0 ||
	    dup2(launch->stderr_fd, 2) < 0) {
		error_errno(&err, "cannot set the standard streams");
		give_up(launch->control, &err);
	}
	filter = syscall_filter_install(launch->filter);
	if (filter < 0) {
		error_errno(&err, "cannot install the system call filter");
		give_up(launch->control, &err);
	}
	/* Told while nothing of the command runs; everything but 0, 1 and 2 closes on exec. */
	if (channel_send(launch->control, MESSAGE_FILTER, "", 0, &filter, 1) ||
	    tell_moment(launch->control, MESSAGE_STARTED, 0))
		_exit(1);
	/* By its PATH, not by that of whoever started us. */
	environ = (char **)command->env;
	execvp(argv[0], argv);
	dprintf(2, "cannot run '%s': %s\n", argv[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

/* Anybody may read /proc/1/cmdline: what we were called with is nobody's business inside. The
 * strings lie one behind the other, and the environment's behind them. */
static void blank_arguments(void)
{
	char *begin = program_invocation_name, *end = environ ? environ[0] : NULL;

	if (end > begin && end - begin < 1 << 20)
		memset(begin, 0, (size_t)(end - begin));
}

/*
 * Lets go of what our parent has open: a socket that it closes would stay open in us, who may wait
 * for an order for hours.
 */
static int close_the_rest(const struct phase_launch *launch, struct error *err)
{
	const int kept[] = { launch->control, launch->stdout_fd, launch->stderr_fd,
			     launch->sandbox->userns, mount_namespace(launch) };

	return close_all_but(kept, ARRAY_SIZE(kept))
		       ? error_errno(err, "cannot close what is open")
		       : 0;
}

/* All that is made before anybody has said what for. */
static int prepare(const struct phase_launch *launch, struct error *err)
{
	/* Nobody inside may look into us, where our parent's memory was copied to. */
	if (prctl(PR_SET_DUMPABLE, 0) || prctl(PR_SET_PDEATHSIG, SIGKILL))
		return error_errno(err, "cannot protect the sandbox's init");
	/* What the keeper opened. */
	if (close_the_rest(launch, err))
		return -1;
	blank_arguments();
	/* A session keyring of our own: the user's keys stay behind. */
	syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
	if (sethostname("autoresearch", 12))
		return error_errno(err, "cannot set the host name");
	/* Here and not by the clone, so that the keeper goes on with the cgroups meanwhile. */
	if (!shares_network(launch) && unshare(CLONE_NEWNET))
		return error_errno(err, "cannot make a network namespace");
	if (!shares_network(launch) && loopback_build(launch->network, launch->control, err))
		return -1;
	return view_prepare(err);
}

/*
 * Waits for the order, which comes when we are in every cgroup. Where our parent died there is
 * none, and its end of the socket is closed: also where it died before we asked to be killed then.
 */
static int await_order(const struct phase_launch *launch, struct trial_command *ret,
		       int *ret_stdin, struct error *err)
{
	struct strbuf text = STRBUF_INIT; /* of which `ret` is made */
	CLEANUP_CLOSE int order = -1;
	struct channel_message m;

	if (channel_receive(launch->control, 0, &m) != 1)
		_exit(1);
	order = channel_take(&m, 0);
	*ret_stdin = channel_take(&m, 1);
	if (strbuf_read_fd(&text, order, ORDER_MAX))
		return error_errno(err, "cannot read the order of a phase");
	return order_read(&text, ret, err);
}

static void __attribute__((noreturn)) init_main(const struct phase_launch *launch)
{
	struct trial_command order;
	struct error err = ERROR_INIT;
	int status, stdin_fd;
	pid_t command, pid;

	if (prepare(launch, &err) || await_order(launch, &order, &stdin_fd, &err) ||
	    view_build(launch, &order, &err) || set_rlimits(launch, &order, &err))
		give_up(launch->control, &err);
	/* Not before the order: its root is the cgroup that we are in now, and paths begin there. */
	if (unshare(CLONE_NEWCGROUP)) {
		error_errno(&err, "cannot make a cgroup namespace");
		give_up(launch->control, &err);
	}
	if (drop_privilege(&err))
		give_up(launch->control, &err);
	/* It shares our memory until its exec, so nothing is copied for it; we wait meanwhile. */
	command = vfork();
	if (!command)
		command_main(launch, &order, stdin_fd);
	if (command < 0) {
		error_errno(&err, "cannot fork");
		give_up(launch->control, &err);
	}
	/* The command's ends of the pipes are its own now. */
	close(stdin_fd);
	close(launch->stdout_fd);
	close(launch->stderr_fd);
	do
		pid = waitpid(-1, &status, 0);
	while (pid != command && (pid > 0 || errno == EINTR));
	tell_moment(launch->control, MESSAGE_ENDED, status);
	_exit(0);
}

void phase_child(const struct phase_launch *launch)
{
	const unsigned long long namespaces = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC |
					      CLONE_NEWUTS;
	struct error err = ERROR_INIT;
	int pidfd, doors[CONTROLLER_NR];
	pid_t init;

	if (close_the_rest(launch, &err) || cgroup_leaf_doors(launch->leaf, doors, &err))
		give_up(launch->control, &err);
	if (launch->processors &&
	    sched_setaffinity(0, sizeof(*launch->processors), launch->processors)) {
		error_errno(&err, "cannot take the trial's processors");
		give_up(launch->control, &err);
	}
	if (enter_user(launch->sandbox, &err))
		give_up(launch->control, &err);
	/* After the change of user, which clears it. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != launch->parent)
		_exit(1);
	if (setns(mount_namespace(launch), CLONE_NEWNS)) {
		error_errno(&err, "cannot enter the sandbox");
		give_up(launch->control, &err);
	}
	if (launch->trial_ns < 0 && make_trial(launch, &err))
		give_up(launch->control, &err);
	init = clone_process(namespaces | CLONE_PARENT, -1, &pidfd);
	if (!init)
		init_main(launch);
	if (init < 0) {
		error_errno(&err, "cannot make the sandbox's namespaces");
		give_up(launch->control, &err);
	}
	/* Where this fails we have an init that we do not know of; the leaf's kill finds it. */
	if (channel_send(launch->control, MESSAGE_INIT, "", 0, &pidfd, 1))
		_exit(1);
	if (cgroup_admit(doors, init, &err))
		give_up(launch->control, &err);
	_exit(channel_send(launch->control, MESSAGE_ADMITTED, "", 0, NULL, 0) ? 1 : 0);
}
