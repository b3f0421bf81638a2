#include "sandbox/syscalls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ebpf/audit.h"

#define X32_BIT 0x40000000u

/* A mount call that the headers of Debian 12 do not know yet. */
#define NR_OPEN_TREE_ATTR 467

struct syscall_filter {
	struct sock_fprog program;
};

/* Forbidden: no honest candidate needs them, and a look is worth a kill. */
static const char *const forbidden[] = {
	/* looking into other processes, and into the kernel */
	"ptrace",
	"process_vm_readv",
	"process_vm_writev",
	"pidfd_getfd",
	"bpf",
	/* the mount family */
	"mount",
	"umount",
	"umount2",
	"pivot_root",
	"open_tree",
	"move_mount",
	"fsopen",
	"fsconfig",
	"fsmount",
	"fspick",
	"mount_setattr",
	/* namespaces; see also clone below */
	"setns",
	"unshare",
	/* files by handle, past every path */
	"open_by_handle_at",
	/* another kernel, and modules for this one */
	"kexec_load",
	"kexec_file_load",
	"init_module",
	"finit_module",
	"delete_module",
	"create_module",
	"query_module",
	"get_kernel_syms",
	/* watching the whole machine */
	"fanotify_init",
	"fanotify_mark",
};

/* Refused with an error that programs which probe for them live with. Most of the second
 * half would fail for want of a capability anyway: here they do not even reach the kernel. */
static const struct {
	const char *name;
	int error;
} quiet[] = {
	{ "clone3",
	  ENOSYS }, /* its flags are out of a filter's sight; libc falls back to clone */
	{ "io_uring_setup", ENOSYS },
	{ "io_uring_enter", ENOSYS },
	{ "io_uring_register", ENOSYS },
	{ "perf_event_open", EPERM },
	{ "keyctl", EPERM },
	{ "add_key", EPERM },
	{ "request_key", EPERM },
	{ "userfaultfd", EPERM },
	{ "quotactl", EPERM },
	{ "quotactl_fd", EPERM },
	{ "kcmp", EPERM },
	{ "chroot", EPERM },
	{ "acct", EPERM },
	{ "reboot", EPERM },
	{ "swapon", EPERM },
	{ "swapoff", EPERM },
	{ "syslog", EPERM },
	{ "iopl", EPERM },
	{ "ioperm", EPERM },
	{ "settimeofday", EPERM },
	{ "clock_settime", EPERM },
	{ "vhangup", EPERM },
	{ "lookup_dcookie", EPERM },
};

/* Forbidden by number, since libseccomp 2.5.4 has no name for them. */
static const struct {
	int number;
	const char *name;
} unnamed[] = {
	{ NR_OPEN_TREE_ATTR, "open_tree_attr" },
	{ 457, "statmount" },
	{ 458, "listmount" },
	{ 470, "listns" },
};

bool syscall_is_known(const char *name)
{
	return seccomp_syscall_resolve_name(name) != __NR_SCMP_ERROR;
}

static int add(scmp_filter_ctx ctx, uint32_t action, int nr, const char *name,
	       struct error *err)
{
	int ret = seccomp_rule_add(ctx, action, nr, 0);

	/* Asking twice for the same is no mistake of the user's. */
	if (ret && ret != -EEXIST)
		return error_set(err, "cannot add '%s' to the system call filter: %s", name,
				 strerror(-ret));
	return 0;
}

static int add_forbidden(scmp_filter_ctx ctx, const struct string_list *deny, struct error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(forbidden); i++) {
		int nr = seccomp_syscall_resolve_name(forbidden[i]);

		/* A negative number is a call that x86-64 does not have. */
		if (nr >= 0 && add(ctx, SCMP_ACT_NOTIFY, nr, forbidden[i], err))
			return -1;
	}
	for (size_t i = 0; i < ARRAY_SIZE(unnamed); i++)
		if (add(ctx, SCMP_ACT_NOTIFY, unnamed[i].number, unnamed[i].name, err))
			return -1;
	for (size_t i = 0; deny && i < deny->nr; i++) {
		int nr = seccomp_syscall_resolve_name(deny->items[i]);

		if (nr == __NR_SCMP_ERROR)
			return error_set(err, "'%s' is no system call", deny->items[i]);
		/* These carry the filter itself to its place: without them nothing would start. */
		if (nr == SCMP_SYS(execve) || nr == SCMP_SYS(sendmsg) ||
		    nr == SCMP_SYS(close) || nr == SCMP_SYS(exit_group))
			return error_set(err, "no command can start without '%s'",
					 deny->items[i]);
		if (nr >= 0 && add(ctx, SCMP_ACT_NOTIFY, nr, deny->items[i], err))
			return -1;
	}
	return 0;
}

