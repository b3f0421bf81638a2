#ifndef MODEL_OFFER_FILES_H
#define MODEL_OFFER_FILES_H

/* What the rules of an offer look at: files by what they are for, and the targets of build
 * files. Everything is borrowed from the files. */

#include "model/offer.h"

struct offer_files {
	const struct offer_file *items;
	size_t nr;
};

/* What a file is for, by its name alone. */
enum offer_role {
	OFFER_OTHER,
	OFFER_TRAIN,   /* train.py */
	OFFER_SCORE,   /* evaluate.py, score.sh */
	OFFER_BENCH,   /* bench.c, benches/parse.rs */
	OFFER_MAIN,    /* main.py, solve.js */
	OFFER_TEST,    /* tests/x.py, x_test.go */
	OFFER_FOREIGN, /* vendored, made or documentation: not looked at */
};
enum offer_role offer_role(const char *path);

/* Whether it is a source in some language, and whether it holds words for a model or a query. */
bool offer_is_code(const char *path);
bool offer_is_prompt(const char *path);

/* Of a file that looks held out from whoever is measured, by its name or a folder's: how much
 * of the path says so, a folder with its slash; else 0. */
size_t offer_held_out(const char *path);

/* Whether a file's path, or its name, is a word of that text; of code also its name without
 * the ending, as it is imported or built by. */
bool offer_mentions(const char *text, size_t len, const char *path);

/* Whether it is a source by its name, or a script by its first line. */
bool offer_file_is_code(const struct offer_file *file);

/* Whether a source takes another one in by the ways of its language: imports it, includes its
 * header, names its path. */
bool offer_uses(const struct offer_file *file, const struct offer_file *other);

/* The file of that path; NULL. */
const struct offer_file *offer_file_at(const struct offer_files *files, const char *path);

/* Whether its text, which may be none, has `word` in it. */
bool offer_file_has(const struct offer_file *file, const char *word);

/* The last component of a path, and its ending with the dot ("" without). */
const char *offer_name(const char *path);
const char *offer_ending(const char *path);

/* A target of a Makefile: what it needs and its recipe, in one text. False where there is none. */
struct make_target {
	struct strbuf needs, recipe;
};
#define MAKE_TARGET_INIT                 \
	{                                \
		STRBUF_INIT, STRBUF_INIT \
	}
void make_target_release(struct make_target *target);
#define CLEANUP_MAKE_TARGET CLEANUP(make_target_release)
bool make_target_find(const struct offer_file *makefile, const char *name,
		      struct make_target *ret);

/* The command of a script of package.json, which the caller owns; NULL. */
char *package_script(const struct offer_file *package, const char *name);
/* Whether it wants other packages. */
bool package_has_dependencies(const struct offer_file *package);

#endif
