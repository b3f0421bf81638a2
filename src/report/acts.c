#include "report/acts.h"

#include <string.h>

#include "report/line.h"

#define SHOWN_MAX 5   /* lines */
#define KINDS_MAX 100 /* that are told apart for them */
#define PARSED_MAX 100000
#define LINE_MAX (64 << 10) /* bytes; what is longer was not written by us */

struct reader {
	struct acts acts;
	struct acts_wanted left; /* of lines, what may still be parsed */
	struct strbuf line;	 /* that is not whole yet */
};

void acts_release(struct acts *acts)
{
	for (size_t i = 0; i < acts->nr; i++)
		free(acts->items[i].text);
	free(acts->items);
	*acts = (struct acts){ 0 };
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

static void count(struct reader *r, const char *text, bool denied, double time)
{
	struct acts *acts = &r->acts;
	size_t i = 0;

	while (i < acts->nr && strcmp(acts->items[i].text, text))
		i++;
	if (i == r->left.kinds) {
		acts->others++;
		return;
	}
	if (i == acts->nr) {
		acts->items = xrealloc(acts->items, ++acts->nr * sizeof(*acts->items));
		acts->items[i] =
			(struct act){ .text = xstrdup(text), .denied = denied, .first = time };
	}
	acts->items[i].times++;
}

/* To run a program, or to make a call, is a class of its own with one act, of the same name. */
static bool is_all_of_its_class(const struct json *act)
{
	const char *class, *name;

	return !json_as_string(json_get(act, "class"), &class) &&
	       !json_as_string(json_get(act, "act"), &name) && !strcmp(class, name);
}

static void add_act(struct reader *r, const struct json *act, bool denied)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	double time = 0;

	add_string(act, "verdict", "", &text);
	add_string(act, "phase", " in ", &text);
	add_string(act, "class", ": ", &text);
	if (!is_all_of_its_class(act))
		add_string(act, "act", " ", &text);
	add_object(json_get(act, "object"), &text);
	add_string(act, "comm", ", by ", &text);
	json_as_double(json_get(act, "time"), &time);
	count(r, text.buf, denied, time);
}

/* Most lines tell of what is allowed: to parse them all would take longer than all else. */
static void take_line(struct reader *r)
{
	CLEANUP_JSON struct json *act = NULL;
	struct error ignored = ERROR_INIT;
	bool denied = strstr(r->line.buf, "\"verdict\":\"denied\"");

	if (!denied && !strstr(r->line.buf, "\"verdict\":\"refused\"") &&
	    !(r->left.programs && strstr(r->line.buf, "\"act\":\"exec\"")))
		return;
	if (!r->left.lines) {
		r->acts.others++;
		return;
	}
	r->left.lines--;
	if (!json_parse(r->line.buf, r->line.len, &act, &ignored))
		add_act(r, act, denied);
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

int acts_read(struct acts *ret, struct ledger *ledger, const struct entry *entry,
	      const struct acts_wanted *wanted, struct error *err)
{
	struct reader r = { .left = *wanted, .line = STRBUF_INIT };
	int missing = ledger_file_blocks(ledger, entry, AUDIT_FILE_NAME, take_block, &r, err);

	strbuf_release(&r.line);
	*ret = r.acts;
	if (missing < 0)
		acts_release(ret);
	return missing < 0 ? -1 : 0;
}

/* Those of one verdict, as far as there is room; what there is no room for goes to `ret_rest`. */
static void print_acts(const struct acts *acts, bool denied, int *left, int64_t *ret_rest,
		       FILE *out)
{
	for (size_t i = 0; i < acts->nr; i++) {
		const struct act *act = &acts->items[i];

		if (act->denied != denied)
			continue;
		if (*left == 0) {
			*ret_rest += act->times;
			continue;
		}
		--*left;
		fprintf(out, "%-10s %s", "", act->text);
		if (act->times > 1)
			fprintf(out, " (%lld times)", (long long)act->times);
		fputc('\n', out);
	}
}

int report_acts(struct ledger *ledger, const struct entry *entry, FILE *out, struct error *err)
{
	const struct acts_wanted wanted = { false, KINDS_MAX, PARSED_MAX };
	CLEANUP_ACTS struct acts acts = { 0 };
	int left = SHOWN_MAX;
	int64_t rest;

	if (!entry->record.audit.denied)
		return 0;
	if (acts_read(&acts, ledger, entry, &wanted, err))
		return -1;
	rest = acts.others;
	print_acts(&acts, true, &left, &rest, out);
	print_acts(&acts, false, &left, &rest, out);
	if (rest)
		fprintf(out, "%-10s and %lld more: git autoresearch audit %lld\n", "",
			(long long)rest, (long long)entry->record.experiment);
	return 0;
}

void report_add_audit(const struct audit_summary *audit, struct strbuf *out)
{
	if (audit->level == AUDIT_LEVEL_NONE) {
		strbuf_addstr(out, "none");
		return;
	}
	strbuf_addf(out, "%s, level %s: ", audit_is_enforced(audit) ? "enforced" : "unenforced",
		    audit_level_name(audit->level));
	if (*audit->digest)
		strbuf_addf(out, "%lld events, %lld denied, %lld lost%s",
			    (long long)audit->events, (long long)audit->denied,
			    (long long)audit->lost, audit->incomplete ? ": incomplete" : "");
	else
		strbuf_addstr(out, "nothing is on record");
}
