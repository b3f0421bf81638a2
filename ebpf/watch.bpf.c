/*
 * The observers: what processes of a trial do, seen where the kernel does it. System calls are
 * looked at when they return, once: there also those show that the filter refused. What a pointer
 * of theirs leads to may change under the look, so an act is told by the kernel's own objects,
 * and where there is none, it is marked as claimed.
 */
#include "ebpf/emit.h"

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
	LOOK_CONNECT,
	LOOK_BIND,
	LOOK_LISTEN,
	LOOK_SENDTO,
	LOOK_SENDMSG,
	LOOK_IOCTL,
	LOOK_CREDENTIALS,
	LOOK_CLONE,
};

/* By number on x86-64. */
static const __u8 looks[AUDIT_CALLS] = {
	[2] = LOOK_OPEN,	  [85] = LOOK_CREAT,	    [257] = LOOK_OPENAT,
	[437] = LOOK_OPENAT2,	  [41] = LOOK_SOCKET,	    [53] = LOOK_SOCKET,
	[42] = LOOK_CONNECT,	  [49] = LOOK_BIND,	    [50] = LOOK_LISTEN,
	[44] = LOOK_SENDTO,	  [46] = LOOK_SENDMSG,	    [307] = LOOK_SENDMSG,
	[16] = LOOK_IOCTL,	  [105] = LOOK_CREDENTIALS, [106] = LOOK_CREDENTIALS,
	[113] = LOOK_CREDENTIALS, [114] = LOOK_CREDENTIALS, [116] = LOOK_CREDENTIALS,
	[117] = LOOK_CREDENTIALS, [119] = LOOK_CREDENTIALS, [122] = LOOK_CREDENTIALS,
	[123] = LOOK_CREDENTIALS, [126] = LOOK_CREDENTIALS, [NR_CLONE] = LOOK_CLONE,
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

static __always_inline void record_call(const struct audit_policy *policy, int class, int act,
					int verdict, struct pt_regs *regs, __u32 arch,
					__s64 result)
{
	int is_critical = verdict == AUDIT_DENIED || class == AUDIT_CREDENTIALS;
	struct audit_record *r =
		record_begin(policy, class, act, verdict, is_critical, sizeof(*r));

	if (!r)
		return;
	record_process(r, current());
	r->result = result;
	r->on.call.number = regs->orig_ax;
	r->on.call.arch = arch;
	r->on.call.args[0] = regs->di;
	r->on.call.args[1] = regs->si;
	r->on.call.args[2] = regs->dx;
	record_end(r, is_critical);
}

static __noinline int opened(const struct audit_policy *policy, __u64 fd)
{
	struct audit_record_path *p;
	struct file *file = file_of(fd);

	if (!policy || !file || !is_telling(file))
		return 0;
	p = record_path_begin(policy, AUDIT_FILE, ACT_OPEN, AUDIT_ALLOWED, false);
	if (!p)
		return 0;
	record_process(&p->record, current());
	put_file(p, file);
	record_end(&p->record, false);
	return 0;
}

/* Was refused: there is no file, only what was asked for. */
static __noinline int not_opened(const struct audit_policy *policy, const char *name,
				 __u32 flags, __s64 error)
{
	struct audit_record_path *p;
	long n;

	if (!policy || !(flags & (O_ACCMODE | O_CREAT)))
		return 0;
	if (error != -EPERM && error != -EACCES && error != -EROFS)
		return 0;
	p = record_path_begin(policy, AUDIT_FILE, ACT_OPEN, AUDIT_ALLOWED, false);
	if (!p)
		return 0;
	record_process(&p->record, current());
	p->record.result = error;
	p->record.flags = AUDIT_CLAIMED;
	p->record.on.file.flags = flags;
	n = bpf_probe_read_user_str(p->path, AUDIT_PATH_MAX, name);
	if (n > 1 && n <= AUDIT_PATH_MAX)
		p->record.path_len = n - 1;
	if (n == AUDIT_PATH_MAX)
		p->record.flags |= AUDIT_TRUNCATED;
	record_end(&p->record, false);
	return 0;
}

static __always_inline struct socket *socket_of(__u64 fd)
{
	struct file *file = file_of(fd);

	if (!file || (BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) != S_IFSOCK)
		return NULL;
	return BPF_CORE_READ(file, private_data);
}

/* An address that a process gave, with what it was given to. */
struct given {
	__u64 fd;
	const char *address;
	__u64 len;
	__s64 result;
};

/* UNIX sockets alone: the others are seen by the guards, by the kernel's copy of the address. */
static __noinline int named_socket(const struct audit_policy *policy, int act,
				   const struct given *given)
{
	struct socket *socket = socket_of(given->fd);
	__u64 len = given->len - SUN_PATH_AT;
	struct audit_record_path *p;

	if (has_lsm || !policy || !socket || !given->address || given->len <= SUN_PATH_AT ||
	    BPF_CORE_READ(socket, sk, __sk_common.skc_family) != AF_UNIX)
		return 0;
	p = record_path_begin(policy, AUDIT_NETWORK, act, AUDIT_ALLOWED, false);
	if (!p)
		return 0;
	record_process(&p->record, current());
	p->record.result = given->result < 0 ? given->result : 0;
	p->record.flags = AUDIT_CLAIMED;
	p->record.on.network.family = AF_UNIX;
	p->record.on.network.type = BPF_CORE_READ(socket, type);
	if (len > SUN_PATH_MAX)
		len = SUN_PATH_MAX;
	if (!bpf_probe_read_user(p->path, len, given->address + SUN_PATH_AT))
		p->record.path_len = len;
	record_end(&p->record, false);
	return 0;
}

static __noinline int named_message(const struct audit_policy *policy, struct given *given)
{
	struct {
		const char *name;
		__u32 len;
	} head;

	if (has_lsm || !policy || bpf_probe_read_user(&head, sizeof(head), given->address))
		return 0;
	given->address = head.name;
	given->len = head.len;
	return named_socket(policy, ACT_SEND, given);
}

/* The kernel's own copy of the name that it was bound to. */
static __noinline int listened_by_name(const struct audit_policy *policy, struct socket *socket,
				       __s64 result)
{
	struct audit_record_path *p;
	struct unix_address *address;
	struct unix_sock *sk;
	__u64 len, name = bpf_core_field_offset(struct unix_address, name);

	if (!policy || !socket)
		return 0;
	p = record_path_begin(policy, AUDIT_NETWORK, ACT_LISTEN, AUDIT_ALLOWED, false);
	if (!p)
		return 0;
	record_process(&p->record, current());
	p->record.result = result;
	p->record.on.network.family = AF_UNIX;
	p->record.on.network.type = BPF_CORE_READ(socket, type);
	sk = (struct unix_sock *)BPF_CORE_READ(socket, sk);
	address = BPF_CORE_READ(sk, addr);
	len = (__u32)BPF_CORE_READ(address, len) - SUN_PATH_AT;
	if (address && len <= SUN_PATH_MAX &&
	    !bpf_probe_read_kernel(p->path, len, (const char *)address + name + SUN_PATH_AT))
		p->record.path_len = len;
	record_end(&p->record, false);
	return 0;
}

static __noinline int listened(const struct audit_policy *policy, __u64 fd, __s64 result)
{
	struct socket *socket = socket_of(fd);
	struct audit_record *r;
	struct sock *sk;

	if (!policy || !socket)
		return 0;
	if (BPF_CORE_READ(socket, sk, __sk_common.skc_family) == AF_UNIX)
		return listened_by_name(policy, socket, result);
	r = record_begin(policy, AUDIT_NETWORK, ACT_LISTEN, AUDIT_ALLOWED, false, sizeof(*r));
	if (!r)
		return 0;
	record_process(r, current());
	sk = BPF_CORE_READ(socket, sk);
	r->result = result;
	r->on.network.family = BPF_CORE_READ(sk, __sk_common.skc_family);
	r->on.network.type = BPF_CORE_READ(socket, type);
	if (r->on.network.family == AF_INET) {
		__u32 ip = BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr);

		r->on.network.address.ip[10] = r->on.network.address.ip[11] = 0xff;
		__builtin_memcpy(r->on.network.address.ip + 12, &ip, 4);
	} else if (r->on.network.family == AF_INET6) {
		bpf_probe_read_kernel(r->on.network.address.ip, 16,
				      &sk->__sk_common.skc_v6_rcv_saddr);
	}
	r->on.network.address.port = BPF_CORE_READ(sk, __sk_common.skc_num);
	record_end(r, false);
	return 0;
}

