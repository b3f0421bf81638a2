#ifndef REPORT_PROMOTION_H
#define REPORT_PROMOTION_H

/* What a promotion came to, for people. */

#include <stdio.h>

#include "git/repo.h"

/* "  1a2b3c4d5e6f  main/3  halve the step  (builds on 1)" and a newline: the k-th commit that was
 * picked, on which accepted experiment it builds (0: on none), and whose it is where it is none. */
void report_picked(struct repo *repo, const struct record *r, size_t k, int64_t needs,
		   FILE *out);

/* "loss 40, and 100 on the merge base (-60.0%)", with the interval of the gain where there is one. */
void report_promoted(const struct record *r, FILE *out);

/* The same, with why it was not promoted. */
void report_refusal(const struct record *r, FILE *out);

/* The command that pushes `branch` to `remote` ("": none is known); where it is `there` already, at
 * a commit that is lost by that, it says so to git. "": it is not, or nothing is. With `ledgers` all
 * campaigns and their notes go with it: where a server has our pre-receive, no protected branch gets
 * what was promoted before its record is there. */
void report_push(const char *remote, const char *branch, const char *there, bool ledgers,
		 FILE *out);

#endif
