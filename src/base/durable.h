#ifndef BASE_DURABLE_H
#define BASE_DURABLE_H

/* Files that are there after a crash, or a power cut: whole, or as they were before. */

#include <stddef.h>

#include "base/error.h"

/*
 * Replaces the file `path`, or makes it: a fresh file beside it ("<path>.new", which no crash
 * makes anybody read), fsync, rename, and fsync of the folder. Where it fails the file is what
 * it was, and errno says why.
 */
int durable_write(const char *path, const void *data, size_t len, struct error *err);

/* Makes what was renamed, made and removed in a folder durable. */
int durable_folder(const char *path, struct error *err);

#endif
