#ifndef LOOP_MARK_H
#define LOOP_MARK_H

/*
 * What a person has to look at: a line in a file of the campaign's folder, empty where all is well.
 * `start` writes it where it ends as failing, and the warden where `start` cannot, since it died
 * or hangs.
 */

#include "base/error.h"
#include "base/strbuf.h"

/* Empties it. -1 or a descriptor, open for writing, which the caller closes. */
int mark_open(const char *dir, struct error *err);

/* Writes the line, durably. */
int mark_write(const char *dir, const char *why, struct error *err);

/* Appends it, made visible; false where there is none. */
bool mark_read(const char *dir, struct strbuf *ret);

#endif
