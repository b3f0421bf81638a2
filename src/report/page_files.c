#include <string.h>

#include "report/acts.h"
#include "report/html.h"
#include "report/page_parts.h"

#define LOOKS 4 /* lines of an audit that are parsed for each that is shown */

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

/* A file of the record, as far as the excerpt has room. */
static int add_file(struct ledger *ledger, const struct entry *entry, const char *name,
		    const char *shown_as, struct excerpt *e, struct strbuf *out,
		    struct error *err)
{
	int missing = ledger_file_blocks(ledger, entry, name, excerpt_add, e, err);
	const char *text;
	size_t len;

	if (!missing && e->size) {
		excerpt_cut(e, &text, &len);
		begin(out, shown_as, e, len);
		html_add(out, text, len);
		strbuf_addstr(out, "</pre>");
	}
	strbuf_release(&e->kept);
	return missing < 0 ? -1 : 0;
}

static int add_log(struct ledger *ledger, const struct entry *entry, const char *name,
		   struct page_room *room, struct strbuf *out, struct error *err)
{
	struct excerpt e = { .room = room->part, .end = true, .kept = STRBUF_INIT };
	int failed;

	if (room->unread <= 0) {
		strbuf_addf(out,
			    "<p class=\"faint\">%s was not read: the logs are too large.</p>",
			    name);
		return 0;
	}
	failed = add_file(ledger, entry, name, name, &e, out, err);
	room->unread -= e.size;
	return failed;
}

static int add_audit(struct ledger *ledger, const struct entry *entry, size_t room,
		     struct strbuf *out, struct error *err)
{
	const struct acts_wanted wanted = { true, room, LOOKS * room };
	CLEANUP_ACTS struct acts acts = { 0 };

	if (acts_read(&acts, ledger, entry, &wanted, err))
		return -1;
	if (!acts.nr)
		return 0;
	strbuf_addstr(out, "<pre data-is=\"audit\">");
	for (size_t i = 0; i < acts.nr; i++) {
		const struct act *act = &acts.items[i];

		strbuf_addf(out, "%8.3fs  ", act->first);
		html_addstr(out, act->text);
		if (act->times > 1)
			strbuf_addf(out, " (%lld times)", (long long)act->times);
		strbuf_addch(out, '\n');
	}
	if (acts.others)
		strbuf_addf(out, "and %lld more\n", (long long)acts.others);
	strbuf_addstr(out, "</pre>");
	return 0;
}

int page_files(struct ledger *ledger, const struct entry *entry, struct page_room *room,
	       struct strbuf *out, struct error *err)
{
	struct excerpt patch = { .room = room->part, .kept = STRBUF_INIT };

	if (add_file(ledger, entry, "patch", "diff", &patch, out, err) ||
	    (entry->record.trials_nr && add_audit(ledger, entry, room->lines, out, err)) ||
	    add_log(ledger, entry, "run.log", room, out, err) ||
	    add_log(ledger, entry, "evaluate.log", room, out, err))
		return -1;
	return 0;
}
