#include "base/json.h"

#include <cjson/cJSON.h>
#include <ctype.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/json_tokens.h"
#include "base/number.h"

#define FEW 48 /* members of an object, up to which sorting them costs more than it saves */
#define INT_EXACT_MAX 9007199254740992.0 /* 2^53 */

static cJSON *node(const struct json *json)
{
	return (cJSON *)json;
}

static struct json *wrap(const cJSON *item)
{
	return (struct json *)item;
}

/*
 * What cJSON makes of a document lies in blocks that are freed all at once: it takes three
 * allocations a member. The root is kept apart, marked by a bit that cJSON does not know, so that
 * json_free() tells a document from what we have built ourselves.
 */
#define DOCUMENT (1 << 16)
#define BLOCK_SIZE 16384

struct block {
	struct block *older;
	size_t used, size;
	_Alignas(max_align_t) char bytes[];
};

struct document {
	cJSON root;
	struct block *blocks;
};

static struct block *blocks; /* of the document that is being parsed, the newest first */

static void *take_bytes(size_t len)
{
	size_t size = (len + _Alignof(max_align_t) - 1) & ~(_Alignof(max_align_t) - 1);
	struct block *block = blocks;

	if (!block || block->size - block->used < size) {
		size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;

		block = xmalloc(sizeof(*block) + room);
		*block = (struct block){ .older = blocks, .size = room };
		blocks = block;
	}
	block->used += size;
	return block->bytes + block->used - size;
}

static void keep_bytes(void *bytes __attribute__((unused)))
{
}

static void free_blocks(struct block *block)
{
	while (block) {
		struct block *older = block->older;

		free(block);
		block = older;
	}
}

/* cJSON gives NULL for "out of memory"; with these it never is. */
static void use_our_allocator(void)
{
	static cJSON_Hooks hooks = { .malloc_fn = xmalloc, .free_fn = free };

	cJSON_InitHooks(&hooks);
}

/* As cJSON_ParseWithLengthOpts(). */
static struct json *parse_document(const char *text, size_t len, const char **ret_end)
{
	static cJSON_Hooks hooks = { .malloc_fn = take_bytes, .free_fn = keep_bytes };
	struct document *document;
	const cJSON *root;

	blocks = NULL;
	cJSON_InitHooks(&hooks);
	root = cJSON_ParseWithLengthOpts(text, len, ret_end, 0);
	/* What is built is built and freed one by one, also around this. */
	use_our_allocator();
	if (!root) {
		free_blocks(blocks);
		return NULL;
	}
	document = xmalloc(sizeof(*document));
	*document = (struct document){ .root = *root, .blocks = blocks };
	document->root.type |= DOCUMENT;
	return wrap(&document->root);
}

/* Most keys differ in their first byte. */
static bool is_key(const cJSON *member, const char *key)
{
	return *member->string == *key && !strcmp(member->string, key);
}

static int by_key(const void *a, const void *b)
{
	return strcmp((*(cJSON *const *)a)->string, (*(cJSON *const *)b)->string);
}

/* Of objects that have few members: a pair for a pair. */
static const char *duplicate_of_few(const cJSON *object)
{
	for (const cJSON *m = object->child; m; m = m->next)
		for (const cJSON *before = object->child; before != m; before = before->next)
			if (is_key(before, m->string))
				return m->string;
	return NULL;
}

static const char *duplicate_key(const cJSON *object)
{
	CLEANUP_FREE cJSON **members = NULL;
	size_t nr = 0;

	for (const cJSON *m = object->child; m; m = m->next)
		nr++;
	if (nr <= FEW)
		return duplicate_of_few(object);
	members = xcalloc(nr, sizeof(*members));
	nr = 0;
	for (cJSON *m = object->child; m; m = m->next)
		members[nr++] = m;
	qsort(members, nr, sizeof(*members), by_key);
	for (size_t i = 1; i < nr; i++)
		if (!strcmp(members[i - 1]->string, members[i]->string))
			return members[i]->string;
	return NULL;
}

static int check_values(const cJSON *item, struct error *err)
{
	const char *twice = cJSON_IsObject(item) ? duplicate_key(item) : NULL;

	if (twice)
		return error_set(err, "malformed JSON: duplicate key '%s'", twice);
	if (cJSON_IsNumber(item) && !isfinite(item->valuedouble))
		return error_set(err, "malformed JSON: a number is out of range");
	for (const cJSON *child = item->child; child; child = child->next)
		if (check_values(child, err))
			return -1;
	return 0;
}

int json_parse(const char *text, size_t len, struct json **ret, struct error *err)
{
	CLEANUP_JSON struct json *root = NULL;
	const char *end = NULL, *bad = json_bad_token(text, text + len);

	if (bad)
		return error_set(err, "malformed JSON at byte %zu", (size_t)(bad - text));
	root = parse_document(text, len, &end);
	if (!root)
		return error_set(err, "malformed JSON at byte %zu",
				 end ? (size_t)(end - text) : 0);
	while (end < text + len && isspace((unsigned char)*end))
		end++;
	if (end != text + len)
		return error_set(err, "malformed JSON at byte %zu: text after the value",
				 (size_t)(end - text));
	if (check_values(node(root), err))
		return -1;
	*ret = steal_ptr(root);
	return 0;
}

