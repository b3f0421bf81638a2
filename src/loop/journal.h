#ifndef LOOP_JOURNAL_H
#define LOOP_JOURNAL_H

/*
 * What was paid for is not thrown away: every proposal that somebody was asked for is on disk
 * from the moment that it came until its record is written, in the campaign's folder:
 *
 *     proposals/<n>          one that was asked for as experiment <n>
 *     proposals/<n>.<k>      the same, tried again <k> times since
 *     proposals/<n>.<k>.<e>  the same: its record is being written, as experiment <e>
 *     proposals/reserve      room that a full disk still has for the next one
 *     proposals/spent        tokens, seconds and GPU hours that no record counts yet
 *     proposals/….aside      what could not be used; nobody reads it again
 *
 * A journal holds what was proposed itself, as model/kept.h has it, not ids of objects, so
 * `git gc` has no say in it. What a process that died, or was told to stop, left "waits": its
 * successor tries that first, in order, and asks for more when nothing is left. Any number of
 * proposals may be in flight. The sweep's are free and found again by themselves, so they are
 * not kept; nor are the second tries of a race, which were paid for with the first.
 *
 * <n> is the key of a proposal (proposal.key) as long as it has no record. The number of its
 * experiment may change meanwhile (race.h); where that number is taken by another's key the key
 * is the next that is free. The last name tells a later start which record, if it is there, makes
 * it done with, so no crash doubles or loses one.
 */

#include "loop/footing.h"
#include "loop/propose.h"

/*
 * Opens the journal of a campaign whose lock is held and whose totals are read. Drops what has
 * its record, sets aside with a warning what cannot be read, is of another campaign, or was
 * begun six times and never finished, and adds to the totals what is in `spent`. An error is one of
 * the disk.
 */
int journal_open(struct search *s, struct error *err);

/* Lets go of it. What is in it stays for the next. NULL-safe. */
void journal_close(struct search *s);

/*
 * Makes sure, before anybody is asked, that there is room on the disk to keep the answer: an
 * error with a hint where there is none.
 */
int journal_ready(struct search *s, struct error *err);

/*
 * Keeps a proposal of `p` that has just come, for experiment `number`, on that footing, of which
 * it is told. Where it has a key it replaces what is kept under that, else it gets one. Durable
 * when it returns. A failure is a warning: the proposal can be tried all the same, and only a
 * crash would lose it.
 */
void journal_put(struct proposer *p, int64_t number, const struct footing *footing,
		 struct proposal *proposal);

/*
 * The first proposal that waits, brought to the incumbent of now (tree_carry()); it stays kept.
 * 0; 1 where none does; -1.
 */
int journal_take(struct search *s, struct proposal *ret, struct error *err);

/* Notes of one that was taken that it is tried from now on: whatever ends us may be what is tried. */
int journal_begin(struct search *s, int64_t key, struct error *err);

/* What has not come to a verdict, and through no fault of its own, waits again. As below, key 0
 * is one that is not kept. */
void journal_give_back(struct search *s, int64_t key);

/* Notes, durably, that its record is written next, with that number. */
int journal_settle(struct search *s, int64_t key, int64_t number, struct error *err);

/* Forgets a proposal: its record is written, or nobody wants it. */
void journal_drop(struct search *s, int64_t key);

/* Adds tokens to the totals that were paid for nothing, durably: the next record will count
 * them. */
void journal_spend(struct search *s, int64_t tokens);

/* At the end of a start: the time and the GPU hours of what it leaves without a record count for
 * the next. */
void journal_keep_spent(struct search *s);

#endif
