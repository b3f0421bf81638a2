/*
 * The guards: what a trial may reach. They judge the kernel's own copy of an address. A refusal
 * is EPERM to the process.
 */
#include "ebpf/emit.h"
#include <bpf/bpf_endian.h>

#define SOCK_STREAM 1
#define SOCK_DGRAM 2
#define IPPROTO_TCP 6
#define IPPROTO_UDP 17
#define S_IFBLK 0060000

union ip {
	__u8 bytes[16];
	__u32 words[4];
	__u64 halves[2];
};

/* Where something is to go. */
struct target {
	union ip ip;
	__u32 port;
};

static __always_inline void ip_from_v4(union ip *ip, __u32 v4)
{
	ip->halves[0] = 0;
	ip->words[2] = bpf_htonl(0xffff);
	ip->words[3] = v4;
}

/* The trial's own: 127.0.0.0/8 and ::1, and what stands for them, 0.0.0.0 and ::. */
static __always_inline bool is_loopback(const union ip *ip)
{
	if (ip->halves[0])
		return false;
	if (ip->words[2] == bpf_htonl(0xffff))
		return ip->bytes[12] == 127 || !ip->words[3];
	return !ip->words[2] && (!ip->words[3] || ip->words[3] == bpf_htonl(1));
}

enum listed {
	LISTED_NOT,
	LISTED_ADDRESS, /* but not that port of it */
	LISTED,
	LISTED_RESOLVER,
};

static __always_inline bool is_same(const struct audit_address *a, const union ip *ip)
{
	const __u64 *halves = (const __u64 *)a->ip;

	return halves[0] == ip->halves[0] && halves[1] == ip->halves[1];
}

/* For bpf_loop(), whose body the verifier goes through once. */
struct search {
	const struct audit_policy *policy;
	const struct target *target;
	int found;
};

static long look_at_address(__u32 i, struct search *s)
{
	const struct audit_address *a;

	if (i >= AUDIT_ADDRESSES)
		return 1;
	a = &s->policy->addresses[i];
	if (is_same(a, &s->target->ip)) {
		s->found = LISTED_ADDRESS;
		if (!a->port || a->port == s->target->port)
			s->found = LISTED;
	}
	return s->found == LISTED;
}

static __always_inline int find_listed(const struct audit_policy *policy,
				       const struct target *target)
{
	struct search s = { policy, target, LISTED_NOT };

	bpf_loop(policy->addresses_nr, look_at_address, &s, 0);
	if (s.found == LISTED)
		return LISTED;
	for (__u32 i = 0; i < AUDIT_RESOLVERS && i < policy->resolvers_nr; i++)
		if (policy->resolvers[i].port == target->port &&
		    is_same(&policy->resolvers[i], &target->ip))
			return LISTED_RESOLVER;
	return s.found;
}

/* A resolver is asked before a name that it knows can be connected to: that alone is quiet. */
static __always_inline int judge(const struct audit_policy *policy, const struct target *target)
{
	int listed;

	if (policy->network_open || is_loopback(&target->ip))
		return AUDIT_ALLOWED;
	listed = find_listed(policy, target);
	return listed == LISTED					    ? AUDIT_ALLOWED
	       : listed == LISTED_RESOLVER || policy->network_quiet ? AUDIT_REFUSED
								    : AUDIT_DENIED;
}

static __noinline int record_target(const struct audit_policy *policy, int act, int verdict,
				    struct bpf_sock_addr *ctx, const struct target *target)
{
	struct audit_record *r;
	int is_critical;

	if (!policy || !target || !ctx)
		return 0;
	/* What stays inside is harmless, and there may be very much of it. */
	is_critical = verdict != AUDIT_ALLOWED ||
		      (act != ACT_BIND && !is_loopback(&target->ip));
	r = record_begin(policy, AUDIT_NETWORK, act, verdict, is_critical, sizeof(*r));
	if (!r)
		return 0;
	record_process(r, current());
	r->result = verdict == AUDIT_ALLOWED ? 0 : -EPERM;
	r->on.network.family = ctx->family;
	r->on.network.type = ctx->type;
	r->on.network.protocol = ctx->protocol;
	__builtin_memcpy(r->on.network.address.ip, target->ip.bytes, 16);
	r->on.network.address.port = target->port;
	record_end(r, is_critical);
	return 0;
}

static __always_inline int guard(struct bpf_sock_addr *ctx, int act, bool v6)
{
	struct audit_policy *policy = policy_of_current();
	struct target target = { .port = bpf_ntohs((__u16)ctx->user_port) };
	int verdict = AUDIT_ALLOWED;

	if (!policy)
		return 1;
	if (v6) {
		target.ip.words[0] = ctx->user_ip6[0];
		target.ip.words[1] = ctx->user_ip6[1];
		target.ip.words[2] = ctx->user_ip6[2];
		target.ip.words[3] = ctx->user_ip6[3];
	} else {
		ip_from_v4(&target.ip, ctx->user_ip4);
	}
	if (act != ACT_BIND)
		verdict = judge(policy, &target);
	record_target(policy, act, verdict, ctx, &target);
	return verdict == AUDIT_ALLOWED;
}

SEC("cgroup/connect4")
int connect4(struct bpf_sock_addr *ctx)
{
	return guard(ctx, ACT_CONNECT, false);
}

SEC("cgroup/connect6")
int connect6(struct bpf_sock_addr *ctx)
{
	return guard(ctx, ACT_CONNECT, true);
}

