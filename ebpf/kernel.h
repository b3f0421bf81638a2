#ifndef EBPF_KERNEL_H
#define EBPF_KERNEL_H

/*
 * The kernel's own structs, of which only those members are named that the programs read. Where
 * each lies in the kernel that runs is found out at load (CO-RE), so that no header that was
 * generated from one kernel is needed.
 */

#define relocated __attribute__((preserve_access_index))

typedef struct {
	int counter;
} relocated atomic_t;

struct thread_info {
	unsigned int status;
} relocated;

struct seccomp {
	atomic_t filter_count;
} relocated;

struct pid_namespace;

struct upid {
	int nr;
	struct pid_namespace *ns;
} relocated;

struct pid {
	unsigned int level;
	struct upid numbers[1];
} relocated;

struct signal_struct {
	atomic_t live;
	int group_exit_code;
} relocated;

struct dentry;
struct vfsmount;

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
} relocated;

struct fs_struct {
	struct path root;
} relocated;

struct file;

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
} relocated;

struct files_struct {
	struct fdtable *fdt;
} relocated;

struct mnt_namespace;

struct nsproxy {
	struct mnt_namespace *mnt_ns;
} relocated;

struct cred;

struct cgroup {
	int level;
	struct cgroup *ancestors[0];
} relocated;

struct css_set {
	struct cgroup *dfl_cgrp;
} relocated;

struct task_struct {
	struct thread_info thread_info;
	struct seccomp seccomp;
	void *stack;
	int pid;
	int tgid;
	int exit_code;
	unsigned long start_time;
	char comm[16];
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	struct pid *thread_pid;
	struct signal_struct *signal;
	struct fs_struct *fs;
	struct files_struct *files;
	struct nsproxy *nsproxy;
	struct css_set *cgroups;
	const struct cred *cred, *real_cred;
} relocated;

struct super_block {
	unsigned int s_dev;
	unsigned long s_magic;
} relocated;

struct inode {
	unsigned short i_mode;
	unsigned int i_nlink;
	unsigned int i_rdev;
	struct super_block *i_sb;
	unsigned long i_ino;
} relocated;

struct qstr {
	const unsigned char *name;
} relocated;

struct dentry {
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
	struct super_block *d_sb;
} relocated;

struct vfsmount {
	struct dentry *mnt_root;
} relocated;

struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
	struct mnt_namespace *mnt_ns;
} relocated;

struct file {
	unsigned int f_flags;
	unsigned int f_mode;
	struct path f_path;
	struct inode *f_inode;
	void *private_data;
} relocated;

struct linux_binprm {
	struct file *file;
	const char *filename;
} relocated;

struct in6_addr {
	unsigned char bytes[16];
};

struct sock_common {
	unsigned short skc_family;
	unsigned short skc_num;
	unsigned int skc_rcv_saddr;
	struct in6_addr skc_v6_rcv_saddr;
} relocated;

struct sock {
	struct sock_common __sk_common;
	unsigned short sk_protocol;
} relocated;

struct socket {
	short type;
	struct sock *sk;
} relocated;

struct sockaddr_un {
	unsigned short sun_family;
	char sun_path[108];
} relocated;

struct unix_address {
	int len;
	struct sockaddr_un name[0];
} relocated;

struct unix_sock {
	struct unix_address *addr;
} relocated;

/* The registers of a system call on x86-64, as ptrace(2) shows them: they lie where they lie. */
struct pt_regs {
	unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax;
};

/* So does what a program gets. */
struct bpf_iter__cgroup {
	__u64 meta;
	struct cgroup *cgroup;
};

struct sockaddr;

struct msghdr {
	void *msg_name;
	int msg_namelen;
} relocated;

union bpf_attr;
struct kernel_siginfo;

#endif
