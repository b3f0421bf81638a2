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

#define RING_SIZE (8 << 20)

/*
 * Of which trial a cgroup is the leaf: a hash table of our own, since looking up an array is a few
 * instructions and no call.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, AUDIT_BUCKETS);
	__type(key, __u32);
	__type(value, struct audit_bucket);
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
	__uint(max_entries, RING_SIZE);
} critical SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, RING_SIZE);
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
	__u32 number = leaf % AUDIT_BUCKETS;
	struct audit_bucket *bucket = bpf_map_lookup_elem(&leaves, &number);
	struct audit_leaf *l;

	if (!bucket || !leaf)
		return NULL;
	l = bucket->leaves;
	if (l->id != leaf && (++l)->id != leaf && (++l)->id != leaf && (++l)->id != leaf)
		return NULL;
	return bpf_map_lookup_elem(&policies, &l->slot);
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
 * What many places need is done by a function that is neither static nor inlined: the verifier
 * goes through it once a program, and not once a call. For that it takes values, and pointers to
 * memory that may be NULL for all that it knows, but none to objects of the kernel's. What stands
 * in that memory the verifier does not remember, so that ways which part over it meet again.
 */

/* Counts the act. NULL where no record is made of it: it is part of an aggregate then. */
static __always_inline struct audit_counts *count_act(const struct audit_policy *policy,
						      const struct audit_record *r)
{
	__u32 slot = policy->slot, class = r->class;
	struct audit_counts *c = bpf_map_lookup_elem(&counts, &slot);

	if (!c || class >= AUDIT_CLASSES)
		return NULL;
	count(&c->emitted[class]);
	if (r->verdict == AUDIT_REFUSED)
		count(&c->refused);
	if (r->verdict == AUDIT_DENIED)
		count(&c->denied);
	if (!r->is_critical &&
	    (c->emitted[class] - c->aggregated[class] >
		     (class == AUDIT_CALL ? AUDIT_REFUSED_MAX : AUDIT_BULK_MAX) ||
	     bpf_ringbuf_query(&bulk, BPF_RB_AVAIL_DATA) > RING_SIZE / 2)) {
		count(&c->aggregated[class]);
		return NULL;
	}
	return c;
}

static __always_inline void count_lost(struct audit_counts *c, const struct audit_record *r)
{
	__u32 class = r->class;

	if (class < AUDIT_CLASSES)
		count(&c->lost[class]);
	if (r->is_critical)
		count(&c->lost_critical);
}

/* Its number in the namespace of `level`, counted from the host's, which is 0. */
static __always_inline __u32 pid_at(struct pid *pid, __u32 level)
{
	const char *numbers = (const char *)pid + bpf_core_field_offset(struct pid, numbers);
	__u32 number = 0;

	bpf_probe_read_kernel(&number, sizeof(number),
			      numbers + level * bpf_core_type_size(struct upid) +
				      bpf_core_field_offset(struct upid, nr));
	return number;
}

/*
 * Whose act it is: the current process's. Its pointers are not followed as the C of the kernel
 * would: at each the verifier searches all of the kernel's types by name.
 */
static __always_inline void put_process(struct audit_record *r)
{
	struct task_struct *task = current(), *leader = BPF_CORE_READ(task, group_leader);
	struct pid *pid = BPF_CORE_READ(leader, thread_pid);
	struct pid *parent = BPF_CORE_READ(leader, real_parent, group_leader, thread_pid);
	__u32 level = BPF_CORE_READ(pid, level);

	r->pid = pid_at(pid, level);
	r->tid = pid_at(BPF_CORE_READ(task, thread_pid), level);
	r->parent = BPF_CORE_READ(parent, level) < level ? 0 : pid_at(parent, level);
	r->process_start = BPF_CORE_READ(leader, start_time);
	bpf_probe_read_kernel(r->comm, sizeof(r->comm), &task->comm);
}

