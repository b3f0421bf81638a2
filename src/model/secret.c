#include "model/secret.h"

#include <string.h>
#include <strings.h>

/* A private key is masked to its end, or this far where none is in sight. */
#define KEY_MAX (16 * 1024)
#define KEY_LINE_MAX 4096
#define SECRET_NAME_MAX 64
#define USERINFO_MAX 256
#define JWT_MAX 4096 /* of each part */

/* Part of the text. */
struct range {
	const char *from, *to; /* NULL: there is none */
};

static bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_one_of(char c, const char *set)
{
	return c && strchr(set, c);
}

/* How many bytes from `p` are letters, digits or in `also`. */
static size_t run_of(const char *p, const char *end, const char *also)
{
	const char *start = p;

	while (p < end && (is_alnum(*p) || is_one_of(*p, also)))
		p++;
	return (size_t)(p - start);
}

/* At most `max` bytes on: no text is read over and over. */
static const char *bounded(const char *p, const char *end, size_t max)
{
	return (size_t)(end - p) < max ? end : p + max;
}

static size_t count_digits(const char *p, size_t len)
{
	size_t digits = 0;

	for (size_t i = 0; i < len; i++)
		digits += p[i] >= '0' && p[i] <= '9';
	return digits;
}

static bool begins(const char *p, const char *end, const char *prefix)
{
	size_t len = strlen(prefix);

	return (size_t)(end - p) >= len && !memcmp(p, prefix, len);
}

/* --- The environment */

/* "KEYBOARD" and "KEYRING" are no keys, "APIKEY" is one. */
static bool component_is_key(const char *p, size_t len)
{
	return (len >= 3 && !strncasecmp(p + len - 3, "key", 3)) ||
	       (len >= 4 && !strncasecmp(p + len - 4, "keys", 4));
}

static bool variable_is_secret(const char *name, size_t len)
{
	static const char *const words[] = { "token", "secret", "password", "passwd",
					     "credential" };
	size_t begin = 0;

	/* git hands its own configuration on by pairs of GIT_CONFIG_KEY_n and _VALUE_n. */
	if (starts_with(name, "GIT_CONFIG_KEY_"))
		return false;
	for (size_t w = 0; w < ARRAY_SIZE(words); w++)
		for (size_t i = 0; i + strlen(words[w]) <= len; i++)
			if (!strncasecmp(name + i, words[w], strlen(words[w])))
				return true;
	for (size_t i = 0; i <= len; i++) {
		if (i < len && name[i] != '_')
			continue;
		if (component_is_key(name + begin, i - begin))
			return true;
		begin = i + 1;
	}
	return false;
}

void secrets_add(struct secrets *s, const char *value)
{
	struct string_list *list = &s->values;
	char *added;
	size_t i;

	if (strlen(value) < SECRET_VALUE_MIN || string_list_has(list, value))
		return;
	string_list_add(list, value);
	added = list->items[list->nr - 1];
	/* The longest first, so that no part of one is masked and the rest left. */
	for (i = list->nr - 1; i && strlen(list->items[i - 1]) < strlen(added); i--)
		list->items[i] = list->items[i - 1];
	list->items[i] = added;
}

void secrets_of_environment(struct secrets *ret, const char *const *env)
{
	*ret = (struct secrets){ STRING_LIST_INIT };
	for (; *env; env++) {
		const char *equals = strchr(*env, '=');

		if (equals && variable_is_secret(*env, (size_t)(equals - *env)))
			secrets_add(ret, equals + 1);
	}
}

void secrets_release(struct secrets *s)
{
	string_list_release(&s->values);
}

static size_t match_value(const struct secrets *s, const char *p, const char *end)
{
	for (size_t i = 0; s && i < s->values.nr; i++)
		if (*p == *s->values.items[i] && begins(p, end, s->values.items[i]))
			return strlen(s->values.items[i]);
	return 0;
}

/* --- Shapes */

