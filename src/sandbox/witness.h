#ifndef SANDBOX_WITNESS_H
#define SANDBOX_WITNESS_H

/* The audit of one trial: what the warden is told of it, and what it says. */

#include <stdbool.h>

#include "model/network.h"
#include "model/outcome.h"
#include "sandbox/audit.h"
#include "sandbox/warden.h"

struct witness {
	struct warden *warden; /* NULL: nothing is watched */
	int slot;	       /* -1: not yet, or no more */
	struct trial_audit audit;
	bool has_denied, is_blind;  /* something was denied; the warden is gone */
	struct audit_record denied; /* the first */
	void (*fn)(void *data);	    /* called once either of the two is so */
	void *data;
};

/* Prepares one. `warden` may be NULL; `fn` is called from inside the event loop. */
void witness_init(struct witness *witness, struct warden *warden, void (*fn)(void *data),
		  void *data);

/*
 * Before a phase begins: holds the leaf to `policy` and to what `network` lets it reach, unless
 * that is done already. A trial's phases share one leaf, one policy and one network; where the leaf
 * had to be made anew, witness_pause() comes before.
 */
int witness_begin(struct witness *witness, const struct cgroup_leaf *leaf,
		  const struct audit_policy *policy, const struct network_allow *network,
		  enum phase phase, struct error *err);

/* After it, when the leaf is empty: whatever was denied is known now, and becomes its outcome. */
int witness_settle(struct witness *witness, struct outcome *outcome, struct error *err);

/* The leaf is about to go: takes the counts. */
int witness_pause(struct witness *witness, struct error *err);

/* After the last phase: takes the counts, and hands all of it over to `ret`. */
int witness_end(struct witness *witness, struct trial_audit *ret, struct error *err);

/* Forgets everything; what could not be taken before is lost. */
void witness_release(struct witness *witness);

#endif
