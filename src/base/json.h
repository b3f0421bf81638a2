#ifndef BASE_JSON_H
#define BASE_JSON_H

/*
 * JSON, by cJSON, behind getters that are strict where cJSON is not: a document with
 * duplicate keys, trailing garbage, invalid UTF-8, raw control characters, an escaped NUL, a
 * number that RFC 8259 would not have or that no double can hold is refused whole; look-ups
 * mind case; an integer must be one, within 2^53 (also one that is added: above it the last
 * digits are lost). json.c is the only file that includes cJSON.h.
 *
 * `struct json` is one value of a tree. The root owns the tree and is freed by json_free(); all
 * others are borrowed from it. What was parsed is read, and never part of what is built. Objects
 * keep the order in which members were added, so the text of a value that we build is always the
 * same.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/strbuf.h"

struct json;

/* Parses one document of `len` bytes. */
int json_parse(const char *text, size_t len, struct json **ret, struct error *err);
void json_free(struct json *json);
static inline void cleanup_json_(struct json **json)
{
	json_free(*json);
}
#define CLEANUP_JSON CLEANUP(cleanup_json_)

/* Appends the text, without white space, or indented by tabs; ends without a newline.
 * Control characters are escaped, U+007F to U+009F too, so that a terminal can be shown it. */
void json_write(const struct json *json, bool pretty, struct strbuf *out);

struct json *json_new_object(void);
struct json *json_new_array(void);

/*
 * Adds a member to an object (key given) or an element to an array (key NULL). Strings may
 * hold any bytes: what is not valid UTF-8 is replaced by U+FFFD a byte. A number that is
 * not finite becomes null. json_add() gives `value` away, and returns it.
 */
struct json *json_add(struct json *parent, const char *key, struct json *value);
struct json *json_add_object(struct json *parent, const char *key);
struct json *json_add_array(struct json *parent, const char *key);
void json_add_string(struct json *parent, const char *key, const char *value); /* NULL: null */
void json_add_int(struct json *parent, const char *key, int64_t value);
void json_add_double(struct json *parent, const char *key, double value);
/* Numbers that are written to the last digit, also above 2^53; they cannot be read from the
 * tree. The decimal is `units` of 10^-`decimals`, with all its decimals: (1250000, 6) is
 * 1.250000. */
void json_add_uint64(struct json *parent, const char *key, uint64_t value);
void json_add_decimal(struct json *parent, const char *key, int64_t units, int decimals);
void json_add_bool(struct json *parent, const char *key, bool value);
void json_add_null(struct json *parent, const char *key);

/* Look-ups by exact name; NULL where there is none or `object` is not an object. */
const struct json *json_get(const struct json *object, const char *key);
size_t json_array_len(const struct json *array); /* 0 for anything but an array */
const struct json *json_array_at(const struct json *array, size_t i);
/* The i-th member of an object and its key; NULL past the end. */
const struct json *json_member_at(const struct json *object, size_t i, const char **ret_key);
bool json_is_null(const struct json *json); /* absent counts as null */
bool json_is_object(const struct json *json);
bool json_is_array(const struct json *json);

/*
 * Typed getters: 0; -1 with an error that names the key where it is missing or of another
 * type. The `_or_null` kinds accept null and absence, and leave the result alone then.
 */
int json_get_string(const struct json *object, const char *key, const char **ret,
		    struct error *err);
int json_get_int(const struct json *object, const char *key, int64_t *ret, struct error *err);
int json_get_double(const struct json *object, const char *key, double *ret, struct error *err);
int json_get_bool(const struct json *object, const char *key, bool *ret, struct error *err);
int json_get_string_or_null(const struct json *object, const char *key, const char **ret,
			    struct error *err);
int json_get_double_or_null(const struct json *object, const char *key, double *ret,
			    struct error *err);

/* The value itself, where it is of that type: for elements of arrays. 0 or -1. */
int json_as_double(const struct json *json, double *ret);
int json_as_string(const struct json *json, const char **ret);
int json_as_int(const struct json *json, int64_t *ret);

#endif
