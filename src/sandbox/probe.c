#include "sandbox/probe.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "sandbox/trial.h"

#define MEGABYTE (1 << 20)

void probes_add(struct probes *probes, const char *name, bool ok, const char *detail,
		const char *remedy)
{
	struct probe *p;

	probes->items = xrealloc(probes->items, (probes->nr + 1) * sizeof(*probes->items));
	p = &probes->items[probes->nr++];
	*p = (struct probe){ .name = name,
			     .ok = ok,
			     .detail = xstrdup(detail),
			     .remedy = remedy && *remedy ? xstrdup(remedy) : NULL };
}

void probes_release(struct probes *probes)
{
	for (size_t i = 0; i < probes->nr; i++) {
		free(probes->items[i].detail);
		free(probes->items[i].remedy);
	}
	free(probes->items);
	*probes = (struct probes){ 0 };
}

/* Acts that must end in exactly one way. */
static const struct canary {
	const char *name, *command;
	enum outcome_kind kind;
	const char *seen;
} canaries[] = {
	{ "sandbox", "test -d " INSIDE_WORK " && test ! -e " INSIDE_WORK "/.git",
	  OUTCOME_EXITED, "a command runs in it, and sees its tree without .git" },
	{ "host files", "! cat /etc/shadow 2>/dev/null && ! (echo >/etc/passwd) 2>/dev/null",
	  OUTCOME_EXITED, "/etc/shadow cannot be read, /etc/passwd cannot be written" },
	{ "network", "! grep -qv -e '^Inter' -e ' face' -e ' lo:' /proc/net/dev",
	  OUTCOME_EXITED, "there is no device but a loopback of its own" },
	{ "time limit", "sleep 60", OUTCOME_TIMEOUT, "a command that sleeps on was killed" },
	{ "memory limit", "head -c 100M /dev/zero | tail", OUTCOME_MEMORY,
	  "a command that takes 100M of 32M was killed" },
	{ "process limit", "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 60 & done; wait",
	  OUTCOME_PIDS, "a command that starts 12 processes of 8 was killed" },
	{ "disk limit", "cat /dev/zero > f", OUTCOME_DISK,
	  "a command that fills its disk was killed" },
	{ "output limit", "cat /dev/zero", OUTCOME_OUTPUT,
	  "a command that prints without end was killed" },
	{ "system calls", "unshare --net true", OUTCOME_SYSCALL,
	  "a forbidden call was stopped, named, and its trial killed" },
};

static void try_canary(const struct canary *c, struct trial *trial, struct probes *ret)
{
	static const char *const env[] = { "PATH=/usr/local/bin:/usr/bin:/bin", NULL };
	const char *const argv[] = { "sh", "-c", c->command, NULL };
	struct trial_command command = { .phase = PHASE_RUN,
					 .argv = argv,
					 .env = env,
					 .tree = "doctor/tree",
					 .timeout = c->kind == OUTCOME_TIMEOUT ? 0.1 : 10,
					 .out_writable = true };
	CLEANUP_STRBUF struct strbuf detail = STRBUF_INIT;
	struct error err = ERROR_INIT;
	struct outcome outcome;

	if (trial_run(trial, &command, &outcome, &err)) {
		probes_add(ret, c->name, false, err.message, err.hint);
		return;
	}
	if (outcome.kind == c->kind && !outcome.exit_code) {
		probes_add(ret, c->name, true, c->seen, NULL);
		return;
	}
	strbuf_addstr(&detail, "not seen to hold: ");
	outcome_reason(&outcome, &detail);
	probes_add(ret, c->name, false, detail.buf, NULL);
}

static void try_canaries(const struct trial_place *place, struct probes *ret)
{
	const struct limits limits = { .memory = 32 * MEGABYTE,
				       .cpus = 1,
				       .pids = 8,
				       .disk = 8 * MEGABYTE,
				       .output = MEGABYTE };
	struct error err = ERROR_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(canaries); i++) {
		struct trial *trial;

		if (trial_open(&trial, place, &limits, NULL, &err)) {
			probes_add(ret, canaries[i].name, false, err.message, err.hint);
			continue;
		}
		try_canary(&canaries[i], trial, ret);
		trial_close(trial);
	}
}

static void probe_kernel(struct probes *ret)
{
	CLEANUP_FREE char *detail = NULL;
	struct utsname host;

	if (uname(&host))
		return;
	detail = xstrfmt("%s %s %s, run by %s", host.sysname, host.release, host.machine,
			 geteuid() ? "an ordinary user" : "root");
	probes_add(ret, "kernel", true, detail, NULL);
}

/* What of the audit was seen to work, by every hook once. */
static void probe_audit(struct warden *warden, struct probes *ret)
{
	CLEANUP_FREE char *detail = NULL;
	const char *lacks;

	warden_await(warden);
	ret->level = warden_level(warden);
	lacks = warden_lacks(warden);
	detail = xstrfmt("level %s: %s%s%s", audit_level_name(ret->level),
			 ret->level == AUDIT_LEVEL_C ? "what candidates do is not on record"
			 : ret->level == AUDIT_LEVEL_B
				 ? "every exec, connection and refused call is on record"
				 : "every exec, connection and refused call is on record, and "
				   "files, mounts and processes are guarded as objects",
			 lacks ? "; " : "", lacks ? lacks : "");
	probes_add(ret, "audit", ret->level >= AUDIT_LEVEL_B, detail, warden_remedy(warden));
}

static void probe_sandbox(const struct sandbox *sandbox, struct probes *ret)
{
	probes_add(ret, "namespaces", true, "user, pid, mount, net, ipc, uts and cgroup", NULL);
	if (sandbox_measures_disk(sandbox))
		probes_add(ret, "disk", true,
			   "measured several times a second, not capped by the kernel",
			   "a kernel from 6.6 on caps it");
}

void probe_machine(const char *store, struct probes *ret)
{
	struct sandbox_options options = { .store = store };
	struct cgroup_base cgroups = { 0 };
	struct syscall_filter *filter = NULL;
	struct sandbox *sandbox = NULL;
	struct warden *warden = NULL;
	struct evloop *events = NULL;
	struct error err = ERROR_INIT;

	*ret = (struct probes){ .level = AUDIT_LEVEL_C };
	probe_kernel(ret);
	if (evloop_new(&events, &err))
		probes_add(ret, "events", false, err.message, err.hint);
	if (cgroup_base_open(&cgroups, store, &err)) {
		probes_add(ret, "cgroups", false, err.message, err.hint);
	} else {
		CLEANUP_FREE char *detail =
			xstrfmt("memory, pids and cpu, %s", cgroup_layout(&cgroups));

		probes_add(ret, "cgroups", true, detail, NULL);
		if (events) {
			warden = warden_start();
			warden_attach(warden, &cgroups, events);
		}
	}
	if (syscall_filter_new(&filter, NULL, &err))
		probes_add(ret, "system call filter", false, err.message, err.hint);
	if (sandbox_open(&sandbox, &options, &err))
		probes_add(ret, "namespaces", false, err.message, err.hint);
	else
		probe_sandbox(sandbox, ret);
	if (sandbox && filter && warden) {
		struct trial_place place = { .sandbox = sandbox,
					     .cgroups = &cgroups,
					     .filter = filter,
					     .loop = events };

		try_canaries(&place, ret);
	}
	if (warden)
		probe_audit(warden, ret);
	warden_free(warden);
	sandbox_free(sandbox);
	syscall_filter_free(filter);
	if (cgroups.unified)
		cgroup_base_close(&cgroups);
	if (events)
		evloop_free(events);
}
