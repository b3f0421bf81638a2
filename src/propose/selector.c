#include "propose/selector.h"

#include <stdlib.h>
#include <string.h>

/* Neither a path nor a value of ours is longer. */
#define WORD_MAX_LEN 128
#define CONDITIONS_MAX 8

typedef void (*value_fn)(const struct json *value, void *data);

static void walk(const struct json *value, const char *path, value_fn fn, void *data)
{
	CLEANUP_FREE char *name = NULL;
	size_t len = strcspn(path, ".");

	if (!value)
		return;
	if (json_is_array(value)) {
		for (size_t i = 0; i < json_array_len(value); i++)
			walk(json_array_at(value, i), path, fn, data);
		return;
	}
	if (!*path) {
		fn(value, data);
		return;
	}
	name = xstrndup(path, len);
	walk(json_get(value, name), path + len + (path[len] == '.'), fn, data);
}

struct comparison {
	const char *expected;
	bool equal;
};

static void compare(const struct json *value, void *data)
{
	struct comparison *c = data;
	const char *text;

	c->equal |= !json_as_string(value, &text) && !strcmp(text, c->expected);
}

void selector_each(const struct selector *s, const struct json *document, value_fn fn,
		   void *data)
{
	for (size_t i = 0; i < s->nr; i++) {
		struct comparison c = { .expected = s->conditions[i].value };

		walk(document, s->conditions[i].path, compare, &c);
		if (!c.equal)
			return;
	}
	walk(document, s->path, fn, data);
}

static bool is_path(const char *path)
{
	size_t len = strlen(path);

	return len && len < WORD_MAX_LEN && path[0] != '.' && path[len - 1] != '.' &&
	       !strstr(path, "..");
}

static int malformed(const char *text, struct error *err)
{
	return error_set(err, "not a path of members, with or without 'if member=value': '%s'",
			 text);
}

static int add_condition(struct selector *s, const char *word)
{
	const char *equals = strchr(word, '=');
	struct selector_condition *c;

	if (!equals || !equals[1] || s->nr == CONDITIONS_MAX)
		return -1;
	s->conditions = xrealloc(s->conditions, (s->nr + 1) * sizeof(*s->conditions));
	c = &s->conditions[s->nr++];
	c->path = xstrndup(word, (size_t)(equals - word));
	c->value = xstrdup(equals + 1);
	return is_path(c->path) ? 0 : -1;
}

int selector_parse(const char *text, struct selector *ret, struct error *err)
{
	CLEANUP(selector_release) struct selector s = { 0 };
	CLEANUP_FREE char *copy = xstrdup(text);
	char *save, *word = strtok_r(copy, " \t", &save);

	if (!word || !is_path(word) || strchr(word, '='))
		return malformed(text, err);
	s.path = xstrdup(word);
	word = strtok_r(NULL, " \t", &save);
	if (word) {
		if (strcmp(word, "if") || !(word = strtok_r(NULL, " \t", &save)))
			return malformed(text, err);
		for (; word; word = strtok_r(NULL, " \t", &save))
			if (add_condition(&s, word))
				return malformed(text, err);
	}
	*ret = s;
	s = (struct selector){ 0 };
	return 0;
}

void selector_release(struct selector *s)
{
	for (size_t i = 0; i < s->nr; i++) {
		free(s->conditions[i].path);
		free(s->conditions[i].value);
	}
	free(s->conditions);
	free(s->path);
	*s = (struct selector){ 0 };
}

int selectors_add(struct selectors *list, const char *text, struct error *err)
{
	struct selector s;

	if (selector_parse(text, &s, err))
		return -1;
	list->items = xrealloc(list->items, (list->nr + 1) * sizeof(*list->items));
	list->items[list->nr++] = s;
	return 0;
}

void selectors_release(struct selectors *list)
{
	for (size_t i = 0; i < list->nr; i++)
		selector_release(&list->items[i]);
	free(list->items);
	*list = (struct selectors){ 0 };
}
