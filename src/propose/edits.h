#ifndef PROPOSE_EDITS_H
#define PROPOSE_EDITS_H

/*
 * From the blocks of a reply to edits of files, all of them or none. Blocks apply in their
 * order, each on what those before it left. Nothing here reads a file: the incumbent comes as
 * functions.
 *
 * A SEARCH or a hunk is looked for by a ladder (text.h): exactly, then but for white space at
 * the ends of lines, then but for one indentation, which its new lines take on. It must stand
 * in one place; a hunk that stands in several goes to the one that its line number names. An
 * empty SEARCH makes a file that is missing or empty. Only a diff to /dev/null removes one. A
 * file keeps its mode and its ends of lines, and a new one is 0100644.
 */

#include <stdbool.h>
#include <stddef.h>

#include "model/proposal.h"
#include "propose/reply.h"

#define EDITS_MAX (4 << 20) /* bytes of all files that are touched, before and after */
#define EDITS_FILES_MAX 256
#define EDITS_PATH_MAX 1024

struct edits_file {
	const char *content; /* lives until edits_apply() returns */
	size_t len;
	unsigned mode;
};

struct edits_base {
	/* The incumbent's regular file; false where it has none. Asked for editable paths. */
	bool (*find)(const char *path, struct edits_file *ret, void *data);
	/* Whether a candidate may change it. Asked only for paths that are sound. */
	bool (*is_editable)(const char *path, void *data);
	void *data;
};

/*
 * Adds the edits to `ret`, each of a file that differs from the incumbent's. -1 with `ret` as
 * it was and the complaint set: `empty` where nothing differs, `out-of-scope <path>` for a
 * path that is not editable or can never be, `malformed` for everything else (what is not
 * found or found twice, what was left out, what is too large, what writes SECRET_MASK where
 * the incumbent has none).
 */
int edits_apply(const struct reply *reply, const struct edits_base *base, struct proposal *ret,
		struct complaint *why);

/* True where `path` is a file's inside the repository that a proposal may name at all: not
 * absolute, no component empty, `.`, `..`, git's or ours, no control character, not long. */
bool edits_path_is_sound(const char *path);

#endif