void json_free(struct json *json)
{
	struct document *document = (struct document *)json;

	if (!json)
		return;
	if (!(document->root.type & DOCUMENT)) {
		cJSON_Delete(node(json));
		return;
	}
	free_blocks(document->blocks);
	free(document);
}

/* How many bytes of a string stand for themselves. */
static size_t plain_len(const char *s)
{
	const unsigned char *p = (const unsigned char *)s;

	while (*p >= 0x20 && *p != '"' && *p != '\\' && *p != 0x7f && *p != 0xc2)
		p++;
	return (size_t)(p - (const unsigned char *)s);
}

/*
 * The writer is ours: cJSON's rounds numbers whose last bits it finds close enough, and
 * what is written here may be looked at on a terminal.
 */
static void write_string(const char *s, struct strbuf *out)
{
	strbuf_addch(out, '"');
	for (; *s; s++) {
		size_t plain = plain_len(s);
		unsigned char c = (unsigned char)s[plain];

		strbuf_add(out, s, plain);
		s += plain;
		if (!c)
			break;
		if (c == '"' || c == '\\') {
			char escape[] = { '\\', (char)c };

			strbuf_add(out, escape, sizeof(escape));
		} else if (c == '\n' || c == '\t') {
			strbuf_addstr(out, c == '\n' ? "\\n" : "\\t");
		} else if (c < 0x20 || c == 0x7f) {
			strbuf_addf(out, "\\u%04x", c);
		} else if (c == 0xc2 && (unsigned char)s[1] < 0xa0) {
			strbuf_addf(out, "\\u%04x", (unsigned char)*++s); /* C1 controls */
		} else {
			strbuf_addch(out, c);
		}
	}
	strbuf_addch(out, '"');
}

static void new_line(bool pretty, int depth, struct strbuf *out)
{
	if (!pretty)
		return;
	strbuf_addch(out, '\n');
	while (depth--)
		strbuf_addch(out, '\t');
}

static void write_value(const cJSON *item, bool pretty, int depth, struct strbuf *out);

static void write_children(const cJSON *item, bool pretty, int depth, struct strbuf *out)
{
	bool object = cJSON_IsObject(item);

	strbuf_addch(out, object ? '{' : '[');
	for (const cJSON *child = item->child; child; child = child->next) {
		new_line(pretty, depth + 1, out);
		if (object) {
			write_string(child->string, out);
			strbuf_addstr(out, pretty ? ": " : ":");
		}
		write_value(child, pretty, depth + 1, out);
		if (child->next)
			strbuf_addch(out, ',');
	}
	if (item->child)
		new_line(pretty, depth, out);
	strbuf_addch(out, object ? '}' : ']');
}

static void write_value(const cJSON *item, bool pretty, int depth, struct strbuf *out)
{
	if (cJSON_IsObject(item) || cJSON_IsArray(item))
		write_children(item, pretty, depth, out);
	else if (cJSON_IsString(item))
		write_string(item->valuestring, out);
	else if (cJSON_IsNumber(item))
		strbuf_add_number(out, item->valuedouble);
	else if (cJSON_IsRaw(item))
		strbuf_addstr(out, item->valuestring);
	else if (cJSON_IsBool(item))
		strbuf_addstr(out, cJSON_IsTrue(item) ? "true" : "false");
	else
		strbuf_addstr(out, "null");
}

void json_write(const struct json *json, bool pretty, struct strbuf *out)
{
	write_value(node(json), pretty, 0, out);
}

struct json *json_new_object(void)
{
	use_our_allocator();
	return wrap(cJSON_CreateObject());
}

struct json *json_new_array(void)
{
	use_our_allocator();
	return wrap(cJSON_CreateArray());
}

struct json *json_add(struct json *parent, const char *key, struct json *value)
{
	CLEANUP_STRBUF struct strbuf name = STRBUF_INIT;

	if (key) {
		strbuf_add_utf8(&name, key, strlen(key));
		cJSON_AddItemToObject(node(parent), name.buf, node(value));
	} else {
		cJSON_AddItemToArray(node(parent), node(value));
	}
	return value;
}

struct json *json_add_object(struct json *parent, const char *key)
{
	return json_add(parent, key, json_new_object());
}

struct json *json_add_array(struct json *parent, const char *key)
{
	return json_add(parent, key, json_new_array());
}

void json_add_string(struct json *parent, const char *key, const char *value)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	if (!value) {
		json_add_null(parent, key);
		return;
	}
	strbuf_add_utf8(&text, value, strlen(value));
	json_add(parent, key, wrap(cJSON_CreateString(text.buf)));
}

