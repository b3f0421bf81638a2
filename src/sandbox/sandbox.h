#ifndef SANDBOX_SANDBOX_H
#define SANDBOX_SANDBOX_H

/*
 * The place where a candidate's code runs. Theory of operation, outside in:
 *
 * 1. A user namespace, for root too. Inside, there is one user, 0, without any capability;
 *    outside it is 65534 where root runs us, and the caller otherwise. So code that gets
 *    out of everything else is nobody.
 *
 * 2. A skeleton: a mount namespace in which the host is absent. Its root is a small
 *    read-only tmpfs that shows the host's system folders read-only, a /dev of its own, and
 *    the mount points of all the rest. It is made once (sandbox_open()) and held by a
 *    descriptor alone: no process lives in it, so when we die it is gone.
 *
 * 3. A trial (trial.h): a copy of the skeleton with a size-capped tmpfs, on which everything
 *    lands that the trial writes, and a cgroup leaf with its ceilings.
 *
 * 4. A phase of the trial: two processes of ours in the leaf (cell.h). The first, a child of
 *    this process, enters the namespaces; the second is pid 1 of a pid namespace of its own, with
 *    its own mount, network, IPC, UTS and cgroup namespaces. It prepares them and waits for its
 *    order; then it mounts the overlay over the slot and the warm snapshot, gives up every
 *    capability, and starts the command behind the system call filter. Both die with us
 *    (PR_SET_PDEATHSIG), and everything dies with pid 1.
 *
 * What the store holds on the disk (slots, snapshots, the proposer's HOME) is one mount, with the owners
 * mapped for root, at a place that only pid 1 sees before it starts the command.
 */

#include <stdbool.h>

#include "base/error.h"
#include "base/strbuf.h"

struct sandbox;

/* What of the host it shows beside the system folders. All borrowed. */
struct sandbox_options {
	const char *store;		 /* absolute: below it lie slots, snapshots and HOMEs */
	const struct string_list *binds; /* host paths, shown read-only at the same path */
	const struct string_list *devices; /* device nodes, passed through */
};

/*
 * Makes the user namespace and the skeleton. Errors say what the machine refuses, with a
 * hint where something mends it.
 */
int sandbox_open(struct sandbox **ret, const struct sandbox_options *options,
		 struct error *err);
void sandbox_free(struct sandbox *sandbox);

/* True on kernels before 6.6: what a trial writes in its tree is then measured several times
 * a second, and not capped by the kernel (see upper.h). */
bool sandbox_measures_disk(const struct sandbox *sandbox);

/* Places inside, for environments and messages. Ours stand in a folder of their own, so that
 * no path of the host that is shown can lie below or above one; /tmp alone is shared. */
#define INSIDE_WORK "/autoresearch/work"
#define INSIDE_OUT "/autoresearch/out"
#define INSIDE_HOME "/autoresearch/home"
#define INSIDE_METRICS "/autoresearch/metrics/values"
#define INSIDE_TMP "/tmp"

#endif