static bool is_denied(const struct string_list *deny, const char *name)
{
	return deny && string_list_has(deny, name);
}

static int add_quiet(scmp_filter_ctx ctx, const struct string_list *deny, struct error *err)
{
	static const int families[] = { AF_UNIX, AF_INET, AF_INET6 };
	static const unsigned long tty[] = { TIOCSTI, TIOCLINUX };
	int ret = 0;

	for (size_t i = 0; i < ARRAY_SIZE(quiet); i++) {
		int nr = seccomp_syscall_resolve_name(quiet[i].name);

		if (nr >= 0 && !is_denied(deny, quiet[i].name) &&
		    add(ctx, SCMP_ACT_ERRNO(quiet[i].error), nr, quiet[i].name, err))
			return -1;
	}
	/* Every family outside these three: below, between and above them. The register is 64
	 * bits wide, the argument an int: only its low 32 count. */
	if (!is_denied(deny, "socket")) {
		for (int family = 0; family < AF_INET6; family++) {
			bool allowed = false;

			for (size_t i = 0; i < ARRAY_SIZE(families); i++)
				allowed |= family == families[i];
			if (!allowed)
				ret |= seccomp_rule_add(
					ctx, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1,
					SCMP_A0_32(SCMP_CMP_EQ, (uint32_t)family));
		}
		ret |= seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1,
					SCMP_A0_32(SCMP_CMP_GT, AF_INET6));
	}
	if (!is_denied(deny, "socketpair"))
		ret |= seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socketpair),
					1, SCMP_A0(SCMP_CMP_NE, AF_UNIX));
	/* The core limit stays at 1; see set_rlimits(). Programs that set it to 0 mean well. */
	if (!is_denied(deny, "setrlimit"))
		ret |= seccomp_rule_add(ctx, SCMP_ACT_ERRNO(0), SCMP_SYS(setrlimit), 1,
					SCMP_A0(SCMP_CMP_MASKED_EQ, 0xffffffffu, RLIMIT_CORE));
	if (!is_denied(deny, "prlimit64"))
		ret |= seccomp_rule_add(ctx, SCMP_ACT_ERRNO(0), SCMP_SYS(prlimit64), 2,
					SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffffu, RLIMIT_CORE),
					SCMP_A2(SCMP_CMP_NE, 0));
	for (size_t i = 0; i < ARRAY_SIZE(tty) && !is_denied(deny, "ioctl"); i++)
		ret |= seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(ioctl), 1,
					/* SCMP_A1_32 looks at the upper half as well */
					SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffffu, tty[i]));
	if (ret)
		return error_set(err, "cannot build the system call filter");
	return 0;
}

/* clone(2) with any flag that makes a namespace is forbidden; threads and forks go on. */
static int add_clone(scmp_filter_ctx ctx, const struct string_list *deny, struct error *err)
{
	static const uint32_t flags[] = { CLONE_NEWUSER,  CLONE_NEWNS,	CLONE_NEWPID,
					  CLONE_NEWNET,	  CLONE_NEWIPC, CLONE_NEWUTS,
					  CLONE_NEWCGROUP };

	for (size_t i = 0; i < ARRAY_SIZE(flags) && !is_denied(deny, "clone"); i++)
		if (seccomp_rule_add(ctx, SCMP_ACT_NOTIFY, SCMP_SYS(clone), 1,
				     SCMP_A0_32(SCMP_CMP_MASKED_EQ, flags[i], flags[i])))
			return error_set(err, "cannot build the system call filter");
	return 0;
}

/* The filter as the kernel takes it, by way of a memory file: libseccomp 2.5 gives it no
 * other way, and must not load it, since it would do so before the fork. */
static int export(scmp_filter_ctx ctx, struct syscall_filter **ret, struct error *err)
{
	CLEANUP_CLOSE int fd = memfd_create("filter", MFD_CLOEXEC);
	CLEANUP_STRBUF struct strbuf bytes = STRBUF_INIT;
	struct syscall_filter *filter;

	if (fd < 0 || seccomp_export_bpf(ctx, fd) || lseek(fd, 0, SEEK_SET) < 0 ||
	    strbuf_read_fd(&bytes, fd, 1 << 20) || bytes.len % sizeof(struct sock_filter))
		return error_errno(err, "cannot compile the system call filter");
	filter = xcalloc(1, sizeof(*filter));
	filter->program.len = (unsigned short)(bytes.len / sizeof(struct sock_filter));
	filter->program.filter = (struct sock_filter *)strbuf_detach(&bytes, NULL);
	*ret = filter;
	return 0;
}

