#include "git/settings.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/number.h"
#include "base/process.h"

#define SECTION "autoresearch."
#define LIST_MAX (16 << 20)

/* What was read, before it is judged: of a key given twice, the last one counts. */
struct raw {
	struct string_list proposers;
	char *proposers_scope; /* that they are of; NULL: of none yet */
	char *audit, *window, *temperature, *timeout, *jobs;
	struct string_list network[NETWORK_NR];
	struct settings *settings;
};

static void raw_release(struct raw *raw)
{
	string_list_release(&raw->proposers);
	free(raw->proposers_scope);
	free(raw->audit);
	free(raw->window);
	free(raw->temperature);
	free(raw->timeout);
	free(raw->jobs);
	for (int i = 0; i < NETWORK_NR; i++)
		string_list_release(&raw->network[i]);
}

static void set_string(char **where, const char *value)
{
	free(*where);
	*where = xstrdup(value);
}

/* As with git's own lists, an empty value drops what came before it. */
static void add_value(struct string_list *list, const char *value)
{
	if (*value) {
		string_list_add(list, value);
		return;
	}
	string_list_release(list);
	*list = (struct string_list)STRING_LIST_INIT;
}

static void warn_unknown(const char *key)
{
	CLEANUP_STRBUF struct strbuf visible = STRBUF_INIT;

	strbuf_add_visible(&visible, key, strlen(key));
	warning(SECTION "%s is not known to this version and ignored", visible.buf);
}

const char *settings_network_key(enum settings_network which)
{
	static const char *const keys[NETWORK_NR] = { "allowNetwork", "setupNetwork",
						      "proposerNetwork" };

	return keys[which];
}

/* The list that `key` adds to; NULL where it is none of the network's. */
static struct string_list *network_list(struct raw *raw, const char *key, const char **ret_key)
{
	for (int i = 0; i < NETWORK_NR; i++) {
		*ret_key = settings_network_key(i);
		if (!strcasecmp(key, *ret_key))
			return &raw->network[i];
	}
	return NULL;
}

/* Where the value of a key goes that has one; NULL where it is no such key. */
static char **single_value(struct raw *raw, const char *key, const char **ret_key)
{
	struct settings *s = raw->settings;
	const struct {
		const char *key;
		char **where;
	} values[] = {
		{ "proposerCommand", &s->proposer_command },
		{ "audit", &raw->audit },
		{ "jobs", &raw->jobs },
		{ "contextWindow", &raw->window },
		{ "endpoint", &s->endpoint },
		{ "model", &s->model },
		{ "apiKeyEnv", &s->api_key_env },
		{ "apiKeyHelper", &s->api_key_helper },
		{ "notify", &s->notify },
		{ "temperature", &raw->temperature },
		{ "endpointTimeout", &raw->timeout },
	};

	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		*ret_key = values[i].key;
		if (!strcasecmp(key, values[i].key))
			return values[i].where;
	}
	return NULL;
}

/* What is named in a narrower scope takes the place of what is named in a wider one. */
static struct string_list *proposers_of(struct raw *raw, const char *scope)
{
	if (raw->proposers_scope && !strcmp(raw->proposers_scope, scope))
		return &raw->proposers;
	string_list_release(&raw->proposers);
	raw->proposers = (struct string_list)STRING_LIST_INIT;
	set_string(&raw->proposers_scope, scope);
	return &raw->proposers;
}

/* One key of ours, without the section; `value` is NULL where it has no "=". */
static int take_key(struct raw *raw, const char *scope, const char *key, const char *value,
		    struct error *err)
{
	struct settings *s = raw->settings;
	const char *list_key, *single_key;
	struct string_list *list = network_list(raw, key, &list_key);
	char **single = single_value(raw, key, &single_key);

	if (!strcmp(key, "proposer")) {
		if (!value)
			return error_set(err, "missing value for '" SECTION "proposer'");
		/* An empty one is told of, since nobody would propose. */
		string_list_add(proposers_of(raw, scope), value);
		return 0;
	}
	if (!strcmp(key, "bind"))
		list = &s->binds, list_key = "bind";
	else if (!strcmp(key, "device"))
		list = &s->devices, list_key = "device";
	/* Read by hooks alone, which ask for nothing else: see git/guard_protected.c. */
	if (!strcasecmp(key, "protectedBranch"))
		return 0;
	if (!list && !single)
		warn_unknown(key);
	else if (!value)
		return error_set(err, "missing value for '" SECTION "%s'",
				 list ? list_key : single_key);
	else if (single)
		set_string(single, value);
	else
		add_value(list, value);
	return 0;
}

