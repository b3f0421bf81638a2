#include "model/audit.h"

#include <stddef.h>
#include <string.h>

static const char *const levels[AUDIT_LEVELS] = { "none", "C", "B", "A" };

const char *audit_level_name(enum audit_level level)
{
	return levels[level];
}

int audit_level_parse(const char *name, enum audit_level *ret)
{
	for (int i = 0; i < AUDIT_LEVELS; i++) {
		if (!strcmp(name, levels[i])) {
			*ret = (enum audit_level)i;
			return 0;
		}
	}
	return -1;
}

const char *audit_class_name(enum audit_class class)
{
	static const char *const names[AUDIT_CLASSES] = {
		[AUDIT_EXEC] = "exec",
		[AUDIT_PROCESS] = "process",
		[AUDIT_CALL] = "call",
		[AUDIT_NETWORK] = "network",
		[AUDIT_FILE] = "file",
		[AUDIT_MOUNT] = "mount",
		[AUDIT_CREDENTIALS] = "credentials",
		[AUDIT_SIGNAL] = "signal",
		[AUDIT_DEVICE] = "device",
		[AUDIT_OBJECT] = "object",
	};

	return names[class];
}

const char *audit_act_name(enum audit_act act)
{
	static const char *const names[ACTS] = {
		[ACT_EXEC] = "exec",
		[ACT_FORK] = "fork",
		[ACT_EXIT] = "exit",
		[ACT_CALL] = "call",
		[ACT_CONNECT] = "connect",
		[ACT_SEND] = "send",
		[ACT_BIND] = "bind",
		[ACT_LISTEN] = "listen",
		[ACT_SOCKET] = "socket",
		[ACT_PACKET] = "packet",
		[ACT_OPEN] = "open",
		[ACT_CREATE] = "create",
		[ACT_REMOVE] = "remove",
		[ACT_RENAME] = "rename",
		[ACT_ATTRIBUTES] = "attributes",
		[ACT_MOUNT] = "mount",
		[ACT_CREDENTIALS] = "credentials",
		[ACT_USERNS] = "userns",
		[ACT_KILL] = "kill",
		[ACT_DEVICE] = "device",
		[ACT_PTRACE] = "ptrace",
		[ACT_BPF] = "bpf",
	};

	return names[act];
}

const char *audit_verdict_name(enum audit_verdict verdict)
{
	static const char *const names[] = {
		[AUDIT_ALLOWED] = "allowed",
		[AUDIT_REFUSED] = "refused",
		[AUDIT_DENIED] = "denied",
	};

	return names[verdict];
}

static int check_record(const struct audit_record *r, struct error *err)
{
	if (r->class >= AUDIT_CLASSES || r->act >= ACTS || r->verdict > AUDIT_DENIED)
		return error_set(err, "an audit record of class %u, act %u, verdict %u is none",
				 r->class, r->act, r->verdict);
	if (r->flags & ~(AUDIT_TRUNCATED | AUDIT_CLAIMED | AUDIT_DELETED))
		return error_set(err, "an audit record has flags 0x%x", r->flags);
	if (r->path_len > AUDIT_PATH_MAX || r->name_len > AUDIT_PATH_MAX ||
	    r->size != sizeof(*r) + r->path_len + r->name_len)
		return error_set(err,
				 "an audit record of %u bytes cannot hold a path of %u and a "
				 "name of %u",
				 r->size, r->path_len, r->name_len);
	return 0;
}

/* A path of a file is a row of strings, so its last byte ends one. */
static bool path_has_components(const struct audit_record *r)
{
	return r->class != AUDIT_NETWORK && !(r->flags & AUDIT_CLAIMED) && r->path_len;
}

ssize_t audit_event_next(const void *data, size_t len, struct audit_event *ret,
			 struct error *err)
{
	struct audit_record *r = &ret->record;

	if (len < sizeof(*r))
		return 0;
	/* One stands behind the other, at any address. */
	memcpy(r, data, sizeof(*r));
	if (check_record(r, err))
		return -1;
	if (len < r->size)
		return 0;
	ret->path = (const char *)data + sizeof(*r);
	ret->name = ret->path + r->path_len;
	if (path_has_components(r) && ret->path[r->path_len - 1])
		return error_set(err, "an audit record's path does not end");
	return r->size;
}

uint64_t audit_received(const struct audit_totals *totals, enum audit_class class)
{
	return totals->recorded[class] + totals->counts->aggregated[class];
}

uint64_t audit_lost(const struct audit_totals *totals, enum audit_class class)
{
	uint64_t emitted = totals->counts->emitted[class];
	uint64_t received = audit_received(totals, class), lost = totals->counts->lost[class];

	return emitted > received && emitted - received > lost ? emitted - received : lost;
}

void audit_summary_add(struct audit_summary *summary, const struct audit_totals *totals)
{
	const struct audit_counts *counts = totals->counts;

	for (int class = 0; class < AUDIT_CLASSES; class ++) {
		uint64_t received = audit_received(totals, class);
		uint64_t lost = audit_lost(totals, class);

		summary->events += (int64_t)received;
		summary->lost += (int64_t)lost;
		if (lost != counts->lost[class] || received + lost != counts->emitted[class])
			summary->incomplete = true;
	}
	if (counts->lost_critical)
		summary->incomplete = true;
	summary->denied += (int64_t)(counts->refused + counts->denied);
}

struct json *audit_summary_json(const struct audit_summary *summary, struct json *parent)
{
	struct json *o = json_add_object(parent, "audit");

	json_add_string(o, "level", audit_level_name(summary->level));
	json_add_int(o, "events", summary->events);
	json_add_int(o, "denied", summary->denied);
	json_add_int(o, "lost", summary->lost);
	return o;
}
