#include "loop/model.h"

#include <stdlib.h>
#include <string.h>

#include "base/process.h"
#include "git/http_settings.h"
#include "loop/activity.h"
#include "loop/ask.h"
#include "loop/lane.h"

#define KEY_MAX (16 << 10)

static int not_configured(const char *key, const char *example, struct error *err)
{
	error_set(err, "the proposer is an endpoint, but no autoresearch.%s is configured",
		  key);
	return error_hint(err, "git config autoresearch.%s %s", key, example);
}

int model_find(const struct settings *settings, const char *model, struct endpoint *ret,
	       struct error *err)
{
	if (!settings->endpoint || !*settings->endpoint)
		return not_configured("endpoint", "http://127.0.0.1:8080/v1", err);
	if (!model || !*model)
		return not_configured("model", "<one of those under /models of the endpoint>",
				      err);
	if (endpoint_parse(settings->endpoint, ret, err))
		return error_context(err, "autoresearch.endpoint");
	return 0;
}

const char *model_key_of_environment(const struct settings *settings)
{
	const char *name = settings->api_key_env;
	const char *value = name && *name ? getenv(name) : NULL;

	return value && *value ? value : NULL;
}

static int run_key_command(const char *command, char **ret, struct error *err)
{
	/* Nobody can interrupt it, since our signals wait for us. */
	const char *const argv[] = { "sh", "-c",    "exec timeout 60 sh -c \"$1\"",
				     "sh", command, NULL };
	struct strbuf out = STRBUF_INIT;
	int failed = process_run(argv, &out, KEY_MAX, err);

	strbuf_rtrim(&out);
	if (!failed && !out.len)
		failed = error_set(err, "it printed nothing");
	*ret = strbuf_detach(&out, NULL);
	return failed ? error_context(err, "autoresearch.apiKeyHelper") : 0;
}

/* The variable wins, so that a key can be changed for one start. */
int model_find_key(const struct settings *settings, char **ret, struct error *err)
{
	const char *name = settings->api_key_env, *value = model_key_of_environment(settings);

	if (value) {
		*ret = xstrdup(value);
		return 0;
	}
	if (settings->api_key_helper && *settings->api_key_helper)
		return run_key_command(settings->api_key_helper, ret, err);
	if (!name || !*name)
		return 0;
	error_set(err, "the variable '%s', which autoresearch.apiKeyEnv names, is not set",
		  name);
	return error_hint(err, "export it; or, where the endpoint needs no key, git config "
			       "--unset autoresearch.apiKeyEnv");
}

/* --- What doctor says */

static void examine_endpoint(const struct settings *settings, const char *model,
			     struct probes *ret)
{
	static const char *const where[] = {
		[ENDPOINT_LOOPBACK] = "on this machine",
		[ENDPOINT_PRIVATE] = "in a private network",
		[ENDPOINT_OUTSIDE] = "outside: what a prompt holds leaves for there",
	};
	CLEANUP_ENDPOINT struct endpoint endpoint = { 0 };
	CLEANUP_HTTP_SETTINGS struct http_settings http = { 0 };
	CLEANUP_FREE char *detail = NULL;
	struct error err = ERROR_INIT;
	bool proxy;

	if (model_find(settings, model, &endpoint, &err) ||
	    http_settings_read(endpoint.url, &http, &err)) {
		probes_add(ret, "endpoint", false, err.message, err.hint);
		return;
	}
	proxy = http.proxy && *http.proxy && endpoint.reach != ENDPOINT_LOOPBACK;
	detail = xstrfmt("%s, %s%s", endpoint.name, where[endpoint.reach],
			 proxy ? ", by the proxy of http.proxy" : "");
	probes_add(ret, "endpoint", true, detail, NULL);
}

static void examine_key(const struct settings *settings, struct probes *ret)
{
	const char *name = settings->api_key_env, *command = settings->api_key_helper;
	bool named = name && *name, set = model_key_of_environment(settings);
	bool printed = command && *command;
	CLEANUP_FREE char *detail = NULL;

	if (named && (set || !printed))
		detail = xstrfmt("in the variable %s, which is %sset", name, set ? "" : "not ");
	else
		detail = xstrdup(printed ? "printed by the command of autoresearch.apiKeyHelper"
					 : "none is configured, and none is sent");
	probes_add(ret, "model's key", set || printed || !named, detail,
		   set || printed || !named ? NULL : "export it before git autoresearch start");
}

static void examine_libcurl(struct probes *ret)
{
	struct error err = ERROR_INIT;
	struct evloop *events;
	struct http *http;

	if (evloop_new(&events, &err)) {
		probes_add(ret, "libcurl", false, err.message, err.hint);
		return;
	}
	if (http_new(&http, events, &err)) {
		probes_add(ret, "libcurl", false, err.message, err.hint);
	} else {
		probes_add(ret, "libcurl", true, "it is there", NULL);
		http_free(http);
	}
	evloop_free(events);
}

void model_examine(const struct settings *settings, const char *model, struct probes *ret)
{
	examine_endpoint(settings, model, ret);
	examine_key(settings, ret);
	examine_libcurl(ret);
}

/* --- The connection */

static void on_wait(const char *why, double seconds, void *data)
{
	struct search *s = data;
	bool anyone = false;

	/* What is asked for while a trial runs, nobody waits for yet. */
	for (int i = 0; i < s->lanes_nr; i++)
		anyone |= s->lanes[i].waiting != NULL;
	if (anyone)
		activity_wait(s, why, seconds, s->settings.endpoint_timeout);
}

int model_open(struct proposer *p, struct error *err)
{
	struct search *s = p->s;
	CLEANUP_ENDPOINT struct endpoint endpoint = { 0 };
	CLEANUP_HTTP_SETTINGS struct http_settings http = { 0 };
	struct chat_options options = CHAT_OPTIONS_INIT;
	struct model *model;

	if (p->model)
		return 0;
	if (model_find(&s->settings, p->model_name, &endpoint, err) ||
	    http_settings_read(endpoint.url, &http, err))
		return -1;
	model = p->model = xcalloc(1, sizeof(*model));
	model->endpoint = xstrdup(endpoint.name);
	if (model_find_key(&s->settings, &model->key, err))
		return -1;
	/* Where a server answers one by one, the last of a round waits for all the others. */
	options.first_byte_timeout *= s->config.candidates;
	options.total_timeout *= s->config.candidates;
	model->timeout = options.total_timeout;
	options.endpoint = &endpoint;
	options.key = model->key;
	options.ca_info = http.ca_info;
	options.cert = http.cert;
	options.cert_key = http.key;
	/* A proxy's loopback is another machine's: nothing goes there unseen. */
	options.proxy = endpoint.reach == ENDPOINT_LOOPBACK ? NULL : http.proxy;
	options.retry.deadline = s->settings.endpoint_timeout;
	options.on_wait = on_wait;
	options.data = s;
	return chat_new(&model->chat, s->events, &options, err);
}

void model_forget(struct model *model)
{
	while (model->round_nr)
		asking_free(model->round[--model->round_nr]);
}

void model_free(struct model *model)
{
	if (!model)
		return;
	model_forget(model);
	free(model->round);
	chat_free(model->chat);
	if (model->key)
		explicit_bzero(model->key, strlen(model->key));
	free(model->key);
	free(model->endpoint);
	free(model);
}