/*
 * Nobody is woken for a record, which would cost more than the act: the warden looks now and
 * then, and when a trial ends. But where something was denied, or a ring fills, it must not wait.
 */
static __always_inline __u64 wake_up(const struct audit_record *r)
{
	__u64 waiting = r->is_critical ? bpf_ringbuf_query(&critical, BPF_RB_AVAIL_DATA)
				       : bpf_ringbuf_query(&bulk, BPF_RB_AVAIL_DATA);

	return r->verdict == AUDIT_DENIED || waiting > RING_SIZE / 4 ? BPF_RB_FORCE_WAKEUP
								     : BPF_RB_NO_WAKEUP;
}

/* Of which class, act, verdict and the like stand in `r`. A packet is of no process. */
static __always_inline int emit_act(const struct audit_policy *policy, struct audit_record *r,
				    bool has_process)
{
	struct audit_counts *c;
	__u64 flags;

	if (!policy || !r)
		return 0;
	c = count_act(policy, r);
	if (!c)
		return 0;
	r->size = sizeof(*r);
	r->slot = policy->slot;
	r->time = bpf_ktime_get_ns();
	if (has_process)
		put_process(r);
	flags = wake_up(r);
	if (r->is_critical ? bpf_ringbuf_output(&critical, r, sizeof(*r), flags)
			   : bpf_ringbuf_output(&bulk, r, sizeof(*r), flags))
		count_lost(c, r);
	return 0;
}

/* Puts an act of the current process on record. */
__weak int emit(const struct audit_policy *policy, struct audit_record *r)
{
	return emit_act(policy, r, true);
}

/* What a record's path and name are read from. */
struct source {
	struct vfsmount *mnt;
	struct dentry *dentry; /* NULL: the path is `text` */
	const char *text;      /* the process's own where the record is flagged as claimed */
	__u64 len;	       /* of it; 0: up to its NUL */
	const char *name;      /* up to its NUL; NULL: none */
	/* While it goes up from `dentry`: */
	struct vfsmount *root_mnt;
	struct dentry *root_dentry;
	__u32 path_len;
	__u32 is_whole;
};

/* From the last component to the first, below the root of the process; see audit.h. */
#define DEPTH_MAX 64
#define COMPONENT_MAX 256

struct walk {
	struct audit_record_path *p;
	struct source *at;
};

/* One step up, for bpf_loop(): 1 ends it. A loop of our own the verifier would walk as often as
 * it could run. */
static long walk_up(__u32 i, struct walk *w)
{
	struct source *at = w->at;
	struct dentry *dentry = at->dentry, *parent = BPF_CORE_READ(dentry, d_parent);
	struct vfsmount *mnt = at->mnt;
	struct mount *m = (void *)mnt - bpf_core_field_offset(struct mount, mnt);
	__u32 len = at->path_len;
	long n;

	if (dentry == at->root_dentry && mnt == at->root_mnt) {
		at->is_whole = true;
		return 1;
	}
	if (dentry == BPF_CORE_READ(m, mnt.mnt_root)) {
		struct mount *above = BPF_CORE_READ(m, mnt_parent);

		if (m != above) {
			at->dentry = BPF_CORE_READ(m, mnt_mountpoint);
			at->mnt = (void *)above + bpf_core_field_offset(struct mount, mnt);
			return 0;
		}
	}
	/* The top of what is mounted nowhere, a memfd's for one, has a name but no parent. */
	if (parent != dentry || !i) {
		if (len > AUDIT_PATH_MAX - COMPONENT_MAX)
			return 1;
		/* A verifier may have forgotten that by now, as that of 6.1 has. */
		keep(len);
		n = bpf_probe_read_kernel_str(w->p->path + len % AUDIT_PATH_MAX, COMPONENT_MAX,
					      BPF_CORE_READ(dentry, d_name.name));
		if (n <= 0)
			return 1;
		at->path_len = len + n;
	}
	at->dentry = parent;
	at->is_whole = parent == dentry;
	return parent == dentry;
}

