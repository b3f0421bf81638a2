#ifndef GIT_SETTINGS_H
#define GIT_SETTINGS_H

/*
 * What opens the host, from `git config autoresearch.*` of system, global, local, worktree
 * and command scope: never from a tracked file. Read once by asking git itself, since
 * libgit2 knows nothing of `git -c` and GIT_CONFIG_COUNT.
 */

#include "base/error.h"
#include "base/strbuf.h"

enum audit_mode {
	AUDIT_ENFORCE, /* no eBPF, no run */
	AUDIT_WARN,    /* run, and record the lower level */
};

struct settings {
	char *proposer;		/* "sweep", "command"; never NULL */
	char *proposer_command; /* NULL where not configured */
	enum audit_mode audit;
	struct string_list binds;   /* absolute host paths */
	struct string_list devices; /* absolute paths of device nodes */
};

/*
 * Reads them. This version holds no relay, so
 * `allowNetwork`, `setupNetwork` and `proposerNetwork` are errors with a hint; a key of
 * `autoresearch.*` that this version does not know is warned of by name (on stderr). A bind
 * must be an absolute path that exists.
 */
int settings_read(struct settings *ret, struct error *err);

/* Sets the proposer, "sweep" or "command"; an error with a hint for any other. */
int settings_set_proposer(struct settings *s, const char *proposer, struct error *err);

void settings_release(struct settings *s);
#define CLEANUP_SETTINGS CLEANUP(settings_release)

#endif
