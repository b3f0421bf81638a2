#include "warden/programs.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/strbuf.h"
#include "ebpf/audit.skel.h"
#include "ebpf/lsm.skel.h"

#define PROGRAMS_MAX 64
/* Of what the verifier has to say of a program that it does not take. */
#define LOG_SIZE (16 << 20)
/* Records, a ring and look: more than one has room for, so that a flood cannot keep us. */
#define LOOK_MAX (1 << 17)

/* Where the guards stand: at the cgroup and all below it. The others look whose act it is. */
static const struct {
	const char *name;
	enum bpf_attach_type hook;
} guards[] = {
	{ "connect4", BPF_CGROUP_INET4_CONNECT },
	{ "connect6", BPF_CGROUP_INET6_CONNECT },
	{ "sendmsg4", BPF_CGROUP_UDP4_SENDMSG },
	{ "sendmsg6", BPF_CGROUP_UDP6_SENDMSG },
	{ "bind4", BPF_CGROUP_INET4_BIND },
	{ "bind6", BPF_CGROUP_INET6_BIND },
	{ "sock_create", BPF_CGROUP_INET_SOCK_CREATE },
	{ "egress", BPF_CGROUP_INET_EGRESS },
	{ "device", BPF_CGROUP_DEVICE },
};

struct program {
	int fd;
	enum bpf_prog_type type;
	char name[BPF_OBJ_NAME_LEN];
	unsigned char tag[BPF_TAG_SIZE];
};

struct programs {
	struct audit *audit;
	struct lsm *lsm;
	struct error no_lsm; /* why there are none of LSM; or no message */
	struct program programs[PROGRAMS_MAX];
	size_t nr;
	int links[PROGRAMS_MAX];
	size_t links_nr;
	struct ring {
		struct programs *programs;
		struct ring_buffer *buffer;
		bool is_critical;
		int left; /* in this look */
	} rings[2];
	int epoll;
	void (*take)(const struct audit_record *record, bool is_critical, void *data);
	void *data;
	int cpus;
	struct audit_counts *per_cpu;
};

/* `log`: the verifier's, which ends with what it stumbled over and a line of sums; or NULL. */
static int blame(const char *what, int error, char *log, struct error *err)
{
	char *sums = log ? strstr(log, "\nprocessed ") : NULL;
	const char *last;

	if (error == -EPERM)
		return error_set(err, "%s: not permitted", what);
	if (!sums)
		return error_set(err, "%s: %s", what, strerror(-error));
	*sums = '\0';
	last = strrchr(log, '\n');
	return error_set(err, "%s: %.160s", what, last ? last + 1 : log);
}

/* Runs level_of over the base: an iterator's program runs when its descriptor is read. */
static int find_level(struct programs *p, int base, struct error *err)
{
	union bpf_iter_link_info info = {
		.cgroup = { .order = BPF_CGROUP_ITER_SELF_ONLY, .cgroup_fd = (__u32)base },
	};
	LIBBPF_OPTS(bpf_link_create_opts, options, .iter_info = &info,
		    .iter_info_len = sizeof(info));
	CLEANUP_CLOSE int link =
		bpf_link_create(p->audit->progs.level_of.prog_fd, 0, BPF_TRACE_ITER, &options);
	CLEANUP_CLOSE int fd = link < 0 ? -1 : bpf_iter_create(link);
	char nothing;

	if (fd < 0 || read(fd, &nothing, 1) < 0 || p->audit->bss->leaf_level <= 0)
		return blame("cannot look at the cgroup", -errno, NULL, err);
	return 0;
}

static int attach_program(const struct program *program, int base)
{
	if (program->type == BPF_PROG_TYPE_TRACING || program->type == BPF_PROG_TYPE_LSM)
		return bpf_raw_tracepoint_open(NULL, program->fd);
	for (size_t i = 0; i < ARRAY_SIZE(guards); i++)
		if (!strcmp(guards[i].name, program->name))
			return bpf_link_create(program->fd, base, guards[i].hook, NULL);
	errno = ENOENT;
	return -1;
}

static int attach(struct programs *p, bool lsm, int base, struct error *err)
{
	for (size_t i = 0; i < p->nr; i++) {
		const struct program *program = &p->programs[i];
		int link;

		if ((program->type == BPF_PROG_TYPE_LSM) != lsm ||
		    program->fd == p->audit->progs.level_of.prog_fd)
			continue;
		link = attach_program(program, base);
		if (link < 0) {
			CLEANUP_FREE char *what =
				xstrfmt("cannot attach the program '%s'", program->name);

			return blame(what, -errno, NULL, err);
		}
		p->links[p->links_nr++] = link;
	}
	return 0;
}

static void detach(struct programs *p, size_t first)
{
	while (p->links_nr > first)
		close(p->links[--p->links_nr]);
}

/*
 * Cheaper than to load them in vain. The kernel takes and attaches them also where it was booted
 * without, and never asks them: so its list counts, where it can be read.
 */