static __always_inline void refused_socket(const struct audit_policy *policy,
					   struct pt_regs *regs)
{
	struct audit_record *r = record_begin(policy, AUDIT_NETWORK, ACT_SOCKET, AUDIT_REFUSED,
					      false, sizeof(*r));

	if (!r)
		return;
	record_process(r, current());
	r->result = -EAFNOSUPPORT;
	r->on.network.family = regs->di;
	r->on.network.type = regs->si & 0xf;
	r->on.network.protocol = regs->dx;
	record_end(r, false);
}

/* Those calls that are more than a number. */
static __always_inline void look_at(const struct audit_policy *policy, enum look look,
				    struct pt_regs *regs, __s64 ret)
{
	struct given given = { regs->di, (void *)regs->si, regs->dx, ret };
	__u64 how = 0;

	switch (look) {
	case LOOK_OPEN:
	case LOOK_CREAT:
	case LOOK_OPENAT:
	case LOOK_OPENAT2:
		if (ret >= 0) {
			if (!has_lsm)
				opened(policy, ret);
			return;
		}
		if (look == LOOK_OPEN || look == LOOK_CREAT) {
			not_opened(policy, (const char *)regs->di,
				   look == LOOK_CREAT ? O_CREAT : regs->si, ret);
			return;
		}
		how = regs->dx;
		if (look == LOOK_OPENAT2 &&
		    bpf_probe_read_user(&how, sizeof(how), (void *)regs->dx))
			return;
		not_opened(policy, (const char *)regs->si, how, ret);
		return;
	case LOOK_SOCKET:
		if (ret == -EAFNOSUPPORT)
			refused_socket(policy, regs);
		return;
	case LOOK_CONNECT:
		named_socket(policy, ACT_CONNECT, &given);
		return;
	case LOOK_BIND:
		named_socket(policy, ACT_BIND, &given);
		return;
	case LOOK_LISTEN:
		listened(policy, regs->di, ret);
		return;
	case LOOK_SENDTO:
		given.address = (void *)regs->r8;
		given.len = regs->r9;
		named_socket(policy, ACT_SEND, &given);
		return;
	case LOOK_SENDMSG:
		named_message(policy, &given);
		return;
	case LOOK_IOCTL:
		if (ret == -EPERM &&
		    ((__u32)regs->si == TIOCSTI || (__u32)regs->si == TIOCLINUX))
			record_call(policy, AUDIT_CALL, ACT_CALL, AUDIT_REFUSED, regs,
				    ARCH_X86_64, ret);
		return;
	case LOOK_CREDENTIALS:
		record_call(policy, AUDIT_CREDENTIALS, ACT_CREDENTIALS, AUDIT_ALLOWED, regs,
			    ARCH_X86_64, ret);
		return;
	case LOOK_CLONE:
		/* Forbidden with these flags alone; see the filter. */
		if (ret < 0 && regs->di & NEW_NAMESPACES && !policy->calls[NR_CLONE])
			record_call(policy, AUDIT_CALL, ACT_CALL, AUDIT_DENIED, regs,
				    ARCH_X86_64, ret);
		return;
	}
}

