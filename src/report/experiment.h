#ifndef REPORT_EXPERIMENT_H
#define REPORT_EXPERIMENT_H

/* One experiment, for people, in a page and in a paragraph. */

#include <stdio.h>
#include <time.h>

#include "git/ledger.h"

struct experiment_look {
	bool color;
	const struct campaign_config
		*config; /* what was in force; NULL where nobody knows it */
	time_t now;	 /* which ages are told by */
};

/*
 * Prints the page: where it stands in git, verdict and why, who proposed it and how, its audit,
 * samples, phases, words. Patch and logs are left to the caller. Only what cannot be read
 * of the ledger is an error.
 */
int report_experiment(struct ledger *ledger, const struct entry *entry,
		      const struct experiment_look *look, FILE *out, struct error *err);

/* Appends the paragraph that `log --format=medium` has, much as `git log` has a commit;
 * its last line ends with a newline. */
void report_medium(const struct entry *entry, const struct experiment_look *look,
		   struct strbuf *out);

#endif
