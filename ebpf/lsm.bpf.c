/*
 * The programs of BPF LSM, on kernels that take them: they see the object that an act is done to
 * and not what was said of it, and refuse by object what the system call filter refuses by
 * number, whichever way led there. A refusal is EPERM to the process, and quiet: where a call is
 * forbidden, it is the filter that makes a violation of it.
 *
 * A hook is asked before the act. What is let pass here may fail for another reason still.
 */
#include "ebpf/path.h"

#define S_IFREG 0100000
#define S_IFDIR 0040000
#define FMODE_EXEC 0x20
#define ERRNO_MAX 4095
#define PTRACE_MODE_ATTACH 2
#define NR_TRUNCATE 76
#define NR_MKNOD 133
#define NR_MKNODAT 259

char LICENSE[] SEC("license") = "GPL";

/* The number of the system call that we are in. */
static __always_inline __u64 call_number(void)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(current());

	return BPF_CORE_READ(regs, orig_ax);
}

/* An act on no file, refused. */
static __always_inline int refuse(int class, int act)
{
	struct audit_policy *policy = policy_of_current();
	struct audit_record r = {
		.class = class,
		.act = act,
		.verdict = AUDIT_REFUSED,
		.result = -EPERM,
		.is_critical = true,
	};

	if (!policy)
		return 0;
	if (class == AUDIT_CREDENTIALS) {
		r.on.call.number = call_number();
		r.on.call.arch = ARCH_X86_64;
	}
	emit(policy, &r);
	return -EPERM;
}

static __always_inline int refuse_at(int class, int act, struct vfsmount *mnt,
				     struct dentry *dentry)
{
	struct audit_policy *policy = policy_of_current();
	struct source from = { .mnt = mnt, .dentry = dentry };
	struct audit_record r = {
		.class = class,
		.act = act,
		.verdict = AUDIT_REFUSED,
		.result = -EPERM,
		.is_critical = true,
	};

	if (!policy)
		return 0;
	put_inode(&r, BPF_CORE_READ(dentry, d_inode));
	emit_with_path(policy, &r, &from);
	return -EPERM;
}

/* --- Files */

/*
 * A file or folder of another mount namespace, or of a mount that is gone: none that the trial
 * was given, so somebody handed a descriptor in. What the kernel mounts for itself, for memfds
 * and pipes, is in no namespace.
 */
static __always_inline bool is_foreign(struct file *file)
{
	struct vfsmount *mnt = BPF_CORE_READ(file, f_path.mnt);
	struct mount *m = (void *)mnt - bpf_core_field_offset(struct mount, mnt);
	struct mnt_namespace *namespace = BPF_CORE_READ(m, mnt_ns);
	__u32 type = BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT;

	if (type != S_IFREG && type != S_IFDIR)
		return false;
	return (__u64) namespace < (__u64)-ERRNO_MAX &&
	       namespace != BPF_CORE_READ(current(), nsproxy, mnt_ns);
}

/* An overlay opens the files below it with the rights of whoever mounted it. */
static __always_inline bool is_its_own_act(void)
{
	return BPF_CORE_READ(current(), cred) == BPF_CORE_READ(current(), real_cred);
}

/* What is opened to be run is judged by bprm_check. */
SEC("lsm/file_open")
int BPF_PROG(file_open, struct file *file)
{
	struct audit_policy *policy = policy_of_current();
	struct audit_record r = { .class = AUDIT_FILE, .act = ACT_OPEN };

	if (!policy || !is_its_own_act() || BPF_CORE_READ(file, f_flags) & FMODE_EXEC)
		return 0;
	if (is_foreign(file))
		return refuse_at(AUDIT_OBJECT, ACT_OPEN, BPF_CORE_READ(file, f_path.mnt),
				 BPF_CORE_READ(file, f_path.dentry));
	if (!is_telling(file))
		return 0;
	emit_file(policy, &r, file, NULL);
	return 0;
}

SEC("lsm/bprm_check_security")
int BPF_PROG(bprm_check, struct linux_binprm *bprm)
{
	struct file *file = bprm->file;

	if (!policy_of_current() || !is_foreign(file))
		return 0;
	return refuse_at(AUDIT_OBJECT, ACT_EXEC, BPF_CORE_READ(file, f_path.mnt),
			 BPF_CORE_READ(file, f_path.dentry));
}

