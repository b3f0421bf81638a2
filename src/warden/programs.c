#include "warden/programs.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/strbuf.h"
#include "ebpf/audit.skel.h"

#define LINKS_MAX 64
/* Records, a ring and look: more than one has room for, so that a flood cannot keep us. */
#define LOOK_MAX (1 << 17)

struct programs {
	struct audit *audit;
	struct bpf_link *links[LINKS_MAX];
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

/* libbpf tells on the way what it fails with; the last words are what a person needs. */
static char last_words[160];

static int listen_to_libbpf(enum libbpf_print_level level, const char *format, va_list args)
{
	char text[sizeof(last_words)];

	if (level != LIBBPF_WARN)
		return 0;
	vsnprintf(text, sizeof(text), format, args);
	text[strcspn(text, "\n")] = '\0';
	/* The verifier's log ends with a line of its own, and libbpf adds two that say less. */
	if (!strstr(text, "BPF program load failed") && *last_words)
		return 0;
	memcpy(last_words, text, sizeof(text));
	return 0;
}

static int blame(const char *what, int error, struct error *err)
{
	if (error == -EPERM)
		return error_set(err, "%s: not permitted", what);
	return error_set(err, "%s: %s", what, *last_words ? last_words : strerror(-error));
}

/* Runs level_of over the base: an iterator's program runs when its descriptor is read. */
static int find_level(struct programs *p, int base, struct error *err)
{
	union bpf_iter_link_info info = {
		.cgroup = { .order = BPF_CGROUP_ITER_SELF_ONLY, .cgroup_fd = (__u32)base },
	};
	LIBBPF_OPTS(bpf_iter_attach_opts, options, .link_info = &info,
		    .link_info_len = sizeof(info));
	struct bpf_link *link = bpf_program__attach_iter(p->audit->progs.level_of, &options);
	CLEANUP_CLOSE int fd = -1;
	char nothing;

	if (!link)
		return blame("cannot look at the cgroup", -errno, err);
	fd = bpf_iter_create(bpf_link__fd(link));
	if (fd < 0 || read(fd, &nothing, 1) < 0 || p->audit->bss->leaf_level <= 0) {
		bpf_link__destroy(link);
		return blame("cannot look at the cgroup", fd < 0 ? fd : -errno, err);
	}
	bpf_link__destroy(link);
	return 0;
}

static bool is_lsm(const struct bpf_program *program)
{
	return bpf_program__type(program) == BPF_PROG_TYPE_LSM;
}

/* Guards belong to the cgroup and all below it; the others look whose act it is. */
static int attach(struct programs *p, bool lsm, int base, struct error *err)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, p->audit->obj)
	{
		bool everywhere = bpf_program__type(program) == BPF_PROG_TYPE_TRACING || lsm;
		struct bpf_link *link;

		if (is_lsm(program) != lsm || program == p->audit->progs.level_of)
			continue;
		link = everywhere ? bpf_program__attach(program)
				  : bpf_program__attach_cgroup(program, base);
		if (!link) {
			CLEANUP_FREE char *what = xstrfmt("cannot attach the program '%s'",
							  bpf_program__name(program));

			return blame(what, -errno, err);
		}
		p->links[p->links_nr++] = link;
	}
	return 0;
}

