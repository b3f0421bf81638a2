#!/bin/bash
# Not sanitized: it is the kernel that answers.
# Little of the kernel is within reach. A small C program makes every system call by its number,
# each in a process of its own, with arguments that do no harm: plainly run, none of them ends it;
# inside, the forbidden ones end the trial and are named, the quiet ones return the error that
# programs expect of them, and all the others are let through.
# shellcheck disable=SC2154 # variables of lib.sh
. "$(dirname "$0")/lib.sh"

new_repo
cat >"$scratch/call.c" <<'C'
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static long raw(long nr, long a, long b, long c)
{
	register long d __asm__("r10") = 0, e __asm__("r8") = 0, f __asm__("r9") = 0;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "0"(nr), "D"(a), "S"(b), "d"(c), "r"(d), "r"(e), "r"(f)
			 : "rcx", "r11", "memory");
	return ret;
}

static long raw_i386(long nr)
{
	long ret;

	__asm__ volatile("int $0x80" : "=a"(ret) : "0"(nr), "b"(0L), "c"(0L), "d"(0L) : "r8", "r9",
			 "r10", "r11", "memory");
	return ret;
}

/* Calls that wait, or that do not come back: they have their own tests, or none is needed. */
static int is_left_out(long nr)
{
	static const int numbers[] = { SYS_exit, SYS_exit_group, SYS_pause, SYS_rt_sigreturn,
				       SYS_rt_sigsuspend, SYS_vfork, SYS_rt_sigtimedwait };

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		if (nr == numbers[i])
			return 1;
	return 0;
}

static long harmless(long nr)
{
	/* For nearly all, -1 is no descriptor, no pid, no address, no flag and no size. */
	switch (nr) {
	case SYS_fork:
	case SYS_clone:
		nr = raw(nr, SIGCHLD, 0, 0);
		if (!nr)
			_exit(0);
		return nr;
	case SYS_kill:
	case SYS_tkill:
	case SYS_rt_sigqueueinfo:
		return raw(nr, 0x7ffffff0, 0, 0);
	case SYS_tgkill:
	case SYS_rt_tgsigqueueinfo:
		return raw(nr, 0x7ffffff0, 0x7ffffff0, 0);
	case SYS_alarm:
	case SYS_umask:
	case SYS_personality:
		return raw(nr, 0, 0, 0);
	case SYS_setpriority:
	case SYS_ioprio_set:
		return raw(nr, 9, 0, 0);
	case SYS_munmap:
		return raw(nr, 1, 0, 0);
	case SYS_reboot: /* without its magic numbers */
	case SYS_sync:
	case SYS_vhangup:
		return raw(nr, 0, 0, 0);
	}
	return raw(nr, -1, -1, -1);
}

/* One call in a child: its errno, 0 where it succeeded, or how the child ended. */
static void one(const char *kind, long nr)
{
	int status, ends[2];
	long ret = 0;
	pid_t pid;

	fflush(stdout);
	if (pipe(ends))
		exit(2);
	pid = fork();
	if (!pid) {
		alarm(2);
		ret = !strcmp(kind, "i386") ? raw_i386(nr) :
		      !strcmp(kind, "x32")  ? raw(nr | 0x40000000, -1, -1, -1) :
					      harmless(nr);
		if (write(ends[1], &ret, sizeof(ret)) < 0)
			_exit(1);
		_exit(0);
	}
	close(ends[1]);
	if (read(ends[0], &ret, sizeof(ret)) == (ssize_t)sizeof(ret))
		printf("%ld %s\n", nr, ret < 0 && ret > -4096 ? strerrorname_np((int)-ret) : "0");
	close(ends[0]);
	waitpid(pid, &status, 0);
	if (WIFSIGNALED(status))
		printf("%ld signal %d\n", nr, WTERMSIG(status));
}

static void as(const char *what, long ret)
{
	printf("%s %s\n", what, ret < 0 ? strerrorname_np((int)-ret) : "0");
}