SEC("cgroup/sendmsg4")
int sendmsg4(struct bpf_sock_addr *ctx)
{
	return guard(ctx, ACT_SEND, false);
}

SEC("cgroup/sendmsg6")
int sendmsg6(struct bpf_sock_addr *ctx)
{
	return guard(ctx, ACT_SEND, true);
}

SEC("cgroup/bind4")
int bind4(struct bpf_sock_addr *ctx)
{
	return guard(ctx, ACT_BIND, false);
}

SEC("cgroup/bind6")
int bind6(struct bpf_sock_addr *ctx)
{
	return guard(ctx, ACT_BIND, true);
}

/* The kernel asks for the families of the internet alone; the filter refuses the others. */
SEC("cgroup/sock_create")
int sock_create(struct bpf_sock *ctx)
{
	struct audit_policy *policy = policy_of_current();
	struct audit_record *r;

	if (!policy || ctx->type == SOCK_STREAM || ctx->type == SOCK_DGRAM)
		return 1;
	r = record_begin(policy, AUDIT_NETWORK, ACT_SOCKET, AUDIT_REFUSED, true, sizeof(*r));
	if (r) {
		record_process(r, current());
		r->result = -EPERM;
		r->on.network.family = ctx->family;
		r->on.network.type = ctx->type;
		r->on.network.protocol = ctx->protocol;
		record_end(r, true);
	}
	return 0;
}

/* The last door: a packet that no hook above has seen leave. It is of no process. */
SEC("cgroup_skb/egress")
int egress(struct __sk_buff *skb)
{
	struct audit_policy *policy =
		policy_of_leaf(bpf_skb_ancestor_cgroup_id(skb, leaf_level));
	struct audit_record *r;
	struct target target = { 0 };
	__u8 version = 0, protocol = 0;
	__u32 v4, ports_at = 40;
	__u16 port = 0;

	if (!policy || policy->network_open)
		return 1;
	if (bpf_skb_load_bytes(skb, 0, &version, 1))
		return 0;
	if (version >> 4 == 4) {
		ports_at = (version & 15) * 4;
		if (bpf_skb_load_bytes(skb, 16, &v4, 4) ||
		    bpf_skb_load_bytes(skb, 9, &protocol, 1))
			return 0;
		ip_from_v4(&target.ip, v4);
	} else if (bpf_skb_load_bytes(skb, 24, &target.ip, 16) ||
		   bpf_skb_load_bytes(skb, 6, &protocol, 1)) {
		return 0;
	}
	if ((protocol == IPPROTO_TCP || protocol == IPPROTO_UDP) &&
	    !bpf_skb_load_bytes(skb, ports_at + 2, &port, 2))
		target.port = bpf_ntohs(port);
	/* Answers go to ports of the other side's choosing, but to a listed address. */
	if (is_loopback(&target.ip))
		return 1;
	switch (find_listed(policy, &target)) {
	case LISTED:
	case LISTED_ADDRESS:
		return 1;
	}
	r = record_begin(policy, AUDIT_NETWORK, ACT_PACKET,
			 policy->network_quiet ? AUDIT_REFUSED : AUDIT_DENIED, true,
			 sizeof(*r));
	if (r) {
		r->result = -EPERM;
		r->on.network.family = version >> 4 == 4 ? AF_INET : AF_INET6;
		r->on.network.protocol = protocol;
		__builtin_memcpy(r->on.network.address.ip, target.ip.bytes, 16);
		r->on.network.address.port = target.port;
		record_end(r, true);
	}
	return 0;
}

/* null, zero, full, random, urandom; tty and ptmx; pseudo-terminals. */
static __always_inline bool is_plain_device(__u32 type, __u32 major, __u32 minor)
{
	if (type != BPF_DEVCG_DEV_CHAR)
		return false;
	if (major == 1)
		return minor == 3 || minor == 5 || minor == 7 || minor == 8 || minor == 9;
	if (major == 5)
		return minor == 0 || minor == 2;
	return major >= 136 && major <= 143;
}

struct node {
	const struct audit_policy *policy;
	__u32 type, major, minor;
	bool is_listed;
};

static long look_at_device(__u32 i, struct node *n)
{
	const struct audit_device *d;

	if (i >= AUDIT_DEVICES)
		return 1;
	d = &n->policy->devices[i];
	n->is_listed = d->type == n->type && d->major == n->major && d->minor == n->minor;
	return n->is_listed;
}

SEC("cgroup/dev")
int device(struct bpf_cgroup_dev_ctx *ctx)
{
	struct audit_policy *policy = policy_of_current();
	__u32 type = ctx->access_type & 0xffff;
	__u32 mode = type == BPF_DEVCG_DEV_CHAR ? S_IFCHR : S_IFBLK;
	struct audit_record *r;
	struct node node;

	if (!policy || is_plain_device(type, ctx->major, ctx->minor))
		return 1;
	node = (struct node){ policy, mode, ctx->major, ctx->minor, false };
	bpf_loop(policy->devices_nr, look_at_device, &node, 0);
	if (node.is_listed)
		return 1;
	r = record_begin(policy, AUDIT_DEVICE, ACT_DEVICE, AUDIT_REFUSED, true, sizeof(*r));
	if (r) {
		record_process(r, current());
		r->result = -EPERM;
		r->on.file.major = ctx->major;
		r->on.file.minor = ctx->minor;
		r->on.file.flags = mode;
		record_end(r, true);
	}
	return 0;
}
