#ifndef WARDEN_PROGRAMS_H
#define WARDEN_PROGRAMS_H

/*
 * The programs of ebpf/: loaded and attached once, and the maps through which they are told of
 * trials. Needs CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN until it is attached, and nothing after.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "warden/protocol.h"

struct programs;

/* Loads everything. It stays until the process ends, also after an error. */
int programs_load(struct programs **ret, struct error *err);

/*
 * Attaches it to the cgroup `base` and what lies below it. Where the kernel takes no LSM programs,
 * `ret_ready` says why, and the others stay.
 */
int programs_attach(struct programs *p, int base, struct warden_ready *ret_ready,
		    struct error *err);

/* From now on the processes of `leaf` (a cgroup's id) are held to this policy; the counts of its
 * slot begin at nothing. */
int programs_add(struct programs *p, uint64_t leaf, const struct audit_policy *policy,
		 struct error *err);
void programs_remove(struct programs *p, uint64_t leaf);

/* The counts of all processors together. */
int programs_counts(struct programs *p, uint32_t slot, struct audit_counts *ret,
		    struct error *err);

/* A descriptor that can be read when records wait and somebody should look. */
int programs_fd(const struct programs *p);

/* Takes all records that are there when it is called, the critical ones first: `take` gets each,
 * and whether it came by the ring of the critical ones. */
void programs_drain(struct programs *p,
		    void (*take)(const struct audit_record *record, bool is_critical,
				 void *data),
		    void *data);

#endif
