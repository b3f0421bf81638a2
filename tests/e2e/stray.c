/*
 * Signals that say that they are a timer's, and who sends them:
 *
 *	stray out <cgroup.procs>
 *
 * a process in that cgroup, behind a filter and in a PID namespace of its own. It signals its process
 * group, plainly by SIGUSR1 and as a timer by SIGUSR2. In that group is its parent, which is in none
 * of the three and prints what it got. Exit 2 where the kernel sends no siginfo to a group.
 *
 *	stray in <seconds>
 *
 * a process that has nobody but itself to send them to, in each way that there is.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TO_GROUP 4 /* PIDFD_SIGNAL_PROCESS_GROUP, of Linux 6.9 */

static siginfo_t forged = { .si_signo = SIGUSR2, .si_code = SI_TIMER };

static int send_out(const char *procs)
{
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog filter = { .len = 1, .filter = &allow };
	int fd = open(procs, O_WRONLY), self = (int)syscall(SYS_pidfd_open, getpid(), 0);

	if (fd < 0 || self < 0 || write(fd, "0", 1) != 1 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) || kill(0, SIGUSR1))
		return 1;
	return syscall(SYS_pidfd_send_signal, self, SIGUSR2, &forged, TO_GROUP) ? 2 : 0;
}

static int out(const char *procs)
{
	struct timespec now = { 0 };
	siginfo_t info;
	int gate[2], status, sig;
	sigset_t both;
	pid_t pid;
	char c;

	sigemptyset(&both);
	sigaddset(&both, SIGUSR1);
	sigaddset(&both, SIGUSR2);
	sigprocmask(SIG_BLOCK, &both, NULL);
	if (pipe(gate) || unshare(CLONE_NEWPID) || (pid = fork()) < 0)
		return 1;
	if (!pid) {
		close(gate[1]);
		_exit(read(gate[0], &c, 1) == 1 ? send_out(procs) : 1);
	}
	if (setpgid(pid, pid) || setpgid(0, pid) || write(gate[1], "", 1) != 1)
		return 1;
	close(gate[1]);
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return 1;
	while ((sig = sigtimedwait(&both, &info, &now)) > 0)
		printf("%d %d\n", sig, info.si_code);
	return WEXITSTATUS(status);
}

static int in(int seconds)
{
	int self = (int)syscall(SYS_pidfd_open, getpid(), 0);
	time_t end = time(NULL) + seconds;

	signal(SIGUSR2, SIG_IGN);
	while (time(NULL) < end)
		if (syscall(SYS_rt_sigqueueinfo, getpid(), SIGUSR2, &forged) ||
		    syscall(SYS_rt_tgsigqueueinfo, getpid(), gettid(), SIGUSR2, &forged) ||
		    syscall(SYS_pidfd_send_signal, self, SIGUSR2, &forged, 0))
			return 1;
	return 0;
}

int main(int argc, char **argv)
{
	if (argc != 3)
		return 1;
	return !strcmp(argv[1], "out") ? out(argv[2]) : in(atoi(argv[2]));
}
