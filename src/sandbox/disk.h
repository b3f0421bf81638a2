#ifndef SANDBOX_DISK_H
#define SANDBOX_DISK_H

/* How much of its disk a trial has used. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* True where the trial's tmpfs, which `disk` is a descriptor of, has no room or no files left. */
bool disk_is_out(int disk);

/* Bytes on the tmpfs and in the folders `on_host` of the store, where no tmpfs caps them (NULL:
 * none), which takes a walk over these. */
int64_t disk_written(int disk, const char *store, const char *const *on_host, size_t nr);

#endif
