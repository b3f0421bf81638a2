#include "report/overview.h"

#include <math.h>

#include "base/json.h"
#include "report/table.h"

struct log {
	struct string_list objects; /* newest first */
	bool lower_is_better;
};

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
	struct log *log = data;
	CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;
	CLEANUP_JSON struct json *o = NULL;
	struct survey_point point;
	struct json *interval;

	(void)err;
	if (!record_is_listed(r))
		return 0;
	survey_point_of(r, log->lower_is_better, &point);
	o = table_object(entry);
	json_add_string(o, "proposedBy", *r->proposed_by ? r->proposed_by : NULL);
	if (isnan(point.low)) {
		json_add_null(o, "interval");
	} else {
		interval = json_add_array(o, "interval");
		json_add_double(interval, NULL, point.low);
		json_add_double(interval, NULL, point.high);
	}
	json_write(o, false, &line);
	string_list_add(&log->objects, line.buf);
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

int overview_json(struct ledger *ledger, const struct survey_place *place, struct strbuf *out,
		  struct error *err)
{
	struct log log = { .lower_is_better = place->config &&
					      place->config->direction == MINIMIZE };
	CLEANUP_SURVEY struct survey survey = { 0 };
	CLEANUP_JSON struct json *head = NULL;
	int failed = survey_read(&survey, ledger, place, add_log, &log, err);

	if (!failed) {
		head = head_json(&survey);
		json_write(head, false, out);
		/* The list goes into the object as its last member. */
		strbuf_setlen(out, out->len - 1);
		strbuf_addstr(out, ",\"log\":[");
		for (size_t i = log.objects.nr; i-- > 0;)
			strbuf_addf(out, "\n%s%s", log.objects.items[i], i ? "," : "");
		strbuf_addstr(out, "\n]}\n");
	}
	string_list_release(&log.objects);
	return failed;
}
