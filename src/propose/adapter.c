#include "propose/adapter.h"

#include <regex.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/configtext.h"
#include "base/number.h"
#include "model/scope.h"

/* What an agent gets where its adapter does not say. */
#define TIMEOUT_DEFAULT (30 * 60)
#define IDLE_DEFAULT (10 * 60)
#define MEMORY_DEFAULT (4LL << 30)
#define PIDS_DEFAULT 1024
#define DISK_DEFAULT (2LL << 30)
#define OUTPUT_DEFAULT (64LL << 20)

/* One function a kind of value; the caller adds file, line and key. */
typedef int (*set_fn)(const char *value, void *field, struct error *err);

static int set_text(const char *value, void *field, struct error *err)
{
	char **text = field;

	if (!*value)
		return error_set(err, "empty");
	free(*text);
	*text = xstrdup(value);
	return 0;
}

/* Each one is a line of the script. */
static int add_line(const char *value, void *field, struct error *err)
{
	char **text = field, *longer = xstrfmt("%s%s\n", *text ? *text : "", value);

	(void)err;
	free(*text);
	*text = longer;
	return 0;
}

static int set_bool(const char *value, void *field, struct error *err)
{
	if (strcmp(value, "true") && strcmp(value, "false"))
		return error_set(err, "neither true nor false: '%s'", value);
	*(bool *)field = !strcmp(value, "true");
	return 0;
}

static int set_format(const char *value, void *field, struct error *err)
{
	if (strcmp(value, "json") && strcmp(value, "text"))
		return error_set(err, "neither json nor text: '%s'", value);
	*(bool *)field = !strcmp(value, "json");
	return 0;
}

static int set_count_mode(const char *value, void *field, struct error *err)
{
	if (strcmp(value, "sum") && strcmp(value, "last"))
		return error_set(err, "neither sum nor last: '%s'", value);
	*(bool *)field = !strcmp(value, "last");
	return 0;
}

static int set_time(const char *value, void *field, struct error *err)
{
	if (number_parse_duration(value, field) || *(double *)field <= 0)
		return error_set(err, "not a time above 0: '%s'", value);
	return 0;
}

static int set_size(const char *value, void *field, struct error *err)
{
	if (number_parse_bytes(value, field) || *(int64_t *)field <= 0)
		return error_set(err, "not a size above 0: '%s'", value);
	return 0;
}

static int set_count(const char *value, void *field, struct error *err)
{
	if (number_parse_count(value, field) || *(int64_t *)field <= 0)
		return error_set(err, "not a count above 0: '%s'", value);
	return 0;
}

static int add_word(const char *value, void *field, struct error *err)
{
	if (!*value || strchr(value, '/'))
		return error_set(err, "not the name of a program: '%s'", value);
	string_list_add(field, value);
	return 0;
}

static int set_word(const char *value, void *field, struct error *err)
{
	if (strchr(value, '/'))
		return error_set(err, "not the name of a program: '%s'", value);
	return set_text(value, field, err);
}

