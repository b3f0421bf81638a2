#ifndef BASE_DURABLE_H
#define BASE_DURABLE_H

/* Files that are there after a crash, or a power cut: whole, or as they were before. */

#include <stddef.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "base/error.h"

/*
 * Replaces the file `path`, or makes it: a fresh file beside it ("<path>.new", which no crash
 * makes anybody read), fsync, rename, and fsync of the folder. Where it fails the file is what
 * it was, and errno says why.
 */
int durable_write(const char *path, const void *data, size_t len, struct error *err);

/*
 * The same for a file that somebody named, written bit by bit: durable_begin() makes a fresh one
 * beside it, durable_end() puts that in its place, unless the stream failed, and durable_drop()
 * removes it where nobody did. What is no plain file, such as a pipe, is written to directly.
 */
struct durable {
	FILE *file;
	char *path, *fresh;
};
int durable_begin(struct durable *ret, const char *path, struct error *err);
int durable_end(struct durable *d, struct error *err);
void durable_drop(struct durable *d);
#define CLEANUP_DURABLE CLEANUP(durable_drop)

/* Makes what was renamed, made and removed in a folder durable. */
int durable_folder(const char *path, struct error *err);

#endif
