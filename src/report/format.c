#include "report/format.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "model/trailer.h"
#include "report/date.h"
#include "report/line.h"
#include "report/terminal.h"

#define ABBREVIATED 10 /* digits of an object id */
#define WIDTH_MAX 1000
#define KEY "trailers:key="
#define VALUE_ONLY ",valueonly"

/* What a % begins. */
struct placeholder {
	char modifier; /* ' ' or '+': a space or a newline goes before a value that is not empty */
	char kind;     /* the letter; '(' for a name, '<' and '>' for a width */
	int value;     /* a byte, the letter of a date, the index of a colour, a width */
	char name[METRIC_NAME_MAX + 32];
	size_t len; /* of all of it, without the % */
};

/* git's names of colours; the first BARE_COLORS need no parentheses. */
static const struct {
	const char *name, *sequence;
} colors[] = {
	{ "reset", "\033[m" },	{ "red", "\033[31m" },	  { "green", "\033[32m" },
	{ "blue", "\033[34m" }, { "yellow", "\033[33m" }, { "magenta", "\033[35m" },
	{ "cyan", "\033[36m" }, { "bold", "\033[1m" },	  { "dim", "\033[2m" },
	{ "auto", NULL }, /* that of the verdict */
};
#define BARE_COLORS 4

static size_t parse_color(const char *p, int *ret)
{
	bool is_bare = *p != '(';

	for (size_t i = 0; i < (is_bare ? BARE_COLORS : ARRAY_SIZE(colors)); i++) {
		size_t len = strlen(colors[i].name);

		if (!starts_with(p + !is_bare, colors[i].name) ||
		    (!is_bare && p[1 + len] != ')'))
			continue;
		*ret = (int)i;
		return is_bare ? len : len + 2;
	}
	return 0;
}

/* Two digits of hexadecimal. */
static size_t parse_byte(const char *p, int *ret)
{
	char digits[] = { p[0], p[0] ? p[1] : '\0', '\0' };

	*ret = (int)strtol(digits, NULL, 16);
	return isxdigit((unsigned char)digits[0]) && isxdigit((unsigned char)digits[1]) ? 2 : 0;
}

/* "(<number>)". */
static size_t parse_width(const char *p, int *ret)
{
	char *end;
	long width;

	if (*p != '(')
		return 0;
	width = strtol(p + 1, &end, 10);
	*ret = (int)width;
	return *end == ')' && width > 0 && width <= WIDTH_MAX ? (size_t)(end + 1 - p) : 0;
}

static size_t parse_name(const char *p, struct placeholder *ret)
{
	size_t len = strcspn(p, ")");

	if (!p[len] || !len || len >= sizeof(ret->name))
		return 0;
	memcpy(ret->name, p, len);
	ret->name[len] = '\0';
	return len + 1;
}

/* A name for what it is, and no other spelling of it. */
static bool name_is_known(const char *name)
{
	static const char *const ours[] = { "change", "proposer", "trailers", "beatenBy" };
	CLEANUP_RECORD struct record nothing = { .subject = xstrdup("") };
	CLEANUP_JSON struct json *members = record_log_json(&nothing, NULL);
	const char *key;

	for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
		if (!strcmp(name, ours[i]))
			return true;
	for (size_t i = 0; json_member_at(members, i, &key); i++)
		if (!strncmp(name, key, strlen(key)) && strchr(".", name[strlen(key)]))
			return true;
	return starts_with(name, KEY) && name[strlen(KEY)];
}

/* What stands behind a %; false where that is no placeholder. */
static bool parse(const char *p, struct placeholder *ret)
{
	const char *begin = p;
	size_t more = 1;

	*ret = (struct placeholder){ .modifier = *p == ' ' || *p == '+' ? *p++ : '\0' };
	ret->kind = *p;
	if (!*p || !strchr("%nxC<>HhTtPpsbBa(", *p++))
		return false;
	if (ret->kind == 'x')
		more = parse_byte(p, &ret->value);
	else if (ret->kind == 'C')
		more = parse_color(p, &ret->value);
	else if (ret->kind == '<' || ret->kind == '>')
		more = parse_width(p, &ret->value);
	else if (ret->kind == '(')
		more = parse_name(p, ret);
	else if (ret->kind == 'a')
		more = *p && strchr("diIstr", *p) ? (ret->value = *p, 1) : 0;
	else
		p--;
	ret->len = (size_t)(p - begin) + more;
	return more > 0;
}

