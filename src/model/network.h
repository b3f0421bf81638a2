#ifndef MODEL_NETWORK_H
#define MODEL_NETWORK_H

/*
 * What a phase may reach: a list of `host:port`, as it is configured, and the same list with
 * every name resolved, as the sandbox takes it. Values and their text; who resolves is
 * elsewhere (loop/network.h).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/strbuf.h"

/* Addresses that a phase may reach: as many as the kernel's side of the audit takes. */
#define NETWORK_ADDRESSES_MAX 32

struct network_address {
	char *host; /* as configured: a name in small letters, or an address without brackets */
	uint16_t port;	/* host order, never 0 */
	bool resolved;	/* false: a name, and `ip` is not known yet */
	uint8_t ip[16]; /* IPv4 as ::ffff:a.b.c.d */
};

struct network_allow {
	bool open; /* the host's network as it is: `items` then mean nothing */
	struct network_address *items;
	size_t nr;
};

/*
 * Appends what `text` says: `name:port`, `192.0.2.7:80`, `[2001:db8::7]:80`, or `*` where
 * `may_open`. Errors name neither key nor value, and have a hint. Names are as in DNS, in
 * ASCII, and none that reads as a number; addresses are those of one host, of every machine
 * the same (so none that is link-local).
 */
int network_allow_parse(struct network_allow *allow, const char *text, bool may_open,
			struct error *err);

/* Appends a copy with its address known, unless the list holds the same host, address and
 * port. False where there is no room. */
bool network_allow_add(struct network_allow *allow, const char *host, const uint8_t ip[16],
		       uint16_t port);

void network_allow_release(struct network_allow *allow);
#define CLEANUP_NETWORK_ALLOW CLEANUP(network_allow_release)

/* True where `ip` is an address that one service of one host can have. */
bool network_ip_is_usable(const uint8_t ip[16]);
bool network_ip_is_v4(const uint8_t ip[16]);
/* True for 127.0.0.0/8 and ::1, which every loopback device has. */
bool network_ip_is_loopback(const uint8_t ip[16]);

/* True for a name as in DNS, in small letters, that cannot be read as an address. */
bool network_is_name(const char *name);

/* Turns four bytes into ::ffff:a.b.c.d. */
void network_ip_of_v4(const uint8_t v4[4], uint8_t ret[16]);

/* As it was configured, and parses: "model.example:8000", "[::1]:80". */
void network_format(const struct network_address *address, struct strbuf *out);

/* "192.0.2.7", "2001:db8::7". */
void network_format_ip(const uint8_t ip[16], struct strbuf *out);

/* An /etc/hosts with localhost and every name of a resolved list. */
void network_format_hosts(const struct network_allow *allow, struct strbuf *out);

#endif
