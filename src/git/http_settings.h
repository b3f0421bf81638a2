#ifndef GIT_HTTP_SETTINGS_H
#define GIT_HTTP_SETTINGS_H

/* How git itself would reach a URL, so that what is set up for git need not be set up twice. */

#include "base/error.h"

/* NULL where not configured. Paths are absolute, or as they were configured. */
struct http_settings {
	char *ca_info;	  /* http.sslCAInfo */
	char *cert, *key; /* http.sslCert, http.sslKey */
	char *proxy;	  /* http.proxy: it may hold a password */
};

/* Reads http.* and http.<url>.*, of which git takes those that match `url` best. */
int http_settings_read(const char *url, struct http_settings *ret, struct error *err);

void http_settings_release(struct http_settings *s);
#define CLEANUP_HTTP_SETTINGS CLEANUP(http_settings_release)

#endif
