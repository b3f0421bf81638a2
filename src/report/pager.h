#ifndef REPORT_PAGER_H
#define REPORT_PAGER_H

/*
 * git's pager: GIT_PAGER, core.pager, PAGER, else less, which leaves a single screen alone;
 * `cat` and an empty one mean none. `git --no-pager` and `git -p` come through as well.
 */

/*
 * Sends stdout, and stderr where that is a terminal, through the pager from now on; nothing
 * where stdout is no terminal, none is wanted or none can be started. At our exit it
 * is waited for, and our exit status stays. Whoever quits it early is no error: writing
 * fails with EPIPE then. Flushes stdout first.
 */
void pager_start(void);

/* No pager in this process, nor in a git that it runs. */
void pager_refuse(void);

#endif
