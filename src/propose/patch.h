#ifndef PROPOSE_PATCH_H
#define PROPOSE_PATCH_H

/*
 * What a block of SEARCH and REPLACE, or a unified diff, asks for: changes, each a run of
 * lines of which some stay, some go and some come. Both forms become the same, so that one
 * ladder applies both. In a SEARCH and REPLACE the lines that both begin or end with stay; in
 * a hunk the lengths that its "@@" tells do not count, since models cannot count.
 */

#include "propose/reply.h"

struct patch_line {
	char kind;	  /* ' ' stays, '-' goes, '+' comes */
	struct line line; /* borrowed from the block */
};

/* What a diff says of the newline at the file's end. */
enum patch_end {
	PATCH_END_KEPT,
	PATCH_END_OPEN,	  /* the new file ends without one */
	PATCH_END_CLOSED, /* the old one did, the new one does not */
};

struct patch_change {
	const char *name; /* "SEARCH" or "hunk" */
	size_t number;	  /* of its kind in the block, from 1 */
	size_t hint;	  /* the line where it begins in the old file, from 1; 0: unknown */
	enum patch_end end;
	struct patch_line *lines;
	size_t nr, alloc;
};

enum patch_kind {
	PATCH_CHANGE,
	PATCH_CREATE,
	PATCH_REMOVE,
};

struct patch_file {
	enum patch_kind kind;
	char *path;
	struct patch_change *changes;
	size_t nr, alloc;
};

/* Zeroed it is empty. It borrows from the block. */
struct patch {
	struct patch_file *files;
	size_t nr, alloc;
};

/*
 * The changes of a BLOCK_SEARCH or BLOCK_DIFF; `ret` is empty before. -1 with the complaint
 * set, and something in `ret` to be released, for markers out of order, text between them, a
 * divider that could be either of two, a diff without a hunk, a hunk's line that begins with
 * none of ' ', '+', '-'; for a rename, copy, change of mode or binary patch, and for a diff
 * that names another file than the line above it.
 */
int patch_parse(const struct reply_block *block, struct patch *ret, struct complaint *why);

void patch_release(struct patch *patch);
#define CLEANUP_PATCH CLEANUP(patch_release)

/* For the parsers: the new member, zeroed but for its name and number. */
struct patch_file *patch_add_file(struct patch *patch, const char *path, enum patch_kind kind);
struct patch_change *patch_add_change(struct patch_file *file, const char *name);
void patch_add_line(struct patch_change *change, char kind, struct line line);
int patch_parse_diff(const struct reply_block *block, struct patch *ret, struct complaint *why);

#endif