int format_check(const char *format, struct error *err)
{
	struct placeholder it;

	for (const char *p = strchr(format, '%'); p; p = strchr(p + 1 + it.len, '%')) {
		if (parse(p + 1, &it) && (it.kind != '(' || name_is_known(it.name)))
			continue;
		error_set(err, "--format: no placeholder begins at '%.20s'", p);
		error_hint(err, "git help autoresearch has the list of them");
		return error_status(err, EXIT_USAGE);
	}
	return 0;
}

struct writer {
	const struct format_context *context;
	const struct entry *entry;
	struct json *json; /* the entry's; NULL until it is asked for */
};

/* By "a.b.c"; of names that hold dots themselves as well. */
static const struct json *find(const struct json *object, const char *path)
{
	const struct json *found = json_get(object, path);
	const char *dot = strchr(path, '.');
	CLEANUP_FREE char *first = NULL;

	if (found || !dot)
		return found;
	first = xstrndup(path, (size_t)(dot - path));
	found = json_get(object, first);
	return found ? find(found, dot + 1) : NULL;
}

static void add_member(struct writer *w, const char *name, struct strbuf *out)
{
	const struct json *value;
	const char *text;

	if (!w->json)
		w->json = record_log_json(&w->entry->record, w->entry->commit);
	value = find(w->json, name);
	if (json_is_null(value))
		return;
	if (!json_as_string(value, &text))
		strbuf_add_visible(out, text, strlen(text));
	else
		json_write(value, false, out);
}

/* The text that carries the trailers: of an accepted commit its message, else the note. */
static int read_trailers(const struct writer *w, struct strbuf *ret, struct error *err)
{
	struct repo *repo = w->context->ledger->repo;
	const struct entry *e = w->entry;
	int missing = e->record.verdict.kind == VERDICT_ACCEPTED ||
		      notes_read(repo, e->commit, ret, err);

	if (missing > 0)
		missing = repo_commit_message(repo, e->commit, ret, err);
	return missing;
}

/* All of them: the last paragraph, without a newline at its end. */
static void add_paragraph(struct strbuf *text, struct strbuf *out)
{
	const char *begin = text->buf, *next;

	strbuf_rtrim(text);
	while ((next = strstr(begin, "\n\n")))
		begin = next + 2;
	for (; (next = strchr(begin, '\n')); begin = next + 1) {
		strbuf_add_visible(out, begin, (size_t)(next - begin));
		strbuf_addch(out, '\n');
	}
	strbuf_add_visible(out, begin, strlen(begin));
}

static int add_trailers(const struct writer *w, const char *name, struct strbuf *out,
			struct error *err)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT, value = STRBUF_INIT;
	CLEANUP_FREE char *key = NULL;
	bool whole = true;

	if (read_trailers(w, &text, err) < 0)
		return -1;
	if (!starts_with(name, KEY)) {
		add_paragraph(&text, out);
		return 0;
	}
	key = xstrdup(name + strlen(KEY));
	if (ends_with(key, VALUE_ONLY)) {
		whole = false;
		key[strlen(key) - strlen(VALUE_ONLY)] = '\0';
	}
	if (trailer_find(text.buf, key, &value)) {
		strbuf_addf(out, "%s%s", whole ? key : "", whole ? ": " : "");
		strbuf_add_visible(out, value.buf, value.len);
	}
	return 0;
}

static int add_named(struct writer *w, const char *name, struct strbuf *out, struct error *err)
{
	const struct record *r = &w->entry->record;

	if (!strcmp(name, "change"))
		report_change(r, out);
	else if (!strcmp(name, "proposer"))
		strbuf_add_visible(out, r->proposed_by, strlen(r->proposed_by));
	else if (starts_with(name, "trailers"))
		return add_trailers(w, name, out, err);
	else
		add_member(w, name, out);
	return 0;
}

