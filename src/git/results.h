#ifndef GIT_RESULTS_H
#define GIT_RESULTS_H

/*
 * `refs/heads/results/<campaign>`: what `promote` makes, and nobody else. It is replaced where it
 * holds what an earlier promotion left there, and nothing that anybody put on top.
 */

#include "git/ledger.h"

struct results {
	struct ledger *ledger; /* borrowed */
	char *ref;
	char tip[OID_HEX_SIZE];	 /* "": there is none yet */
	char base[OID_HEX_SIZE]; /* that the promotion behind it stands on */
	bool signs;		 /* commit.gpgSign is set */
};

/* Finds the branch. An error where it is checked out, where its tip is of no promotion, and where
 * no branch of that name can be. */
int results_open(struct results *ret, struct ledger *ledger, struct error *err);
void results_release(struct results *results);
#define CLEANUP_RESULTS CLEANUP(results_release)

/*
 * A commit with that tree on top of `parent`, and the words and the author of the commit `from`;
 * where that is NULL it is our user's, with the words of `message`. git itself makes it, and signs it
 * where commit.gpgSign says so: it may ask for a passphrase.
 */
int results_commit(const struct results *results, const char *tree, const char *parent,
		   const char *from, const char *message, char ret[OID_HEX_SIZE],
		   struct error *err);

/*
 * Appends the record of a promotion, whose result is a commit by now, and, where it is accepted,
 * moves the branch there, which nobody may have moved since results_open(). It is held from before
 * there is a record; a crash between the two leaves the branch where it was.
 */
int results_publish(struct results *results, struct record *record,
		    const struct record_content *files, size_t files_nr, struct error *err);

/*
 * Where the user would push it: the remote that git would push HEAD's branch to, "" where there is
 * none; and where it was there when they last looked, "" unless a push of the branch would lose
 * that, as far as can be told.
 */
void results_remote(const struct results *results, struct strbuf *ret_name,
		    char ret_lost[OID_HEX_SIZE]);

/* The promotion that made `result`; NULL: the newest one. 0; 1 where there is none. */
int ledger_find_promotion(struct ledger *ledger, const char *result, struct entry *ret,
			  struct error *err);

#endif