static int check_lsm(struct error *err)
{
	CLEANUP_FCLOSE FILE *f = fopen("/sys/kernel/security/lsm", "re");
	char list[256];

	if (f && fgets(list, sizeof(list), f) && !strstr(list, "bpf"))
		return error_set(err, "bpf is not in the kernel's lsm= list");
	if (libbpf_probe_bpf_prog_type(BPF_PROG_TYPE_LSM, NULL) != 1)
		return error_set(err, "the kernel takes no program of that type");
	return 0;
}

static int add_program(struct programs *p, int fd, struct error *err)
{
	struct program *program = &p->programs[p->nr];
	struct bpf_prog_info info = { 0 };
	__u32 len = sizeof(info);

	if (p->nr == PROGRAMS_MAX || bpf_obj_get_info_by_fd(fd, &info, &len))
		return blame("cannot look at a program", -errno, NULL, err);
	program->fd = fd;
	program->type = info.type;
	memcpy(program->name, info.name, sizeof(program->name));
	memcpy(program->tag, info.tag, sizeof(program->tag));
	p->nr++;
	return 0;
}

/* `log`: what the verifier says; or NULL. */
static int load_audit(struct programs *p, char *log, struct error *err)
{
	struct audit *audit = audit__open();
	const struct bpf_prog_desc *programs;
	int failed;

	if (!audit)
		return error_errno(err, "cannot open the programs");
	audit->ctx.log_level = log != NULL;
	audit->ctx.log_buf = (uintptr_t)log;
	audit->ctx.log_size = log ? LOG_SIZE : 0;
	failed = audit__load(audit);
	if (failed) {
		audit__destroy(audit);
		return blame("the kernel does not take the programs", failed, log, err);
	}
	p->audit = audit;
	programs = (const void *)&audit->progs;
	for (size_t i = 0; i < sizeof(audit->progs) / sizeof(*programs); i++)
		if (add_program(p, programs[i].prog_fd, err))
			return -1;
	return 0;
}

/*
 * A light skeleton: the programs are loaded by one of their own kind, in the kernel, which also
 * finds out where its structs have what they read. To read the kernel's types takes libbpf longer
 * than all the rest. It has room for 32 functions, those that are called among them. A kernel that
 * refuses them is asked once more for its reasons.
 */
static int load(struct programs *p, struct error *err)
{
	CLEANUP_FREE char *log = NULL;

	if (!load_audit(p, NULL, err))
		return 0;
	log = xcalloc(1, LOG_SIZE);
	return load_audit(p, log, err);
}

/* The same maps for both. */
static int share_maps(const struct audit *audit, struct lsm *lsm)
{
	return bpf_map__reuse_fd(lsm->maps.leaves, audit->maps.leaves.map_fd) ||
	       bpf_map__reuse_fd(lsm->maps.policies, audit->maps.policies.map_fd) ||
	       bpf_map__reuse_fd(lsm->maps.counts, audit->maps.counts.map_fd) ||
	       bpf_map__reuse_fd(lsm->maps.critical, audit->maps.critical.map_fd) ||
	       bpf_map__reuse_fd(lsm->maps.bulk, audit->maps.bulk.map_fd);
}

/* Those of LSM, which a light skeleton could not do: none can share maps with another. */
static int load_lsm(struct programs *p, struct error *err)
{
	CLEANUP_FREE char *log = xcalloc(1, LOG_SIZE);
	LIBBPF_OPTS(bpf_object_open_opts, options, .kernel_log_buf = log,
		    .kernel_log_size = LOG_SIZE);
	struct lsm *lsm = lsm__open_opts(&options);
	struct bpf_program *program;
	int failed;

	if (!lsm)
		return error_errno(err, "cannot open the programs");
	failed = share_maps(p->audit, lsm) ? -errno : lsm__load(lsm);
	if (failed) {
		lsm__destroy(lsm);
		return blame("the kernel does not take the programs", failed, log, err);
	}
	p->lsm = lsm;
	bpf_object__for_each_program(program, lsm->obj)
	{
		if (add_program(p, bpf_program__fd(program), err))
			return -1;
	}
	return 0;
}

/* All of them or none: half of them would see acts twice, or not at all. */
static void attach_lsm(struct programs *p)
{
	size_t others = p->links_nr;

	p->lsm->bss->leaf_level = p->audit->bss->leaf_level;
	if (attach(p, true, -1, &p->no_lsm))
		detach(p, others);
	else
		p->audit->bss->has_lsm = 1;
}

static void describe(const struct programs *p, struct strbuf *out)
{
	for (size_t i = 0; i < p->nr; i++) {
		strbuf_addf(out, "%s:", p->programs[i].name);
		for (size_t j = 0; j < sizeof(p->programs[i].tag); j++)
			strbuf_addf(out, "%02x", p->programs[i].tag[j]);
		strbuf_addch(out, '\n');
	}
}

static int take_record(void *ring, void *data, size_t size)
{
	const struct audit_record *record = data;
	struct ring *r = ring;

	if (size >= sizeof(*record) && record->slot < AUDIT_SLOTS)
		r->programs->take(record, r->is_critical, r->programs->data);
	return --r->left > 0 ? 0 : -1;
}

