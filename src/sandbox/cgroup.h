#ifndef SANDBOX_CGROUP_H
#define SANDBOX_CGROUP_H

/*
 * Ceilings that the kernel keeps, and the one way to kill all of a trial at once.
 *
 * Two layouts exist. On most machines there is cgroup v2 alone. On a hybrid one the
 * controllers are v1, each with a hierarchy of its own, beside a v2 hierarchy that has none:
 * there a leaf is a folder in each of them. Killing, seeing a leaf empty and counting its
 * CPU time always go by v2; only the limits differ, and struct cgroup_base knows where each
 * controller lives.
 *
 *     <the cgroup we run in>/autoresearch-<pid>-<start time>/t<n>
 *
 * The group's name says whose it is, so that what a killed process left is found and
 * removed (see cgroup_sweep()).
 */

#include <stdbool.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "model/campaign.h"

enum controller {
	CONTROLLER_MEMORY,
	CONTROLLER_PIDS,
	CONTROLLER_CPU,
	CONTROLLER_NR,
};

/* Where leaves go, once found out by cgroup_base_open(). */
struct cgroup_base {
	char *unified;		     /* our group in the v2 hierarchy, absolute */
	char *legacy[CONTROLLER_NR]; /* our group in a v1 hierarchy; NULL: v2 has it */
	unsigned next;		     /* number of the next leaf */
};

struct cgroup_leaf {
	char *unified;
	char *legacy[CONTROLLER_NR];
	/*
	 * Once killed, a leaf is not used again: kernels from 6.13 on were seen to kill at once
	 * whatever CLONE_INTO_CGROUP starts in a cgroup that cgroup.kill was ever written to.
	 */
	bool killed;
};

/* What a leaf came to. */
struct cgroup_usage {
	double cpu;	     /* s, user and system */
	int64_t memory_peak; /* bytes; -1 where the kernel does not say */
};

/* What its limits did. */
struct cgroup_events {
	bool oom;      /* the memory limit killed something */
	bool pids_hit; /* a fork was refused */
};

/*
 * Makes our group below the cgroup that this process is in, and enables the controllers
 * there. An error, with the command that mends it, where a controller cannot be had: what
 * cannot be limited is not run. The group is noted in `store`/cgroups for cgroup_sweep().
 */
int cgroup_base_open(struct cgroup_base *ret, const char *store, struct error *err);

/*
 * True where cgroup_base_open() would find all that it needs. Nothing is made. In `ret_unified`
 * whether every controller is v2's.
 */
bool cgroup_is_ours(bool *ret_unified);

/* Removes the group, whose leaves are empty by now. */
void cgroup_base_close(struct cgroup_base *base);

/* "v2", or "v1+v2" on the hybrid layout. */
const char *cgroup_layout(const struct cgroup_base *base);

/*
 * Makes a leaf with these limits, each written and read back. `extra_pids` processes of our
 * own live in it as well and are added to the limit.
 */
int cgroup_leaf_make(struct cgroup_base *base, const struct limits *limits, int extra_pids,
		     struct cgroup_leaf *ret, struct error *err);

/* A descriptor of the v2 leaf for CLONE_INTO_CGROUP; the caller closes it. -1 on error. */
int cgroup_leaf_fd(const struct cgroup_leaf *leaf, struct error *err);

/*
 * Descriptors by which a process is put in the v1 leaves, -1 where v2 has the controller. The
 * kernel asks what whoever opened them may do, so they serve one that has given that up. Whoever
 * calls it ends soon, and closes them by that.
 */
int cgroup_leaf_doors(const struct cgroup_leaf *leaf, int ret[CONTROLLER_NR],
		      struct error *err);

/* Puts the process in the v1 leaves, while it waits in the v2 one. For the first in a while the
 * kernel takes milliseconds, since every fork on the machine has to be told. */
int cgroup_admit(const int doors[CONTROLLER_NR], int pid, struct error *err);

/* Kills every process of the leaf. */
int cgroup_leaf_kill(struct cgroup_leaf *leaf, struct error *err);

/* True where no process is left in it. */
bool cgroup_leaf_is_empty(const struct cgroup_leaf *leaf);

/* Waits until the leaf was seen empty, at first for what is dying anyway, and then kills; an
 * error after ten seconds. */
int cgroup_leaf_clear(struct cgroup_leaf *leaf, struct error *err);

/* Whether a limit was hit so far: cheap enough for every tick of a running trial. */
void cgroup_leaf_events(const struct cgroup_leaf *leaf, struct cgroup_events *ret);

void cgroup_leaf_usage(const struct cgroup_leaf *leaf, struct cgroup_usage *ret);

/* Removes an empty leaf and releases the struct. */
void cgroup_leaf_remove(struct cgroup_leaf *leaf);

/*
 * Kills and removes the groups that dead processes left, as noted in `store`/cgroups. With
 * `dry_run` they are only listed. Their paths go to `ret` (may be NULL).
 */
int cgroup_sweep(const char *store, bool dry_run, struct string_list *ret, struct error *err);

#endif
