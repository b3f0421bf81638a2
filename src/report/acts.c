#include "report/acts.h"

#include <string.h>

#include "report/line.h"

#define SHOWN_MAX 5	    /* lines */
#define KINDS_MAX 100	    /* that are told apart */
#define LINE_MAX (64 << 10) /* bytes; what is longer was not written by us */

struct kind {
	char *text;
	bool denied;
	int64_t nr;
};

struct reader {
	struct strbuf line;
	struct kind kinds[KINDS_MAX];
	size_t nr;
	int64_t others; /* of further kinds */
};

static void reader_release(struct reader *r)
{
	strbuf_release(&r->line);
	for (size_t i = 0; i < r->nr; i++)
		free(r->kinds[i].text);
}

static void add_string(const struct json *object, const char *key, const char *before,
		       struct strbuf *out)
{
	const char *text;

	if (json_as_string(json_get(object, key), &text))
		return;
	strbuf_addstr(out, before);
	strbuf_add_visible(out, text, strlen(text));
}

/* What it was done to: the first of these that its class has. */
static void add_object(const struct json *object, struct strbuf *out)
{
	static const char *const keys[] = { "name", "path", "address", "family", "type" };
	int64_t port;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (json_is_null(json_get(object, keys[i])))
			continue;
		add_string(object, keys[i], " ", out);
		break;
	}
	if (!json_as_int(json_get(object, "port"), &port))
		strbuf_addf(out, ":%lld", (long long)port);
}

static void count(struct reader *r, const char *text, bool denied)
{
	size_t i = 0;

	while (i < r->nr && strcmp(r->kinds[i].text, text))
		i++;
	if (i == KINDS_MAX) {
		r->others++;
		return;
	}
	if (i == r->nr)
		r->kinds[r->nr++] = (struct kind){ xstrdup(text), denied, 0 };
	r->kinds[i].nr++;
}

static void take_line(struct reader *r)
{
	CLEANUP_JSON struct json *act = NULL;
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	struct error ignored = ERROR_INIT;
	bool denied = strstr(r->line.buf, "\"verdict\":\"denied\"");

	if (!denied && !strstr(r->line.buf, "\"verdict\":\"refused\""))
		return;
	if (json_parse(r->line.buf, r->line.len, &act, &ignored))
		return;
	add_string(act, "verdict", "", &text);
	add_string(act, "phase", " in ", &text);
	add_string(act, "class", ": ", &text);
	add_string(act, "act", " ", &text);
	add_object(json_get(act, "object"), &text);
	add_string(act, "comm", ", by ", &text);
	count(r, text.buf, denied);
}

static int take_block(const void *block, size_t len, void *data, struct error *err)
{
	struct reader *r = data;

	(void)err;
	for (const char *p = block, *end = p + len, *next; p < end; p = next) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));

		next = newline ? newline + 1 : end;
		if (r->line.len < LINE_MAX)
			strbuf_add(&r->line, p, (size_t)((newline ? newline : end) - p));
		if (!newline)
			continue;
		if (r->line.len < LINE_MAX)
			take_line(r);
		strbuf_reset(&r->line);
	}
	return 0;
}

/* Those of one verdict, as far as there is room; what there is no room for goes to `ret_rest`. */
static void print_kinds(const struct reader *r, bool denied, int *left, int64_t *ret_rest,
			FILE *out)
{
	for (size_t i = 0; i < r->nr; i++) {
		const struct kind *k = &r->kinds[i];

		if (k->denied != denied)
			continue;
		if (*left == 0) {
			*ret_rest += k->nr;
			continue;
		}
		--*left;
		fprintf(out, "%-10s %s", "", k->text);
		if (k->nr > 1)
			fprintf(out, " (%lld times)", (long long)k->nr);
		fputc('\n', out);
	}
}

int report_acts(struct ledger *ledger, const struct entry *entry, FILE *out, struct error *err)
{
	CLEANUP(reader_release) struct reader r = { .line = STRBUF_INIT };
	int left = SHOWN_MAX;
	int64_t rest;

	if (!entry->record.audit.denied)
		return 0;
	if (ledger_file_blocks(ledger, entry, AUDIT_FILE_NAME, take_block, &r, err) < 0)
		return -1;
	rest = r.others;
	print_kinds(&r, true, &left, &rest, out);
	print_kinds(&r, false, &left, &rest, out);
	if (rest)
		fprintf(out, "%-10s and %lld more: git autoresearch audit %lld\n", "",
			(long long)rest, (long long)entry->record.experiment);
	return 0;
}
