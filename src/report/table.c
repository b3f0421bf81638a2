#include "report/table.h"

#include <stdlib.h>
#include <string.h>

#include "base/delimited.h"
#include "base/number.h"
#include "model/judge.h"
#include "model/trailer.h"

#define RECORD_MAX (16 << 20)

int table_format_parse(const char *name, enum table_format *ret)
{
	static const char *const names[] = {
		[TABLE_TSV] = "tsv",
		[TABLE_CSV] = "csv",
		[TABLE_JSONL] = "jsonl",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(name, names[i])) {
			*ret = (enum table_format)i;
			return 0;
		}
	return -1;
}

/* --- Five columns */

/* With six decimals as the original has it, and more where it takes them. */
static void add_value(struct strbuf *out, double value)
{
	CLEANUP_FREE char *fixed = xstrfmt("%.6f", value);

	if (strtod(fixed, NULL) == value)
		strbuf_addstr(out, fixed);
	else
		strbuf_add_number(out, value);
}

/* Text as one cell, whatever it holds. */
static void add_text(struct strbuf *out, const char *text)
{
	CLEANUP_STRBUF struct strbuf clean = STRBUF_INIT;

	strbuf_add_utf8(&clean, text, strlen(text));
	for (size_t i = 0; i < clean.len; i++)
		if ((unsigned char)clean.buf[i] < ' ' || clean.buf[i] == 0x7f)
			clean.buf[i] = ' ';
	strbuf_add(out, clean.buf, clean.len);
}

static const char *status_of(const struct record *r)
{
	if (r->verdict.kind == VERDICT_ACCEPTED || r->type == RECORD_BASELINE)
		return "keep";
	return r->has_metric ? "discard" : "crash";
}

/* As it was written where it came from. */
static void add_imported_row(const struct record *r, struct strbuf *out)
{
	const char *const cells[] = {
		imported_cell(r->imported, COLUMN_COMMIT),
		imported_metric_cell(r->imported, r->metric_name),
		imported_cell(r->imported, COLUMN_MEMORY),
		imported_cell(r->imported, COLUMN_STATUS),
		imported_cell(r->imported, COLUMN_DESCRIPTION),
	};
	static const char *const defaults[] = { "unknown", "0.000000", "0.0", "discard", "" };

	for (size_t i = 0; i < ARRAY_SIZE(cells); i++) {
		if (i)
			strbuf_addch(out, '\t');
		add_text(out, cells[i] ? cells[i] : defaults[i]);
	}
}

/* What went wrong is told behind the words, as the original's users do. */
static void add_description(const struct record *r, struct strbuf *out)
{
	if (r->type == RECORD_BASELINE) {
		strbuf_addstr(out, r->again.why == AGAIN_NOT ? "baseline" : "baseline, again");
		return;
	}
	subject_clean(r->subject, r->experiment, out);
	if (r->verdict.reason && strcmp(r->verdict.reason, "no-improvement")) {
		strbuf_addstr(out, " (");
		add_text(out, r->verdict.reason);
		strbuf_addch(out, ')');
	}
}

static void add_measured_row(const struct entry *entry, struct strbuf *out)
{
	const struct record *r = &entry->record;

	strbuf_addf(out, "%.7s\t", entry->commit);
	add_value(out, r->has_metric ? r->metric : 0);
	strbuf_addf(out, "\t%.1f\t%s\t",
		    r->memory_peak > 0 ? (double)r->memory_peak / (1 << 30) : 0, status_of(r));
	add_description(r, out);
}

static void add_tsv(const struct entry *entry, struct strbuf *out)
{
	if (entry->record.imported)
		add_imported_row(&entry->record, out);
	else
		add_measured_row(entry, out);
	strbuf_addch(out, '\n');
}

/* --- CSV */

static const char csv_header[] =
	"experiment,type,verdict,reason,metric_name,metric,baseline,commit,base,subject,"
	"proposed_by,started,duration_s,cpu_s,memory_peak_bytes,tokens,audit,denied,policy,"
	"decided_by,imported\r\n";

/* A number, or a word of ours. */
static void add_plain(struct strbuf *out, const char *text)
{
	strbuf_addch(out, ',');
	strbuf_addstr(out, text ? text : "");
}

