#ifndef MODEL_OFFER_H
#define MODEL_OFFER_H

/*
 * The config that `init` offers: guessed from the names of a repository's files and from what
 * is in the few that say something, for a person to look over. Nothing is run and nothing is
 * read here; whoever asks brings the files.
 *
 *	offer.c		which command, which files: the rules
 *	offer_files.c	what they look at: files, Makefile, package.json
 *	offer_metric.c	which number a source prints
 *	offer_write.c	the text of the config
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/strbuf.h"

/* As much of a file as is looked at, and as many bytes in all. */
#define OFFER_FILE_MAX (128 << 10)
#define OFFER_FILES_MAX (32 << 20)

/* A regular file of the repository. Borrowed. */
struct offer_file {
	const char *path;
	const char *text; /* with a NUL behind it; NULL: not read */
	size_t len;
};

/* Whether the content of a file of that name says something; of others the name is enough. */
bool offer_wants(const char *path);

/* A value, and why it is offered, as the text of a comment. Both are owned. */
struct offer_value {
	char *value; /* NULL: not known */
	char *why;   /* NULL: somebody gave it */
};

struct offer_list {
	struct offer_value *items;
	size_t nr;
};

struct offer {
	struct offer_value metric, direction, pattern, min_effect;
	struct offer_value setup, run, check, evaluate;
	struct offer_list editable, hidden, include;
	struct string_list notes; /* what to see to besides, a line each */
};

#define OFFER_INIT                        \
	{                                 \
		.notes = STRING_LIST_INIT \
	}
void offer_release(struct offer *offer);
#define CLEANUP_OFFER CLEANUP(offer_release)

/* Sets a value that somebody gave, or adds one to a list. */
void offer_give(struct offer_value *value, const char *text);
void offer_give_one(struct offer_list *list, const char *text);

/* Fills in what is not given and has a reason. `files` are in git's order. */
void offer_find(struct offer *offer, const struct offer_file *files, size_t nr);

/* How many of the required keys are not known, and their names ("campaign.metric"). */
#define OFFER_REQUIRED 4
size_t offer_missing(const struct offer *offer, const char *ret[OFFER_REQUIRED]);

/* The text of .autoresearch/config. A required key that is not known stands there with no value,
 * which the parser refuses by file and line; all else it takes back as it is here. */
void offer_write(const struct offer *offer, struct strbuf *out);

/* The first key that the parser refuses for another reason than that it is missing: -1. */
int offer_check(const struct offer *offer, struct error *err);

#endif
