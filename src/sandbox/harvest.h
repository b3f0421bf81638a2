#ifndef SANDBOX_HARVEST_H
#define SANDBOX_HARVEST_H

/*
 * What a command changed in its scratch copy, read from the overlay's upper layer: so the cost
 * follows the number of changes. Everything in it is hostile: see outdir.h.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum harvest_kind {
	HARVEST_FILE,	 /* written, or touched: the content may be the old one */
	HARVEST_LINK,	 /* a symbolic link; the content is its target */
	HARVEST_OTHER,	 /* a fifo, socket or device: nothing that git could hold */
	HARVEST_REMOVED, /* a file, or a whole folder, of the tree below is gone */
	HARVEST_OPAQUE,	 /* a folder was made anew: nothing of the tree below is in it */
};

struct harvest {
	enum harvest_kind kind;
	const char *path; /* from the top */
	bool executable;
	const char *content;
	size_t len;
};

/* More than this in one file or in all is no proposal. */
#define HARVEST_MAX (64 << 20)

typedef int (*harvest_fn)(const struct harvest *change, void *data, struct error *err);

/* True where `path`, a file or a folder with all that is in it, is not to be looked at. */
typedef bool (*harvest_skip_fn)(const char *path, void *data);

/*
 * Calls `fn` for every change below the descriptor, in the order of their paths, until it returns
 * other than 0; not for what `skip` (NULL: nothing) passes over. An error where something cannot be
 * read, is too large or nested too deep: then it is no proposal.
 */
int harvest_upper(int upper, harvest_skip_fn skip, harvest_fn fn, void *data,
		  struct error *err);

#endif
