#ifndef GIT_LEDGER_H
#define GIT_LEDGER_H

/*
 * The laboratory notebook, in three refs: the ledger branch
 * `refs/heads/autoresearch/<campaign>` (accepted candidates), the record chain
 * `refs/autoresearch/<campaign>/ledger` (one commit an experiment, in order; parents = the
 * previous record and the candidate), and `refs/notes/autoresearch` (a note on every
 * candidate that was not accepted, or that a person decided about).
 * git-autoresearch-ledger(5) has the formats.
 *
 * Durable order: blobs, trees and commits; then the record ref by compare-and-swap, of one record
 * or of several; then the branch or the notes. A crash between the last two is mended by
 * ledger_mend(), from the record, so no step can be lost or done twice.
 */

#include <stdio.h>

#include "git/repo.h"
#include "model/experiment.h"

/* The files of a record that hold the audit's events, and what a model was sent. */
#define AUDIT_FILE_NAME "audit.jsonl"
#define PROMPT_FILE_NAME "prompt.md"

/* Which of its two refs a campaign has, and where they point ("" where there is none). */
struct ledger {
	struct repo *repo; /* borrowed */
	char *campaign;
	char *branch_ref, *ledger_ref;
	char branch[OID_HEX_SIZE];
	char tip[OID_HEX_SIZE];
	char notes
		[OID_HEX_SIZE]; /* the notes when all of the chain's were last seen there; "" */

	/* What ledger_publish() is to come for: from where the chain's ref goes to `tip`, and what
	 * is to be noted, each on the commit of the same place. */
	struct {
		char *title; /* of the last record; NULL: there is none */
		char tip[OID_HEX_SIZE];
		struct string_list commits, notes;
	} later;
};

/* Opens a campaign by name; refuses a name that git would not take in a ref. The campaign
 * need not exist: then `branch` and `tip` are "". */
int ledger_open(struct ledger *ret, struct repo *repo, const char *campaign, struct error *err);
void ledger_release(struct ledger *ledger);
#define CLEANUP_LEDGER CLEANUP(ledger_release)

/* Names of all campaigns of the repository (those with a ledger branch or a record). */
int ledger_campaigns(struct repo *repo, struct string_list *ret, struct error *err);

/* A record as the chain holds it. */
struct entry {
	char oid[OID_HEX_SIZE];	   /* the record's commit */
	char parent[OID_HEX_SIZE]; /* the previous record; "" at the first */
	char commit[OID_HEX_SIZE]; /* the candidate, or what was measured for a baseline */
	struct record record;
	char digest[65]; /* SHA-256 of record.json as it is stored */
};

void entry_release(struct entry *entry);
#define CLEANUP_ENTRY CLEANUP(entry_release)

/* Reads the record whose commit is `oid`, as it was written. Where totals.incumbent is "", it
 * is set to the record's own commit, which the record could not name; not where that was
 * imported. */
int ledger_read(struct ledger *ledger, const char *oid, struct entry *ret, struct error *err);

/*
 * What people decided, as it is met on the way back through the chain: the newest decision on
 * each experiment. rulings_apply() takes one entry after the other, the newest first: it keeps
 * a decision, and makes an experiment what the newest one about it says (record_overrule());
 * the `commit` of one that a person accepted is the one on the branch.
 */
struct rulings {
	struct ruling {
		int64_t experiment;
		char oid[OID_HEX_SIZE];
	} * items;
	size_t nr;
};

int rulings_apply(struct rulings *rulings, struct ledger *ledger, struct entry *entry,
		  struct error *err);
void rulings_release(struct rulings *rulings);
#define CLEANUP_RULINGS CLEANUP(rulings_release)

/* The commit of an experiment's candidate, also where a decision gave it another on the branch. */
const char *entry_candidate(const struct entry *entry);

/* Calls `fn` from the newest record back, until it returns other than 0 (which is given
 * back) or the chain ends. Experiments are given as people decided about them later. */
typedef int (*entry_fn)(const struct entry *entry, void *data, struct error *err);
int ledger_walk(struct ledger *ledger, entry_fn fn, void *data, struct error *err);

/* The newest record of experiment `n` (0: the newest baseline), as people decided about it later.
 * 0; 1 where there is none. */
int ledger_find(struct ledger *ledger, int64_t n, struct entry *ret, struct error *err);

/* The record of experiment `n`, or of a decision on it, of which record.json has this SHA-256, as it
 * was written. 0; 1 where there is none. */
int ledger_find_digest(struct ledger *ledger, int64_t n, const char *digest, struct entry *ret,
		       struct error *err);

/*
 * Calls `fn` from the newest record back to that of `oid`, which it leaves out, but for experiments
 * and baselines: those are told by the titles of their commits, and not read. Ends as
 * ledger_walk() does.
 */
int ledger_since(struct ledger *ledger, const char *oid, entry_fn fn, void *data,
		 struct error *err);

/* The content of a record's file ("patch", "run.log", …). 0; 1 where it has none. */
int ledger_file(struct ledger *ledger, const struct entry *entry, const char *name, size_t cap,
		struct strbuf *ret, struct error *err);

/* The same for a file of any size: calls `fn` with one block of it after the other, until it
 * returns other than 0, which is an error of its own. 0; 1 where the record has no such file. */
