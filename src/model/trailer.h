#ifndef MODEL_TRAILER_H
#define MODEL_TRAILER_H

/*
 * Messages of commits and notes. The proposal's subject and rationale come from a model or
 * a program that nobody has read, so they are data here: control characters go, lengths are
 * capped, and a line that begins with `---` or reads as a trailer is indented by a space,
 * so that `git interpret-trailers --parse` finds our last paragraph and nothing else.
 */

#include "model/experiment.h"

#define SUBJECT_MAX 200	    /* bytes; cut at a character */
#define RATIONALE_MAX 16384 /* bytes */

/* The subject as one clean line; "experiment <n>" where nothing is left of it. */
void subject_clean(const char *subject, int64_t experiment, struct strbuf *out);

/* The rationale as clean lines; "" where nothing is left. Ends with a newline otherwise. */
void rationale_clean(const char *rationale, struct strbuf *out);

/* The whole message of the candidate commit of an experiment that is not (yet) accepted:
 * subject, rationale, and `Experiment:` alone. */
void message_candidate(const struct record *r, struct strbuf *out);

/* The message of an accepted commit: subject, rationale, all trailers. `record_digest` is
 * the SHA-256 of record.json in hex. Where a person decided, their reason stands behind the
 * rationale; where that takes a change back, the words are those of a revert. */
void message_accepted(const struct record *r, const char *record_digest, struct strbuf *out);

/* The note on a candidate that was not accepted, on the baseline, or on what a promotion made:
 * subject, blank line, all trailers. Of a decision, on its experiment's candidate: the reason
 * stands in between. */
void message_note(const struct record *r, const char *record_digest, struct strbuf *out);

/* The trailers of a message, as they stand in it, with the newline of the last; NULL where it has
 * none. Borrowed. */
const char *trailer_block(const char *message, size_t *ret_len);

/*
 * The value of the trailer `key` (exact case), unfolded; false where `message` has none. The
 * trailers are the last paragraph, unless that is the title or holds a line that is none.
 * The first one of that key counts.
 */
bool trailer_find(const char *message, const char *key, struct strbuf *ret_value);

#endif
