#ifndef MODEL_OFFER_RUN_H
#define MODEL_OFFER_RUN_H

/* The commands of an offer, by the tools that a repository is built with. */

#include "model/offer_files.h"

/* What is known so far. Files are borrowed. */
struct plan {
	const struct offer_files *files;
	struct offer *offer;
	const struct offer_file *makefile, *package, *cargo, *go, *cmake;
	const char *python;	/* how Python's programs are started */
	const char *cargo_home; /* what stands before cargo, or "" */

	struct strbuf text;	       /* of what is run: the command, or a target's recipe */
	const struct offer_file *main; /* the program that is run; NULL: not known */
	bool benches; /* which measures other files, and is not to be changed */

	const struct offer_file *scorer; /* the program that scores; NULL: none */
	char *score;			 /* its command */
};

void plan_init(struct plan *plan, const struct offer_files *files, struct offer *offer);
void plan_release(struct plan *plan);
#define CLEANUP_PLAN CLEANUP(plan_release)

/* `setup`; it may change how programs are started, so it comes first. */
void plan_setup(struct plan *plan);
void plan_scorer(struct plan *plan);
/* `run`, or what is known of the one that was given; not where all that there is is a scorer. */
void plan_run(struct plan *plan);
void plan_check(struct plan *plan);

/* Offers a value where there is none yet: of a format, after its reason. */
void offer_set(struct offer_value *value, char *why, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* "file.py:3 prints it": where a program prints a number, and the number. False where it does
 * not. */
struct printed;
bool plan_prints(const struct offer_file *file, struct printed *ret);

#endif
