#ifndef SANDBOX_PROBE_H
#define SANDBOX_PROBE_H

/*
 * What this machine can enforce, by trying it: every limit and every ban is run into by a small
 * command, and only what was seen to hold is said to hold.
 */

#include <stdbool.h>

#include "base/strbuf.h"
#include "model/audit.h"

struct probe {
	const char *name; /* "memory limit" */
	bool ok;
	char *detail; /* what was seen, or what went wrong */
	char *remedy; /* what mends it; NULL where there is nothing to mend or to do */
};

struct probes {
	struct probe *items;
	size_t nr;
	enum audit_level level;
};

/* Adds a finding of somebody else's; `name` is borrowed, the texts are copied. */
void probes_add(struct probes *probes, const char *name, bool ok, const char *detail,
		const char *remedy);
void probes_release(struct probes *probes);

/* Tries everything in a sandbox over the folder `store`. Errors are findings too. */
void probe_machine(const char *store, struct probes *ret);

#endif
