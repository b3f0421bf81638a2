#include "report/page.h"

#include <string.h>

#include "base/digest.h"
#include "report/html.h"
#include "report/later.h"
#include "report/looks.h"
#include "report/page_parts.h"
#include "report/picture.h"

/* All diffs and logs together, and those of one record. */
#define PARTS_SIZE (12 << 20)
#define PART_MIN 1000
#define PART_MAX (64 << 10)
#define READ_MAX ((int64_t)2 << 30) /* bytes of logs */
#define LATER_MAX 1000000	    /* experiments of which it is known what became of them */

struct rows {
	struct ledger *ledger;
	struct page_room room;
	struct page_later *later; /* by experiment; the walk meets it before the experiment */
	int64_t last;		  /* of them */
	struct strbuf text;
};

static void rows_release(struct rows *rows)
{
	for (int64_t i = 0; rows->later && i <= rows->last; i++)
		string_list_release(&rows->later[i].promotions);
	free(rows->later);
	strbuf_release(&rows->text);
}

static void take_promotion(struct rows *rows, const struct record *r)
{
	for (size_t i = 0; i < r->promotion->nr; i++) {
		const struct picked *picked = &r->promotion->picked[i];
		CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;
		struct page_later *later;

		if (picked->experiment < 1 || picked->experiment > rows->last)
			continue;
		later = &rows->later[picked->experiment];
		report_add_picked(r, picked, &line);
		string_list_add(&later->promotions, line.buf);
		later->is_promoted |= r->verdict.kind == VERDICT_ACCEPTED;
	}
}

static int add_row(const struct entry *entry, void *data, struct error *err)
{
	struct rows *rows = data;
	const struct record *r = &entry->record;
	bool is_known = r->type == RECORD_EXPERIMENT && r->experiment <= rows->last;

	if (r->type == RECORD_PROMOTION)
		take_promotion(rows, r);
	if (!record_is_listed(r))
		return 0;
	return page_row(rows->ledger, entry, is_known ? &rows->later[r->experiment] : NULL,
			&rows->room, &rows->text, err);
}

/* How large all of it gets goes by how many experiments the newest record says that there are. */
static int rows_init(struct rows *ret, struct ledger *ledger, struct error *err)
{
	CLEANUP_ENTRY struct entry newest = { 0 };
	struct page_room *room = &ret->room;
	size_t each;

	if (ledger_read(ledger, ledger->tip, &newest, err))
		return -1;
	ret->last = newest.record.totals.experiments;
	if (ret->last < 0 || ret->last > LATER_MAX)
		ret->last = LATER_MAX;
	ret->later = xcalloc((size_t)ret->last + 1, sizeof(*ret->later));
	each = PARTS_SIZE / ((size_t)ret->last + 1) / 4;
	room->unread = READ_MAX;
	room->part = each < PART_MIN ? PART_MIN : each > PART_MAX ? PART_MAX : each;
	room->lines = room->part / 200;
	return 0;
}

static void add_policy(struct strbuf *out)
{
	char script[DIGEST_BASE64_LEN + 1], style[DIGEST_BASE64_LEN + 1];

	digest_base64_of(looks_page_js, strlen(looks_page_js), script);
	digest_base64_of(looks_page_css, strlen(looks_page_css), style);
	strbuf_addf(
		out,
		"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		"script-src 'sha256-%s'; style-src 'sha256-%s'; base-uri 'none'; "
		"form-action 'none'\">\n",
		script, style);
}

