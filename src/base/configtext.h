#ifndef BASE_CONFIGTEXT_H
#define BASE_CONFIGTEXT_H

/*
 * The syntax of git's config files (git-config(1), "Syntax"), with line numbers, which
 * libgit2's reader does not give: sections and quoted subsections, keys with and without a
 * value, `;` and `#` comments, quotes, the escapes \" \\ \n \t \b, continuation by a
 * backslash at the end of a line, CRLF, a byte order mark. It knows no key by name.
 * `[section.sub]` (git's old form) is read as git reads it: the subsection lower-cased.
 * White space inside a value stays as it is written (git before 2.45 made each one a space).
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct config_entry {
	const char *section;	/* lower case */
	const char *subsection; /* as written; NULL without one */
	const char *key;	/* lower case, as git compares it; NULL: the section's header */
	const char *value;	/* NULL for a key without "=" */
	int line;		/* where the key or header stands, from 1 */
	bool cut;		/* a comment ended the value */
};

typedef int (*config_entry_fn)(const struct config_entry *entry, void *data, struct error *err);

/*
 * Calls `fn` for each entry in order, headers too, until it returns other than 0. `name` is
 * what errors call the file: "<name>:<line>: …". Text with a NUL is malformed, and so is a
 * key before the first section. The entry is borrowed for the call. 0 or -1.
 */
int config_text_parse(const char *name, const char *text, size_t len, config_entry_fn fn,
		      void *data, struct error *err);

#endif