/* Changed by its path, outside of the worktree. `inode`: of what it is, where it is already. */
static __always_inline int changed(int act, struct vfsmount *mnt, struct dentry *dentry,
				   struct inode *inode)
{
	struct audit_policy *policy = policy_of_current();
	struct audit_record r = { .class = AUDIT_FILE, .act = act };
	struct source from = { .mnt = mnt, .dentry = dentry };

	if (!policy || BPF_CORE_READ(dentry, d_sb, s_magic) == OVERLAYFS_MAGIC)
		return 0;
	if (inode)
		put_inode(&r, inode);
	emit_with_path(policy, &r, &from);
	return 0;
}

SEC("lsm/path_mkdir")
int BPF_PROG(path_mkdir, const struct path *dir, struct dentry *dentry)
{
	return changed(ACT_CREATE, BPF_CORE_READ(dir, mnt), dentry, NULL);
}

/* A file that is made by opening it is told of when it is opened. */
SEC("lsm/path_mknod")
int BPF_PROG(path_mknod, const struct path *dir, struct dentry *dentry, unsigned short mode)
{
	__u64 call = call_number();

	if ((mode & S_IFMT) == S_IFREG && call != NR_MKNOD && call != NR_MKNODAT)
		return 0;
	return changed(ACT_CREATE, BPF_CORE_READ(dir, mnt), dentry, NULL);
}

SEC("lsm/path_symlink")
int BPF_PROG(path_symlink, const struct path *dir, struct dentry *dentry)
{
	return changed(ACT_CREATE, BPF_CORE_READ(dir, mnt), dentry, NULL);
}

SEC("lsm/path_link")
int BPF_PROG(path_link, struct dentry *old, const struct path *dir, struct dentry *dentry)
{
	return changed(ACT_CREATE, BPF_CORE_READ(dir, mnt), dentry,
		       BPF_CORE_READ(old, d_inode));
}

SEC("lsm/path_unlink")
int BPF_PROG(path_unlink, const struct path *dir, struct dentry *dentry)
{
	return changed(ACT_REMOVE, BPF_CORE_READ(dir, mnt), dentry,
		       BPF_CORE_READ(dentry, d_inode));
}

SEC("lsm/path_rmdir")
int BPF_PROG(path_rmdir, const struct path *dir, struct dentry *dentry)
{
	return changed(ACT_REMOVE, BPF_CORE_READ(dir, mnt), dentry,
		       BPF_CORE_READ(dentry, d_inode));
}

/* Told by both its names: what it was, and what it is now. */
SEC("lsm/path_rename")
int BPF_PROG(path_rename, const struct path *old_dir, struct dentry *old,
	     const struct path *new_dir, struct dentry *new)
{
	struct inode *inode = BPF_CORE_READ(old, d_inode);

	changed(ACT_RENAME, BPF_CORE_READ(old_dir, mnt), old, inode);
	return changed(ACT_CREATE, BPF_CORE_READ(new_dir, mnt), new, inode);
}

static __always_inline int changed_itself(const struct path *path)
{
	struct dentry *dentry = BPF_CORE_READ(path, dentry);

	return changed(ACT_ATTRIBUTES, BPF_CORE_READ(path, mnt), dentry,
		       BPF_CORE_READ(dentry, d_inode));
}

/* By its path alone: an open file was told of when it was opened for writing. */
SEC("lsm/path_truncate")
int BPF_PROG(path_truncate, const struct path *path)
{
	return call_number() == NR_TRUNCATE ? changed_itself(path) : 0;
}

SEC("lsm/path_chmod")
int BPF_PROG(path_chmod, const struct path *path)
{
	return changed_itself(path);
}

SEC("lsm/path_chown")
int BPF_PROG(path_chown, const struct path *path)
{
	return changed_itself(path);
}

/* --- Sockets: IPv4 and IPv6 are the guards' */

static __always_inline int refuse_family(int act, __u32 family, __u32 type, __u32 protocol)
{
	struct audit_policy *policy = policy_of_current();
	struct audit_record r = {
		.class = AUDIT_NETWORK,
		.act = act,
		.verdict = AUDIT_REFUSED,
		.result = -EPERM,
		.is_critical = true,
	};

	if (!policy)
		return 0;
	r.on.network.family = family;
	r.on.network.type = type;
	r.on.network.protocol = protocol;
	emit(policy, &r);
	return -EPERM;
}