/* The list is scope NUL key [newline value] NUL, and so on. */
static int take_list(struct raw *raw, const struct strbuf *list, struct error *err)
{
	const char *p = list->buf, *end = p + list->len;

	while (p < end) {
		const char *scope = p, *item = p + strlen(p) + 1, *value;
		CLEANUP_FREE char *key = NULL;

		if (item >= end)
			return error_set(err, "git config gave a list that makes no sense");
		p = item + strlen(item) + 1;
		if (!starts_with(item, SECTION))
			continue;
		item += strlen(SECTION);
		value = strchr(item, '\n');
		key = value ? xstrndup(item, value - item) : xstrdup(item);
		if (take_key(raw, scope, key, value ? value + 1 : NULL, err) < 0)
			return -1;
	}
	return 0;
}

static int refuse_proposer(const char *name, const char *why, struct error *err)
{
	error_set(err, SECTION "proposer: '%.*s' %s", PROPOSER_MAX, name, why);
	return error_hint(err, "git config --unset-all " SECTION "proposer");
}

static int add_proposer(struct string_list *list, const char *name, struct error *err)
{
	if (strlen(name) > PROPOSER_MAX)
		return refuse_proposer(name, "has more than 200 bytes", err);
	if (string_list_has(list, name))
		return refuse_proposer(name, "is named twice", err);
	if (list->nr == PROPOSERS_MAX)
		return refuse_proposer(name, "is one more than 16", err);
	string_list_add(list, name);
	return 0;
}

/* A program with its arguments; or an adapter's path, which may hold blanks as well. */
static bool is_one_name(const char *value)
{
	return starts_with(value, "command:") || value[strcspn(value, " \t\n:/")] == '/';
}

static int add_proposers(struct string_list *list, const char *value, struct error *err)
{
	static const char blanks[] = " \t\n";

	value += strspn(value, blanks);
	if (!*value) {
		error_set(err, SECTION "proposer is empty");
		return error_hint(err, "git config " SECTION "proposer sweep");
	}
	if (is_one_name(value))
		return add_proposer(list, value, err);
	while (*value) {
		size_t len = strcspn(value, blanks);
		CLEANUP_FREE char *name = xstrndup(value, len);

		if (add_proposer(list, name, err))
			return -1;
		value += len;
		value += strspn(value, blanks);
	}
	return 0;
}

int settings_set_proposers(struct settings *s, const struct string_list *values,
			   struct error *err)
{
	CLEANUP_STRING_LIST struct string_list list = STRING_LIST_INIT;

	for (size_t i = 0; i < values->nr; i++)
		if (add_proposers(&list, values->items[i], err))
			return -1;
	string_list_release(&s->proposers);
	s->proposers = list;
	list = (struct string_list)STRING_LIST_INIT;
	return 0;
}

static int judge_audit(struct raw *raw, struct error *err)
{
	raw->settings->audit = AUDIT_ENFORCE;
	if (!raw->audit || !strcmp(raw->audit, "enforce"))
		return 0;
	raw->settings->audit = AUDIT_WARN;
	if (!strcmp(raw->audit, "warn"))
		return 0;
	error_set(err, SECTION "audit: '%s' is neither enforce nor warn", raw->audit);
	return error_hint(err, "git config " SECTION "audit enforce");
}

static int judge_jobs(const struct raw *raw, struct error *err)
{
	int64_t jobs = 1;

	if (raw->jobs &&
	    (number_parse_count(raw->jobs, &jobs) || jobs < 1 || jobs > JOBS_MAX)) {
		error_set(err, SECTION "jobs: '%s' is no number of trials from 1 to %d",
			  raw->jobs, JOBS_MAX);
		return error_hint(err, "git config " SECTION "jobs 2");
	}
	raw->settings->jobs = (int)jobs;
	return 0;
}

static int judge_window(const struct raw *raw, struct error *err)
{
	int64_t window;

	if (!raw->window)
		return 0;
	if (number_parse_count(raw->window, &window) || window < CONTEXT_WINDOW_MIN ||
	    window > CONTEXT_WINDOW_MAX) {
		error_set(err,
			  SECTION "contextWindow: '%s' is no number of tokens from 1k to 1G",
			  raw->window);
		return error_hint(err, "git config " SECTION "contextWindow 128k");
	}
	raw->settings->context_window = window;
	return 0;
}

