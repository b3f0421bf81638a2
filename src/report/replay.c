#include "report/replay.h"

#include <math.h>
#include <string.h>

#include "base/number.h"
#include "model/judge.h"

static void add_value(struct strbuf *out, const struct record *r, bool known, double value)
{
	if (known) {
		strbuf_addf(out, "%s ", r->metric_name);
		strbuf_add_number(out, value);
	} else {
		strbuf_addstr(out, "no metric");
	}
}

/* "loss 90, as then", "loss 91, and 90 then", "exit 1, as then". */
static void add_outcome(struct strbuf *out, const struct record *r, const struct record *then)
{
	const struct replay *replay = r->replay;

	if (replay->came_to)
		strbuf_addstr(out, replay->came_to);
	else
		add_value(out, r, r->has_metric, r->metric);
	if (replay->has_was && r->has_metric && replay->was == r->metric) {
		strbuf_addstr(out, ", as then");
	} else if (replay->has_was) {
		strbuf_addstr(out, ", and then ");
		add_value(out, r, true, replay->was);
	} else {
		bool same = replay->reproduced;

		strbuf_addf(out, same ? ", as then" : ", and then %s",
			    then->verdict.reason ? then->verdict.reason : "no metric");
	}
}

static void print_samples(const struct record *r, FILE *out)
{
	double samples[REPLAY_TRIALS_MAX];
	size_t nr = record_samples(r, samples, REPLAY_TRIALS_MAX);
	CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;

	for (size_t i = 0; i < nr; i++)
		strbuf_addf(&line, " %.6g", samples[i]);
	fprintf(out, "%-10s%s\n", "samples", line.buf);
	if (r->replay->bounded)
		fprintf(out, "%-10s %.6g to %.6g\n", "interval", r->replay->low,
			r->replay->high);
	else
		fprintf(out, "%-10s too few samples for one\n", "interval");
}

static void print_difference(const struct replay *replay, FILE *out)
{
	CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;

	strbuf_addf(&line, "%+.6g", replay->drift.shift);
	if (replay->drift.p >= 0)
		strbuf_addf(&line, "; as much or more by chance: p = %.2g", replay->drift.p);
	if (replay->reproduced)
		strbuf_addstr(&line, replay->drift.drifted ? "; less than verdict.minEffect"
							   : "; no more than noise");
	fprintf(out, "%-10s %s\n", "difference", line.buf);
}

/* How many trials shared it is a part of what a machine is, and stands in its description. */
static void print_machine(const struct record *r, const struct record *then, FILE *out)
{
	CLEANUP_STRBUF struct strbuf was = STRBUF_INIT;

	if (!then->host || !r->host || !strcmp(r->host, then->host)) {
		fprintf(out, "%-10s another one than then, or started anew\n", "machine");
		return;
	}
	strbuf_add_visible(&was, then->host, strlen(then->host));
	fprintf(out, "%-10s not as then, which was %s\n", "machine", was.buf);
}

void report_replay(const struct record *r, const struct record *then, FILE *out)
{
	CLEANUP_STRBUF struct strbuf line = STRBUF_INIT, visible = STRBUF_INIT;

	strbuf_addf(&line, "%s/%lld: %s: ", r->campaign, (long long)r->experiment,
		    r->replay->reproduced ? "reproduced" : "not reproduced");
	add_outcome(&line, r, then);
	strbuf_add_visible(&visible, line.buf, line.len);
	fprintf(out, "%s\n", visible.buf);
	if (r->has_metric && (r->trials_nr > 1 || !r->replay->reproduced))
		print_samples(r, out);
	if (r->has_metric && r->replay->drift.shift != 0)
		print_difference(r->replay, out);
	if (strcmp(r->machine, then->machine))
		print_machine(r, then, out);
	if (strcmp(r->policy, then->policy))
		fprintf(out, "%-10s not that of then: limits or settings of git differ\n",
			"policy");
	if (strcmp(r->warm, then->warm))
		fprintf(out, "%-10s it left something else than then\n", "setup");
}

static void add_double_if(struct json *o, const char *key, bool known, double value)
{
	json_add_double(o, key, known ? value : NAN);
}

struct json *replay_json(const struct record *r, const struct record *then, const char *commit)
{
	const struct replay *replay = r->replay;
	struct json *o = json_new_object(), *list;
	double samples[REPLAY_TRIALS_MAX];
	size_t nr = record_samples(r, samples, REPLAY_TRIALS_MAX);

	json_add_int(o, "experiment", r->experiment);
	json_add_string(o, "campaign", r->campaign);
	json_add_bool(o, "reproduced", replay->reproduced);
	add_double_if(o, "was", replay->has_was, replay->was);
	add_double_if(o, "metric", r->has_metric, r->metric);
	json_add_string(o, "reason", replay->came_to);
	list = json_add_array(o, "samples");
	for (size_t i = 0; i < nr; i++)
		json_add_double(list, NULL, samples[i]);
	add_double_if(o, "low", replay->bounded, replay->low);
	add_double_if(o, "high", replay->bounded, replay->high);
	json_add_double(o, "shift", replay->drift.shift);
	add_double_if(o, "p", replay->drift.p >= 0, replay->drift.p);
	json_add_string(o, "commit", commit);
	json_add_string(o, "tree", r->tree);
	json_add_string(o, "base", *r->base ? r->base : NULL);
	json_add_bool(o, "sameMachine", !strcmp(r->machine, then->machine));
	json_add_bool(o, "samePolicy", !strcmp(r->policy, then->policy));
	return o;
}
