/*
 * The observers: what processes of a trial do, seen where the kernel does it. System calls are
 * looked at when they return, once: there also those show that the filter refused. What a pointer
 * of theirs leads to may change under the look, so an act is told by the kernel's own objects,
 * and where there is none, it is marked as claimed.
 */
#include "ebpf/path.h"

#define EACCES 13
#define EEXIST 17
#define EROFS 30
#define EAFNOSUPPORT 97

#define S_IFSOCK 0140000
#define O_ACCMODE 3
#define O_CREAT 0100
#define TS_COMPAT 2
#define X32_BIT 0x40000000
#define ARCH_I386 0x40000003
#define TIOCSTI 0x5412
#define TIOCLINUX 0x541c
#define SI_TIMER -2
#define SI_CODE_AT 8 /* behind si_signo and si_errno, as in every siginfo of x86-64 */
#define NR_CONNECT 42
#define NR_BIND 49
#define NR_CLONE 56
#define NEW_NAMESPACES 0x7e020000 /* all of CLONE_NEW… */

char LICENSE[] SEC("license") = "GPL";

/* Set where the programs of LSM are attached, which see opens and UNIX sockets by object. */
int has_lsm;

/* What is looked at more closely than by counting it. */
enum look {
	LOOK_OPEN = 1,
	LOOK_CREAT,
	LOOK_OPENAT,
	LOOK_OPENAT2,
	LOOK_SOCKET,
	LOOK_NAMED,
	LOOK_LISTEN,
	LOOK_SENDTO,
	LOOK_SENDMSG,
	LOOK_IOCTL,
	LOOK_CREDENTIALS,
	LOOK_CLONE,
};

/* By number on x86-64. */
static const __u8 looks[AUDIT_CALLS] = {
	[2] = LOOK_OPEN,	   [85] = LOOK_CREAT,	     [257] = LOOK_OPENAT,
	[437] = LOOK_OPENAT2,	   [41] = LOOK_SOCKET,	     [53] = LOOK_SOCKET,
	[NR_CONNECT] = LOOK_NAMED, [NR_BIND] = LOOK_NAMED,   [50] = LOOK_LISTEN,
	[44] = LOOK_SENDTO,	   [46] = LOOK_SENDMSG,	     [307] = LOOK_SENDMSG,
	[16] = LOOK_IOCTL,	   [105] = LOOK_CREDENTIALS, [106] = LOOK_CREDENTIALS,
	[113] = LOOK_CREDENTIALS,  [114] = LOOK_CREDENTIALS, [116] = LOOK_CREDENTIALS,
	[117] = LOOK_CREDENTIALS,  [119] = LOOK_CREDENTIALS, [122] = LOOK_CREDENTIALS,
	[123] = LOOK_CREDENTIALS,  [126] = LOOK_CREDENTIALS, [NR_CLONE] = LOOK_CLONE,
};

static __always_inline struct file *file_of(__u64 fd)
{
	struct fdtable *table = BPF_CORE_READ(current(), files, fdt);
	struct file **files = BPF_CORE_READ(table, fd);
	struct file *file = NULL;

	if (fd < BPF_CORE_READ(table, max_fds))
		bpf_probe_read_kernel(&file, sizeof(file), files + fd);
	return file;
}

/* A system call that has returned. */
struct call {
	__u32 number, arch;
	__u64 args[6];
	__s64 result;
};

__noinline int emit_call(const struct audit_policy *policy, int class, int verdict,
			 const struct call *call)
{
	struct audit_record r = { .class = class, .act = ACT_CALL, .verdict = verdict };

	if (!call)
		return 0;
	if (class == AUDIT_CREDENTIALS)
		r.act = ACT_CREDENTIALS;
	r.result = call->result;
	r.on.call.number = call->number;
	r.on.call.arch = call->arch;
	r.on.call.args[0] = call->args[0];
	r.on.call.args[1] = call->args[1];
	r.on.call.args[2] = call->args[2];
	r.is_critical = verdict == AUDIT_DENIED || class == AUDIT_CREDENTIALS;
	return emit(policy, &r);
}

__noinline int opened(const struct audit_policy *policy, __u64 fd)
{
	struct audit_record r = { .class = AUDIT_FILE, .act = ACT_OPEN };
	struct file *file = file_of(fd);

	if (!file || !is_telling(file))
		return 0;
	return emit_file(policy, &r, file, NULL);
}