static void detach(struct programs *p, size_t first)
{
	while (p->links_nr > first)
		bpf_link__destroy(p->links[--p->links_nr]);
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

static int load(struct programs *p, bool lsm, struct error *err)
{
	struct bpf_program *program;
	int failed;

	*last_words = '\0';
	p->audit = audit__open();
	if (!p->audit)
		return blame("cannot open the programs", -errno, err);
	bpf_object__for_each_program(program, p->audit->obj)
	{
		if (is_lsm(program))
			bpf_program__set_autoload(program, lsm);
	}
	failed = audit__load(p->audit);
	if (!failed)
		return 0;
	audit__destroy(p->audit);
	p->audit = NULL;
	return blame("the kernel does not take the programs", failed, err);
}

/* With those of LSM where it can be; `lsm` has no message then, or says why not. */
static int load_most(struct programs *p, struct error *lsm, struct error *err)
{
	if (!check_lsm(lsm) && !load(p, true, lsm))
		return 0;
	return load(p, false, err);
}

/* All of them or none: half of them would see acts twice, or not at all. */
static void attach_lsm(struct programs *p, struct error *err)
{
	size_t others = p->links_nr;

	if (attach(p, true, -1, err))
		detach(p, others);
	else
		p->audit->bss->has_lsm = 1;
}

static void describe(const struct programs *p, struct strbuf *out)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, p->audit->obj)
	{
		struct bpf_prog_info info = { 0 };
		__u32 len = sizeof(info);

		if (bpf_program__fd(program) < 0 ||
		    bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &len))
			continue;
		strbuf_addf(out, "%s:", bpf_program__name(program));
		for (size_t i = 0; i < sizeof(info.tag); i++)
			strbuf_addf(out, "%02x", info.tag[i]);
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
	const int maps[] = { bpf_map__fd(p->audit->maps.critical),
			     bpf_map__fd(p->audit->maps.bulk) };

	for (size_t i = 0; i < ARRAY_SIZE(p->rings); i++) {
		struct ring *r = &p->rings[i];
		struct epoll_event event = { .events = EPOLLIN };

		r->programs = p;
		r->is_critical = !i;
		r->buffer = ring_buffer__new(maps[i], take_record, r, NULL);
		if (!r->buffer)
			return blame("cannot open a ring", -errno, err);
		if (epoll_ctl(p->epoll, EPOLL_CTL_ADD, ring_buffer__epoll_fd(r->buffer),
			      &event))
			return error_errno(err, "cannot watch a ring");
	}
	return 0;
}

static int open_all(struct programs *p, int base, struct warden_ready *ready, struct error *err)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	struct error lsm = ERROR_INIT;

	p->cpus = libbpf_num_possible_cpus();
	p->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (p->cpus < 0 || p->epoll < 0)
		return error_errno(err, "cannot prepare for the programs");
	p->per_cpu = xcalloc((size_t)p->cpus, sizeof(*p->per_cpu));
	if (load_most(p, &lsm, err) || find_level(p, base, err) ||
	    attach(p, false, base, err) || open_rings(p, err))
		return -1;
	if (!*lsm.message)
		attach_lsm(p, &lsm);
	ready->lsm = p->audit->bss->has_lsm != 0;
	snprintf(ready->lsm_error, sizeof(ready->lsm_error), "%.*s",
		 (int)sizeof(ready->lsm_error) - 1, lsm.message);
	describe(p, &text);
	snprintf(ready->programs, sizeof(ready->programs), "%s", text.buf);
	return 0;
}

int programs_open(struct programs **ret, int base, struct warden_ready *ret_ready,
		  struct error *err)
{
	struct programs *p = xcalloc(1, sizeof(*p));

	p->epoll = -1;
	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	libbpf_set_print(listen_to_libbpf);
	*ret_ready = (struct warden_ready){ 0 };
	if (open_all(p, base, ret_ready, err)) {
		programs_free(p);
		return -1;
	}
	*ret = p;
	return 0;
}

void programs_free(struct programs *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(p->rings); i++)
		ring_buffer__free(p->rings[i].buffer);
	detach(p, 0);
	audit__destroy(p->audit);
	if (p->epoll >= 0)
		close(p->epoll);
	free(p->per_cpu);
	free(p);
}

/* Puts `by` in place of `id` in the bucket of `leaf`. Returns -1 where that is not in it. */
static int replace_leaf(struct programs *p, uint64_t leaf, uint64_t id, struct audit_leaf by)
{
	int map = bpf_map__fd(p->audit->maps.leaves);
	__u32 number = leaf % AUDIT_BUCKETS;
	struct audit_bucket bucket;

	if (bpf_map_lookup_elem(map, &number, &bucket))
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(bucket.leaves); i++) {
		if (bucket.leaves[i].id != id)
			continue;
		bucket.leaves[i] = by;
		return bpf_map_update_elem(map, &number, &bucket, BPF_ANY);
	}
	errno = ENOSPC;
	return -1;
}

int programs_add(struct programs *p, uint64_t leaf, const struct audit_policy *policy,
		 struct error *err)
{
	memset(p->per_cpu, 0, (size_t)p->cpus * sizeof(*p->per_cpu));
	/* The leaf last: with it, the policy holds. Ids count up, so its bucket is full only where
	 * trials lie more than a thousand cgroups apart. */
	if (bpf_map_update_elem(bpf_map__fd(p->audit->maps.counts), &policy->slot, p->per_cpu,
				BPF_ANY) ||
	    bpf_map_update_elem(bpf_map__fd(p->audit->maps.policies), &policy->slot, policy,
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
	if (bpf_map_lookup_elem(bpf_map__fd(p->audit->maps.counts), &slot, p->per_cpu))
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
