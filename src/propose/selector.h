#ifndef PROPOSE_SELECTOR_H
#define PROPOSE_SELECTOR_H

/*
 * Which value of a JSON document is meant, in a line of text:
 *
 *	message.usage.input if type=message_end message.role=assistant
 *
 * A path of members, and conditions that must all hold: a string at a path. An array on the
 * way is walked, so one path may lead to several values.
 */

#include "base/error.h"
#include "base/json.h"

struct selector_condition {
	char *path, *value;
};

struct selector {
	char *path;
	struct selector_condition *conditions;
	size_t nr;
};

/* Reads it. The caller releases it. */
int selector_parse(const char *text, struct selector *ret, struct error *err);

/* Calls `fn` for each value that is meant, in the document's order. */
void selector_each(const struct selector *selector, const struct json *document,
		   void (*fn)(const struct json *value, void *data), void *data);

void selector_release(struct selector *selector);

/* Several of them. */
struct selectors {
	struct selector *items;
	size_t nr;
};

int selectors_add(struct selectors *list, const char *text, struct error *err);
void selectors_release(struct selectors *list);

#endif