/* Was refused: there is no file, only what was asked for. */
__noinline int not_opened(const struct audit_policy *policy, __u64 name, __u32 flags,
			  __s64 error)
{
	struct source from = { .text = (const char *)name };
	struct audit_record r = {
		.class = AUDIT_FILE,
		.act = ACT_OPEN,
		.flags = AUDIT_CLAIMED,
		.result = error,
		.on.file.flags = flags,
	};

	if (!(flags & (O_ACCMODE | O_CREAT)) ||
	    (error != -EPERM && error != -EACCES && error != -EROFS))
		return 0;
	return emit_with_path(policy, &r, &from);
}

static __always_inline struct socket *socket_of(__u64 fd)
{
	struct file *file = file_of(fd);

	if (!file || (BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) != S_IFSOCK)
		return NULL;
	return BPF_CORE_READ(file, private_data);
}

/*
 * A socket was given the address of `len` bytes. UNIX sockets alone: the others are seen by the
 * guards, by the kernel's copy of the address.
 */
__noinline int named_socket(const struct audit_policy *policy, const struct call *call,
			    __u64 address, __u64 len)
{
	struct audit_record r = {
		.class = AUDIT_NETWORK,
		.act = ACT_SEND,
		.flags = AUDIT_CLAIMED,
		.on.network.family = AF_UNIX,
	};
	struct source from = { .text = (const char *)address + SUN_PATH_AT };
	struct socket *socket;

	if (has_lsm || !call || !address || len <= SUN_PATH_AT)
		return 0;
	socket = socket_of(call->args[0]);
	if (!socket || BPF_CORE_READ(socket, sk, __sk_common.skc_family) != AF_UNIX)
		return 0;
	if (call->number == NR_CONNECT)
		r.act = ACT_CONNECT;
	if (call->number == NR_BIND)
		r.act = ACT_BIND;
	r.result = call->result < 0 ? call->result : 0;
	r.on.network.type = BPF_CORE_READ(socket, type);
	from.len = len - SUN_PATH_AT < SUN_PATH_MAX ? len - SUN_PATH_AT : SUN_PATH_MAX;
	return emit_with_path(policy, &r, &from);
}

static __always_inline int named_message(const struct audit_policy *policy,
					 const struct call *call)
{
	struct {
		__u64 name;
		__u32 len;
	} head;

	if (has_lsm || bpf_probe_read_user(&head, sizeof(head), (const void *)call->args[1]))
		return 0;
	return named_socket(policy, call, head.name, head.len);
}

/* The kernel's own copy of the name that it was bound to. */
static __always_inline int listened_by_name(const struct audit_policy *policy,
					    struct audit_record *r, struct sock *sk)
{
	struct unix_address *address = BPF_CORE_READ((struct unix_sock *)sk, addr);
	__u64 len = (__u32)BPF_CORE_READ(address, len) - SUN_PATH_AT;
	struct source from = { 0 };

	if (address && len && len <= SUN_PATH_MAX) {
		from.text = (const char *)address +
			    bpf_core_field_offset(struct unix_address, name) + SUN_PATH_AT;
		from.len = len;
	}
	return emit_with_path(policy, r, &from);
}

__noinline int listened(const struct audit_policy *policy, __u64 fd, __s64 result)
{
	struct audit_record r = { .class = AUDIT_NETWORK, .act = ACT_LISTEN, .result = result };
	struct audit_address *a = &r.on.network.address;
	struct socket *socket = socket_of(fd);
	struct sock *sk;

	if (!socket)
		return 0;
	sk = BPF_CORE_READ(socket, sk);
	r.on.network.family = BPF_CORE_READ(sk, __sk_common.skc_family);
	r.on.network.type = BPF_CORE_READ(socket, type);
	if (r.on.network.family == AF_UNIX)
		return listened_by_name(policy, &r, sk);
	if (r.on.network.family == AF_INET) {
		__u32 ip = BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr);

		a->ip[10] = a->ip[11] = 0xff;
		__builtin_memcpy(a->ip + 12, &ip, 4);
	} else if (r.on.network.family == AF_INET6) {
		bpf_probe_read_kernel(a->ip, 16, &sk->__sk_common.skc_v6_rcv_saddr);
	}
	a->port = BPF_CORE_READ(sk, __sk_common.skc_num);
	return emit(policy, &r);
}