static void add_body(const struct record *r, struct strbuf *out)
{
	size_t before = out->len;

	rationale_clean(r->rationale, out);
	if (out->len > before)
		strbuf_setlen(out, out->len - 1);
}

static void add_words(const struct record *r, char kind, struct strbuf *out)
{
	size_t subject;

	if (kind == 'b') {
		add_body(r, out);
		return;
	}
	subject_clean(r->subject, r->experiment, out);
	if (kind == 's')
		return;
	strbuf_addstr(out, "\n\n");
	subject = out->len;
	add_body(r, out);
	if (out->len == subject)
		strbuf_setlen(out, subject - 2);
}

static void add_date(const struct writer *w, char letter, struct strbuf *out)
{
	time_t date;

	if (date_parse(w->entry->record.started, &date))
		date_write(date, letter, w->context->now, out);
}

static void add_color(const struct writer *w, int which, struct strbuf *out)
{
	const char *sequence = colors[which].sequence;

	if (!w->context->color)
		return;
	strbuf_addstr(out, sequence
				   ? sequence
				   : paint(true, verdict_paint(w->entry->record.verdict.kind)));
}

static void add_id(const char *oid, char kind, struct strbuf *out)
{
	strbuf_addf(out, "%.*s", kind >= 'a' ? ABBREVIATED : OID_HEX_SIZE, oid);
}

static int add_value(struct writer *w, const struct placeholder *it, struct strbuf *out,
		     struct error *err)
{
	const struct record *r = &w->entry->record;

	switch (it->kind) {
	case '%':
	case 'n':
		strbuf_addch(out, it->kind == 'n' ? '\n' : '%');
		break;
	case 'x':
		strbuf_addch(out, it->value);
		break;
	case 'C':
		add_color(w, it->value, out);
		break;
	case 'H':
	case 'h':
		add_id(w->entry->commit, it->kind, out);
		break;
	case 'T':
	case 't':
		add_id(r->tree, it->kind, out);
		break;
	case 'P':
	case 'p':
		add_id(r->base, it->kind, out);
		break;
	case 'a':
		add_date(w, (char)it->value, out);
		break;
	case '(':
		return add_named(w, it->name, out, err);
	default:
		add_words(r, it->kind, out);
	}
	return 0;
}

/* With as many spaces as make `width` characters of it; below 0, on the left. */
static void add_padded(const struct strbuf *value, int width, struct strbuf *out)
{
	int spaces = abs(width);

	for (size_t i = 0; i < value->len; i++)
		spaces -= (value->buf[i] & 0xc0) != 0x80;
	if (width > 0)
		strbuf_add(out, value->buf, value->len);
	strbuf_addf(out, "%*s", spaces > 0 ? spaces : 0, "");
	if (width <= 0)
		strbuf_add(out, value->buf, value->len);
}

static int write_all(struct writer *w, const char *format, struct strbuf *out,
		     struct error *err)
{
	struct placeholder it;
	int width = 0;

	for (const char *p = format, *next; *p; p = next + 1 + it.len) {
		CLEANUP_STRBUF struct strbuf value = STRBUF_INIT;

		next = strchr(p, '%');
		strbuf_add(out, p, next ? (size_t)(next - p) : strlen(p));
		if (!next || !parse(next + 1, &it))
			return 0;
		if (it.kind == '<' || it.kind == '>') {
			width = it.kind == '<' ? it.value : -it.value;
			continue;
		}
		if (add_value(w, &it, &value, err))
			return -1;
		if (it.modifier && value.len)
			strbuf_addch(out, it.modifier == '+' ? '\n' : ' ');
		/* A colour has no width: what it stands before is meant. */
		add_padded(&value, it.kind == 'C' ? 0 : width, out);
		if (it.kind != 'C')
			width = 0;
	}
	return 0;
}

int format_write(const char *format, const struct format_context *context,
		 const struct entry *entry, struct strbuf *out, struct error *err)
{
	struct writer w = { .context = context, .entry = entry };
	int r = write_all(&w, format, out, err);

	json_free(w.json);
	return r;
}