/* A prefix that its issuer chose, and what has to follow. */
static size_t match_prefix(const char *p, const char *end)
{
	static const struct {
		const char *prefix;
		size_t min;
		const char *also;
		bool digit; /* else it is a word with hyphens, such as a package's name */
	} shapes[] = {
		{ "sk-", 16, "-_", true },	   { "ghp_", 20, "", false },
		{ "gho_", 20, "", false },	   { "ghu_", 20, "", false },
		{ "ghs_", 20, "", false },	   { "ghr_", 20, "", false },
		{ "github_pat_", 20, "_", false }, { "glpat-", 16, "-_", false },
		{ "AKIA", 16, "", false },	   { "ASIA", 16, "", false },
		{ "AIza", 30, "-_", false },	   { "xoxa-", 10, "-", true },
		{ "xoxb-", 10, "-", true },	   { "xoxe-", 10, "-", true },
		{ "xoxo-", 10, "-", true },	   { "xoxp-", 10, "-", true },
		{ "xoxr-", 10, "-", true },	   { "xoxs-", 10, "-", true },
		{ "hf_", 20, "", true },	   { "npm_", 30, "", true },
		{ "pypi-", 30, "-_", true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
		const char *rest = p + strlen(shapes[i].prefix);
		size_t n;

		if (*p != *shapes[i].prefix || !begins(p, end, shapes[i].prefix))
			continue;
		n = run_of(rest, bounded(rest, end, 256), shapes[i].also);
		if (n >= shapes[i].min && (!shapes[i].digit || count_digits(rest, n)))
			return (size_t)(rest - p) + run_of(rest, end, shapes[i].also);
	}
	return 0;
}

/* A JSON web token: three parts in base64url, of which the first begins with `{"`. */
static size_t match_jwt(const char *p, const char *end)
{
	const char *at = p;

	if (!begins(p, end, "eyJ"))
		return 0;
	for (int part = 0; part < 2; part++) {
		size_t n = run_of(at, bounded(at, end, JWT_MAX), "-_");

		at += n;
		if (n < 10 || at == end || *at != '.')
			return 0;
		at++;
	}
	return (size_t)(at - p) + run_of(at, end, "-_");
}

/* "-----BEGIN RSA PRIVATE KEY-----": its length; 0 where `p` is no such line. */
static size_t key_line(const char *p, const char *end, const char *begin)
{
	const char *at = p + strlen(begin), *close;

	if (*p != '-' || !begins(p, end, begin))
		return 0;
	close = memmem(at, (size_t)(bounded(at, end, 64) - at), "-----", 5);
	if (!close || !memmem(at, (size_t)(close - at), "PRIVATE KEY", 11))
		return 0;
	return (size_t)(close + 5 - p);
}

static size_t match_key(const char *p, const char *end)
{
	const char *limit = bounded(p, end, KEY_MAX);

	if (!key_line(p, end, "-----BEGIN "))
		return 0;
	for (const char *at = p + 1; at < limit; at++) {
		size_t n = key_line(at, end, "-----END ");

		if (n)
			return (size_t)(at - p) + n;
	}
	return (size_t)(limit - p);
}

/* Where a text begins in the middle of a key, the lines before its end are the key's. */
static void unwind_key(struct strbuf *out, size_t floor)
{
	size_t line = out->len;

	while (line > floor) {
		size_t begin = line - 1, at;

		while (begin > floor && out->buf[begin - 1] != '\n' &&
		       line - begin < KEY_LINE_MAX)
			begin--;
		at = begin + (is_one_of(out->buf[begin], "+- ") ? 1 : 0);
		at += run_of(out->buf + at, out->buf + line, "+/=");
		if (at - begin < 4 ||
		    (at < line && out->buf[at] != '\r' && out->buf[at] != '\n'))
			break;
		line = begin;
	}
	strbuf_setlen(out, line);
}

static void match_bearer(const char *p, const char *end, struct range *ret)
{
	const char *at = p + 6;
	size_t n;

	if (end - p < 8 || strncasecmp(p, "bearer", 6) || !is_blank(*at))
		return;
	while (at < end && is_blank(*at))
		at++;
	n = run_of(at, end, "-._~+/=");
	if (n >= 20 || (n >= SECRET_VALUE_MIN && count_digits(at, n)))
		*ret = (struct range){ at, at + n };
}

/* "https://user:password@host" */
static void match_userinfo(const char *p, const char *end, struct range *ret)
{
	const char *colon = NULL;

	if (!begins(p, end, "://"))
		return;
	for (p += 3; p < end && !is_one_of(*p, "/?#\"'<> \t\r\n"); p++) {
		if (*p == '@' && colon && p - colon > 1 && p - colon < USERINFO_MAX) {
			*ret = (struct range){ colon + 1, p };
			return;
		}
		if (*p == ':' && !colon)
			colon = p;
	}
}

/* --- Names and their values */

enum name_kind {
	NAME_PLAIN,
	NAME_SECRET,   /* api_key, authToken */
	NAME_PASSWORD, /* which may be any word, also a number */
	NAME_HEADER,   /* the rest of the line is the value */
};

static enum name_kind name_kind(const char *name, size_t len)
{
	static const struct {
		const char *end;
		enum name_kind kind;
	} names[] = {
		{ "password", NAME_PASSWORD },	  { "passwd", NAME_PASSWORD },
		{ "passphrase", NAME_PASSWORD },  { "token", NAME_SECRET },
		{ "secret", NAME_SECRET },	  { "apikey", NAME_SECRET },
		{ "accesskey", NAME_SECRET },	  { "secretkey", NAME_SECRET },
		{ "privatekey", NAME_SECRET },	  { "authkey", NAME_SECRET },
		{ "signingkey", NAME_SECRET },	  { "encryptionkey", NAME_SECRET },
		{ "credential", NAME_SECRET },	  { "credentials", NAME_SECRET },
		{ "authorization", NAME_HEADER },
	};
	char word[SECRET_NAME_MAX + 1];
	size_t n = 0;

	/* API_KEY, api-key and apiKey are one name. */
	for (size_t i = len > SECRET_NAME_MAX ? len - SECRET_NAME_MAX : 0; i < len; i++)
		if (name[i] != '_' && name[i] != '-')
			word[n++] = name[i];
	word[n] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		size_t k = strlen(names[i].end);

		if (n >= k && !strcasecmp(word + n - k, names[i].end))
			return names[i].kind;
	}
	return NAME_PLAIN;
}