/* Both wake the same epoll, but each is drained by itself. */
static int open_rings(struct programs *p, struct error *err)
{
	const int maps[] = { p->audit->maps.critical.map_fd, p->audit->maps.bulk.map_fd };

	for (size_t i = 0; i < ARRAY_SIZE(p->rings); i++) {
		struct ring *r = &p->rings[i];
		struct epoll_event event = { .events = EPOLLIN };

		r->programs = p;
		r->is_critical = !i;
		r->buffer = ring_buffer__new(maps[i], take_record, r, NULL);
		if (!r->buffer)
			return blame("cannot open a ring", -errno, NULL, err);
		if (epoll_ctl(p->epoll, EPOLL_CTL_ADD, ring_buffer__epoll_fd(r->buffer),
			      &event))
			return error_errno(err, "cannot watch a ring");
	}
	return 0;
}

static int load_all(struct programs *p, struct error *err)
{
	p->cpus = libbpf_num_possible_cpus();
	p->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (p->cpus < 0 || p->epoll < 0)
		return error_errno(err, "cannot prepare for the programs");
	p->per_cpu = xcalloc((size_t)p->cpus, sizeof(*p->per_cpu));
	if (load(p, err) || open_rings(p, err))
		return -1;
	if (!check_lsm(&p->no_lsm))
		load_lsm(p, &p->no_lsm);
	return 0;
}

int programs_load(struct programs **ret, struct error *err)
{
	struct programs *p = xcalloc(1, sizeof(*p));

	if (load_all(p, err)) {
		free(p->per_cpu);
		free(p);
		return -1;
	}
	*ret = p;
	return 0;
}

int programs_attach(struct programs *p, int base, struct warden_ready *ret_ready,
		    struct error *err)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	if (find_level(p, base, err) || attach(p, false, base, err))
		return -1;
	if (!*p->no_lsm.message)
		attach_lsm(p);
	*ret_ready = (struct warden_ready){ .lsm = p->audit->bss->has_lsm != 0 };
	snprintf(ret_ready->lsm_error, sizeof(ret_ready->lsm_error), "%.*s",
		 (int)sizeof(ret_ready->lsm_error) - 1, p->no_lsm.message);
	describe(p, &text);
	snprintf(ret_ready->programs, sizeof(ret_ready->programs), "%s", text.buf);
	return 0;
}

/* Puts `leaf` in place of `id` in the bucket that is the leaf's. Returns -1 where that is not. */
static int replace_leaf(struct programs *p, uint64_t leaf, uint64_t id, struct audit_leaf by)
{
	__u32 number = leaf % AUDIT_BUCKETS;
	struct audit_bucket bucket;

	if (bpf_map_lookup_elem(p->audit->maps.leaves.map_fd, &number, &bucket))
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(bucket.leaves); i++) {
		if (bucket.leaves[i].id != id)
			continue;
		bucket.leaves[i] = by;
		return bpf_map_update_elem(p->audit->maps.leaves.map_fd, &number, &bucket,
					   BPF_ANY);
	}
	errno = ENOSPC;
	return -1;
}

int programs_add(struct programs *p, uint64_t leaf, const struct audit_policy *policy,
		 struct error *err)
{
	memset(p->per_cpu, 0, (size_t)p->cpus * sizeof(*p->per_cpu));
	/* The leaf last: with it, the policy holds. Ids count up, so this takes trials that lie
	 * more than a thousand cgroups apart. */
	if (bpf_map_update_elem(p->audit->maps.counts.map_fd, &policy->slot, p->per_cpu,
				BPF_ANY) ||
	    bpf_map_update_elem(p->audit->maps.policies.map_fd, &policy->slot, policy,
				BPF_ANY) ||
	    replace_leaf(p, leaf, 0, (struct audit_leaf){ .id = leaf, .slot = policy->slot }))
		return error_errno(err, "cannot tell the programs of a trial");
	return 0;
}

void programs_remove(struct programs *p, uint64_t leaf)
{
	replace_leaf(p, leaf, leaf, (struct audit_leaf){ 0 });
}

int programs_counts(struct programs *p, uint32_t slot, struct audit_counts *ret,
		    struct error *err)
{
	*ret = (struct audit_counts){ 0 };
	if (bpf_map_lookup_elem(p->audit->maps.counts.map_fd, &slot, p->per_cpu))
		return error_errno(err, "cannot read the counts of a trial");
	/* It is made of counters alone. */
	for (int cpu = 0; cpu < p->cpus; cpu++)
		for (size_t i = 0; i < sizeof(*ret) / sizeof(__u64); i++)
			((__u64 *)ret)[i] += ((const __u64 *)&p->per_cpu[cpu])[i];
	return 0;
}

int programs_fd(const struct programs *p)
{
	return p->epoll;
}

void programs_drain(struct programs *p,
		    void (*take)(const struct audit_record *record, bool is_critical,
				 void *data),
		    void *data)
{
	p->take = take;
	p->data = data;
	for (size_t i = 0; i < ARRAY_SIZE(p->rings); i++) {
		p->rings[i].left = LOOK_MAX;
		ring_buffer__consume(p->rings[i].buffer);
	}
}
