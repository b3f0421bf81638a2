#include "git/http_settings.h"

#include <stdlib.h>
#include <string.h>

#include "base/process.h"

#define LIST_MAX (1 << 20)

static void set(char **where, char *value)
{
	free(*where);
	*where = value;
}

/* As git takes a path of its configuration, but for another user's home. */
static char *expand(const char *path)
{
	const char *home = getenv("HOME");

	if (!*path)
		return NULL;
	if (home && starts_with(path, "~/"))
		return xstrfmt("%s%s", home, path + 1);
	return xstrdup(path);
}

static void take(const char *key, const char *value, struct http_settings *ret)
{
	if (!strcmp(key, "http.sslcainfo"))
		set(&ret->ca_info, expand(value));
	else if (!strcmp(key, "http.sslcert"))
		set(&ret->cert, expand(value));
	else if (!strcmp(key, "http.sslkey"))
		set(&ret->key, expand(value));
	else if (!strcmp(key, "http.proxy"))
		set(&ret->proxy, xstrdup(value));
}

int http_settings_read(const char *url, struct http_settings *ret, struct error *err)
{
	/* git exits with 1 where it finds nothing at all, so there is something to find. */
	const char *const argv[] = { "git",    "-c",	 "http.extraHeader=",
				     "config", "--null", "--get-urlmatch",
				     "http",   url,	 NULL };
	CLEANUP_HTTP_SETTINGS struct http_settings settings = { 0 };
	CLEANUP_STRBUF struct strbuf list = STRBUF_INIT;
	const char *p;

	if (process_run(argv, &list, LIST_MAX, err) < 0)
		return error_context(err, "cannot read the configuration of http");
	/* It is key [newline value] NUL, and so on. */
	for (p = list.buf; p < list.buf + list.len; p += strlen(p) + 1) {
		const char *newline = strchr(p, '\n');
		CLEANUP_FREE char *key = NULL;

		if (!newline)
			continue;
		key = xstrndup(p, (size_t)(newline - p));
		take(key, newline + 1, &settings);
	}
	*ret = settings;
	settings = (struct http_settings){ 0 };
	return 0;
}

void http_settings_release(struct http_settings *s)
{
	free(s->ca_info);
	free(s->cert);
	free(s->key);
	free(s->proxy);
	*s = (struct http_settings){ 0 };
}
