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

#endif
