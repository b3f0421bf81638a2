#ifndef LOOP_RECORDING_H
#define LOOP_RECORDING_H

/*
 * The end of the path: what an experiment came to is written down. A record that moves no branch need
 * not be durable before the next experiment begins: its objects are written, and the refs follow
 * while others run, by one sync for all that have come to an end meanwhile. Until then its
 * proposal is kept, so that a crash makes of it what it would have made before: an experiment that is
 * measured again.
 */

#include "loop/step.h"

/*
 * Writes it to the ledger, and takes the campaign one step on. An accepted one has the incumbent
 * as its base. `ret_commit` is the candidate as the ledger names it.
 */
int search_record(struct search *s, struct experiment *x, char ret_commit[OID_HEX_SIZE],
		  struct error *err);

/*
 * The same, but that nobody sees it before search_publish(), unless it was accepted. The experiment is
 * taken over: `x` is empty. Who waits for anything calls that first, and who tells others that
 * something is over.
 */
int search_record_later(struct search *s, struct experiment *x, struct error *err);
int search_publish(struct search *s, struct error *err);

/* The same once everybody has gone on who can, who do not wait for the disk then; where `*busy` becomes
 * true by that, it is put off. */
int search_publish_idle(struct search *s, const bool *busy, struct error *err);

/* Lets go of what was not published, and never will be. */
void search_forget_recorded(struct search *s);

/* Adds the time since it was called last to the totals: what was proposed, built and measured
 * meanwhile, side by side or not. */
void search_spend_time(struct search *s);

#endif
