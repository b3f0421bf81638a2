#ifndef EBPF_PATH_H
#define EBPF_PATH_H

/* Acts on files and named sockets, whose records have a path. */

#include "ebpf/emit.h"

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

/* Puts an act on record that has a path. */
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
