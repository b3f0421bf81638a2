#ifndef REPORT_ACTS_H
#define REPORT_ACTS_H

/*
 * What an audit tells that is worth reading: what was denied and refused, and on request which
 * programs were run. The same act again, as in each trial, is told once, with how often it was.
 */

#include <stdio.h>

#include "git/ledger.h"

struct act {
	char *text; /* "denied in run: network connect 192.0.2.1:80, by oracle"; visible */
	bool denied;
	double first; /* s into its trial, when it was done first */
	int64_t times;
};

struct acts {
	struct act *items; /* in the order in which they were done first */
	size_t nr;
	int64_t others; /* how often there were further ones, which are not looked at */
};

struct acts_wanted {
	bool programs;
	size_t kinds; /* different ones, at most */
	size_t lines; /* that are parsed for them, at most: most of a log is what was allowed */
};

/* Reads those of a record; none where it has no audit. Only a log that cannot be read is an error. */
int acts_read(struct acts *ret, struct ledger *ledger, const struct entry *entry,
	      const struct acts_wanted *wanted, struct error *err);
void acts_release(struct acts *acts);
#define CLEANUP_ACTS CLEANUP(acts_release)

/*
 * Prints a line for each that was denied, then for those that were refused; of more than a few the
 * first ones, and how many there are in all. Nothing where the record says that nothing was
 * stopped.
 */
int report_acts(struct ledger *ledger, const struct entry *entry, FILE *out, struct error *err);

/* Appends "enforced, level A: 12 events, 0 denied, 0 lost": what a record says of its audit. */
void report_add_audit(const struct audit_summary *audit, struct strbuf *out);

#endif