int main(int argc, char **argv)
{
	const char *kind = argc > 1 ? argv[1] : "";

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!strcmp(kind, "all")) { /* but those named after it */
		for (long nr = 0; nr <= 600; nr++) {
			int named = is_left_out(nr);

			for (int i = 2; i < argc; i++)
				named |= atol(argv[i]) == nr;
			if (!named)
				one(kind, nr);
		}
		return 0;
	}
	if (!strcmp(kind, "clone")) {
		long ret = raw(SYS_clone, strtol(argv[2], NULL, 16) | SIGCHLD, 0, 0);

		if (!ret)
			_exit(0);
		as("clone", ret);
		return 0;
	}
	if (!strcmp(kind, "tty")) {
		int master = open("/dev/ptmx", 2), tty;
		char name[64];
		int n, no = 0;
		char c = 'x';

		if (master < 0 || ioctl(master, TIOCSPTLCK, &no) || ioctl(master, TIOCGPTN, &n))
			return 1;
		snprintf(name, sizeof(name), "/dev/pts/%d", n);
		setsid();
		tty = open(name, 2);
		if (tty < 0 || (ioctl(tty, TIOCSCTTY, 0), 0))
			return 1;
		as("TIOCSTI", raw(SYS_ioctl, tty, TIOCSTI, (long)&c));
		as("TIOCSTI", raw(SYS_ioctl, tty, 0xdead00000000L | TIOCSTI, (long)&c));
		as("TIOCLINUX", raw(SYS_ioctl, tty, TIOCLINUX, (long)&c));
		return 0;
	}
	one(kind, atol(argv[2]));
	return 0;
}
C
sed -i 's/#include <errno.h>/#include <errno.h>\n#include <fcntl.h>/' "$scratch/call.c"
if ! gcc -O1 -o call "$scratch/call.c" 2>"$scratch/err"; then
	sed 's/^/# /' "$scratch/err"
	skip 'system calls' 'no compiler, or not x86-64'
	done_testing
	exit 0
fi
git config -f .autoresearch/config limits.pids 64
git add -A
git commit -qm 'a program of system calls'

inside() {
	git autoresearch sandbox -- ./call "$@" 2>&1
}
# name -> number, as the kernel's headers have it; those that they lack, by hand
printf '#include <sys/syscall.h>\n' | gcc -E -dM - | sed -n 's/^#define __NR_\([a-z0-9_]*\) \([0-9]*\)$/\1 \2/p' \
	>"$scratch/numbers"
printf '%s\n' 'statmount 457' 'listmount 458' 'open_tree_attr 467' >>"$scratch/numbers"
number() {
	sed -n "s/^$1 //p" "$scratch/numbers" | head -n 1
}

forbidden='ptrace process_vm_readv process_vm_writev pidfd_getfd bpf mount umount2 pivot_root
	open_tree move_mount fsopen fsconfig fsmount fspick mount_setattr open_tree_attr setns unshare
	open_by_handle_at kexec_load kexec_file_load init_module finit_module delete_module
	fanotify_init fanotify_mark'
quiet='clone3:ENOSYS io_uring_setup:ENOSYS io_uring_enter:ENOSYS io_uring_register:ENOSYS
	perf_event_open:EPERM keyctl:EPERM add_key:EPERM request_key:EPERM userfaultfd:EPERM
	quotactl:EPERM quotactl_fd:EPERM'

# --- Plainly

# What the program keeps from candidates beyond what its manual promises is left out as well.
more='statmount listmount create_module query_module get_kernel_syms'
left_out=()
for name in $forbidden $more; do
	n=$(number "$name")
	[ -z "$n" ] || left_out+=("$n")
done
left_out+=(470)
(cd "$scratch" && "$scratch/repo/call" all "${left_out[@]}") >"$scratch/outside" 2>&1
check 'plainly, every call returns' test "$(grep -c . "$scratch/outside")" -gt 500
check_equal 'and unshare is one that works' '0 0' "$(./call one 272 | sed 's/^272 [0A-Z]*$/0 0/')"

# --- All that is not forbidden

inside all "${left_out[@]}" >"$scratch/inside"
check_equal 'inside, none but the forbidden ones ends the trial' \
	"$(cut -d' ' -f1 "$scratch/outside" | sort -u | wc -l)" \
	"$(cut -d' ' -f1 "$scratch/inside" | sort -u | wc -l)"
check_equal 'or the process that made it' '' \
	"$(grep signal "$scratch/inside" | grep -vxFf <(grep signal "$scratch/outside"))"
for pair in $quiet; do
	n=$(number "${pair%:*}")
	check_equal "quiet: ${pair%:*} says ${pair#*:}" "$n ${pair#*:}" "$(grep "^$n " "$scratch/inside")"
done
# What does the same without privilege outside does the same inside, save what lacks a
# capability or a file: those differ by EPERM alone.
check_equal 'no other call is missing' '' "$(diff "$scratch/outside" "$scratch/inside" |
	sed -n 's/^> \([0-9]*\) ENOSYS$/\1/p' | grep -vxE "$(for pair in $quiet; do
		number "${pair%:*}"; done | paste -sd'|')")"

# --- The forbidden ones, each in a trial of its own

for name in $forbidden; do
	n=$(number "$name")
	if [ -z "$n" ]; then
		skip "forbidden: $name" 'the kernel headers do not know it'
		continue
	fi
	check_equal "forbidden: $name" "killed: syscall $name" "$(inside one "$n")"
done
check_equal 'its exit status' 137 "$(inside one "$(number mount)" >/dev/null 2>&1; echo $?)"

# --- Other kinds of the same

if [ "$(./call i386 20 2>&1)" = "20 signal 11" ]; then
	skip 'int 0x80' 'this kernel does not know it'
else
	for pair in 20:getpid 21:mount 26:ptrace 5:open 102:socketcall; do
		check_equal "int 0x80: ${pair#*:}" "killed: syscall i386:${pair#*:}" "$(inside i386 "${pair%:*}")"
	done
