#ifndef BASE_TAR_H
#define BASE_TAR_H

/* A tar archive (POSIX ustar) of plain files, of nobody and of no time: the same files make the
 * same bytes. A stream that fails says so by ferror(), and errno. */

#include <stdio.h>
#include <stddef.h>

#include "base/error.h"

/* Adds a file. Its name is shorter than 100 bytes, its size below 8 GiB. */
void tar_add(FILE *out, const char *name, const void *data, size_t len);
/* The same of a file from its beginning to its end. */
int tar_add_file(FILE *out, const char *name, FILE *file, struct error *err);
void tar_end(FILE *out);

#endif