static __always_inline void put_path(struct audit_record_path *p, struct source *from)
{
	struct fs_struct *fs = BPF_CORE_READ(current(), fs);
	struct walk w = { p, from };

	from->root_dentry = BPF_CORE_READ(fs, root.dentry);
	from->root_mnt = BPF_CORE_READ(fs, root.mnt);
	bpf_loop(DEPTH_MAX, walk_up, &w, 0);
	p->record.path_len = from->path_len;
	if (!from->is_whole)
		p->record.flags |= AUDIT_TRUNCATED;
}

static __always_inline void put_text(struct audit_record_path *p, const struct source *from)
{
	__u64 len = from->len < AUDIT_PATH_MAX ? from->len : AUDIT_PATH_MAX;
	long n;

	if (!len) {
		n = bpf_probe_read_user_str(p->path, AUDIT_PATH_MAX, from->text);
		if (n > 1 && n <= AUDIT_PATH_MAX)
			p->record.path_len = n - 1;
		if (n == AUDIT_PATH_MAX)
			p->record.flags |= AUDIT_TRUNCATED;
		return;
	}
	n = p->record.flags & AUDIT_CLAIMED ? bpf_probe_read_user(p->path, len, from->text)
					    : bpf_probe_read_kernel(p->path, len, from->text);
	if (!n)
		p->record.path_len = len;
}

static __always_inline void put_name(struct audit_record_path *p, const struct source *from)
{
	long n = bpf_probe_read_kernel_str(p->name, AUDIT_NAME_MAX, from->name);

	if (n > 1 && n <= AUDIT_NAME_MAX)
		p->record.name_len = n - 1;
}

/* The same with a path. */
__weak int emit_with_path(const struct audit_policy *policy, const struct audit_record *r,
			  struct source *from)
{
	struct audit_record_path *p;
	struct audit_counts *c;

	if (!policy || !r || !from)
		return 0;
	c = count_act(policy, r);
	if (!c)
		return 0;
	p = r->is_critical ? bpf_ringbuf_reserve(&critical, sizeof(*p), 0)
			   : bpf_ringbuf_reserve(&bulk, sizeof(*p), 0);
	if (!p) {
		count_lost(c, r);
		return 0;
	}
	p->record = *r;
	p->record.size = sizeof(*p);
	p->record.slot = policy->slot;
	p->record.time = bpf_ktime_get_ns();
	put_process(&p->record);
	if (from->dentry)
		put_path(p, from);
	else if (from->text)
		put_text(p, from);
	if (from->name)
		put_name(p, from);
	bpf_ringbuf_submit(p, wake_up(&p->record));
	return 0;
}

static __always_inline void put_inode(struct audit_record *r, struct inode *inode)
{
	__u32 dev = BPF_CORE_READ(inode, i_sb, s_dev);

	r->on.file.inode = BPF_CORE_READ(inode, i_ino);
	r->on.file.major = dev >> 20;
	r->on.file.minor = dev & 0xfffff;
	r->on.file.mode = BPF_CORE_READ(inode, i_mode);
	if (!BPF_CORE_READ(inode, i_nlink))
		r->flags |= AUDIT_DELETED;
}

/* Emits an act on an open file. `name`: of it, as in struct source. */
static __always_inline int emit_file(const struct audit_policy *policy, struct audit_record *r,
				     struct file *file, const char *name)
{
	struct source from = {
		.mnt = BPF_CORE_READ(file, f_path.mnt),
		.dentry = BPF_CORE_READ(file, f_path.dentry),
		.name = name,
	};

	put_inode(r, BPF_CORE_READ(file, f_inode));
	r->on.file.flags = BPF_CORE_READ(file, f_flags);
	return emit_with_path(policy, r, &from);
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

#endif
