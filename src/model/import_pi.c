#include "model/import.h"

#include <string.h>

struct pi {
	struct import *import;
	char *metric; /* as the newest config names it */
};

static void pi_release(struct pi *pi)
{
	free(pi->metric);
}

/* Text as it is, all else as JSON has it. */
static void add_cell(struct imported *i, const char *name, const struct json *value)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	const char *s;

	if (!json_as_string(value, &s))
		strbuf_addstr(&text, s);
	else
		json_write(value, false, &text);
	imported_add(i, name, text.buf);
}

static void take_number(struct imported *i, const char *key, double value)
{
	CLEANUP_STRBUF struct strbuf name = STRBUF_INIT;

	metric_name_make(key, &name);
	metrics_set(&i->metrics, name.buf, value, true);
}

static void take_metrics(struct imported *i, const struct json *metrics)
{
	const struct json *item;
	const char *name;
	double value;

	for (size_t m = 0; (item = json_member_at(metrics, m, &name)); m++) {
		CLEANUP_FREE char *cell = xstrfmt("metrics.%s", name);

		add_cell(i, cell, item);
		if (!json_as_double(item, &value))
			take_number(i, name, value);
	}
}

/* Its members as cells, the metric by the name that the config gives it. */
static void take_run(struct pi *pi, const struct json *o, int64_t line)
{
	struct record *r = import_new(pi->import, IMPORT_PI, line);
	const char *metric = pi->metric ? pi->metric : "metric", *name;
	const struct json *item;
	double value;
	bool has = !json_as_double(json_get(o, "metric"), &value);

	for (size_t i = 0; (item = json_member_at(o, i, &name)); i++) {
		if (!strcmp(name, "metrics") && json_is_object(item))
			take_metrics(r->imported, item);
		else
			add_cell(r->imported, strcmp(name, "metric") ? name : metric, item);
	}
	if (has)
		take_number(r->imported, metric, value);
	import_finish(pi->import, r, metric, has ? &value : NULL);
	r->imported->names_candidate = r->verdict.kind == VERDICT_ACCEPTED;
}

static int take_line(struct pi *pi, const struct json *o, int64_t line, struct error *err)
{
	const char *type = NULL, *metric = NULL;

	if (!json_is_object(o) || json_get_string_or_null(o, "type", &type, err))
		return error_set(err, "it is no object of the extension's");
	if (type && !strcmp(type, "config")) {
		if (json_get_string_or_null(
			    o, json_get(o, "metricName") ? "metricName" : "metric_name",
			    &metric, err))
			return -1;
		free(pi->metric);
		pi->metric = metric ? xstrdup(metric) : NULL;
		return 0;
	}
	if (type && strcmp(type, "run")) {
		pi->import->skipped++;
		return 0;
	}
	if (!json_get(o, "status") || json_get_string_or_null(o, "status", &type, err))
		return error_set(err, "it is neither a run, with a 'status', nor a 'config'");
	if (!json_is_null(json_get(o, "metric")) &&
	    json_as_double(json_get(o, "metric"), &(double){ 0 }))
		return error_set(err, "its 'metric' is no number");
	if (pi->import->nr == IMPORT_ROWS_MAX)
		return error_set(err, "more rows than can be taken in");
	take_run(pi, o, line);
	return 0;
}

int import_pi(struct import *import, const char *text, struct error *err)
{
	CLEANUP(pi_release) struct pi pi = { .import = import };
	int64_t line = 1;

	if (starts_with(text, "\xef\xbb\xbf"))
		text += 3;
	for (; *text; line++) {
		CLEANUP_JSON struct json *o = NULL;
		size_t len = strcspn(text, "\n");

		if (strspn(text, " \t\r") < len &&
		    (json_parse(text, len, &o, err) || take_line(&pi, o, line, err)))
			return error_context(err, "line %lld", (long long)line);
		text += len + (text[len] == '\n');
	}
	return import->nr ? 0 : error_set(err, "there is no experiment in it");
}
