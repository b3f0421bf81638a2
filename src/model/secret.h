#ifndef MODEL_SECRET_H
#define MODEL_SECRET_H

/*
 * What looks like a secret in text that is about to leave this machine: tokens of known
 * shapes, private keys, passwords in addresses, values behind names such as `api_key`, and
 * the values that the user's own environment keeps under such names. It is a net and no
 * proof: what is encoded, split or of no known shape goes through.
 */

#include "base/strbuf.h"

/* Stands where a secret stood. */
#define SECRET_MASK "[masked]"

/* A value of the environment below this is a word that text may hold by chance. */
#define SECRET_VALUE_MIN 8

/* How much is suspected of a value behind a name. */
enum secret_text {
	SECRET_PROSE, /* logs and words: `token=x` gives a token away */
	SECRET_CODE,  /* sources and diffs, where `token = next(x)` is the program: only a value
		       * that looks random is taken for one */
};

struct secrets {
	struct string_list values; /* longest first */
};

/* The values of those variables ("NAME=value", NULL at the end) whose names say KEY, TOKEN,
 * SECRET, PASSWORD or CREDENTIAL. `ret` need not be initialised. */
void secrets_of_environment(struct secrets *ret, const char *const *env);

/* Adds one value; a short one is not kept. */
void secrets_add(struct secrets *s, const char *value);

void secrets_release(struct secrets *s);
#define CLEANUP_SECRETS CLEANUP(secrets_release)

/* Appends the text with SECRET_MASK for each secret; `s` may be NULL. Returns how many there
 * were. */
size_t secrets_mask(const struct secrets *s, enum secret_text kind, const char *text,
		    size_t len, struct strbuf *out);

#endif