int syscall_filter_new(struct syscall_filter **ret, const struct string_list *deny,
		       struct error *err)
{
	scmp_filter_ctx ctx;
	int failed;

	/* Without this libseccomp checks actions against what an old kernel would take. */
	seccomp_api_set(5);
	ctx = seccomp_init(SCMP_ACT_ALLOW);
	if (!ctx)
		return error_set(err, "cannot build the system call filter");
	/* "Bad" is every call that is not of the x86-64 kind: i386 and x32. */
	failed = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_NOTIFY) ||
		 seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (failed)
		error_set(err, "libseccomp does not know user notification");
	else
		failed = add_forbidden(ctx, deny, err) || add_quiet(ctx, deny, err) ||
			 add_clone(ctx, deny, err) || export(ctx, ret, err);
	seccomp_release(ctx);
	return failed ? -1 : 0;
}

void syscall_filter_free(struct syscall_filter *filter)
{
	if (filter)
		free(filter->program.filter);
	free(filter);
}

int syscall_filter_install(const struct syscall_filter *filter)
{
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
			    SECCOMP_FILTER_FLAG_NEW_LISTENER, &filter->program);
}

const char *syscall_name(uint32_t arch, uint32_t number)
{
	static char last[48];
	bool x32 = arch == AUDIT_ARCH_X86_64 && number & X32_BIT;
	CLEANUP_FREE char *name = NULL;

	if (arch != AUDIT_ARCH_X86_64 && arch != AUDIT_ARCH_I386)
		return NULL;
	/* SCMP_ARCH_… are the kernel's own numbers, and one more for x32. */
	name = seccomp_syscall_resolve_num_arch(x32 ? SCMP_ARCH_X32 : arch, (int)number);
	for (size_t i = 0; i < ARRAY_SIZE(unnamed) && !name; i++)
		if (unnamed[i].number == (int)(number & ~X32_BIT))
			name = xstrdup(unnamed[i].name);
	if (!name)
		return NULL;
	snprintf(last, sizeof(last), "%s", name);
	return last;
}

void syscall_describe(uint32_t arch, uint32_t number, char *ret, size_t size)
{
	const char *kind = "", *name = syscall_name(arch, number);

	if (arch == AUDIT_ARCH_I386)
		kind = "i386:";
	else if (number & X32_BIT)
		kind = "x32:";
	if (name)
		snprintf(ret, size, "%s%s", kind, name);
	else
		snprintf(ret, size, "%s%u", kind, number);
}

int syscall_report_read(int fd, char *ret_name, size_t size)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	struct seccomp_notif report = { 0 };

	/* The process may be dead by now, and then receiving would wait for another. */
	if (poll(&poll_fd, 1, 0) != 1 || !(poll_fd.revents & POLLIN) ||
	    ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &report))
		return -1;
	syscall_describe(report.data.arch, (uint32_t)report.data.nr, ret_name, size);
	return 0;
}

void syscall_policy_text(const struct string_list *deny, struct strbuf *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(forbidden); i++)
		strbuf_addf(out, "deny %s\n", forbidden[i]);
	for (size_t i = 0; i < ARRAY_SIZE(unnamed); i++)
		strbuf_addf(out, "deny %s\n", unnamed[i].name);
	for (size_t i = 0; i < ARRAY_SIZE(quiet); i++)
		strbuf_addf(out, "quiet %s\n", quiet[i].name);
	for (size_t i = 0; deny && i < deny->nr; i++)
		strbuf_addf(out, "deny %s\n", deny->items[i]);
}

static void mark(int nr, unsigned char kind, unsigned char *calls)
{
	if (nr >= 0 && nr < AUDIT_CALLS_OTHER)
		calls[nr] = kind;
}

void syscall_policy_numbers(const struct string_list *deny, unsigned char *calls)
{
	for (size_t i = 0; i < ARRAY_SIZE(quiet); i++)
		mark(seccomp_syscall_resolve_name(quiet[i].name), AUDIT_CALL_QUIET, calls);
	for (size_t i = 0; i < ARRAY_SIZE(forbidden); i++)
		mark(seccomp_syscall_resolve_name(forbidden[i]), AUDIT_CALL_FORBIDDEN, calls);
	for (size_t i = 0; i < ARRAY_SIZE(unnamed); i++)
		mark(unnamed[i].number, AUDIT_CALL_FORBIDDEN, calls);
	for (size_t i = 0; deny && i < deny->nr; i++)
		mark(seccomp_syscall_resolve_name(deny->items[i]), AUDIT_CALL_FORBIDDEN, calls);
}
