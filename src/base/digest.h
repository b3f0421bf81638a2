#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

/* SHA-256 (FIPS 180-4), by OpenSSL's libcrypto, which libgit2 brings along: done by the processor where
 * it can. */

#include <stddef.h>
#include <stdint.h>

#define DIGEST_HEX_LEN 64

struct digest {
	uint64_t state[16]; /* holds a SHA256_CTX; size and alignment are asserted */
};

void digest_init(struct digest *d);
void digest_add(struct digest *d, const void *data, size_t len);
/* Adds a length-prefixed field, so that no two lists of fields digest alike. */
void digest_add_field(struct digest *d, const void *data, size_t len);
/* The digest in lower-case hex; `d` is spent and needs digest_init() again. */
void digest_hex(struct digest *d, char ret[DIGEST_HEX_LEN + 1]);

/* All at once. */
void digest_of(const void *data, size_t len, char ret[DIGEST_HEX_LEN + 1]);

/* The same in base64 (RFC 4648), as a Content-Security-Policy names it. */
#define DIGEST_BASE64_LEN 44
void digest_base64_of(const void *data, size_t len, char ret[DIGEST_BASE64_LEN + 1]);

#endif
