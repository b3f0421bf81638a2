#ifndef PROPOSE_ENDPOINT_H
#define PROPOSE_ENDPOINT_H

/*
 * Where a model is served: a base URL such as http://127.0.0.1:8080/v1, https://…, or
 * unix:///path/of/a/socket, whose base is /v1. A value: nothing is resolved or connected.
 */

#include <stdbool.h>

#include "base/error.h"

/* How far what is sent there goes, by the host's address alone. */
enum endpoint_reach {
	ENDPOINT_LOOPBACK, /* this machine: a UNIX socket, localhost, 127.0.0.0/8, ::1 */
	ENDPOINT_PRIVATE,  /* RFC 1918, fc00::/7, link-local */
	ENDPOINT_OUTSIDE,  /* everything else, every name among it */
};

struct endpoint {
	char *url; /* the base, without a slash at its end; http://localhost/v1 for a socket */
	char *unix_socket; /* its path; NULL where the host is reached by TCP */
	char *name;	   /* for people and records: "host:port", or "unix:/path" */
	enum endpoint_reach reach;
};

/*
 * Reads a base URL, strictly: a small scheme; a name, an IPv4 address or an IPv6 address in
 * brackets; no user and password, no query, no fragment, no dots for folders. The error has
 * a hint, and never repeats what could be a password.
 */
int endpoint_parse(const char *text, struct endpoint *ret, struct error *err);

/* "loopback", "private", "outside". */
const char *endpoint_reach_name(enum endpoint_reach reach);

void endpoint_release(struct endpoint *endpoint);
#define CLEANUP_ENDPOINT CLEANUP(endpoint_release)

#endif