__noinline int refused_socket(const struct audit_policy *policy, const struct call *call)
{
	struct audit_record r = {
		.class = AUDIT_NETWORK,
		.act = ACT_SOCKET,
		.verdict = AUDIT_REFUSED,
		.result = -EAFNOSUPPORT,
	};

	if (!call)
		return 0;
	r.on.network.family = call->args[0];
	r.on.network.type = call->args[1] & 0xf;
	r.on.network.protocol = call->args[2];
	return emit(policy, &r);
}

static __always_inline int look_at_open(const struct audit_policy *policy, enum look look,
					const struct call *call)
{
	const __u64 *args = call->args;
	__u64 how;

	if (call->result >= 0)
		return has_lsm ? 0 : opened(policy, call->result);
	if (look == LOOK_OPEN || look == LOOK_CREAT)
		return not_opened(policy, args[0], look == LOOK_CREAT ? O_CREAT : args[1],
				  call->result);
	how = args[2];
	if (look == LOOK_OPENAT2 &&
	    bpf_probe_read_user(&how, sizeof(how), (const void *)args[2]))
		return 0;
	return not_opened(policy, args[1], how, call->result);
}

/* Those calls that are more than a number. */
__noinline int look_at(const struct audit_policy *policy, enum look look,
		       const struct call *call)
{
	const __u64 *args;

	if (!policy || !call)
		return 0;
	args = call->args;
	switch (look) {
	case LOOK_OPEN:
	case LOOK_CREAT:
	case LOOK_OPENAT:
	case LOOK_OPENAT2:
		return look_at_open(policy, look, call);
	case LOOK_SOCKET:
		return call->result == -EAFNOSUPPORT ? refused_socket(policy, call) : 0;
	case LOOK_NAMED:
		return named_socket(policy, call, args[1], args[2]);
	case LOOK_SENDTO:
		return named_socket(policy, call, args[4], args[5]);
	case LOOK_SENDMSG:
		return named_message(policy, call);
	case LOOK_LISTEN:
		return listened(policy, args[0], call->result);
	case LOOK_IOCTL:
		if (call->result == -EPERM &&
		    ((__u32)args[1] == TIOCSTI || (__u32)args[1] == TIOCLINUX))
			return emit_call(policy, AUDIT_CALL, AUDIT_REFUSED, call);
		return 0;
	case LOOK_CREDENTIALS:
		return emit_call(policy, AUDIT_CREDENTIALS, AUDIT_ALLOWED, call);
	case LOOK_CLONE:
		/* Forbidden with these flags alone; see the filter. */
		if (call->result < 0 && args[0] & NEW_NAMESPACES && !policy->calls[NR_CLONE])
			return emit_call(policy, AUDIT_CALL, AUDIT_DENIED, call);
		return 0;
	}
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(sys_exit, struct pt_regs *regs, long ret)
{
	struct audit_policy *policy = policy_of_current();
	struct audit_counts *c;
	__u32 slot, number;
	bool is_i386, is_other;
	__u64 nr, error;
	struct call call;

	if (!policy)
		return 0;
	slot = policy->slot;
	c = bpf_map_lookup_elem(&counts, &slot);
	if (!c)
		return 0;
	nr = regs->orig_ax;
	/* A return from a signal handler, which leaves no number. */
	if ((__u32)nr == ~0u)
		return 0;
	is_i386 = current()->thread_info.status & TS_COMPAT;
	is_other = is_i386 || nr & X32_BIT;
	if (is_other)
		nr = AUDIT_CALLS_OTHER;
	keep(nr);
	number = nr < AUDIT_CALLS_OTHER ? nr : AUDIT_CALLS_OTHER;
	/* No other program of this CPU comes between. */
	c->calls[number]++;
	if (ret < 0) {
		/* Or the compiler bounds `ret`, or `error - 1`, and the verifier not `error`. */
		error = -ret;
		keep(error);
		if (error < AUDIT_ERRORS) {
			c->errors[number]++;
			c->by_error[error]++;
		}
	}
	if (!is_other && (number == AUDIT_CALLS_OTHER ||
			  (!looks[number] && !(policy->calls[number] && ret < 0))))
		return 0;
	call.number = regs->orig_ax;
	call.arch = is_i386 ? ARCH_I386 : ARCH_X86_64;
	call.args[0] = regs->di;
	call.args[1] = regs->si;
	call.args[2] = regs->dx;
	call.args[3] = regs->r10;
	call.args[4] = regs->r8;
	call.args[5] = regs->r9;
	call.result = ret;
	if (is_other)
		return emit_call(policy, AUDIT_CALL, AUDIT_DENIED, &call);
	look_at(policy, looks[number], &call);
	if (policy->calls[number] && ret < 0)
		emit_call(policy, AUDIT_CALL,
			  policy->calls[number] == AUDIT_CALL_QUIET ? AUDIT_REFUSED
								    : AUDIT_DENIED,
			  &call);
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task, int old, struct linux_binprm *bprm)
{
	struct audit_policy *policy = policy_of_current();
	struct audit_record r = { .class = AUDIT_EXEC, .act = ACT_EXEC, .is_critical = true };

	if (!policy)
		return 0;
	return emit_file(policy, &r, BPF_CORE_READ(bprm, file), BPF_CORE_READ(bprm, filename));
}

/* Threads are no processes. */
SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct *parent, struct task_struct *child)
{
	struct audit_policy *policy = policy_of_current();
	struct audit_record r = { .class = AUDIT_PROCESS, .act = ACT_FORK };
	struct pid *pid;

	if (!policy || child->pid != child->tgid)
		return 0;
	pid = BPF_CORE_READ(child, thread_pid);
	r.result = pid_at(pid, BPF_CORE_READ(pid, level));
	return emit(policy, &r);
}