SEC("lsm/socket_create")
int BPF_PROG(socket_create, int family, int type, int protocol, int kern)
{
	if (kern || family == AF_UNIX || family == AF_INET || family == AF_INET6)
		return 0;
	return refuse_family(ACT_SOCKET, family, type, protocol);
}

/* The kernel's own copy of the address. */
static __always_inline int named(struct socket *socket, int act, const void *address, int len)
{
	__u32 family = BPF_CORE_READ(socket, sk, __sk_common.skc_family);
	struct audit_record r = { .class = AUDIT_NETWORK,
				  .act = act,
				  .on.network.family = AF_UNIX };
	struct source from = { .text = (const char *)address + SUN_PATH_AT };
	struct audit_policy *policy;

	if (family == AF_INET || family == AF_INET6)
		return 0;
	/* One that somebody handed in. */
	if (family != AF_UNIX)
		return refuse_family(act, family, BPF_CORE_READ(socket, type), 0);
	if (!address || len <= SUN_PATH_AT)
		return 0;
	policy = policy_of_current();
	if (!policy)
		return 0;
	r.on.network.type = BPF_CORE_READ(socket, type);
	from.len = len - SUN_PATH_AT < SUN_PATH_MAX ? len - SUN_PATH_AT : SUN_PATH_MAX;
	emit_with_path(policy, &r, &from);
	return 0;
}

SEC("lsm/socket_connect")
int BPF_PROG(socket_connect, struct socket *socket, struct sockaddr *address, int len)
{
	return named(socket, ACT_CONNECT, address, len);
}

SEC("lsm/socket_bind")
int BPF_PROG(socket_bind, struct socket *socket, struct sockaddr *address, int len)
{
	return named(socket, ACT_BIND, address, len);
}

SEC("lsm/socket_sendmsg")
int BPF_PROG(socket_sendmsg, struct socket *socket, struct msghdr *message)
{
	return named(socket, ACT_SEND, BPF_CORE_READ(message, msg_name),
		     BPF_CORE_READ(message, msg_namelen));
}

/* --- Processes and what is the kernel's */

/* Threads of one process are no others; what is only read in /proc is not kept from it. */
SEC("lsm/ptrace_access_check")
int BPF_PROG(ptrace_access, struct task_struct *task, unsigned int mode)
{
	if (!(mode & PTRACE_MODE_ATTACH) || BPF_CORE_READ(task, tgid) == current()->tgid)
		return 0;
	return refuse(AUDIT_OBJECT, ACT_PTRACE);
}

static __always_inline struct cgroup *leaf_of(struct task_struct *task)
{
	struct cgroup *group = BPF_CORE_READ(task, cgroups, dfl_cgrp), *leaf = NULL;
	const char *ancestors =
		(const char *)group + bpf_core_field_offset(struct cgroup, ancestors);

	if (BPF_CORE_READ(group, level) >= leaf_level)
		bpf_probe_read_kernel(&leaf, sizeof(leaf),
				      ancestors + (__u64)leaf_level * sizeof(leaf));
	return leaf;
}

SEC("lsm/task_kill")
int BPF_PROG(task_kill, struct task_struct *task, struct kernel_siginfo *info, int sig)
{
	struct audit_policy *policy = policy_of_current();
	struct audit_record r = {
		.class = AUDIT_SIGNAL,
		.act = ACT_KILL,
		.verdict = AUDIT_REFUSED,
		.result = sig,
		.is_critical = true,
	};

	if (!policy || leaf_of(task) == leaf_of(current()))
		return 0;
	r.on.call.args[0] = BPF_CORE_READ(task, pid);
	emit(policy, &r);
	return -EPERM;
}

SEC("lsm/userns_create")
int BPF_PROG(userns_create)
{
	return refuse(AUDIT_CREDENTIALS, ACT_USERNS);
}

SEC("lsm/bpf")
int BPF_PROG(bpf_call)
{
	return refuse(AUDIT_OBJECT, ACT_BPF);
}

SEC("lsm/sb_mount")
int BPF_PROG(sb_mount, const char *device, const struct path *path)
{
	return refuse_at(AUDIT_MOUNT, ACT_MOUNT, BPF_CORE_READ(path, mnt),
			 BPF_CORE_READ(path, dentry));
}

SEC("lsm/move_mount")
int BPF_PROG(move_mount, const struct path *from, const struct path *to)
{
	return refuse_at(AUDIT_MOUNT, ACT_MOUNT, BPF_CORE_READ(to, mnt),
			 BPF_CORE_READ(to, dentry));
}
