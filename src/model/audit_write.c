#include "model/audit.h"

#include <arpa/inet.h>
#include <linux/audit.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define X32_BIT 0x40000000u
#define NS_PER_US 1000

/*
 * Appends somebody's name so that it can be told back: what is no character, or none to be
 * looked at, as \xNN, and so a backslash doubled.
 */
static void add_name(struct strbuf *out, const char *s, size_t len)
{
	const char *end = s + len;

	while (s < end) {
		const char *slash = memchr(s, '\\', (size_t)(end - s));

		strbuf_add_visible(out, s, (size_t)((slash ? slash : end) - s));
		if (slash)
			strbuf_addstr(out, "\\\\");
		s = slash ? slash + 1 : end;
	}
}

static void write_name(struct json *o, const char *key, const char *s, size_t len)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	add_name(&text, s, len);
	json_add_string(o, key, text.buf);
}

/* "b\0a\0" is /a/b; where the beginning is missing, no slash stands for it. */
static void add_components(struct strbuf *out, const char *path, size_t len, bool truncated)
{
	const char *end = path + len;

	while (end > path) {
		const char *begin = end - 1;

		while (begin > path && begin[-1])
			begin--;
		if (out->len || !truncated)
			strbuf_addch(out, '/');
		add_name(out, begin, (size_t)(end - 1 - begin));
		end = begin;
	}
}

static void write_path(struct json *o, const struct audit_event *e)
{
	const struct audit_record *r = &e->record;
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	bool truncated = r->flags & AUDIT_TRUNCATED;

	if (!r->path_len)
		return;
	if (r->flags & AUDIT_CLAIMED)
		add_name(&text, e->path, strnlen(e->path, r->path_len));
	else
		add_components(&text, e->path, r->path_len, truncated);
	json_add_string(o, "path", text.buf);
	json_add_bool(o, "truncated", truncated);
	json_add_bool(o, "claimed", r->flags & AUDIT_CLAIMED);
	json_add_bool(o, "deleted", r->flags & AUDIT_DELETED);
}

static void write_file(struct json *o, const struct audit_record *r)
{
	CLEANUP_STRBUF struct strbuf dev = STRBUF_INIT;

	if (!r->on.file.inode)
		return;
	strbuf_addf(&dev, "%u:%u", r->on.file.major, r->on.file.minor);
	json_add_string(o, "dev", dev.buf);
	json_add_uint64(o, "inode", r->on.file.inode);
}

struct numbered {
	unsigned number;
	const char *name;
};

/* The name of a number; its digits where it is not listed. */
static void write_numbered(struct json *o, const char *key, const struct numbered *list,
			   size_t nr, unsigned number)
{
	CLEANUP_STRBUF struct strbuf digits = STRBUF_INIT;

	for (size_t i = 0; i < nr; i++) {
		if (list[i].number == number) {
			json_add_string(o, key, list[i].name);
			return;
		}
	}
	strbuf_addf(&digits, "%u", number);
	json_add_string(o, key, digits.buf);
}

static void write_address(struct json *o, const struct audit_address *address)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	bool v4 = !memcmp(address->ip, mapped, sizeof(mapped));
	char text[INET6_ADDRSTRLEN] = "";

	inet_ntop(v4 ? AF_INET : AF_INET6, address->ip + (v4 ? sizeof(mapped) : 0), text,
		  sizeof(text));
	json_add_string(o, "address", text);
	json_add_int(o, "port", address->port);
}

/*
 * The address of a UNIX socket. An abstract one is shown with an @ for its NUL, so the file of
 * that name in the current folder is shown as ./@.
 */
static void write_unix(struct json *o, const char *path, size_t len)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	if (!len)
		return; /* it has no name */
	if (!*path) {
		strbuf_addch(&text, '@');
		add_name(&text, path + 1, len - 1);
	} else {
		if (*path == '@')
			strbuf_addstr(&text, "./");
		add_name(&text, path, strnlen(path, len));
	}
	json_add_string(o, "path", text.buf);
}

