#ifndef SANDBOX_MOUNTS_H
#define SANDBOX_MOUNTS_H

/*
 * The few mount operations that the sandbox is built of, over the descriptors of open_tree(2)
 * and its kin. All return 0 (or a descriptor), or -1 with an error that names the step.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* A detached copy of what is mounted at `path`, with all below it where `recursive`. */
int mount_copy(const char *path, bool recursive, struct error *err);

/* Shows the files of that copy with the ids of user namespace `userns`: what its id 0 is mapped to
 * outside then owns what root owns on the disk. Needs privilege over the file system. */
int mount_map_ids(int mount, int userns, struct error *err);

/* Sets MOUNT_ATTR_… flags, on all below as well where `recursive`. */
int mount_restrict(int mount, uint64_t attributes, bool recursive, struct error *err);

/* Puts the copy at `target`. The descriptor stays the caller's. */
int mount_attach(int mount, const char *target, struct error *err);

/* All four: shows `source` at `target` with those attributes, recursively. */
int mount_show(const char *source, const char *target, uint64_t attributes, struct error *err);

/* mount(2) of a new file system of `type`. */
int mount_new(const char *type, const char *target, unsigned long flags, const char *options,
	      struct error *err);

#endif
