#ifndef SANDBOX_WARDEN_H
#define SANDBOX_WARDEN_H

/*
 * The loop's side of git-autoresearch-warden, the process that holds the eBPF programs. It is
 * started once, loads while we do other things, and is told of each trial's leaf. Where it cannot
 * be had, everything else of a sandbox still holds, and nothing is put on record: that is level C,
 * and what is missing is said.
 *
 * What the programs are believed to see and to stop is what they were seen to see and to stop, in
 * this process, before the first trial (canary.c).
 */

#include "base/error.h"
#include "base/evloop.h"
#include "base/strbuf.h"
#include "ebpf/audit.h"
#include "model/audit.h"
#include "sandbox/cgroup.h"

struct warden;

/* Starts it, and it loads. Never fails: what went wrong is told by warden_await(). */
struct warden *warden_start(void);

/* Over whose group it is to stand. `base` and `loop` are borrowed until it is freed. */
void warden_attach(struct warden *warden, struct cgroup_base *base, struct evloop *loop);

/* Waits until it is ready, tries every hook, and settles the level. */
void warden_await(struct warden *warden);

enum audit_level warden_level(const struct warden *warden);

/* Why it is not level A, and the command that mends it: texts, NULL where there is none. */
const char *warden_lacks(const struct warden *warden);
const char *warden_remedy(const struct warden *warden);

/* "name:tag" of every program that is loaded. */
const struct string_list *warden_programs(const struct warden *warden);

/* Who is told of a trial's first denied act, from inside the event loop or one of the calls
 * below; `record` has no path. With NULL, the warden is gone, and with it every guard. */
typedef void (*warden_fn)(const struct audit_record *record, void *data);

/*
 * From now on the leaf's processes are held to `policy`, and what they do goes to the file `log`.
 * `ret_slot` is the trial's number for the calls below. Level C: nothing is done, slot -1.
 */
int warden_add(struct warden *warden, const struct cgroup_leaf *leaf, int log,
	       const struct audit_policy *policy, warden_fn denied, void *data, int *ret_slot,
	       struct error *err);

/* Whatever was denied until now has been told when this returns. */
int warden_look(struct warden *warden, struct error *err);

/* The leaf is empty: its log is whole now, and its counts are added to `counts`. */
int warden_end(struct warden *warden, int slot, struct audit_counts *counts, struct error *err);

/*
 * From now on a line in the file `mark` (open for writing, and empty) says so where this process
 * died, was stopped or hung, and the trials were killed therefore; while the event loop runs,
 * the warden hears that all is well. -1 for `mark`: no more. Level C: nothing is done.
 */
int warden_guard(struct warden *warden, int mark, struct error *err);

/* True where it served once and is gone, without our doing: it was killed, or gave us up. */
bool warden_is_lost(const struct warden *warden);

/* Ends it. Trials that are left are killed. */
void warden_free(struct warden *warden);

#endif