/* Processes of which the end is told already, by the address that their threads share. */
struct end {
	struct signal_struct *signal;
	__u64 start;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct end);
	__type(value, __u8);
} ended SEC(".maps");

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct *task)
{
	struct audit_policy *policy = policy_of_current();
	struct audit_record r = { .class = AUDIT_PROCESS, .act = ACT_EXIT };
	struct end end = { BPF_CORE_READ(task, signal),
			   BPF_CORE_READ(task, group_leader, start_time) };
	__u8 told = 1;

	/* The last thread takes the process along; the first need not be the last. Two that end
	 * at the same time may both look like the last. Before 6.4 the answer is an int. */
	if (!policy || BPF_CORE_READ(task, signal, live.counter) ||
	    (int)bpf_map_update_elem(&ended, &end, &told, BPF_NOEXIST) == -EEXIST)
		return 0;
	r.result = task->exit_code;
	return emit(policy, &r);
}

/*
 * A siginfo that a process brings along may say what it likes, also that it is a timer's, see
 * rt_sigqueueinfo(2), pidfd_send_signal(2). The system call copies it to the stack; that of a timer
 * lies in the timer, whatever it interrupts.
 */
static __always_inline bool is_brought(const struct kernel_siginfo *info)
{
	__u64 stack = (__u64)BPF_CORE_READ(current(), stack);

	return (__u64)info >= stack && (__u64)info < (__u64)bpf_task_pt_regs(current());
}

/*
 * A signal to a process of another cgroup: none should ever get there. The timer of any process of
 * the host may expire in ours, which it interrupts: that is nothing that ours does. Such a signal has
 * no siginfo, but a number in its place, or says that it is a timer's; see kill(2), sigaction(2).
 */
SEC("tp_btf/signal_generate")
int BPF_PROG(on_signal, int sig, struct kernel_siginfo *info, struct task_struct *task)
{
	struct audit_policy *policy = policy_of_current();
	struct audit_record r = {
		.class = AUDIT_SIGNAL, .act = ACT_KILL, .result = sig, .is_critical = true
	};
	struct pid *target;
	__u32 level;
	int code;

	if (!policy ||
	    bpf_probe_read_kernel(&code, sizeof(code), (const char *)info + SI_CODE_AT) ||
	    (code == SI_TIMER && !is_brought(info)))
		return 0;
	/* In the trial's pid namespace it has a number, and one that has just died has none. */
	level = BPF_CORE_READ(current(), thread_pid, level);
	target = BPF_CORE_READ(task, thread_pid);
	if (!target || (BPF_CORE_READ(target, level) >= level && pid_at(target, level)))
		return 0;
	r.on.call.args[0] = task->pid;
	return emit(policy, &r);
}

/* Run once, over the group that leaves are made in. */
SEC("iter/cgroup")
int level_of(struct bpf_iter__cgroup *ctx)
{
	struct cgroup *group = ctx->cgroup;

	if (group)
		leaf_level = group->level + 1;
	return 0;
}
