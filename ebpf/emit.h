#ifndef EBPF_EMIT_H
#define EBPF_EMIT_H

/*
 * What all programs share: the maps, whose trial the current process is of, and how an act is
 * put on record. Only processes behind our system call filter count: what our own processes do in
 * the leaf before, they do for the sandbox.
 */

#include "ebpf/audit.h"
#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#include "ebpf/kernel.h"

#define RING_CRITICAL (8 << 20)
#define RING_BULK (8 << 20)

/*
 * Of which trial a cgroup is the leaf: a hash table of our own, since looking up an array is a few
 * instructions and no call. A cgroup's id leads to a bucket, or to one of its neighbours.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, AUDIT_BUCKETS);
	__type(key, __u32);
	__type(value, struct audit_leaf);
} leaves SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, AUDIT_SLOTS);
	__type(key, __u32);
	__type(value, struct audit_policy);
} policies SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, AUDIT_SLOTS);
	__type(key, __u32);
	__type(value, struct audit_counts);
} counts SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, RING_CRITICAL);
} critical SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, RING_BULK);
} bulk SEC(".maps") __weak;

#define AF_UNIX 1
#define AF_INET 2
#define AF_INET6 10
#define EPERM 1
#define S_IFMT 0170000
#define S_IFCHR 0020000
#define FMODE_WRITE 2
#define OVERLAYFS_MAGIC 0x794c7630
#define SUN_PATH_AT 2
#define SUN_PATH_MAX 108
#define ARCH_X86_64 0xc000003e

/* How deep leaves lie in the hierarchy of cgroups; read by level_of. */
int leaf_level __weak;

static __always_inline struct task_struct *current(void)
{
	return (struct task_struct *)bpf_get_current_task_btf();
}

static __always_inline struct audit_policy *policy_of_leaf(__u64 leaf)
{
	for (__u32 i = 0; i < AUDIT_NEIGHBOURS; i++) {
		__u32 bucket = (leaf ^ i) % AUDIT_BUCKETS;
		struct audit_leaf *l = bpf_map_lookup_elem(&leaves, &bucket);

		if (l && l->id == leaf && leaf)
			return bpf_map_lookup_elem(&policies, &l->slot);
	}
	return NULL;
}

static __always_inline struct audit_policy *policy_of_current(void)
{
	__u32 filters = current()->seccomp.filter_count.counter;
	struct audit_policy *policy;

	/* Most of the machine's processes are behind none. */
	if (!filters)
		return NULL;
	policy = policy_of_leaf(bpf_get_current_ancestor_cgroup_id(leaf_level));
	return policy && filters > policy->filters ? policy : NULL;
}

/* The compiler has to take the variable as it is here. */
#define keep(variable) asm volatile("" : "+r"(variable))

static __always_inline void count(__u64 *counter)
{
	__sync_fetch_and_add(counter, 1);
}

/*
 * Counts the act, and makes room for its record in the ring of its kind. NULL where it is
 * aggregated, or lost: then that is counted.
 */
static __always_inline void *record_begin(const struct audit_policy *policy, int class, int act,
					  int verdict, int is_critical, __u32 size)
{
	__u32 slot = policy->slot;
	struct audit_counts *c = bpf_map_lookup_elem(&counts, &slot);
	struct audit_record *r;

	if (!c)
		return NULL;
	count(&c->emitted[class]);
	if (verdict == AUDIT_REFUSED)
		count(&c->refused);
	if (verdict == AUDIT_DENIED)
		count(&c->denied);
	if (is_critical) {
		r = bpf_ringbuf_reserve(&critical, size, 0);
	} else {
		__u64 most = class == AUDIT_CALL ? AUDIT_REFUSED_MAX : AUDIT_BULK_MAX;

		if (c->emitted[class] - c->aggregated[class] > most ||
		    bpf_ringbuf_query(&bulk, BPF_RB_AVAIL_DATA) > RING_BULK / 2) {
			count(&c->aggregated[class]);
			return NULL;
		}
		r = bpf_ringbuf_reserve(&bulk, size, 0);
	}
	if (!r) {
		count(&c->lost[class]);
		if (is_critical)
			count(&c->lost_critical);
		return NULL;
	}
	__builtin_memset(r, 0, sizeof(*r));
	r->size = size;
	r->class = class;
	r->act = act;
	r->verdict = verdict;
	r->slot = slot;
	r->time = bpf_ktime_get_ns();
	return r;
}

/* Its number in the namespace of `level`, counted from the host's, which is 0. */
static __always_inline __u32 pid_at(struct pid *pid, __u32 level)
{
	struct upid id = { 0 };
	const char *numbers = (const char *)pid + bpf_core_field_offset(struct pid, numbers);

	if (BPF_CORE_READ(pid, level) < level)
		return 0;
	bpf_probe_read_kernel(&id, sizeof(id),
			      numbers + level * bpf_core_type_size(struct upid));
	return id.nr;
}

static __always_inline __u32 pid_inside(struct task_struct *task)
{
	struct pid *pid = BPF_CORE_READ(task, thread_pid);

	return pid_at(pid, BPF_CORE_READ(pid, level));
}

/* Whose act it is. */
static __always_inline void record_process(struct audit_record *r, struct task_struct *task)
{
	struct task_struct *leader = BPF_CORE_READ(task, group_leader);
	struct pid *pid = BPF_CORE_READ(leader, thread_pid);
	__u32 level = BPF_CORE_READ(pid, level);

	r->pid = pid_at(pid, level);
	r->tid = pid_inside(task);
	r->parent = pid_at(BPF_CORE_READ(leader, real_parent, group_leader, thread_pid), level);
	r->process_start = BPF_CORE_READ(leader, start_time);
	bpf_probe_read_kernel(r->comm, sizeof(r->comm), &task->comm);
}