static int set_variable(const char *value, void *field, struct error *err)
{
	if (!*value || value[strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789")])
		return error_set(err, "not the name of a variable: '%s'", value);
	return set_text(value, field, err);
}

static int add_path(const char *value, void *field, struct error *err)
{
	if (pathspec_check(value, err))
		return -1;
	string_list_add(field, value);
	return 0;
}

static int add_selector(const char *value, void *field, struct error *err)
{
	return selectors_add(field, value, err);
}

static int check_regex(const char *value, size_t groups, struct error *err)
{
	regex_t regex;
	size_t found;

	if (!*value || regcomp(&regex, value, REG_EXTENDED | REG_ICASE))
		return error_set(err, "not an extended regular expression: '%s'", value);
	found = regex.re_nsub;
	regfree(&regex);
	return found >= groups ? 0
			       : error_set(err, "fewer than %zu groups: '%s'", groups, value);
}

static int add_regex(const char *value, void *field, struct error *err)
{
	if (check_regex(value, 0, err))
		return -1;
	string_list_add(field, value);
	return 0;
}

static int set_tokens_line(const char *value, void *field, struct error *err)
{
	return check_regex(value, 2, err) ? -1 : set_text(value, field, err);
}

#define KEY(name, fn, field)                              \
	{                                                 \
		name, fn, offsetof(struct adapter, field) \
	}

static const struct {
	const char *key;
	set_fn set;
	size_t field;
} keys[] = {
	KEY("agent.program", set_word, program),
	KEY("agent.needs", add_word, needs),
	KEY("agent.install", set_text, install),
	KEY("agent.command", add_line, command),
	KEY("agent.key", set_variable, key),
	KEY("agent.git", set_bool, git),
	KEY("agent.timeout", set_time, timeout),
	KEY("agent.idle", set_time, idle),
	KEY("agent.leaves", add_path, leavings),
	KEY("limits.memory", set_size, memory),
	KEY("limits.pids", set_count, pids),
	KEY("limits.disk", set_size, disk),
	KEY("limits.output", set_size, output),
	KEY("output.format", set_format, json),
	KEY("output.words", add_selector, words),
	KEY("output.error", add_selector, errors),
	KEY("tokens.prompt", add_selector, prompt),
	KEY("tokens.cached", add_selector, cached),
	KEY("tokens.completion", add_selector, completion),
	KEY("tokens.count", set_count_mode, last),
	KEY("tokens.line", set_tokens_line, tokens_line),
	KEY("failure.limit", add_regex, limited),
	KEY("failure.refusal", add_regex, refused),
};

const char *const *adapter_keys(void)
{
	static const char *names[ARRAY_SIZE(keys) + 1];

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		names[i] = keys[i].key;
	return names;
}

struct parse {
	struct adapter *adapter;
	const char *file;
};

static int take(const struct config_entry *e, void *data, struct error *err)
{
	struct parse *p = data;
	CLEANUP_FREE char *key = NULL;

	if (!e->key && !e->subsection)
		return 0;
	key = xstrfmt("%s%s%s.%s", e->section, e->subsection ? "." : "",
		      e->subsection ? e->subsection : "", e->key ? e->key : "");
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (strcmp(key, keys[i].key))
			continue;
		if (!e->value)
			return error_set(err, "%s:%d: %s: no value", p->file, e->line, key);
		if (e->cut)
			return error_set(
				err,
				"%s:%d: %s: a comment cuts the value short; put it in quotes",
				p->file, e->line, key);
		if (keys[i].set(e->value, (char *)p->adapter + keys[i].field, err))
			return error_context(err, "%s:%d: %s", p->file, e->line, key);
		return 0;
	}
	return error_set(err, "%s:%d: unknown key '%s'", p->file, e->line, key);
}

static int check_whole(const struct adapter *a, const char *file, struct error *err)
{
	const char *missing = !a->program		? "agent.program"
			      : !a->command		? "agent.command"
			      : a->json && !a->words.nr ? "output.words"
							: NULL;

	if (missing)
		return error_set(err, "%s: %s is missing", file, missing);
	if (!a->json &&
	    (a->words.nr || a->errors.nr || a->prompt.nr || a->cached.nr || a->completion.nr))
		return error_set(err, "%s: members are read where output.format is json", file);
	if (a->json && a->tokens_line)
		return error_set(err, "%s: tokens.line is read where output.format is text",
				 file);
	return 0;
}

int adapter_parse(const char *name, const char *file, const char *text, size_t len,
		  struct adapter *ret, struct error *err)
{
	CLEANUP_ADAPTER struct adapter a = { .name = xstrdup(name),
					     .timeout = TIMEOUT_DEFAULT,
					     .idle = IDLE_DEFAULT,
					     .memory = MEMORY_DEFAULT,
					     .pids = PIDS_DEFAULT,
					     .disk = DISK_DEFAULT,
					     .output = OUTPUT_DEFAULT };
	struct parse p = { &a, file };

	if (config_text_parse(file, text, len, take, &p, err) || check_whole(&a, file, err))
		return -1;
	*ret = a;
	a = (struct adapter){ 0 };
	return 0;
}

/* Made of src/propose/agents/ when the program is built. */
static const struct {
	const char *name, *text;
} builtin[] = {
#include "propose/agents.inc"
};

int adapter_builtin(const char *name, struct adapter *ret, struct error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(builtin); i++) {
		CLEANUP_FREE char *file = NULL;

		if (strcmp(name, builtin[i].name))
			continue;
		file = xstrfmt("%s.conf", name);
		return adapter_parse(name, file, builtin[i].text, strlen(builtin[i].text), ret,
				     err);
	}
	return 1;
}

const char *const *adapter_names(void)
{
	static const char *names[ARRAY_SIZE(builtin) + 1];

	for (size_t i = 0; i < ARRAY_SIZE(builtin); i++)
		names[i] = builtin[i].name;
	return names;
}

void adapter_release(struct adapter *a)
{
	free(a->name);
	free(a->program);
	string_list_release(&a->needs);
	free(a->install);
	free(a->command);
	free(a->key);
	string_list_release(&a->leavings);
	selectors_release(&a->words);
	selectors_release(&a->errors);
	selectors_release(&a->prompt);
	selectors_release(&a->cached);
	selectors_release(&a->completion);
	free(a->tokens_line);
	string_list_release(&a->limited);
	string_list_release(&a->refused);
	*a = (struct adapter){ 0 };
}
