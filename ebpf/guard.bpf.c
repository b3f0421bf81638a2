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

/* Where something is to go, and what the policy says of it. */
struct target {
	union ip ip;
	__u32 port;
	enum listed {
		LISTED_NOT,
		LISTED_ADDRESS, /* but not that port of it */
		LISTED,
		LISTED_RESOLVER,
	} listed;
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

static __always_inline bool is_same(const struct audit_address *a, const union ip *ip)
{
	const __u64 *halves = (const __u64 *)a->ip;

	return halves[0] == ip->halves[0] && halves[1] == ip->halves[1];
}

/* For bpf_loop(), whose body the verifier goes through once. */
struct search {
	const struct audit_policy *policy;
	struct target *target;
};

static long look_at_address(__u32 i, struct search *s)
{
	const struct audit_address *a;

	if (i >= AUDIT_ADDRESSES)
		return 1;
	a = &s->policy->addresses[i];
	if (!is_same(a, &s->target->ip))
		return 0;
	s->target->listed = !a->port || a->port == s->target->port ? LISTED : LISTED_ADDRESS;
	return s->target->listed == LISTED;
}

__noinline int find_listed(const struct audit_policy *policy, struct target *target)
{
	struct search s = { policy, target };

	if (!policy || !target)
		return LISTED_NOT;
	bpf_loop(policy->addresses_nr, look_at_address, &s, 0);
	for (__u32 i = 0; i < AUDIT_RESOLVERS; i++)
		if (target->listed != LISTED && i < policy->resolvers_nr &&
		    policy->resolvers[i].port == target->port &&
		    is_same(&policy->resolvers[i], &target->ip))
			target->listed = LISTED_RESOLVER;
	return target->listed;
}

/* A resolver is asked before a name that it knows can be connected to: that alone is quiet. */
static __always_inline int judge(const struct audit_policy *policy, struct target *target)
{
	int listed;

	if (policy->network_open || is_loopback(&target->ip))
		return AUDIT_ALLOWED;
	listed = find_listed(policy, target);
	return listed == LISTED					    ? AUDIT_ALLOWED
	       : listed == LISTED_RESOLVER || policy->network_quiet ? AUDIT_REFUSED
								    : AUDIT_DENIED;
}

static __always_inline void put_target(struct audit_record *r, const struct target *target)
{
	__builtin_memcpy(r->on.network.address.ip, target->ip.bytes, 16);
	r->on.network.address.port = target->port;
}

__noinline int guard(const struct audit_policy *policy, struct audit_record *r,
		     struct target *target)
{
	if (!policy || !r || !target)
		return 1;
	r->verdict = judge(policy, target);
	if (r->verdict != AUDIT_ALLOWED)
		r->result = -EPERM;
	put_target(r, target);
	/* What stays inside is harmless, and there may be very much of it. */
	r->is_critical = r->verdict != AUDIT_ALLOWED || !is_loopback(&target->ip);
	emit(policy, r);
	return r->verdict == AUDIT_ALLOWED;
}

/* 1: the kernel may go on. */
static __always_inline int stand_guard(struct bpf_sock_addr *ctx, int act, bool v6)
{
	struct audit_policy *policy = policy_of_current();
	struct target target = { .port = bpf_ntohs((__u16)ctx->user_port) };
	struct audit_record r = { .class = AUDIT_NETWORK, .act = act };

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
	r.on.network.family = ctx->family;
	r.on.network.type = ctx->type;
	r.on.network.protocol = ctx->protocol;
	if (act != ACT_BIND)
		/* The verifier wants to see that it is nothing else. */
		return guard(policy, &r, &target) ? 1 : 0;
	put_target(&r, &target);
	emit(policy, &r);
	return 1;
}

SEC("cgroup/connect4")
int connect4(struct bpf_sock_addr *ctx)
{
	return stand_guard(ctx, ACT_CONNECT, false);
}

SEC("cgroup/connect6")
int connect6(struct bpf_sock_addr *ctx)
{
	return stand_guard(ctx, ACT_CONNECT, true);
}

SEC("cgroup/sendmsg4")
int sendmsg4(struct bpf_sock_addr *ctx)
{
	return stand_guard(ctx, ACT_SEND, false);
}

SEC("cgroup/sendmsg6")
int sendmsg6(struct bpf_sock_addr *ctx)
{
	return stand_guard(ctx, ACT_SEND, true);
}

SEC("cgroup/bind4")
int bind4(struct bpf_sock_addr *ctx)
{
	return stand_guard(ctx, ACT_BIND, false);
}

SEC("cgroup/bind6")
int bind6(struct bpf_sock_addr *ctx)
{
	return stand_guard(ctx, ACT_BIND, true);
}

/* The kernel asks for the families of the internet alone; the filter refuses the others. */
SEC("cgroup/sock_create")
int sock_create(struct bpf_sock *ctx)
{
	struct audit_policy *policy = policy_of_current();
	struct audit_record r = {
		.class = AUDIT_NETWORK,
		.act = ACT_SOCKET,
		.verdict = AUDIT_REFUSED,
		.result = -EPERM,
		.is_critical = true,
	};

	if (!policy || ctx->type == SOCK_STREAM || ctx->type == SOCK_DGRAM)
		return 1;
	r.on.network.family = ctx->family;
	r.on.network.type = ctx->type;
	r.on.network.protocol = ctx->protocol;
	emit(policy, &r);
	return 0;
}

__noinline int emit_packet(const struct audit_policy *policy, struct audit_record *r)
{
	return emit_act(policy, r, false);
}

/* The last door: a packet that no hook above has seen leave. It is of no process. */
SEC("cgroup_skb/egress")
int egress(struct __sk_buff *skb)
{
	struct audit_policy *policy =
		policy_of_leaf(bpf_skb_ancestor_cgroup_id(skb, leaf_level));
	struct audit_record r = {
		.class = AUDIT_NETWORK,
		.act = ACT_PACKET,
		.verdict = AUDIT_DENIED,
		.result = -EPERM,
		.is_critical = true,
	};
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
	if (policy->network_quiet)
		r.verdict = AUDIT_REFUSED;
	r.on.network.family = version >> 4 == 4 ? AF_INET : AF_INET6;
	r.on.network.protocol = protocol;
	put_target(&r, &target);
	emit_packet(policy, &r);
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
	__u32 type, major, minor;
	__u32 is_listed;
};

struct device_search {
	const struct audit_policy *policy;
	struct node *node;
};

static long look_at_device(__u32 i, struct device_search *s)
{
	const struct audit_device *d;
	struct node *n = s->node;

	if (i >= AUDIT_DEVICES)
		return 1;
	d = &s->policy->devices[i];
	n->is_listed = d->type == n->type && d->major == n->major && d->minor == n->minor;
	return n->is_listed;
}

__noinline int find_device(const struct audit_policy *policy, struct node *node)
{
	struct device_search s = { policy, node };

	if (!policy || !node)
		return 0;
	bpf_loop(policy->devices_nr, look_at_device, &s, 0);
	return node->is_listed;
}

SEC("cgroup/dev")
int device(struct bpf_cgroup_dev_ctx *ctx)
{
	struct audit_policy *policy = policy_of_current();
	__u32 type = ctx->access_type & 0xffff;
	__u32 mode = type == BPF_DEVCG_DEV_CHAR ? S_IFCHR : S_IFBLK;
	struct audit_record r = {
		.class = AUDIT_DEVICE,
		.act = ACT_DEVICE,
		.verdict = AUDIT_REFUSED,
		.result = -EPERM,
		.is_critical = true,
	};
	struct node node = { mode, ctx->major, ctx->minor, false };

	if (!policy || is_plain_device(type, node.major, node.minor) ||
	    find_device(policy, &node))
		return 1;
	r.on.file.major = node.major;
	r.on.file.minor = node.minor;
	r.on.file.flags = mode;
	emit(policy, &r);
	return 0;
}