static void write_network(struct json *o, const struct audit_event *e)
{
	static const struct numbered families[] = {
		{ AF_UNIX, "unix" },	   { AF_INET, "inet" },	    { AF_INET6, "inet6" },
		{ AF_NETLINK, "netlink" }, { AF_PACKET, "packet" }, { AF_VSOCK, "vsock" },
	};
	static const struct numbered types[] = {
		{ SOCK_STREAM, "stream" },
		{ SOCK_DGRAM, "dgram" },
		{ SOCK_RAW, "raw" },
		{ SOCK_RDM, "rdm" },
		{ SOCK_SEQPACKET, "seqpacket" },
		{ SOCK_DCCP, "dccp" },
		{ SOCK_PACKET, "packet" },
	};
	static const struct numbered protocols[] = {
		{ IPPROTO_ICMP, "icmp" },
		{ IPPROTO_TCP, "tcp" },
		{ IPPROTO_UDP, "udp" },
		{ IPPROTO_ICMPV6, "icmp6" },
	};
	const struct audit_record *r = &e->record;
	unsigned family = r->on.network.family;
	/* What a process asked for may hold SOCK_CLOEXEC and its kind. */
	unsigned type = r->on.network.type & 0xf;

	write_numbered(o, "family", families, ARRAY_SIZE(families), family);
	if (type)
		write_numbered(o, "type", types, ARRAY_SIZE(types), type);
	if (r->on.network.protocol && (family == AF_INET || family == AF_INET6))
		write_numbered(o, "protocol", protocols, ARRAY_SIZE(protocols),
			       r->on.network.protocol);
	if (family == AF_UNIX)
		write_unix(o, e->path, r->path_len);
	else if (r->act != ACT_SOCKET && (family == AF_INET || family == AF_INET6))
		write_address(o, &r->on.network.address);
}

/* Arguments are of any size, and no number of JSON's to most readers. */
static void write_call(struct json *o, const struct audit_record *r, audit_call_name call_name)
{
	static const struct numbered kinds[] = {
		{ AUDIT_ARCH_X86_64, "x86_64" },
		{ AUDIT_ARCH_I386, "i386" },
	};
	uint32_t arch = r->on.call.arch, number = r->on.call.number;
	struct json *args;

	json_add_string(o, "name", call_name(arch, number));
	json_add_int(o, "number", number);
	if (arch == AUDIT_ARCH_X86_64 && number & X32_BIT)
		json_add_string(o, "arch", "x32");
	else
		write_numbered(o, "arch", kinds, ARRAY_SIZE(kinds), arch);
	args = json_add_array(o, "args");
	for (size_t i = 0; i < ARRAY_SIZE(r->on.call.args); i++) {
		CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

		strbuf_addf(&text, "0x%llx", r->on.call.args[i]);
		json_add_string(args, NULL, text.buf);
	}
}

static void write_device(struct json *o, const struct audit_record *r)
{
	static const struct numbered types[] = { { S_IFCHR, "char" }, { S_IFBLK, "block" } };

	write_numbered(o, "type", types, ARRAY_SIZE(types), r->on.file.flags & S_IFMT);
	json_add_int(o, "major", r->on.file.major);
	json_add_int(o, "minor", r->on.file.minor);
}

static void write_object(struct json *o, const struct audit_event *e, audit_call_name call_name)
{
	const struct audit_record *r = &e->record;

	if (r->class == AUDIT_NETWORK) {
		write_network(o, e);
		return;
	}
	if (r->act == ACT_CALL || r->act == ACT_CREDENTIALS)
		write_call(o, r, call_name);
	else if (r->class == AUDIT_SIGNAL)
		json_add_uint64(o, "pid", r->on.call.args[0]);
	else if (r->class == AUDIT_DEVICE)
		write_device(o, r);
	write_path(o, e);
	if (r->class == AUDIT_EXEC || r->class == AUDIT_FILE || r->class == AUDIT_MOUNT ||
	    r->class == AUDIT_OBJECT)
		write_file(o, r);
	/* A call has a name already. */
	if (r->name_len && r->act != ACT_CALL && r->act != ACT_CREDENTIALS)
		write_name(o, "name", e->name, strnlen(e->name, r->name_len));
}

/* The phase that began last; what comes before all is the first one's. */
static const char *phase_at(const struct audit_clock *clock, uint64_t time)
{
	int last = -1, first = -1;

	for (int i = 0; i < PHASE_NR; i++) {
		uint64_t begun = clock->phase_start[i];

		if (!begun)
			continue;
		if (first < 0 || begun < clock->phase_start[first])
			first = i;
		if (begun <= time && (last < 0 || begun >= clock->phase_start[last]))
			last = i;
	}
	if (last < 0)
		last = first;
	return last < 0 ? NULL : phase_name((enum phase)last);
}

static void write_time(struct json *o, const char *key, uint64_t time, uint64_t start)
{
	json_add_decimal(o, key, (int64_t)(time - start) / NS_PER_US, 6);
}

static struct json *new_line(uint64_t seq)
{
	struct json *o = json_new_object();

	json_add_int(o, "v", 1);
	json_add_uint64(o, "seq", seq);
	return o;
}

static void end_line(const struct json *o, struct strbuf *out)
{
	json_write(o, false, out);
	strbuf_addch(out, '\n');
}

