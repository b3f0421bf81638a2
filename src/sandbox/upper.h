#ifndef SANDBOX_UPPER_H
#define SANDBOX_UPPER_H

/*
 * The overlay's upper layer on the disk, for kernels before 6.6: their tmpfs takes no user
 * extended attributes, without which an overlay in a user namespace cannot remove a folder
 * of the tree below. What a trial may write is measured there instead of being capped by the
 * kernel: each file by its resource limit, all of them by looking several times a second.
 *
 *     <store>/upper/<pid>-<start time>-<n>/{upper,work}
 */

#include <stdint.h>

#include "base/error.h"

/* Makes a new one. `ret_path` is relative to the store and the caller's. */
int upper_make(const char *store, char **ret_path, struct error *err);

/* Empties it for the next phase. */
int upper_clear(const char *store, const char *path, struct error *err);

/* Removes it. */
void upper_remove(const char *store, const char *path);

/* Bytes on the disk below a folder of the store. */
int64_t store_size(const char *store, const char *path);

/* Removes those of dead processes. */
int upper_sweep(const char *store, struct error *err);

#endif