SEC("tp_btf/sys_exit")
int BPF_PROG(sys_exit, struct pt_regs *regs, long ret)
{
	struct audit_policy *policy = policy_of_current();
	struct audit_counts *c;
	__u32 slot, number;
	bool is_i386, is_other;
	__u64 nr, error;

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
	if (is_other)
		record_call(policy, AUDIT_CALL, ACT_CALL, AUDIT_DENIED, regs,
			    is_i386 ? ARCH_I386 : ARCH_X86_64, ret);
	if (number == AUDIT_CALLS_OTHER)
		return 0;
	if (looks[number])
		look_at(policy, looks[number], regs, ret);
	if (policy->calls[number] && ret < 0)
		record_call(policy, AUDIT_CALL, ACT_CALL,
			    policy->calls[number] == AUDIT_CALL_QUIET ? AUDIT_REFUSED
								      : AUDIT_DENIED,
			    regs, ARCH_X86_64, ret);
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task, int old, struct linux_binprm *bprm)
{
	struct audit_policy *policy = policy_of_current();
	struct audit_record_path *p;
	long n;

	if (!policy)
		return 0;
	p = record_path_begin(policy, AUDIT_EXEC, ACT_EXEC, AUDIT_ALLOWED, true);
	if (!p)
		return 0;
	record_process(&p->record, current());
	put_file(p, BPF_CORE_READ(bprm, file));
	n = bpf_probe_read_kernel_str(p->name, AUDIT_NAME_MAX, BPF_CORE_READ(bprm, filename));
	if (n > 1 && n <= AUDIT_NAME_MAX)
		p->record.name_len = n - 1;
	record_end(&p->record, true);
	return 0;
}

