#include <string.h>

#include "base/json.h"
#include "report/html.h"
#include "report/page_parts.h"

#define LOOKS 4			  /* lines of an audit that are parsed for each that is shown */
#define AUDIT_LINE_MAX (16 << 10) /* bytes of one that is looked at */

/* A part of a file: its beginning or its end. What comes between is not kept. */
struct excerpt {
	size_t room;
	bool end;
	struct strbuf kept;
	int64_t size; /* of all of it */
};

static int excerpt_add(const void *block, size_t len, void *data, struct error *err)
{
	struct excerpt *e = data;
	size_t fits = e->room > e->kept.len ? e->room - e->kept.len : 0;

	(void)err;
	e->size += (int64_t)len;
	if (!e->end) {
		strbuf_add(&e->kept, block, len < fits ? len : fits);
		return 0;
	}
	strbuf_add(&e->kept, block, len);
	if (e->kept.len > 2 * e->room) {
		size_t cut = e->kept.len - e->room;

		memmove(e->kept.buf, e->kept.buf + cut, e->room);
		strbuf_setlen(&e->kept, e->room);
	}
	return 0;
}

/* From the beginning of a line, or to the end of one. */
static void excerpt_cut(struct excerpt *e, const char **ret, size_t *ret_len)
{
	const char *text = e->kept.buf, *line;
	size_t len = e->kept.len;

	if (e->end && len > e->room) {
		text += len - e->room;
		len = e->room;
	}
	if ((int64_t)len < e->size) {
		line = e->end ? memchr(text, '\n', len) : memrchr(text, '\n', len);
		if (line && e->end) {
			len -= (size_t)(line + 1 - text);
			text = line + 1;
		} else if (line) {
			len = (size_t)(line + 1 - text);
		}
	}
	*ret = text;
	*ret_len = len;
}

/* Begins a piece of text, named in a line of its own by the style. */
static void begin(struct strbuf *out, const char *name, const struct excerpt *e, size_t shown)
{
	strbuf_addf(out, "<pre data-is=\"%s", name);
	if ((int64_t)shown < e->size)
		strbuf_addf(out, ", the %s: %zu of %lld bytes", e->end ? "end" : "beginning",
			    shown, (long long)e->size);
	strbuf_addstr(out, "\">");
}

static int add_patch(struct ledger *ledger, const struct entry *entry, size_t room,
		     struct strbuf *out, struct error *err)
{
	struct excerpt e = { .room = room, .kept = STRBUF_INIT };
	int missing = ledger_file_blocks(ledger, entry, "patch", excerpt_add, &e, err);
	const char *text;
	size_t len;

	if (!missing && e.size) {
		excerpt_cut(&e, &text, &len);
		begin(out, "diff", &e, len);
		html_add(out, text, len);
		strbuf_addstr(out, "</pre>");
	}
	strbuf_release(&e.kept);
	return missing < 0 ? -1 : 0;
}

static int add_log(struct ledger *ledger, const struct entry *entry, const char *name,
		   struct page_room *room, struct strbuf *out, struct error *err)
{
	struct excerpt e = { .room = room->part, .end = true, .kept = STRBUF_INIT };
	const char *text;
	size_t len;
	int missing;

	if (room->unread <= 0) {
		strbuf_addf(out,
			    "<p class=\"faint\">%s was not read: the logs are too large.</p>",
			    name);
		return 0;
	}
	missing = ledger_file_blocks(ledger, entry, name, excerpt_add, &e, err);
	room->unread -= e.size;
	if (!missing && e.size) {
		excerpt_cut(&e, &text, &len);
		begin(out, name, &e, len);
		html_add(out, text, len);
		strbuf_addstr(out, "</pre>");
	}
	strbuf_release(&e.kept);
	return missing < 0 ? -1 : 0;
}

/*
 * What an audit's file is looked through for: acts that were not simply allowed, and programs. The
 * same again, as in each trial, is told once.
 */
struct acts {
	struct strbuf line; /* that is not whole yet */
	struct act {
		char *text;
		double time; /* of the first */
		int64_t times;
	} * items;
	size_t nr, room;
	size_t looks; /* lines that may still be parsed */
	int64_t left; /* further ones that are worth telling */
};

static void acts_release(struct acts *acts)
{
	for (size_t i = 0; i < acts->nr; i++)
		free(acts->items[i].text);
	free(acts->items);
	strbuf_release(&acts->line);
}

static const char *string_of(const struct json *o, const char *key)
{
	struct error ignored = ERROR_INIT;
	const char *value = NULL;

	return !json_get_string_or_null(o, key, &value, &ignored) && value ? value : "";
}