/* Text of somebody else's: what a spreadsheet would work out is text from its first character on. */
static void add_foreign(struct strbuf *out, const char *text)
{
	CLEANUP_STRBUF struct strbuf cell = STRBUF_INIT;

	if (text && *text && strchr("=+-@\t\r", *text))
		strbuf_addch(&cell, '\'');
	add_text(&cell, text ? text : "");
	strbuf_addch(out, ',');
	strbuf_add_csv(out, cell.buf);
}

static void add_number_if(struct strbuf *out, bool has, double value)
{
	strbuf_addch(out, ',');
	if (has)
		strbuf_add_number(out, value);
}

static void add_csv(const struct entry *entry, struct strbuf *out)
{
	const struct record *r = &entry->record;

	strbuf_addf(out, "%lld,%s", (long long)r->experiment, record_type_name(r->type));
	add_plain(out, verdict_name(r->verdict.kind));
	add_foreign(out, r->verdict.reason);
	add_plain(out, r->metric_name);
	add_number_if(out, r->has_metric, r->metric);
	add_number_if(out, r->has_incumbent, r->incumbent);
	add_plain(out, entry->commit);
	add_plain(out, r->base);
	add_foreign(out, r->subject);
	add_foreign(out, r->proposed_by);
	add_plain(out, r->started);
	add_number_if(out, !r->imported, r->duration);
	add_number_if(out, !r->imported, r->cpu);
	add_number_if(out, r->memory_peak >= 0, (double)r->memory_peak);
	add_number_if(out, true, (double)asked_tokens(r->asked));
	add_plain(out, audit_level_name(r->audit.level));
	add_number_if(out, true, (double)r->audit.denied);
	add_plain(out, r->policy);
	add_foreign(out, r->decision ? r->decision->by : NULL);
	add_plain(out, r->imported ? r->imported->format : NULL);
	strbuf_addstr(out, "\r\n");
}

/* --- JSON Lines */

struct json *table_object(const struct entry *entry)
{
	struct json *o = record_log_json(&entry->record, entry->commit);

	json_add_string(o, "type", record_type_name(entry->record.type));
	return o;
}

static int add_jsonl(struct ledger *ledger, const struct entry *entry, struct strbuf *out,
		     struct error *err)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	CLEANUP_JSON struct json *o = NULL;

	if (record_is_listed(&entry->record)) {
		o = table_object(entry);
	} else if (ledger_file(ledger, entry, "record.json", RECORD_MAX, &text, err) ||
		   json_parse(text.buf, text.len, &o, err)) {
		return -1;
	}
	json_write(o, false, out);
	strbuf_addch(out, '\n');
	return 0;
}

/* --- All rows */

struct table {
	struct ledger *ledger;
	enum table_format format;
	char *metric;		 /* of the newest row */
	struct string_list rows; /* newest first */
};

static void table_release(struct table *t)
{
	string_list_release(&t->rows);
	free(t->metric);
}

static int add_row(const struct entry *entry, void *data, struct error *err)
{
	CLEANUP_STRBUF struct strbuf row = STRBUF_INIT;
	struct table *t = data;

	if (t->format != TABLE_JSONL && !record_is_listed(&entry->record))
		return 0;
	if (!t->metric)
		t->metric = xstrdup(entry->record.metric_name);
	if (t->format == TABLE_TSV)
		add_tsv(entry, &row);
	else if (t->format == TABLE_CSV)
		add_csv(entry, &row);
	else if (add_jsonl(t->ledger, entry, &row, err))
		return -1;
	string_list_add(&t->rows, row.buf);
	return 0;
}

int report_table(struct ledger *ledger, enum table_format format, struct strbuf *out,
		 struct error *err)
{
	CLEANUP(table_release) struct table t = { .ledger = ledger, .format = format };

	if (ledger_walk(ledger, add_row, &t, err))
		return -1;
	if (format == TABLE_TSV)
		strbuf_addf(out, "commit\t%s\tmemory_gb\tstatus\tdescription\n",
			    t.metric ? t.metric : "metric");
	if (format == TABLE_CSV)
		strbuf_addstr(out, csv_header);
	for (size_t i = t.rows.nr; i-- > 0;)
		strbuf_addstr(out, t.rows.items[i]);
	return 0;
}
