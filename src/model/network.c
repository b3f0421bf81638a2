#include "model/network.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

/* Of a DNS name, and of each of its parts. */
#define NAME_MAX_LEN 253
#define LABEL_MAX_LEN 63

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

bool network_ip_is_v4(const uint8_t ip[16])
{
	return !memcmp(ip, mapped, sizeof(mapped));
}

void network_ip_of_v4(const uint8_t v4[4], uint8_t ret[16])
{
	memcpy(ret, mapped, sizeof(mapped));
	memcpy(ret + 12, v4, 4);
}

bool network_ip_is_loopback(const uint8_t ip[16])
{
	static const uint8_t one[16] = { [15] = 1 };

	return network_ip_is_v4(ip) ? ip[12] == 127 : !memcmp(ip, one, 16);
}

bool network_ip_is_usable(const uint8_t ip[16])
{
	static const uint8_t none[12] = { 0 };

	/* "This network", link-local, multicast, reserved and broadcast. */
	if (network_ip_is_v4(ip))
		return ip[12] && !(ip[12] == 169 && ip[13] == 254) && ip[12] < 224;
	if (network_ip_is_loopback(ip))
		return true;
	/* Also ::/96, the unspecified address among it. */
	return memcmp(ip, none, sizeof(none)) && ip[0] != 0xff &&
	       !(ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80);
}

static int parse_port(const char *text, uint16_t *ret)
{
	size_t len = strlen(text);
	unsigned port = 0;

	if (!len || len > 5 || text[0] == '0' || strspn(text, "0123456789") != len)
		return -1;
	for (const char *p = text; *p; p++)
		port = port * 10 + (unsigned)(*p - '0');
	if (port > 65535)
		return -1;
	*ret = (uint16_t)port;
	return 0;
}

/* inet_aton(3) takes "1", "1.2" and "0x7f000001" for addresses: no name ends like that. */
static bool reads_as_number(const char *label, size_t len)
{
	bool hex = len > 1 && label[0] == '0' && label[1] == 'x';

	return strspn(label + (hex ? 2 : 0), hex ? "0123456789abcdef" : "0123456789") ==
	       len - (hex ? 2 : 0);
}

bool network_is_name(const char *name)
{
	const char *p = name;

	if (strlen(name) > NAME_MAX_LEN)
		return false;
	for (;;) {
		size_t len = strspn(p, "abcdefghijklmnopqrstuvwxyz0123456789-_");

		if (!len || len > LABEL_MAX_LEN || p[0] == '-' || p[len - 1] == '-')
			return false;
		if (!p[len])
			return !reads_as_number(p, len);
		if (p[len] != '.')
			return false;
		p += len + 1;
	}
}

