#ifndef SANDBOX_CGROUP_FILE_H
#define SANDBOX_CGROUP_FILE_H

/* The control files of a cgroup folder, and where this process stands in the hierarchies. */

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "sandbox/cgroup.h"

/* The name of a controller as the kernel has it: "memory", "pids", "cpu". */
const char *controller_name(enum controller controller);

/* Writes `text` to the file `name` of the folder `dir`. -1 with errno. */
int control_write(const char *dir, const char *name, const char *text);

/* The same, and what the file says then goes to `ret`, trimmed. */
int control_set(const char *dir, const char *name, const char *text, struct strbuf *ret);

/* Its content, trimmed. -1 with errno. */
int control_read(const char *dir, const char *name, struct strbuf *ret);

/* The number after `key` in a file of "key number" lines; a file that is one number where
 * `key` is NULL. -1 where there is none. */
int64_t control_value(const char *dir, const char *name, const char *key);

/* True where `word` is one of the file's words. */
bool control_has_word(const char *dir, const char *name, const char *word);

/*
 * The folder of the cgroup that this process is in: of the v2 hierarchy (`controller` NULL),
 * or of the v1 hierarchy that holds `controller`. NULL where there is none.
 */
char *own_cgroup(const char *controller);

/* When process `pid` started, in clock ticks since boot; 0 where there is none. */
unsigned long long process_start_time(int pid);

#endif
