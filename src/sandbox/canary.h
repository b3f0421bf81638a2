#ifndef SANDBOX_CANARY_H
#define SANDBOX_CANARY_H

/*
 * Whether the programs see and stop what they are there for, tried and not believed: a process in a
 * leaf of its own, with network namespaces of its own, does one act for every hook, and then the
 * log is held against the list.
 */

#include "base/error.h"
#include "model/audit.h"
#include "sandbox/cgroup.h"

struct warden;

struct canary;

/* One that waits to be watched: made while the programs are loaded. NULL: `lacks` says why. */
struct canary *canary_hatch(struct cgroup_base *base, struct error *lacks);

/*
 * It sings, once. The level that was seen to hold, at most `loaded`, which the warden says it has
 * loaded. Where it is lower, `lacks` says which act was not seen, or what kept it from singing.
 */
enum audit_level canary_level(struct canary *canary, struct warden *warden,
			      enum audit_level loaded, struct error *lacks);

/* Kills it where it waits still, and removes its leaf. NULL is fine. */
void canary_free(struct canary *canary);

#endif