/* What stands between a name and its value: `=`, `": "`, `'] = `; NULL where it is no value. */
static const char *skip_operator(const char *p, const char *end)
{
	const char *start = p;

	while (p < end && p - start < 4 && is_one_of(*p, "\"'\\]"))
		p++;
	while (p < end && is_blank(*p))
		p++;
	if (p == end || !is_one_of(*p, "=:") || begins(p, end, "=="))
		return NULL;
	p++;
	if (p < end && is_one_of(*p, "=>"))
		p++;
	while (p < end && is_blank(*p))
		p++;
	return p;
}

static bool is_number(const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!is_one_of(p[i], "0123456789.+-eE"))
			return false;
	return true;
}

/* Whether that value of a secret's name is one. */
static bool value_is_secret(enum name_kind name, enum secret_text kind, const char *p,
			    size_t len, bool quoted)
{
	size_t digits = count_digits(p, len);

	if (name == NAME_HEADER)
		return len >= SECRET_VALUE_MIN;
	if (kind == SECRET_PROSE && name == NAME_PASSWORD)
		return len >= 4;
	if (is_number(p, len))
		return false;
	if (kind == SECRET_PROSE)
		return len >= 6;
	if (quoted)
		return len >= SECRET_VALUE_MIN && digits && digits < len &&
		       run_of(p, p + len, "-._~+/=!@#^&*:") == len;
	return len >= 16 && digits >= 3 && run_of(p, p + len, "-_+/=") == len;
}

/* The value that follows a name that ends at `p`, at most a line long. */
static void match_assignment(enum name_kind name, enum secret_text kind, const char *start,
			     const char *p, const char *end, struct range *ret)
{
	const char *value = skip_operator(p, end), *stop = " \t\r\n\"'`\\,;)}<>&";
	bool quoted;

	/* --token abc */
	if (!value && start[0] == '-' && p < end && is_blank(*p) && kind == SECRET_PROSE)
		for (value = p; value < end && is_blank(*value);)
			value++;
	if (!value)
		return;
	while (value < end && *value == '\\')
		value++;
	quoted = value < end && is_one_of(*value, "\"'`");
	if (quoted) {
		char quote[] = { *value++, '\\', '\r', '\n', '\0' };

		for (p = value; p < end && !is_one_of(*p, quote);)
			p++;
	} else {
		if (name == NAME_HEADER)
			stop = "\r\n\"'\\";
		for (p = value; p < end && !is_one_of(*p, stop);)
			p++;
	}
	if (value_is_secret(name, kind, value, (size_t)(p - value), quoted))
		*ret = (struct range){ value, p };
}

/* --- All together */

/* The secret that begins at `p`: its length, or 0. */
static size_t match_here(const struct secrets *s, const char *text, const char *p,
			 const char *end)
{
	size_t n = match_value(s, p, end);

	if (!n && *p == '-')
		n = match_key(p, end);
	if (n || (p > text && (is_alnum(p[-1]) || p[-1] == '_')))
		return n;
	n = match_prefix(p, end);
	return n ? n : match_jwt(p, end);
}

/* What begins at `p` and announces a secret to come, which is put in `ret`. */
static void match_ahead(enum secret_text kind, const char *text, const char *p, const char *end,
			struct range *ret)
{
	enum name_kind name;
	size_t n;

	if (*p == ':')
		match_userinfo(p, end, ret);
	if (p > text && (is_alnum(p[-1]) || is_one_of(p[-1], "_-")))
		return;
	n = run_of(p, end, "_-");
	name = n ? name_kind(p, n) : NAME_PLAIN;
	if (name != NAME_PLAIN)
		match_assignment(name, kind, p, p + n, end, ret);
	else
		match_bearer(p, end, ret);
}

size_t secrets_mask(const struct secrets *s, enum secret_text kind, const char *text,
		    size_t len, struct strbuf *out)
{
	const char *p = text, *end = text + len, *copied = text;
	struct range ahead = { NULL, NULL };
	size_t floor = out->len, masked = 0;

	while (p < end) {
		size_t n = match_here(s, text, p, end);
		size_t tail = n ? 0 : key_line(p, end, "-----END ");

		if (!n && ahead.from == p)
			n = (size_t)(ahead.to - p);
		if (!ahead.to)
			match_ahead(kind, text, p, end, &ahead);
		if (!n && !tail) {
			p++;
			continue;
		}
		strbuf_add(out, copied, (size_t)(p - copied));
		if (tail)
			unwind_key(out, floor);
		strbuf_addstr(out, SECRET_MASK);
		masked++;
		copied = p += n ? n : tail;
		if (ahead.from < p)
			ahead.from = p;
		if (ahead.to <= p)
			ahead = (struct range){ NULL, NULL };
	}
	strbuf_add(out, copied, (size_t)(end - copied));
	return masked;
}