static void add_begin(const struct survey *s, bool live, struct strbuf *out)
{
	strbuf_addstr(
		out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
	add_policy(out);
	strbuf_addstr(
		out,
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		"<meta name=\"color-scheme\" content=\"light dark\">\n"
		"<meta name=\"referrer\" content=\"no-referrer\">\n"
		"<meta name=\"generator\" content=\"git autoresearch\">\n<title>");
	html_addstr(out, s->ledger->campaign);
	strbuf_addf(out, ": %s</title>\n<style>%s</style>\n</head>\n<body%s>\n", s->place.state,
		    looks_page_css, live ? " data-live" : "");
}

static void add_table(const struct survey *s, const struct strbuf *rows, struct strbuf *out)
{
	strbuf_addstr(out,
		      "<table>\n<caption>Newest first. A row unfolds to its diff, samples, "
		      "audit and log.</caption>\n<thead><tr>"
		      "<th scope=\"col\" aria-sort=\"descending\">#</th>"
		      "<th scope=\"col\">verdict</th><th scope=\"col\">");
	html_addstr(out, s->newest.record.metric_name);
	strbuf_addstr(out, "</th><th scope=\"col\">change</th><th scope=\"col\">time</th>"
			   "<th scope=\"col\">what was tried</th></tr></thead>\n<tbody>\n");
	strbuf_add(out, rows->buf, rows->len);
	strbuf_addstr(out, "</tbody>\n</table>\n");
}

/* The script shows it: without one it could do nothing. */
static void add_filter(const struct survey *s, struct strbuf *out)
{
	const struct totals *t = &s->newest.record.totals;

	strbuf_addstr(out, "<form id=\"filter\" hidden>\n<label>Find <input type=\"search\" "
			   "autocomplete=\"off\" spellcheck=\"false\"></label>\n"
			   "<fieldset><legend>Verdict</legend>\n");
	for (enum verdict_kind v = VERDICT_ACCEPTED; v < VERDICT_NR; v++)
		if (t->verdicts[v])
			strbuf_addf(out,
				    "<label class=\"%1$s\"><input type=\"checkbox\" "
				    "value=\"%1$s\" checked> %1$s <b>%2$lld</b></label>\n",
				    verdict_name(v), (long long)t->verdicts[v]);
	strbuf_addstr(out,
		      "</fieldset>\n<output></output>\n</form>\n"
		      "<noscript><p class=\"faint\">Sorting and filtering need JavaScript; "
		      "all else is here without it.</p></noscript>\n");
}

static void add_key(const struct survey *s, enum verdict_kind kind, bool bar,
		    struct strbuf *out)
{
	if (s->newest.record.totals.verdicts[kind])
		strbuf_addf(out, "<span class=\"key %1$s%2$s\">%2$s%3$s</span>",
			    bar ? "bar " : "", verdict_name(kind),
			    kind == VERDICT_ACCEPTED ? ", with its interval" : "");
}

static void add_chart(const struct survey *s, struct strbuf *out)
{
	strbuf_addstr(out, "<figure>\n");
	picture_write(s, false, out);
	strbuf_addstr(out, "<figcaption><span class=\"key line\">metric to beat</span>");
	add_key(s, VERDICT_ACCEPTED, false, out);
	add_key(s, VERDICT_REJECTED, false, out);
	add_key(s, VERDICT_INDECISIVE, false, out);
	add_key(s, VERDICT_VIOLATION, true, out);
	add_key(s, VERDICT_FAILED, true, out);
	add_key(s, VERDICT_INVALID, true, out);
	strbuf_addstr(out,
		      "</figcaption>\n<p id=\"point\" aria-hidden=\"true\"></p>\n</figure>\n");
}

int page_write(struct ledger *ledger, const struct survey_place *place, bool live,
	       struct strbuf *out, struct error *err)
{
	CLEANUP_SURVEY struct survey survey = { 0 };
	CLEANUP(rows_release)
	struct rows rows = { .ledger = ledger, .text = STRBUF_INIT };

	if (rows_init(&rows, ledger, err) ||
	    survey_read(&survey, ledger, place, add_row, &rows, err))
		return -1;
	add_begin(&survey, live, out);
	strbuf_addstr(out, "<main>\n");
	page_head(&survey, out);
	add_chart(&survey, out);
	if (page_rules(&survey, out, err))
		return -1;
	strbuf_addstr(out, "<section id=\"experiments\">\n<h2>Experiments</h2>\n");
	add_filter(&survey, out);
	add_table(&survey, &rows.text, out);
	strbuf_addf(out, "</section>\n</main>\n<script>%s</script>\n</body>\n</html>\n",
		    looks_page_js);
	return 0;
}