fi
for pair in 39:getpid 165:mount 521:ptrace 539:process_vm_readv 272:unshare; do
	check_equal "x32: ${pair#*:}" "killed: syscall x32:${pair#*:}" "$(inside x32 "${pair%:*}")"
done

# --- Namespaces by clone

for flag in 10000000:user 20000:mount 20000000:pid 40000000:net 8000000:ipc 4000000:uts 2000000:cgroup; do
	check_equal "clone of a ${flag#*:} namespace" 'killed: syscall clone' "$(inside clone "${flag%:*}")"
done
check_equal 'a plain clone goes on' 'clone 0' "$(inside clone 0)"
check_equal 'flags above 32 bits are none' 'clone 0' "$(inside clone 1000000000000)"
check_equal 'but do not hide those below' 'killed: syscall clone' "$(inside clone 1000010000000)"

# --- The terminal

check_equal 'plainly, a program types into its own terminal' 'TIOCSTI 0' \
	"$(./call tty | head -n 1 | sed 's/EIO/0/')"
check_equal 'inside it does not, in any spelling' 'TIOCSTI EPERM TIOCSTI EPERM TIOCLINUX EPERM' \
	"$(inside tty | xargs)"
if command -v script >/dev/null; then
	check_equal 'and the terminal that we were started from is not its own' 'no terminal' \
		"$(script -qec 'git autoresearch sandbox -- sh -c "(: </dev/tty) 2>/dev/null || echo no terminal"' \
			/dev/null | tr -d '\r')"
else
	skip 'the terminal that we were started from' 'no script(1)'
fi

# --- No privilege

check_equal 'no capability is in any set, and none will come' \
	'CapInh 0 CapPrm 0 CapEff 0 CapBnd 0 CapAmb 0 NoNewPrivs 1 Seccomp 2' \
	"$(git autoresearch sandbox -- grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status |
		sed 's/:\s*0*\([0-9]\)/ \1/; s/:\s*$/ 0/' | xargs)"
for set_id in /usr/bin/su /bin/mount /usr/bin/passwd; do
	[ -u "$set_id" ] || continue
	check_equal 'nor by a setuid program' 0000000000000000 "$(git autoresearch sandbox -- sh -c \
		"$set_id --version >/dev/null 2>&1; sed -n 's/^CapEff:\t//p' /proc/self/status")"
	break
done

# --- Whatever else is denied

new_repo denied
cp "$scratch/repo/call" .
git config -f .autoresearch/config --add syscalls.deny getppid
git config -f .autoresearch/config --add syscalls.deny io_uring_setup
git config -f .autoresearch/config --add syscalls.deny mount
git add -A
git commit -qm 'deny more'
check_equal 'what the config denies ends the trial' 'killed: syscall getppid' "$(inside one "$(number getppid)")"
check_equal 'what was quiet, too' 'killed: syscall io_uring_setup' "$(inside one "$(number io_uring_setup)")"
check_equal 'what was forbidden stays so' 'killed: syscall mount' "$(inside one "$(number mount)")"
check_equal 'others go on' "$(number getpid) 0" "$(inside one "$(number getpid)")"
git config -f .autoresearch/config --add syscalls.deny no_such_call
git commit -qam 'deny nonsense'
check_status 'a name that is no call is fatal' 128 git autoresearch sandbox -- true

# --- A violation is a verdict, and the call is no way to hide one

new_repo verdict
cp "$scratch/repo/call" .
git config -f .autoresearch/config run.command '. ./value'
echo 'echo METRIC loss=100' >value
git add -A
git commit -qm 'a candidate of shell'
git autoresearch start --proposer=command --proposer-command=/bin/false --max-experiments=1 \
	>"$scratch/out" 2>&1
violates() {
	echo "$2" >value
	git autoresearch try -m "$1" >"$scratch/out" 2>&1
	git checkout -q value
	check_equal "$1" 'violation syscall unshare' "$(newest '"\(.verdict) \(.reason)"')"
}
violates 'a violation is a verdict' './call one 272; echo METRIC loss=1'
violates 'in the background as well' './call one 272 & echo METRIC loss=1; sleep 0.4'
violates 'and where nobody may hear of it' \
	'trap "" CHLD; (setsid ./call one 272 >/dev/null 2>&1 &); sleep 0.4; echo METRIC loss=1; exit 3'
# It is stopped in the call until we have heard of it; more than one at a time, and signals that
# interrupt some of them before, do not make us deaf for the rest.
violates 'and after a hundred that were interrupted' 'for i in $(seq 100); do
	./call one 39 >/dev/null; timeout -s KILL 0.0003 ./call one 272 >/dev/null 2>&1; done
./call one 272; echo METRIC loss=1'
check_equal 'its code never went on' '' "$(git log --format=%s main..autoresearch/main)"
done_testing
