#include "sandbox/loopback.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/channel.h"
#include "sandbox/internal.h"

#define BACKLOG 128

static int bring_up(struct error *err)
{
	CLEANUP_CLOSE int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = { .ifr_name = "lo" };

	if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &request))
		return error_errno(err, "cannot find the loopback device");
	request.ifr_flags |= IFF_UP;
	if (ioctl(fd, SIOCSIFFLAGS, &request))
		return error_errno(err, "cannot bring the loopback device up");
	return 0;
}

/* A request of rtnetlink(7) for one address, twice: local, and the same as the peer's. */
struct address_request {
	struct nlmsghdr head;
	struct ifaddrmsg address;
	struct {
		struct rtattr head;
		uint8_t ip[16];
	} attributes[2];
};

struct address_reply {
	struct nlmsghdr head;
	struct nlmsgerr result;
	char rest[512];
};

/* Puts an address on the loopback device, alone in its network. It may be there already. */
static int add_address(int netlink, const uint8_t ip[16], struct error *err)
{
	bool v4 = network_ip_is_v4(ip);
	unsigned short len = v4 ? 4 : 16;
	unsigned short attribute = (unsigned short)RTA_LENGTH(len);
	struct address_request r = {
		.head = { .nlmsg_type = RTM_NEWADDR,
			  .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE },
		.address = { .ifa_family = v4 ? AF_INET : AF_INET6,
			     .ifa_prefixlen = (unsigned char)(len * 8),
			     .ifa_flags = IFA_F_PERMANENT | IFA_F_NODAD,
			     .ifa_scope = RT_SCOPE_HOST,
			     .ifa_index = if_nametoindex("lo") },
	};
	struct address_reply reply;
	char *p = (char *)r.attributes;

	for (int i = 0; i < 2; i++, p += attribute) {
		struct rtattr head = { attribute, i ? IFA_ADDRESS : IFA_LOCAL };

		memcpy(p, &head, sizeof(head));
		memcpy(p + RTA_LENGTH(0), ip + 16 - len, len);
	}
	r.head.nlmsg_len = (unsigned)(p - (char *)&r);
	if (send(netlink, &r, r.head.nlmsg_len, 0) < 0 ||
	    recv(netlink, &reply, sizeof(reply), 0) < (ssize_t)NLMSG_LENGTH(sizeof(int)))
		return error_errno(err, "cannot put an address on the loopback device");
	errno = reply.head.nlmsg_type == NLMSG_ERROR ? -reply.result.error : EPROTO;
	if (errno && errno != EEXIST)
		return error_errno(err, "cannot put an address on the loopback device");
	return 0;
}

static int listen_on(const struct network_address *a, struct error *err)
{
	bool v4 = network_ip_is_v4(a->ip);
	CLEANUP_CLOSE int fd =
		socket(v4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(a->port) };
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(a->port) };
	int failed;

	memcpy(&six.sin6_addr, a->ip, 16);
	memcpy(&four.sin_addr, a->ip + 12, 4);
	failed = fd < 0 || (v4 ? bind(fd, (struct sockaddr *)&four, sizeof(four))
			       : bind(fd, (struct sockaddr *)&six, sizeof(six)));
	if (failed || listen(fd, BACKLOG)) {
		CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

		error_errno(err, "cannot listen inside");
		network_format(a, &text);
		return error_context(err, "%s", text.buf);
	}
	return steal_fd(&fd);
}

/* Two names of one address share a socket, that of the first. */
static bool is_taken(const struct network_allow *network, size_t which)
{
	const struct network_address *a = &network->items[which];

	for (size_t i = 0; i < which; i++)
		if (network->items[i].port == a->port &&
		    !memcmp(network->items[i].ip, a->ip, sizeof(a->ip)))
			return true;
	return false;
}

static int hand_over(int control, const size_t *which, int *fds, int nr, struct error *err)
{
	int failed = 0;

	if (nr && channel_send(control, MESSAGE_LISTENERS, which, (size_t)nr * sizeof(*which),
			       fds, nr))
		failed = error_errno(err, "cannot hand a listening socket over");
	while (nr)
		close(fds[--nr]);
	return failed;
}

static int listen_on_all(const struct network_allow *network, int control, struct error *err)
{
	size_t which[CHANNEL_FDS_MAX];
	int fds[CHANNEL_FDS_MAX], nr = 0;

	for (size_t i = 0; i < network->nr; i++) {
		if (is_taken(network, i))
			continue;
		which[nr] = i;
		fds[nr] = listen_on(&network->items[i], err);
		if (fds[nr] < 0)
			return -1;
		if (++nr < CHANNEL_FDS_MAX)
			continue;
		if (hand_over(control, which, fds, nr, err))
			return -1;
		nr = 0;
	}
	return hand_over(control, which, fds, nr, err);
}

int loopback_build(const struct network_allow *network, int control, struct error *err)
{
	CLEANUP_CLOSE int netlink = -1;

	if (bring_up(err))
		return -1;
	if (!network || !network->nr)
		return 0;
	netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (netlink < 0)
		return error_errno(err, "cannot configure the loopback device");
	for (size_t i = 0; i < network->nr; i++)
		if (!network_ip_is_loopback(network->items[i].ip) &&
		    add_address(netlink, network->items[i].ip, err))
			return -1;
	return listen_on_all(network, control, err);
}