/* "low..high", or one number for both. */
static int parse_temperature(const char *text, double *ret_low, double *ret_high)
{
	const char *dots = strstr(text, "..");
	CLEANUP_FREE char *low = dots ? xstrndup(text, (size_t)(dots - text)) : xstrdup(text);

	if (number_parse_double(low, ret_low) ||
	    number_parse_double(dots ? dots + 2 : low, ret_high))
		return -1;
	return *ret_low >= 0 && *ret_low <= *ret_high && *ret_high <= TEMPERATURE_MAX ? 0 : -1;
}

static int judge_asking(const struct raw *raw, struct error *err)
{
	struct settings *s = raw->settings;

	s->temperature_low = 0.2;
	s->temperature_high = 1;
	if (raw->temperature &&
	    parse_temperature(raw->temperature, &s->temperature_low, &s->temperature_high)) {
		error_set(err, SECTION "temperature: '%s' is no range within 0..2",
			  raw->temperature);
		return error_hint(err, "git config " SECTION "temperature 0.2..1.0");
	}
	s->endpoint_timeout = 600;
	if (raw->timeout && number_parse_duration(raw->timeout, &s->endpoint_timeout)) {
		error_set(err, SECTION "endpointTimeout: '%s' is no time", raw->timeout);
		return error_hint(err, "git config " SECTION "endpointTimeout 10m");
	}
	return 0;
}

/* "<group>:/dev/…", or the path alone. */
static void split_devices(struct settings *s)
{
	for (size_t i = 0; i < s->devices.nr; i++) {
		char *item = s->devices.items[i], *path = strstr(item, ":/");

		string_list_add(&s->device_groups, "");
		if (!path || *item == '/')
			continue;
		*path++ = '\0';
		free(s->device_groups.items[i]);
		s->device_groups.items[i] = item;
		s->devices.items[i] = xstrdup(path);
	}
}

static int judge_paths(const struct settings *s, struct error *err)
{
	struct stat st;

	for (size_t i = 0; i < s->binds.nr; i++) {
		const char *path = s->binds.items[i];

		if (*path != '/')
			return error_set(err, SECTION "bind: '%s' is no absolute path", path);
		if (stat(path, &st) < 0)
			return error_errno(err, SECTION "bind: '%s'", path);
	}
	for (size_t i = 0; i < s->devices.nr; i++) {
		const char *path = s->devices.items[i];

		if (*path != '/')
			return error_set(err, SECTION "device: '%s' is no absolute path", path);
		if (stat(path, &st) < 0)
			return error_errno(err, SECTION "device: '%s'", path);
		if (!S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode))
			return error_set(err, SECTION "device: '%s' is no device", path);
	}
	return 0;
}

static int judge_network(const struct raw *raw, struct error *err)
{
	for (int i = 0; i < NETWORK_NR; i++) {
		const struct string_list *list = &raw->network[i];

		for (size_t j = 0; j < list->nr; j++)
			if (network_allow_parse(&raw->settings->network[i], list->items[j],
						i != NETWORK_TRIAL, err))
				return error_context(err, SECTION "%s: '%s'",
						     settings_network_key(i), list->items[j]);
	}
	return 0;
}

int settings_read(struct settings *ret, struct error *err)
{
	static const char *const argv[] = { "git",    "config",	      "--null",
					    "--list", "--show-scope", NULL };
	CLEANUP_SETTINGS struct settings settings = { 0 };
	CLEANUP(raw_release) struct raw raw = { .settings = &settings };
	CLEANUP_STRBUF struct strbuf list = STRBUF_INIT;

	if (process_run(argv, &list, LIST_MAX, err) < 0)
		return error_context(err, "cannot read the configuration");
	if (take_list(&raw, &list, err) < 0)
		return -1;
	split_devices(&settings);
	if (!raw.proposers.nr)
		string_list_add(&raw.proposers, "sweep");
	if (settings_set_proposers(&settings, &raw.proposers, err) < 0 ||
	    judge_audit(&raw, err) < 0 || judge_jobs(&raw, err) < 0 ||
	    judge_window(&raw, err) < 0 || judge_asking(&raw, err) < 0 ||
	    judge_paths(&settings, err) < 0 || judge_network(&raw, err) < 0)
		return -1;
	*ret = settings;
	settings = (struct settings){ 0 };
	return 0;
}

void settings_release(struct settings *s)
{
	string_list_release(&s->proposers);
	free(s->proposer_command);
	free(s->endpoint);
	free(s->model);
	free(s->api_key_env);
	free(s->api_key_helper);
	free(s->notify);
	string_list_release(&s->binds);
	string_list_release(&s->devices);
	string_list_release(&s->device_groups);
	for (int i = 0; i < NETWORK_NR; i++)
		network_allow_release(&s->network[i]);
	*s = (struct settings){ 0 };
}
