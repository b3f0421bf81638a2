#ifndef GIT_DIFFSTAT_H
#define GIT_DIFFSTAT_H

/* How much differs, in a line a file, for people. */

#include "git/repo.h"

#define DIFFSTAT_FILES 20 /* further ones are counted alone */

/*
 * What the branch `to` (a full ref) changed since it left `from` (a revision), as `git diff
 * --stat` has it: appended, whole lines, with what could drive a terminal made visible. Nothing
 * where they have no ancestor in common.
 */
int diffstat_since(const char *from, const char *to, struct strbuf *ret, struct error *err);

#endif
