#include "loop/network.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define RESOLVER "/etc/resolv.conf"

/* A kernel without IPv6 gives no trial an address of it either. */
static bool has_ipv6(void)
{
	CLEANUP_CLOSE int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return fd >= 0;
}

static void ip_of(const struct addrinfo *info, uint8_t ret[16])
{
	if (info->ai_family == AF_INET6) {
		memcpy(ret, &((const struct sockaddr_in6 *)(void *)info->ai_addr)->sin6_addr,
		       16);
		return;
	}
	network_ip_of_v4(
		(const uint8_t *)&((const struct sockaddr_in *)(void *)info->ai_addr)->sin_addr,
		ret);
}

static int too_many(struct error *err)
{
	error_set(err, "more than %d addresses in all", NETWORK_ADDRESSES_MAX);
	return error_hint(err, "name fewer hosts, or single addresses of them");
}

static int add_localhost(uint16_t port, bool ipv6, struct network_allow *ret, struct error *err)
{
	static const uint8_t v4[4] = { 127, 0, 0, 1 }, v6[16] = { [15] = 1 };
	uint8_t ip[16];

	network_ip_of_v4(v4, ip);
	if (!network_allow_add(ret, "localhost", ip, port) ||
	    (ipv6 && !network_allow_add(ret, "localhost", v6, port)))
		return too_many(err);
	return 0;
}

static int add_name(const struct network_address *a, bool ipv6, struct network_allow *ret,
		    struct error *err)
{
	struct addrinfo hints = { .ai_family = ipv6 ? AF_UNSPEC : AF_INET,
				  .ai_socktype = SOCK_STREAM };
	struct addrinfo *list;
	int failed = getaddrinfo(a->host, NULL, &hints, &list);
	bool usable = false, room = true;

	if (failed) {
		error_set(err, "cannot resolve the name: %s", gai_strerror(failed));
		return error_hint(err,
				  "see that 'getent ahosts %s' finds it, or give an address",
				  a->host);
	}
	for (struct addrinfo *p = list; p && room; p = p->ai_next) {
		uint8_t ip[16];

		ip_of(p, ip);
		if (!network_ip_is_usable(ip))
			continue;
		usable = true;
		room = network_allow_add(ret, a->host, ip, a->port);
	}
	freeaddrinfo(list);
	if (!room)
		return too_many(err);
	if (usable)
		return 0;
	error_set(err, "the name has no address that can be reached");
	return error_hint(err, "see what 'getent ahosts %s' says", a->host);
}

static int add(const struct network_address *a, bool ipv6, struct network_allow *ret,
	       struct error *err)
{
	if (a->resolved)
		return network_allow_add(ret, a->host, a->ip, a->port) ? 0 : too_many(err);
	if (!strcmp(a->host, "localhost"))
		return add_localhost(a->port, ipv6, ret, err);
	return add_name(a, ipv6, ret, err);
}

int network_resolve(const struct settings *settings, enum settings_network which,
		    struct network_allow *ret, struct error *err)
{
	const struct network_allow *configured = &settings->network[which];
	CLEANUP_NETWORK_ALLOW struct network_allow resolved = { .open = configured->open };
	bool ipv6 = configured->nr && has_ipv6();

	for (size_t i = 0; i < configured->nr && !configured->open; i++) {
		CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

		if (!add(&configured->items[i], ipv6, &resolved, err))
			continue;
		network_format(&configured->items[i], &text);
		return error_context(err, "autoresearch.%s: '%s'", settings_network_key(which),
				     text.buf);
	}
	network_allow_release(ret);
	*ret = resolved;
	resolved = (struct network_allow){ 0 };
	return 0;
}

void network_show_resolver(const struct network_allow *configured, struct string_list *binds)
{
	CLEANUP_FREE char *target = configured->open ? realpath(RESOLVER, NULL) : NULL;

	/* Those two folders are shown as they are. */
	if (!target || starts_with(target, "/etc/") || starts_with(target, "/usr/"))
		return;
	for (size_t i = 0; i < binds->nr; i++) {
		size_t len = strlen(binds->items[i]);

		if (!strncmp(target, binds->items[i], len) &&
		    (!target[len] || target[len] == '/'))
			return;
	}
	string_list_add(binds, target);
}