/*
 * Nobody is woken for a record, which would cost more than the act: the warden looks now and
 * then, and when a trial ends. But where something was denied, or a ring fills, it must not wait.
 */
static __always_inline void record_end(struct audit_record *r, int is_critical)
{
	__u64 flags = BPF_RB_NO_WAKEUP;
	__u64 waiting = is_critical ? bpf_ringbuf_query(&critical, BPF_RB_AVAIL_DATA)
				    : bpf_ringbuf_query(&bulk, BPF_RB_AVAIL_DATA);

	if (r->verdict == AUDIT_DENIED || waiting > (is_critical ? RING_CRITICAL : RING_BULK) / 4)
		flags = BPF_RB_FORCE_WAKEUP;
	bpf_ringbuf_submit(r, flags);
}

/* From the last component to the first, below the root of the process; see audit.h. */
#define DEPTH_MAX 64
#define COMPONENT_MAX 256

struct walk {
	struct audit_record_path *p;
	struct dentry *dentry;
	struct vfsmount *mnt;
	struct dentry *root_dentry;
	struct vfsmount *root_mnt;
	__u32 len;
	bool whole;
};

/* One step up, for bpf_loop(): 1 ends it. A loop of our own the verifier would walk as often as
 * it could run. */
static long walk_up(__u32 i, struct walk *w)
{
	struct dentry *dentry = w->dentry, *parent = BPF_CORE_READ(dentry, d_parent);
	struct vfsmount *mnt = w->mnt;
	__u32 at = w->len;
	long n;

	if (dentry == w->root_dentry && mnt == w->root_mnt) {
		w->whole = true;
		return 1;
	}
	if (dentry == BPF_CORE_READ(mnt, mnt_root)) {
		struct mount *m = (void *)mnt - bpf_core_field_offset(struct mount, mnt);
		struct mount *above = BPF_CORE_READ(m, mnt_parent);

		if (m != above) {
			w->dentry = BPF_CORE_READ(m, mnt_mountpoint);
			w->mnt = (void *)above + bpf_core_field_offset(struct mount, mnt);
			return 0;
		}
	}
	/* The top of what is mounted nowhere, a memfd's for one, has a name but no parent. */
	if (parent != dentry || !i) {
		if (at > AUDIT_PATH_MAX - COMPONENT_MAX)
			return 1;
		n = bpf_probe_read_kernel_str(w->p->path + at, COMPONENT_MAX,
					      BPF_CORE_READ(dentry, d_name.name));
		if (n <= 0)
			return 1;
		w->len += n;
	}
	w->dentry = parent;
	w->whole = parent == dentry;
	return w->whole;
}

static __always_inline void put_inode(struct audit_record_path *p, struct inode *inode)
{
	__u32 dev = BPF_CORE_READ(inode, i_sb, s_dev);

	p->record.on.file.inode = BPF_CORE_READ(inode, i_ino);
	p->record.on.file.major = dev >> 20;
	p->record.on.file.minor = dev & 0xfffff;
	p->record.on.file.mode = BPF_CORE_READ(inode, i_mode);
	if (!BPF_CORE_READ(inode, i_nlink))
		p->record.flags |= AUDIT_DELETED;
}

static __always_inline void put_path(struct audit_record_path *p, struct vfsmount *mnt,
				     struct dentry *dentry)
{
	struct fs_struct *fs = BPF_CORE_READ(current(), fs);
	struct walk w = {
		.p = p,
		.dentry = dentry,
		.mnt = mnt,
		.root_dentry = BPF_CORE_READ(fs, root.dentry),
		.root_mnt = BPF_CORE_READ(fs, root.mnt),
	};

	bpf_loop(DEPTH_MAX, walk_up, &w, 0);
	p->record.path_len = w.len;
	if (!w.whole)
		p->record.flags |= AUDIT_TRUNCATED;
}

static __always_inline void put_file(struct audit_record_path *p, struct file *file)
{
	put_inode(p, BPF_CORE_READ(file, f_inode));
	p->record.on.file.flags = BPF_CORE_READ(file, f_flags);
	put_path(p, BPF_CORE_READ(file, f_path.mnt), BPF_CORE_READ(file, f_path.dentry));
}

/* /dev/null and its kind, and terminals: where every program writes. */
static __always_inline bool is_harmless_device(struct inode *inode)
{
	__u32 rdev = BPF_CORE_READ(inode, i_rdev), major = rdev >> 20;

	if ((BPF_CORE_READ(inode, i_mode) & S_IFMT) != S_IFCHR)
		return false;
	return major == 1 || major == 5 || (major >= 136 && major <= 143);
}

/* Opened for writing, where it is told of. Inside the trial an overlay that can be written is
 * its worktree. */
static __always_inline bool is_telling(struct file *file)
{
	struct inode *inode = BPF_CORE_READ(file, f_inode);

	return BPF_CORE_READ(file, f_mode) & FMODE_WRITE &&
	       BPF_CORE_READ(inode, i_sb, s_magic) != OVERLAYFS_MAGIC &&
	       !is_harmless_device(inode);
}

static __always_inline struct audit_record_path *
record_path_begin(const struct audit_policy *policy, int class, int act, int verdict,
		  int is_critical)
{
	return record_begin(policy, class, act, verdict, is_critical,
			    sizeof(struct audit_record_path));
}

#endif