static int parse_host(struct network_address *ret, bool bracketed, struct error *err)
{
	uint8_t v4[4];

	for (char *p = ret->host; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	ret->resolved = true;
	if (bracketed) {
		if (inet_pton(AF_INET6, ret->host, ret->ip) != 1)
			return error_set(err, "what stands in brackets is no IPv6 address");
	} else if (inet_pton(AF_INET, ret->host, v4) == 1) {
		network_ip_of_v4(v4, ret->ip);
	} else if (network_is_name(ret->host)) {
		ret->resolved = false;
	} else {
		return error_set(err, "the host is neither a name nor an address");
	}
	if (ret->resolved && !network_ip_is_usable(ret->ip))
		return error_set(err, "no host can be reached by this address");
	return 0;
}

static int parse_address(const char *text, struct network_address *ret, struct error *err)
{
	bool bracketed = text[0] == '[';
	const char *colon = strrchr(text, ':');
	const char *end = bracketed ? strchr(text, ']') : colon;

	if (!colon || !end || end == text || (bracketed && end + 1 != colon))
		return error_set(err, "no host and port");
	if (parse_port(colon + 1, &ret->port))
		return error_set(err, "the port is no number from 1 to 65535");
	ret->host = xstrndup(text + bracketed, (size_t)(end - text) - bracketed);
	return parse_host(ret, bracketed, err);
}

static bool has_room(struct network_allow *allow)
{
	if (allow->nr == NETWORK_ADDRESSES_MAX)
		return false;
	allow->items = xrealloc(allow->items, (allow->nr + 1) * sizeof(*allow->items));
	return true;
}

int network_allow_parse(struct network_allow *allow, const char *text, bool may_open,
			struct error *err)
{
	struct network_address address = { 0 };

	if (!strcmp(text, "*") && may_open) {
		allow->open = true;
		return 0;
	}
	if (!strcmp(text, "*")) {
		error_set(err, "what is measured never has the host's whole network");
		return error_hint(err, "name each host:port");
	}
	if (parse_address(text, &address, err)) {
		free(address.host);
		return error_hint(err, "a host and a port, such as model.example:8000, "
				       "192.0.2.7:80 or [2001:db8::7]:80");
	}
	if (!has_room(allow)) {
		free(address.host);
		error_set(err, "more than %d of them", NETWORK_ADDRESSES_MAX);
		return error_hint(err, "name fewer");
	}
	allow->items[allow->nr++] = address;
	return 0;
}

bool network_allow_add(struct network_allow *allow, const char *host, const uint8_t ip[16],
		       uint16_t port)
{
	struct network_address *a;

	for (size_t i = 0; i < allow->nr; i++) {
		a = &allow->items[i];
		if (a->port == port && !memcmp(a->ip, ip, 16) && !strcmp(a->host, host))
			return true;
	}
	if (!has_room(allow))
		return false;
	a = &allow->items[allow->nr++];
	*a = (struct network_address){ .host = xstrdup(host), .port = port, .resolved = true };
	memcpy(a->ip, ip, 16);
	return true;
}

void network_allow_release(struct network_allow *allow)
{
	for (size_t i = 0; i < allow->nr; i++)
		free(allow->items[i].host);
	free(allow->items);
	*allow = (struct network_allow){ 0 };
}

void network_format(const struct network_address *address, struct strbuf *out)
{
	bool bracketed = strchr(address->host, ':');

	strbuf_addf(out, "%s%s%s:%u", bracketed ? "[" : "", address->host, bracketed ? "]" : "",
		    address->port);
}

void network_format_ip(const uint8_t ip[16], struct strbuf *out)
{
	char text[INET6_ADDRSTRLEN];
	bool v4 = network_ip_is_v4(ip);

	/* Neither family nor size can be wrong. */
	inet_ntop(v4 ? AF_INET : AF_INET6, ip + (v4 ? 12 : 0), text, sizeof(text));
	strbuf_addstr(out, text);
}

/* An address stands in the list as what it was configured by: it needs no name. */
static bool is_literal(const char *host)
{
	uint8_t ip[16];

	return inet_pton(AF_INET, host, ip) == 1 || inet_pton(AF_INET6, host, ip) == 1;
}

/* The same host with another port needs no second line. */
static bool was_named(const struct network_allow *allow, size_t nr)
{
	const struct network_address *a = &allow->items[nr];

	for (size_t i = 0; i < nr; i++)
		if (!memcmp(allow->items[i].ip, a->ip, 16) &&
		    !strcmp(allow->items[i].host, a->host))
			return true;
	return false;
}

void network_format_hosts(const struct network_allow *allow, struct strbuf *out)
{
	strbuf_addstr(out, "127.0.0.1\tlocalhost\n::1\tlocalhost\n");
	for (size_t i = 0; i < allow->nr; i++) {
		const struct network_address *a = &allow->items[i];

		if (is_literal(a->host) || !strcmp(a->host, "localhost") || was_named(allow, i))
			continue;
		network_format_ip(a->ip, out);
		strbuf_addf(out, "\t%s\n", a->host);
	}
}