/* Threads are no processes. */
SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct *parent, struct task_struct *child)
{
	struct audit_policy *policy = policy_of_current();
	struct audit_record *r;

	if (!policy || BPF_CORE_READ(child, pid) != BPF_CORE_READ(child, tgid))
		return 0;
	r = record_begin(policy, AUDIT_PROCESS, ACT_FORK, AUDIT_ALLOWED, false, sizeof(*r));
	if (!r)
		return 0;
	record_process(r, parent);
	r->result = pid_inside(child);
	record_end(r, false);
	return 0;
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
	struct end end = { BPF_CORE_READ(task, signal),
			   BPF_CORE_READ(task, group_leader, start_time) };
	struct audit_record *r;
	__u8 told = 1;

	/* The last thread takes the process along; the first need not be the last. Two that end
	 * at the same time may both look like the last. Before 6.4 the answer is an int. */
	if (!policy || BPF_CORE_READ(task, signal, live.counter) ||
	    (int)bpf_map_update_elem(&ended, &end, &told, BPF_NOEXIST) == -EEXIST)
		return 0;
	r = record_begin(policy, AUDIT_PROCESS, ACT_EXIT, AUDIT_ALLOWED, false, sizeof(*r));
	if (!r)
		return 0;
	record_process(r, task);
	r->result = BPF_CORE_READ(task, exit_code);
	record_end(r, false);
	return 0;
}

/* A signal to a process of another cgroup: none should ever get there. */
SEC("tp_btf/signal_generate")
int BPF_PROG(on_signal, int sig, struct kernel_siginfo *info, struct task_struct *task)
{
	struct audit_policy *policy = policy_of_current();
	struct audit_record *r;
	struct pid *pid, *target;

	if (!policy)
		return 0;
	/* In the trial's pid namespace it has a number, and one that has just died has none. */
	pid = BPF_CORE_READ(current(), thread_pid);
	target = BPF_CORE_READ(task, thread_pid);
	if (!target || pid_at(target, BPF_CORE_READ(pid, level)))
		return 0;
	r = record_begin(policy, AUDIT_SIGNAL, ACT_KILL, AUDIT_ALLOWED, true, sizeof(*r));
	if (!r)
		return 0;
	record_process(r, current());
	r->result = sig;
	r->on.call.args[0] = BPF_CORE_READ(task, pid);
	record_end(r, true);
	return 0;
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