typedef int (*block_fn)(const void *block, size_t len, void *data, struct error *err);
int ledger_file_blocks(struct ledger *ledger, const struct entry *entry, const char *name,
		       block_fn fn, void *data, struct error *err);

/* Creates the ledger branch at `commit`. An error where it exists already. */
int ledger_create_branch(struct ledger *ledger, const char *commit, struct error *err);

/*
 * The commit of a candidate before its verdict: parent `base`, tree `tree` (of an invalid
 * one: the tree of `base`), the message of message_candidate(). No ref is moved: the slot's
 * HEAD keeps it.
 */
int ledger_commit_candidate(struct ledger *ledger, const struct record *record,
			    char ret[OID_HEX_SIZE], struct error *err);

struct record_content {
	const char *name; /* "patch", "run.log", … */
	const char *data;
	size_t len;
	FILE *file; /* instead of both: all of it, read block by block; NULL: none */
};

/*
 * Appends `record` with its files, and then moves the branch (accepted) or writes the note (any
 * other, and baselines). A decision may do the first, and does the second: its commit of the branch
 * is made here, and `candidate` is the experiment's. `candidate` is the commit of
 * ledger_commit_candidate(), or the commit that a baseline measured. Fills record->files. On
 * success ledger->tip and, where accepted, ledger->branch are the new ones, and totals.incumbent of
 * an accepted record and of a baseline is set; `ret_commit` (may be NULL) is the candidate commit
 * as the ledger names it. Notes of earlier records that somebody wrote over are restored first.
 * Where somebody else moved a ref, or the branch is checked out somewhere, nothing of the branch is
 * lost: an error says which one.
 */
int ledger_append(struct ledger *ledger, struct record *record, const char *candidate,
		  const struct record_content *files, size_t files_nr,
		  char ret_commit[OID_HEX_SIZE], struct error *err);

/*
 * The same of a record that moves no branch, in two steps: the objects are written, and the chain is
 * longer for us, but it is durable, and others see it, only once ledger_publish() has moved the refs.
 * That may be after several, and is the same as if they had all been written then: where it never
 * comes to that, there was none of them. Until then no collection takes them away.
 */
int ledger_append_later(struct ledger *ledger, struct record *record, const char *candidate,
			const struct record_content *files, size_t files_nr, struct error *err);

/* Where nothing is to be published, nothing is done. On -1 `tip` says what has become of it: where it is
 * that of before, it is as if there never was anything, and else only the notes lack something, which
 * ledger_mend() adds. */
int ledger_publish(struct ledger *ledger, struct error *err);

/*
 * After a crash: finishes what the newest record says (moves the branch to its accepted commit,
 * writes its note), and restores notes that somebody wrote over. Where the branch was moved by a
 * person meanwhile it is left as it is. Locks of these refs that a killed process left are removed,
 * so only the one process that holds the campaign may call it. Idempotent.
 */
int ledger_mend(struct ledger *ledger, struct error *err);

/*
 * Writes the whole chain of a campaign that has no record yet: `nr` records that were imported, as
 * model/import.h makes them. Each names its commit where the repository has just that one, as the
 * candidate or as what it was made on, and otherwise one that holds nothing. All are there or
 * none: the chain's ref moves when everything else is written, and the notes follow. The branch
 * stays where it is. Sets base, tree, files and totals of the records.
 */
int ledger_import(struct ledger *ledger, struct record *records, size_t nr, struct error *err);

/*
 * Adds a note's text to the note on `commit`: after a blank line where there is one already
 * (another campaign's baseline may be the same commit). The notes tree fans out as
 * it grows, so that adding one costs the same however many there are.
 * Adding a text that the note already holds changes nothing.
 */
int notes_add(struct repo *repo, const char *commit, const char *text, struct error *err);

/* The note on `commit`. 0; 1 where there is none. */
int notes_read(struct repo *repo, const char *commit, struct strbuf *ret, struct error *err);

/*
 * Holds every record against its digests, its chain, its commit or note, and the branch.
 * `report` is called with a line for each mismatch. `ret_records` and `ret_bad` count.
 */
typedef void (*mismatch_fn)(const char *line, void *data);
int ledger_verify(struct ledger *ledger, mismatch_fn report, void *data, int64_t *ret_records,
		  int64_t *ret_bad, struct error *err);

/*
 * Trees that were tried, by experiment: which number first had a given tree (0: a baseline).
 * A cache file in the campaign's folder `dir` spares reading the chain; what it lacks, or all
 * where it is not of this chain, is read from the ledger.
 */
struct tried;
int tried_open(struct tried **ret, struct ledger *ledger, const char *dir, struct error *err);
int64_t tried_find(const struct tried *tried, const char *tree); /* -1: never */

/* Adds the tree of the record that has just been appended; baselines as well. In the cache it is once
 * that is published: tried_save(). */
int tried_add(struct tried *tried, const char *tree, int64_t experiment, struct error *err);
int tried_save(struct tried *tried, struct error *err);

void tried_free(struct tried *tried);
static inline void cleanup_tried_(struct tried **tried)
{
	tried_free(*tried);
}
#define CLEANUP_TRIED CLEANUP(cleanup_tried_)

#endif