/* What it was done to: the file as it was asked for, the call, the address. */
static void add_object(struct strbuf *text, const struct json *object)
{
	struct error ignored = ERROR_INIT;
	int64_t port;

	if (*string_of(object, "address"))
		strbuf_addf(text, "%s", string_of(object, "address"));
	else if (*string_of(object, "name"))
		strbuf_addstr(text, string_of(object, "name"));
	else
		strbuf_addstr(text, string_of(object, "path"));
	if (!json_get_int(object, "port", &port, &ignored))
		strbuf_addf(text, ":%lld", (long long)port);
}

static void add_act(struct acts *acts, const struct json *line)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	struct error ignored = ERROR_INIT;
	double time = 0;
	size_t i = 0;

	strbuf_addf(&text, "%-8s  %-7s  %-8s  ", string_of(line, "phase"),
		    string_of(line, "act"), string_of(line, "verdict"));
	add_object(&text, json_get(line, "object"));
	strbuf_addf(&text, "  (%s)", string_of(line, "comm"));
	while (i < acts->nr && strcmp(acts->items[i].text, text.buf))
		i++;
	if (i == acts->room) {
		acts->left++;
		return;
	}
	if (i == acts->nr) {
		json_get_double_or_null(line, "time", &time, &ignored);
		acts->items = xrealloc(acts->items, ++acts->nr * sizeof(*acts->items));
		acts->items[i] =
			(struct act){ .text = strbuf_detach(&text, NULL), .time = time };
	}
	acts->items[i].times++;
}

static bool holds(const struct strbuf *line, const char *text)
{
	return memmem(line->buf, line->len, text, strlen(text));
}

static void take_line(struct acts *acts)
{
	const struct strbuf *line = &acts->line;
	CLEANUP_JSON struct json *object = NULL;
	struct error ignored = ERROR_INIT;

	/* Most lines tell of what is allowed; to parse them all would take longer than the rest
	 * of the page. */
	if (!holds(line, "\"act\":\"exec\"") && !holds(line, "\"verdict\":\"refused\"") &&
	    !holds(line, "\"verdict\":\"denied\""))
		return;
	if (!acts->looks) {
		acts->left++;
		return;
	}
	acts->looks--;
	if (!json_parse(line->buf, line->len, &object, &ignored))
		add_act(acts, object);
}

static int acts_add(const void *block, size_t len, void *data, struct error *err)
{
	struct acts *acts = data;
	const char *text = block;

	(void)err;
	while (len) {
		const char *end = memchr(text, '\n', len);
		size_t n = end ? (size_t)(end - text) : len;

		/* An overlong one is no JSON then, and not shown. */
		if (acts->line.len < AUDIT_LINE_MAX)
			strbuf_add(&acts->line, text, n < AUDIT_LINE_MAX ? n : AUDIT_LINE_MAX);
		if (end) {
			take_line(acts);
			strbuf_reset(&acts->line);
		}
		text += n + (end ? 1 : 0);
		len -= n + (end ? 1 : 0);
	}
	return 0;
}

static void acts_write(const struct acts *acts, struct strbuf *out)
{
	if (!acts->nr)
		return;
	strbuf_addstr(out, "<pre data-is=\"audit\">");
	for (size_t i = 0; i < acts->nr; i++) {
		const struct act *act = &acts->items[i];

		strbuf_addf(out, "%8.3fs  ", act->time);
		html_addstr(out, act->text);
		if (act->times > 1)
			strbuf_addf(out, "  %lld times", (long long)act->times);
		strbuf_addch(out, '\n');
	}
	if (acts->left)
		strbuf_addf(out, "and %lld more\n", (long long)acts->left);
	strbuf_addstr(out, "</pre>");
}

static int add_audit(struct ledger *ledger, const struct entry *entry, size_t room,
		     struct strbuf *out, struct error *err)
{
	CLEANUP(acts_release)
	struct acts acts = { .line = STRBUF_INIT, .room = room, .looks = LOOKS * room };

	if (ledger_file_blocks(ledger, entry, AUDIT_FILE_NAME, acts_add, &acts, err) < 0)
		return -1;
	acts_write(&acts, out);
	return 0;
}

int page_evidence(struct ledger *ledger, const struct entry *entry, struct page_room *room,
		  struct strbuf *out, struct error *err)
{
	if (add_patch(ledger, entry, room->part, out, err))
		return -1;
	if (entry->record.trials_nr && add_audit(ledger, entry, room->lines, out, err))
		return -1;
	return add_log(ledger, entry, "run.log", room, out, err) ||
			       add_log(ledger, entry, "evaluate.log", room, out, err)
		       ? -1
		       : 0;
}
