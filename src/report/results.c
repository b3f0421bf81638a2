#include "report/results.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/number.h"

/* Lines that come newest first, and are wanted oldest first. */
struct lines {
	char **items;
	size_t nr, alloc;
	bool lower_is_better;
};

static void lines_add(struct lines *lines, struct strbuf *line)
{
	if (lines->nr == lines->alloc) {
		lines->alloc = lines->alloc ? 2 * lines->alloc : 64;
		lines->items = xrealloc(lines->items, lines->alloc * sizeof(*lines->items));
	}
	lines->items[lines->nr++] = strbuf_detach(line, NULL);
}

static void lines_write(struct lines *lines, const char *between, struct strbuf *out)
{
	for (size_t i = lines->nr; i-- > 0;) {
		strbuf_addstr(out, lines->items[i]);
		strbuf_addstr(out, i ? between : "");
	}
}

static void lines_release(struct lines *lines)
{
	for (size_t i = 0; i < lines->nr; i++)
		free(lines->items[i]);
	free(lines->items);
}

static bool is_listed(const struct entry *entry)
{
	return entry->record.type == RECORD_EXPERIMENT || entry->record.type == RECORD_BASELINE;
}

static const char *status_word(const struct record *r)
{
	if (r->type == RECORD_BASELINE || r->verdict.kind == VERDICT_ACCEPTED)
		return "keep";
	return r->has_metric ? "discard" : "crash";
}

/* With six decimals as the original has it, and more where it takes them. */
static void add_value(struct strbuf *out, double value)
{
	CLEANUP_FREE char *fixed = xstrfmt("%.6f", value);

	if (strtod(fixed, NULL) == value)
		strbuf_addstr(out, fixed);
	else
		strbuf_add_number(out, value);
}

/* A cell in which no other begins, and no other line. */
static void add_cell(struct strbuf *out, const char *text)
{
	CLEANUP_STRBUF struct strbuf words = STRBUF_INIT;

	for (; *text; text++)
		strbuf_addch(&words, strchr("\t\n\r", *text) ? ' ' : *text);
	strbuf_add_visible(out, words.buf, words.len);
}

static int add_tsv(const struct entry *entry, void *data, struct error *err)
{
	const struct record *r = &entry->record;
	CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;

	(void)err;
	if (!is_listed(entry))
		return 0;
	strbuf_addf(&line, "%.7s\t", entry->commit);
	add_value(&line, r->has_metric ? r->metric : 0);
	strbuf_addf(&line, "\t%.1f\t%s\t",
		    r->memory_peak > 0 ? (double)r->memory_peak / (1 << 30) : 0,
		    status_word(r));
	add_cell(&line, r->type == RECORD_BASELINE ? "baseline" : r->subject);
	strbuf_addch(&line, '\n');
	lines_add(data, &line);
	return 0;
}

int results_tsv(struct ledger *ledger, struct strbuf *out, struct error *err)
{
	CLEANUP(lines_release) struct lines lines = { 0 };
	CLEANUP_ENTRY struct entry newest = { 0 };

	if (ledger_read(ledger, ledger->tip, &newest, err) ||
	    ledger_walk(ledger, add_tsv, &lines, err))
		return -1;
	strbuf_addf(out, "commit\t%s\tmemory_gb\tstatus\tdescription\n",
		    newest.record.metric_name);
	lines_write(&lines, "", out);
	return 0;
}

static void add_number(struct json *o, const char *key, bool known, double value)
{
	if (known)
		json_add_double(o, key, value);
	else
		json_add_null(o, key);
}

static int add_log(const struct entry *entry, void *data, struct error *err)
{
	const struct record *r = &entry->record;
	struct lines *lines = data;
	CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;
	CLEANUP_JSON struct json *o = NULL;
	struct survey_point point;
	struct json *interval;

	(void)err;
	if (!is_listed(entry))
		return 0;
	survey_point_of(r, lines->lower_is_better, &point);
	o = record_log_json(r, entry->commit);
	json_add_string(o, "type", record_type_name(r->type));
	json_add_string(o, "proposedBy", *r->proposed_by ? r->proposed_by : NULL);
	if (isnan(point.low)) {
		json_add_null(o, "interval");
	} else {
		interval = json_add_array(o, "interval");
		json_add_double(interval, NULL, point.low);
		json_add_double(interval, NULL, point.high);
	}
	json_write(o, false, &line);
	lines_add(lines, &line);
	return 0;
}

static void add_proposers(struct json *o, const struct survey *s)
{
	struct json *list = json_add_array(o, "proposers"), *item;

	for (size_t i = 0; i < s->proposers_nr; i++) {
		item = json_add_object(list, NULL);
		json_add_string(item, "name", s->proposers[i].name);
		json_add_int(item, "experiments", s->proposers[i].experiments);
		json_add_int(item, "accepted", s->proposers[i].accepted);
	}
}

static struct json *head_json(const struct survey *s)
{
	const struct totals *t = &s->newest.record.totals;
	const struct campaign_config *config = s->place.config;
	struct json *o = json_new_object(), *verdicts;

	json_add_string(o, "campaign", s->ledger->campaign);
	json_add_string(o, "state", s->place.state);
	json_add_string(o, "reason", *s->place.reason ? s->place.reason : NULL);
	json_add_string(o, "branch", s->ledger->branch_ref);
	json_add_string(o, "incumbent", *s->ledger->branch ? s->ledger->branch : NULL);
	json_add_string(o, "metric", s->newest.record.metric_name);
	json_add_string(o, "direction",
			!config				? NULL
			: config->direction == MINIMIZE ? "minimize"
							: "maximize");
	add_number(o, "baseline", *t->incumbent, t->baseline_metric);
	add_number(o, "best", s->is_measured, t->incumbent_metric);
	json_add_int(o, "bestExperiment", t->incumbent_experiment);
	json_add_int(o, "experiments", t->experiments);
	verdicts = json_add_object(o, "verdicts");
	for (enum verdict_kind v = VERDICT_ACCEPTED; v < VERDICT_NR; v++)
		json_add_int(verdicts, verdict_name(v), t->verdicts[v]);
	json_add_double(o, "time", t->time);
	json_add_int(o, "tokens", t->tokens);
	json_add_double(o, "gpuHours", t->gpu_hours);
	json_add_string(o, "policy", s->newest.record.policy);
	json_add_string(o, "record", s->newest.oid);
	add_proposers(o, s);
	return o;
}

int results_json(struct ledger *ledger, const struct survey_place *place, struct strbuf *out,
		 struct error *err)
{
	CLEANUP(lines_release) struct lines lines = { 0 };
	CLEANUP_SURVEY struct survey survey = { 0 };
	CLEANUP_JSON struct json *head = NULL;

	lines.lower_is_better = place->config && place->config->direction == MINIMIZE;
	if (survey_read(&survey, ledger, place, add_log, &lines, err))
		return -1;
	head = head_json(&survey);
	json_write(head, false, out);
	/* The list goes into the object as its last member. */
	strbuf_setlen(out, out->len - 1);
	strbuf_addstr(out, ",\"log\":[\n");
	lines_write(&lines, ",\n", out);
	strbuf_addstr(out, "\n]}\n");
	return 0;
}
