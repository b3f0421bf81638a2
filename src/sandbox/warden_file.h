#ifndef SANDBOX_WARDEN_FILE_H
#define SANDBOX_WARDEN_FILE_H

/*
 * The executable of the warden: where it lies, and what an administrator has to do once so that
 * an ordinary user can start it with what it needs (capabilities(7) of the file, for a group).
 */

#include "base/error.h"

#define WARDEN_NAME "git-autoresearch-warden"
#define WARDEN_CAPABILITIES "cap_bpf,cap_perfmon,cap_net_admin+ep"

/* Its path, owned by the caller: beside the program that runs, in a build folder below that, or
 * where `make install` puts it. NULL, with the remedy, where it is not there or not ours to run. */
char *warden_file_find(struct error *err);

/*
 * The warden at `path` could not do its work, as `err` says: adds the command that mends it, where
 * there is a reason that can be seen from here. Returns -1.
 */
int warden_file_hint(const char *path, struct error *err);

#endif
