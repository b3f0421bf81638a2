#include "model/imported.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void imported_free(struct imported *i)
{
	if (!i)
		return;
	free(i->format);
	for (size_t c = 0; c < i->row_nr; c++) {
		free(i->row[c].name);
		free(i->row[c].value);
	}
	free(i->row);
	metrics_release(&i->metrics);
	free(i);
}

void imported_add(struct imported *i, const char *name, const char *value)
{
	i->row = xrealloc(i->row, (i->row_nr + 1) * sizeof(*i->row));
	i->row[i->row_nr].name = xstrdup(name);
	i->row[i->row_nr++].value = xstrdup(value);
}

enum column column_of(const char *name)
{
	static const struct {
		enum column column;
		const char *names[12];
	} known[] = {
		{ COLUMN_COMMIT, { "commit", "git_commit", "commit_hash", "hash", "sha" } },
		{ COLUMN_STATUS, { "status", "decision", "outcome", "verdict" } },
		{ COLUMN_DESCRIPTION,
		  { "description", "desc", "notes", "note", "change", "idea", "hypothesis",
		    "subject", "comment", "strategy" } },
		{ COLUMN_MEMORY, { "memory_gb", "vram_gb", "peak_memory_gb", "peak_vram_gb" } },
		{ COLUMN_TIME,
		  { "timestamp", "time", "date", "datetime", "started", "created_at" } },
		{ COLUMN_NUMBER,
		  { "id", "run", "round", "experiment", "exp", "iteration", "iter", "step", "n",
		    "#", "number" } },
	};

	for (size_t k = 0; k < ARRAY_SIZE(known); k++)
		for (size_t n = 0; n < ARRAY_SIZE(known[k].names) && known[k].names[n]; n++)
			if (!strcasecmp(name, known[k].names[n]))
				return known[k].column;
	return COLUMN_OTHER;
}

const char *imported_cell(const struct imported *i, enum column column)
{
	for (size_t c = 0; c < i->row_nr; c++)
		if (column_of(i->row[c].name) == column)
			return i->row[c].value;
	return NULL;
}

const char *imported_metric_cell(const struct imported *i, const char *metric)
{
	for (size_t c = 0; c < i->row_nr; c++) {
		CLEANUP_STRBUF struct strbuf name = STRBUF_INIT;

		metric_name_make(i->row[c].name, &name);
		if (!strcmp(name.buf, metric))
			return i->row[c].value;
	}
	return NULL;
}

void metric_name_make(const char *column, struct strbuf *out)
{
	size_t start = out->len, len;

	for (; *column && out->len - start < METRIC_NAME_MAX; column += len ? len : 1) {
		bool plain = isalnum((unsigned char)*column) || strchr("_.-/", *column);

		len = utf8_sequence(column, strlen(column));
		if (out->len == start && !isalpha((unsigned char)*column))
			plain = false;
		strbuf_addch(out, plain ? *column : '_');
	}
	if (out->len == start)
		strbuf_addch(out, '_');
}

void imported_verdict(const char *status, struct verdict *ret)
{
	static const struct {
		enum verdict_kind kind;
		const char *words[16];
	} known[] = {
		{ VERDICT_ACCEPTED,
		  { "keep", "kept", "accept", "accepted", "baseline", "best", "improved",
		    "success" } },
		{ VERDICT_REJECTED,
		  { "discard", "discarded", "revert", "reverted", "reject", "rejected",
		    "rollback", "worse", "regression", "checks_failed", "no_improvement" } },
		{ VERDICT_FAILED,
		  { "crash", "crashed", "fail", "failed", "failure", "error", "timeout", "oom",
		    "killed" } },
		{ VERDICT_SKIPPED, { "skip", "skipped" } },
	};
	enum verdict_kind kind = VERDICT_INDECISIVE;

	for (size_t k = 0; k < ARRAY_SIZE(known); k++)
		for (size_t w = 0; w < ARRAY_SIZE(known[k].words) && known[k].words[w]; w++)
			if (!strcasecmp(status, known[k].words[w]))
				kind = known[k].kind;
	if (kind == VERDICT_ACCEPTED) {
		verdict_release(ret);
		ret->kind = kind;
	} else {
		verdict_set(ret, kind, "imported %s", *status ? status : "without a status");
	}
}

void imported_write(const struct imported *i, struct json *record)
{
	struct json *o, *row, *metrics;

	if (!i)
		return;
	o = json_add_object(record, "imported");
	json_add_string(o, "format", i->format);
	json_add_string(o, "source", i->source);
	json_add_int(o, "line", i->line);
	row = json_add_array(o, "row");
	for (size_t c = 0; c < i->row_nr; c++) {
		struct json *cell = json_add_array(row, NULL);

		json_add_string(cell, NULL, i->row[c].name);
		json_add_string(cell, NULL, i->row[c].value);
	}
	metrics = json_add_object(o, "metrics");
	for (size_t m = 0; m < i->metrics.nr; m++)
		json_add_double(metrics, i->metrics.items[m].name, i->metrics.items[m].value);
}

static int malformed(struct error *err)
{
	return error_set(err, "'imported' is malformed");
}

static int read_row(const struct json *o, struct imported *i, struct error *err)
{
	const struct json *row = json_get(o, "row"), *cell;

	for (size_t c = 0; (cell = json_array_at(row, c)); c++) {
		const char *name, *value;

		if (json_array_len(cell) != 2 ||
		    json_as_string(json_array_at(cell, 0), &name) ||
		    json_as_string(json_array_at(cell, 1), &value))
			return malformed(err);
		imported_add(i, name, value);
	}
	return 0;
}

static int read_metrics(const struct json *o, struct imported *i, struct error *err)
{
	const struct json *metrics = json_get(o, "metrics"), *item;
	const char *name;
	double value;

	for (size_t m = 0; (item = json_member_at(metrics, m, &name)); m++) {
		if (m == METRICS_MAX || !metric_name_is_valid(name) ||
		    json_as_double(item, &value))
			return malformed(err);
		metrics_set(&i->metrics, name, value, true);
	}
	return 0;
}

int imported_read(const struct json *record, struct imported **ret, struct error *err)
{
	const struct json *o = json_get(record, "imported");
	const char *format, *source;
	struct imported *i;

	*ret = NULL;
	if (json_is_null(o))
		return 0;
	i = *ret = xcalloc(1, sizeof(*i));
	if (json_get_string(o, "format", &format, err) ||
	    json_get_string(o, "source", &source, err) ||
	    json_get_int(o, "line", &i->line, err))
		return -1;
	i->format = xstrdup(format);
	if (strlen(source) != 64 || strspn(source, "0123456789abcdef") != 64 || i->line < 1)
		return malformed(err);
	memcpy(i->source, source, sizeof(i->source));
	return read_row(o, i, err) || read_metrics(o, i, err) ? -1 : 0;
}
