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

/*
 * The level that was seen to hold, at most `loaded`, which the warden says it has loaded. Where
 * it is lower, `lacks` says which act was not seen, or what kept the canary from singing.
 */
enum audit_level canary_level(struct warden *warden, struct cgroup_base *base,
			      enum audit_level loaded, struct error *lacks);

#endif
