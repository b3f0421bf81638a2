#include "sandbox/witness.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <time.h>

#include "sandbox/policy.h"
#include "sandbox/syscalls.h"

void witness_init(struct witness *w, struct warden *warden, void (*fn)(void *data), void *data)
{
	*w = (struct witness){ .warden = warden, .slot = -1, .fn = fn, .data = data };
	trial_audit_init(&w->audit);
}

/* By whom it is watched. */
static void describe(struct witness *w)
{
	struct utsname host;

	w->audit.level = warden_level(w->warden);
	for (size_t i = 0; i < warden_programs(w->warden)->nr; i++)
		string_list_add(&w->audit.programs, warden_programs(w->warden)->items[i]);
	if (!uname(&host))
		snprintf(w->audit.kernel, sizeof(w->audit.kernel), "%s", host.release);
}

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

/* The first is the one that counts. */
static void on_denied(const struct audit_record *record, void *data)
{
	struct witness *w = data;

	if (!record) {
		w->is_blind = true;
		w->slot = -1;
	} else if (!w->has_denied) {
		w->has_denied = true;
		w->denied = *record;
	}
	w->fn(w->data);
}

int witness_begin(struct witness *w, const struct cgroup_leaf *leaf,
		  const struct audit_policy *policy, const struct network_allow *network,
		  enum phase phase, struct error *err)
{
	struct audit_policy own;

	if (!w->warden)
		return 0;
	own = *policy;
	if (!w->audit.start) {
		w->audit.start = now();
		describe(w);
	}
	w->audit.phase_start[phase] = now();
	if (w->slot >= 0)
		return 0;
	audit_policy_allow(&own, network, phase);
	audit_policy_digest(&own, w->audit.policy);
	if (warden_level(w->warden) < AUDIT_LEVEL_B)
		return 0;
	if (w->audit.records < 0)
		w->audit.records = memfd_create("audit", MFD_CLOEXEC);
	if (w->audit.records < 0)
		return error_errno(err, "cannot make a file for the audit");
	if (!w->audit.counts)
		w->audit.counts = xcalloc(1, sizeof(*w->audit.counts));
	return warden_add(w->warden, leaf, w->audit.records, &own, on_denied, w, &w->slot, err);
}

/* "192.0.2.1:80", "[2001:db8::1]:80". */
static void name_address(const struct audit_record *r, char *ret, size_t size)
{
	CLEANUP_STRBUF struct strbuf ip = STRBUF_INIT;

	network_format_ip(r->on.network.address.ip, &ip);
	snprintf(ret, size, network_ip_is_v4(r->on.network.address.ip) ? "%s:%u" : "[%s]:%u",
		 ip.buf, r->on.network.address.port);
}

int witness_settle(struct witness *w, struct outcome *o, struct error *err)
{
	if (!w->warden || w->slot < 0)
		return w->is_blind ? error_set(err, "%s", warden_lacks(w->warden)) : 0;
	if (warden_look(w->warden, err))
		return -1;
	if (!w->has_denied || o->kind == OUTCOME_SYSCALL)
		return 0;
	if (w->denied.class == AUDIT_NETWORK) {
		o->kind = OUTCOME_NETWORK;
		name_address(&w->denied, o->network, sizeof(o->network));
	} else {
		o->kind = OUTCOME_SYSCALL;
		syscall_describe(w->denied.on.call.arch, w->denied.on.call.number, o->syscall,
				 sizeof(o->syscall));
	}
	return 0;
}

int witness_pause(struct witness *w, struct error *err)
{
	int slot = w->slot;

	w->slot = -1;
	return w->warden && slot >= 0 ? warden_end(w->warden, slot, w->audit.counts, err) : 0;
}

int witness_end(struct witness *w, struct trial_audit *ret, struct error *err)
{
	if (witness_pause(w, err))
		return -1;
	*ret = w->audit;
	trial_audit_init(&w->audit);
	return 0;
}

void witness_release(struct witness *w)
{
	struct error ignored = ERROR_INIT;

	witness_pause(w, &ignored);
	trial_audit_release(&w->audit);
}