void json_add_int(struct json *parent, const char *key, int64_t value)
{
	json_add(parent, key, wrap(cJSON_CreateNumber((double)value)));
}

void json_add_double(struct json *parent, const char *key, double value)
{
	if (isfinite(value))
		json_add(parent, key, wrap(cJSON_CreateNumber(value)));
	else
		json_add_null(parent, key);
}

void json_add_uint64(struct json *parent, const char *key, uint64_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	json_add(parent, key, wrap(cJSON_CreateRaw(text)));
}

void json_add_decimal(struct json *parent, const char *key, int64_t units, int decimals)
{
	uint64_t size = units < 0 ? -(uint64_t)units : (uint64_t)units, scale = 1;
	char text[64];

	for (int i = 0; i < decimals; i++)
		scale *= 10;
	snprintf(text, sizeof(text), decimals ? "%s%llu.%0*llu" : "%s%llu",
		 units < 0 ? "-" : "", (unsigned long long)(size / scale), decimals,
		 (unsigned long long)(size % scale));
	json_add(parent, key, wrap(cJSON_CreateRaw(text)));
}

void json_add_bool(struct json *parent, const char *key, bool value)
{
	json_add(parent, key, wrap(cJSON_CreateBool(value)));
}

void json_add_null(struct json *parent, const char *key)
{
	json_add(parent, key, wrap(cJSON_CreateNull()));
}

const struct json *json_get(const struct json *object, const char *key)
{
	const cJSON *member = cJSON_IsObject(node(object)) ? node(object)->child : NULL;

	while (member && !is_key(member, key))
		member = member->next;
	return wrap(member);
}

static const cJSON *child_at(const cJSON *parent, size_t i)
{
	const cJSON *child = parent->child;

	while (child && i--)
		child = child->next;
	return child;
}

size_t json_array_len(const struct json *array)
{
	size_t len = 0;

	if (!cJSON_IsArray(node(array)))
		return 0;
	for (const cJSON *child = node(array)->child; child; child = child->next)
		len++;
	return len;
}

const struct json *json_array_at(const struct json *array, size_t i)
{
	return cJSON_IsArray(node(array)) ? wrap(child_at(node(array), i)) : NULL;
}

const struct json *json_member_at(const struct json *object, size_t i, const char **ret_key)
{
	const cJSON *child = cJSON_IsObject(node(object)) ? child_at(node(object), i) : NULL;

	if (child)
		*ret_key = child->string;
	return wrap(child);
}

bool json_is_null(const struct json *json)
{
	return !json || cJSON_IsNull(node(json));
}

bool json_is_object(const struct json *json)
{
	return cJSON_IsObject(node(json));
}

bool json_is_array(const struct json *json)
{
	return cJSON_IsArray(node(json));
}

int json_as_double(const struct json *json, double *ret)
{
	if (!cJSON_IsNumber(node(json)))
		return -1;
	*ret = node(json)->valuedouble;
	return 0;
}

int json_as_string(const struct json *json, const char **ret)
{
	if (!cJSON_IsString(node(json)))
		return -1;
	*ret = node(json)->valuestring;
	return 0;
}

int json_as_int(const struct json *json, int64_t *ret)
{
	double value;

	if (json_as_double(json, &value) || fabs(value) > INT_EXACT_MAX ||
	    value != trunc(value))
		return -1;
	*ret = (int64_t)value;
	return 0;
}

static int wrong(const struct json *found, const char *key, const char *kind, struct error *err)
{
	if (!found)
		return error_set(err, "'%s' is missing", key);
	return error_set(err, "'%s' is not %s", key, kind);
}

int json_get_string(const struct json *object, const char *key, const char **ret,
		    struct error *err)
{
	const struct json *found = json_get(object, key);

	return json_as_string(found, ret) ? wrong(found, key, "a string", err) : 0;
}

int json_get_int(const struct json *object, const char *key, int64_t *ret, struct error *err)
{
	const struct json *found = json_get(object, key);

	return json_as_int(found, ret) ? wrong(found, key, "an integer", err) : 0;
}

int json_get_double(const struct json *object, const char *key, double *ret, struct error *err)
{
	const struct json *found = json_get(object, key);

	return json_as_double(found, ret) ? wrong(found, key, "a number", err) : 0;
}

int json_get_bool(const struct json *object, const char *key, bool *ret, struct error *err)
{
	const struct json *found = json_get(object, key);

	if (!cJSON_IsBool(node(found)))
		return wrong(found, key, "true or false", err);
	*ret = cJSON_IsTrue(node(found));
	return 0;
}

int json_get_string_or_null(const struct json *object, const char *key, const char **ret,
			    struct error *err)
{
	return json_is_null(json_get(object, key)) ? 0 : json_get_string(object, key, ret, err);
}

int json_get_double_or_null(const struct json *object, const char *key, double *ret,
			    struct error *err)
{
	return json_is_null(json_get(object, key)) ? 0 : json_get_double(object, key, ret, err);
}
