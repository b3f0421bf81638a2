#ifndef MODEL_OFFER_METRIC_H
#define MODEL_OFFER_METRIC_H

/*
 * Which number a program prints, and which way of it is better, guessed from its source and
 * from the number's name. A guess is an offer to a person, and decides nothing.
 */

#include <stdbool.h>
#include <stddef.h>

#include "model/campaign.h"

/* A place in a source that prints a number by name. */
struct printed {
	char name[64];	   /* of the metric: "val_loss" */
	char pattern[160]; /* that finds it in a line; "" where `name: value` or METRIC does */
	int line;	   /* from 1 */
	int rank;	   /* the larger, the likelier it is what the program is about */
};

/*
 * The likeliest of what a source of `len` bytes prints: `METRIC name=`, or a text of which the
 * end is the name of a known kind of measure and a place for a value. Where `name` is not NULL,
 * the one of that name. False where there is none. Any bytes may be in it.
 */
bool printed_find(const char *text, size_t len, const char *name, struct printed *ret);

/*
 * By the words of a metric's name: loss, error, time, size and the like are to be small;
 * accuracy, score, throughput and the like large; what is "per second" large. False where no
 * word says so. `ret_word` (may be NULL) is the one that did; static.
 */
bool direction_of_name(const char *name, enum direction *ret, const char **ret_word);

#endif
