#ifndef SANDBOX_OUTDIR_H
#define SANDBOX_OUTDIR_H

/*
 * Looking at what a candidate left, from outside and as data: only regular files and
 * folders count, no name is followed anywhere, nothing blocks, and everything has a cap.
 */

#include "base/error.h"
#include "base/strbuf.h"

/* Folders nested deeper than this are no part of a result, and are removed with all in them. */
#define OUT_DEPTH_MAX 64

/* Removes every link, fifo, socket and device below `dirfd`, telling `removed` their paths. */
int outdir_clean(int dirfd, void (*removed)(const char *path, void *data), void *data,
		 struct error *err);

/* Reads `path` below `dirfd`: a regular file with one link, at most `cap` bytes. 0; 1 where there
 * is none; -1 where it is anything else. */
int outdir_read(int dirfd, const char *path, size_t cap, struct strbuf *ret, struct error *err);

#endif
