#ifndef MODEL_SCOPE_H
#define MODEL_SCOPE_H

/*
 * What a candidate may touch. A pathspec is a plain wildcard pattern as git's without
 * magic: `*`, `?` and `[…]` match bytes, `*` crosses `/`, and a pattern that names a folder
 * means all of its content.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/strbuf.h"

/* True where `path` (from the top, no leading slash) matches one of `specs`. */
bool pathspec_match(const struct string_list *specs, const char *path);

/* Refuses the empty pattern, `:` magic, absolute patterns, components `.` (but a leading
 * `./` and `.` alone, which is everything) and `..`, `//`, and a `[` without its `]`. */
int pathspec_check(const char *spec, struct error *err);

/*
 * True where no candidate may ever touch `path`: anything in `.autoresearch`, and any
 * component that git reads as its own or that some file system would (`.git`, `.gitmodules`,
 * `.gitattributes`, …: everything that begins with `.git` in any case, HFS+'s ignorable code
 * points and NTFS's `git~1`, trailing dots and spaces, and `.git::$INDEX_ALLOCATION` included).
 */
bool path_is_protected(const char *path);

/* One difference between the incumbent's tree and the candidate's: modes as git has them,
 * 0 on the side where the file is not. */
struct change {
	const char *path;
	unsigned old_mode, new_mode;
};

/*
 * True where a candidate may make that change: an editable, not hidden, not protected path;
 * regular files alone (0100644, 0100755) on the sides that exist, and the same mode on both;
 * a new file is 0100644.
 */
bool scope_allows(const struct string_list *editable, const struct string_list *hidden,
		  const struct change *change);

/* Appends a path as git prints it with core.quotePath: in quotes and with C escapes where
 * a byte is a control character, a quote, a backslash or not ASCII. */
void strbuf_add_quoted_path(struct strbuf *sb, const char *path);

#endif