void audit_event_write(const struct audit_event *e, uint64_t seq,
		       const struct audit_clock *clock, audit_call_name call_name,
		       struct strbuf *out)
{
	const struct audit_record *r = &e->record;
	CLEANUP_JSON struct json *o = new_line(seq);

	write_time(o, "time", r->time, clock->start);
	json_add_string(o, "phase", phase_at(clock, r->time));
	json_add_int(o, "pid", r->pid);
	json_add_int(o, "tid", r->tid);
	if (r->process_start)
		write_time(o, "start", r->process_start, clock->start);
	else
		json_add_null(o, "start"); /* a packet is of no process */
	json_add_int(o, "parent", r->parent);
	write_name(o, "comm", r->comm, strnlen(r->comm, sizeof(r->comm)));
	json_add_string(o, "class", audit_class_name(r->class));
	json_add_string(o, "act", audit_act_name(r->act));
	write_object(json_add_object(o, "object"), e, call_name);
	json_add_string(o, "verdict", audit_verdict_name(r->verdict));
	json_add_decimal(o, "result", r->result, 0);
	end_line(o, out);
}

void audit_aggregate_write(enum audit_class class, uint64_t nr, uint64_t seq,
			   struct strbuf *out)
{
	CLEANUP_JSON struct json *o = new_line(seq);

	json_add_string(o, "class", audit_class_name(class));
	json_add_uint64(o, "aggregated", nr);
	end_line(o, out);
}

static void write_classes(struct json *o, const struct audit_totals *totals)
{
	struct json *emitted = json_add_object(o, "emitted");
	struct json *received = json_add_object(o, "received");
	struct json *aggregated = json_add_object(o, "aggregated");
	struct json *lost = json_add_object(o, "lost");

	for (int class = 0; class < AUDIT_CLASSES; class ++) {
		const char *name = audit_class_name(class);

		json_add_uint64(emitted, name, totals->counts->emitted[class]);
		json_add_uint64(received, name, audit_received(totals, class));
		json_add_uint64(aggregated, name, totals->counts->aggregated[class]);
		json_add_uint64(lost, name, audit_lost(totals, class));
	}
}

static void write_calls(struct json *o, const struct audit_counts *counts,
			audit_call_name call_name)
{
	for (uint32_t number = 0; number < AUDIT_CALLS; number++) {
		CLEANUP_STRBUF struct strbuf name = STRBUF_INIT;
		const char *known = NULL;
		struct json *call;

		if (!counts->calls[number])
			continue;
		if (number == AUDIT_CALLS_OTHER)
			known = "other";
		else
			known = call_name(AUDIT_ARCH_X86_64, number);
		if (known)
			strbuf_addstr(&name, known);
		else
			strbuf_addf(&name, "%u", number);
		call = json_add_object(o, name.buf);
		json_add_uint64(call, "calls", counts->calls[number]);
		json_add_uint64(call, "errors", counts->errors[number]);
	}
}

static void write_errors(struct json *o, const struct audit_counts *counts)
{
	for (int error = 1; error < AUDIT_ERRORS; error++) {
		CLEANUP_STRBUF struct strbuf digits = STRBUF_INIT;
		const char *name = strerrorname_np(error);

		if (!counts->by_error[error])
			continue;
		strbuf_addf(&digits, "%d", error);
		json_add_uint64(o, name ? name : digits.buf, counts->by_error[error]);
	}
}

void audit_totals_write(const struct audit_totals *totals, uint64_t seq,
			audit_call_name call_name, struct strbuf *out)
{
	CLEANUP_JSON struct json *o = new_line(seq);
	CLEANUP_STRBUF struct strbuf policy = STRBUF_INIT;
	struct audit_summary sum = { 0 };
	struct json *programs;

	audit_summary_add(&sum, totals);
	write_classes(json_add_object(o, "totals"), totals);
	json_add_int(o, "events", sum.events);
	json_add_uint64(o, "denied", totals->counts->refused + totals->counts->denied);
	json_add_uint64(o, "refused", totals->counts->refused);
	write_calls(json_add_object(o, "calls"), totals->counts, call_name);
	write_errors(json_add_object(o, "errors"), totals->counts);
	strbuf_addf(&policy, "sha256:%s", totals->policy);
	json_add_string(o, "policy", *totals->policy ? policy.buf : NULL);
	json_add_string(o, "level", audit_level_name(totals->level));
	json_add_string(o, "kernel", totals->kernel);
	programs = json_add_array(o, "programs");
	for (size_t i = 0; i < totals->programs->nr; i++)
		json_add_string(programs, NULL, totals->programs->items[i]);
	end_line(o, out);
}
