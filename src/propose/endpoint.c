#include "propose/endpoint.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "base/strbuf.h"
#include "model/network.h"

/* Longer than any base URL that somebody typed. */
#define URL_MAX_LEN 2048

#define HINT \
	"such as http://127.0.0.1:8080/v1, https://api.example/v1 or unix:///run/model.sock"

/* The parts of http://host:port/path while they are looked at. */
struct parts {
	char *host; /* in small letters, without brackets */
	const char *path;
	unsigned port;
	bool bracketed;
};

static bool is_private(const uint8_t ip[16])
{
	const uint8_t *v4 = ip + 12;

	if (network_ip_is_v4(ip))
		return v4[0] == 10 || (v4[0] == 172 && (v4[1] & 0xf0) == 16) ||
		       (v4[0] == 192 && v4[1] == 168) || (v4[0] == 169 && v4[1] == 254);
	return (ip[0] & 0xfe) == 0xfc || (ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80);
}

static enum endpoint_reach reach_of(const uint8_t ip[16])
{
	if (network_ip_is_loopback(ip))
		return ENDPOINT_LOOPBACK;
	return is_private(ip) ? ENDPOINT_PRIVATE : ENDPOINT_OUTSIDE;
}

static int judge_host(const struct parts *parts, enum endpoint_reach *ret, struct error *err)
{
	uint8_t ip[16], v4[4];

	if (parts->bracketed) {
		if (inet_pton(AF_INET6, parts->host, ip) != 1)
			return error_set(err, "what stands in brackets is no IPv6 address");
	} else if (inet_pton(AF_INET, parts->host, v4) == 1) {
		network_ip_of_v4(v4, ip);
	} else if (network_is_name(parts->host)) {
		/* libcurl takes these to loopback, whatever a name server says (RFC 6761). */
		*ret = !strcmp(parts->host, "localhost") ? ENDPOINT_LOOPBACK : ENDPOINT_OUTSIDE;
		return 0;
	} else {
		return error_set(err, "the host is neither a name nor an address");
	}
	*ret = reach_of(ip);
	if (*ret == ENDPOINT_OUTSIDE && !network_ip_is_usable(ip))
		return error_set(err, "no host can be reached by this address");
	return 0;
}

/* Of RFC 3986: what a path may hold without being read in two ways. */
static bool is_path(const char *path)
{
	for (const char *p = path; *p; p++) {
		if (*p == '%' &&
		    (!isxdigit((unsigned char)p[1]) || !isxdigit((unsigned char)p[2])))
			return false;
		if (!isalnum((unsigned char)*p) && !strchr("/-._~%!$&'()*+,;=:@", *p))
			return false;
		if (*p == '/' && p[1] == '/')
			return false;
		if (*p == '/' && p[1] == '.' &&
		    (!p[2] || p[2] == '/' || (p[2] == '.' && (!p[3] || p[3] == '/'))))
			return false;
	}
	return true;
}

static int parse_port(const char *text, size_t len, unsigned *ret)
{
	unsigned port = 0;

	if (!len || len > 5 || text[0] == '0')
		return -1;
	for (size_t i = 0; i < len; i++) {
		if (!isdigit((unsigned char)text[i]))
			return -1;
		port = port * 10 + (unsigned)(text[i] - '0');
	}
	if (port > 65535)
		return -1;
	*ret = port;
	return 0;
}

/* `text` stands behind the "//". */
static int split(const char *text, struct parts *ret, struct error *err)
{
	size_t len = strcspn(text, "/?#");
	const char *end = text + len, *colon, *host_end;

	if (memchr(text, '@', len)) {
		error_set(err, "it holds a user or a password");
		return error_hint(err, "a key is never part of the URL: put it into the "
				       "environment, and the variable's name into "
				       "autoresearch.apiKeyEnv");
	}
	ret->bracketed = *text == '[';
	host_end = memchr(text, ret->bracketed ? ']' : ':', len);
	if (ret->bracketed && !host_end)
		return error_set(err, "a bracket is not closed");
	colon = ret->bracketed ? host_end + 1 : host_end ? host_end : end;
	if (colon < end &&
	    (*colon != ':' || parse_port(colon + 1, (size_t)(end - colon - 1), &ret->port)))
		return error_set(err, "the port is no number from 1 to 65535");
	text += ret->bracketed;
	ret->host = xstrndup(text, (size_t)((host_end ? host_end : end) - text));
	for (char *p = ret->host; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	ret->path = end;
	if (*end && (*end != '/' || !is_path(end)))
		return error_set(err, "its path is not a plain one");
	return 0;
}

static int parse_http(const char *text, bool tls, struct endpoint *ret, struct error *err)
{
	struct parts parts = { .port = tls ? 443 : 80 };
	CLEANUP_FREE char *host = NULL;
	size_t path_len;
	int failed = split(text, &parts, err) || judge_host(&parts, &ret->reach, err);

	host = parts.host;
	if (failed)
		return -1;
	path_len = strlen(parts.path);
	while (path_len && parts.path[path_len - 1] == '/')
		path_len--;
	ret->name = xstrfmt(parts.bracketed ? "[%s]:%u" : "%s:%u", host, parts.port);
	ret->url = xstrfmt("%s://%s%.*s", tls ? "https" : "http", ret->name, (int)path_len,
			   parts.path);
	return 0;
}

static int parse_unix(const char *path, struct endpoint *ret, struct error *err)
{
	struct sockaddr_un address;

	if (path[0] != '/' || !path[1] || path[strlen(path) - 1] == '/')
		return error_set(err, "the socket's path is not an absolute one");
	if (strlen(path) >= sizeof(address.sun_path))
		return error_set(err, "the socket's path has more than %zu bytes",
				 sizeof(address.sun_path) - 1);
	ret->unix_socket = xstrdup(path);
	ret->url = xstrdup("http://localhost/v1");
	ret->name = xstrfmt("unix:%s", path);
	ret->reach = ENDPOINT_LOOPBACK;
	return 0;
}

static int parse(const char *text, struct endpoint *ret, struct error *err)
{
	if (strlen(text) > URL_MAX_LEN)
		return error_set(err, "it has more than %d bytes", URL_MAX_LEN);
	for (const char *p = text; *p; p++)
		if ((unsigned char)*p <= ' ' || *p == 0x7f)
			return error_set(err, "it holds white space or a control character");
	if (starts_with(text, "http://"))
		return parse_http(text + strlen("http://"), false, ret, err);
	if (starts_with(text, "https://"))
		return parse_http(text + strlen("https://"), true, ret, err);
	if (starts_with(text, "unix://"))
		return parse_unix(text + strlen("unix://"), ret, err);
	return error_set(err, "it begins with none of http://, https:// and unix://");
}

int endpoint_parse(const char *text, struct endpoint *ret, struct error *err)
{
	struct endpoint endpoint = { 0 };

	if (parse(text, &endpoint, err)) {
		endpoint_release(&endpoint);
		return *err->hint ? -1 : error_hint(err, HINT);
	}
	*ret = endpoint;
	return 0;
}

const char *endpoint_reach_name(enum endpoint_reach reach)
{
	static const char *const names[] = { "loopback", "private", "outside" };

	return names[reach];
}

void endpoint_release(struct endpoint *endpoint)
{
	free(endpoint->url);
	free(endpoint->unix_socket);
	free(endpoint->name);
	*endpoint = (struct endpoint){ 0 };
}
