#include "model/record_parts.h"

#include <math.h>
#include <string.h>

static const char *const steps[] = {
	[COMPARISON_MORE] = "search",
	[COMPARISON_LOSER] = "loser",
	[COMPARISON_CONFIRM] = "confirm",
	[COMPARISON_DONE] = "done",
};

static int malformed(const char *key, struct error *err)
{
	return error_set(err, "'%s' is malformed", key);
}

/* A count of at most `max`. */
static int get_size(const struct json *o, const char *key, int64_t max, size_t *ret,
		    struct error *err)
{
	int64_t number;

	if (json_get_int(o, key, &number, err))
		return -1;
	if (number < 0 || number > max)
		return malformed(key, err);
	*ret = (size_t)number;
	return 0;
}

void record_add_metrics(struct json *o, const char *key, const struct metrics *metrics)
{
	struct json *members = json_add_object(o, key);

	for (size_t i = 0; i < metrics->nr; i++)
		json_add_double(members, metrics->items[i].name,
				metrics->items[i].finite ? metrics->items[i].value : NAN);
}

int record_read_metrics(const struct json *o, const char *key, struct metrics *ret,
			struct error *err)
{
	const struct json *metrics = json_get(o, key), *value;
	const char *name;

	if (!json_is_object(metrics))
		return error_set(err, "'%s' is not an object", key);
	for (size_t i = 0; (value = json_member_at(metrics, i, &name)); i++) {
		double number = 0;
		bool finite = !json_is_null(value);

		if (i == METRICS_MAX || !metric_name_is_valid(name) ||
		    (finite && json_as_double(value, &number)))
			return malformed(key, err);
		metrics_set(ret, name, number, finite);
	}
	return 0;
}

/* The plan, where it ended, and the estimates with both ends of the interval; an end that is
 * not bounded is null. */
static void add_comparison(struct json *o, const struct record *r)
{
	const struct comparison *c = &r->comparison;
	struct json *object;

	if (!r->plan.search) {
		json_add_null(o, "comparison");
		return;
	}
	object = json_add_object(o, "comparison");
	json_add_int(object, "search", (int64_t)r->plan.search);
	json_add_int(object, "confirm", (int64_t)r->plan.confirm);
	json_add_double(object, "confidence", r->plan.confidence);
	json_add_string(object, "ended", steps[c->step]);
	json_add_int(object, "searched", (int64_t)c->searched);
	json_add_double(object, "wealth", c->wealth);
	json_add_double(object, "gain", c->gain.value);
	json_add_double(object, "low", c->gain.bounded ? c->gain.low : NAN);
	json_add_double(object, "high", c->gain.bounded ? c->gain.high : NAN);
	json_add_double(object, "shown", c->gain.confidence);
	json_add_double(object, "candidate", c->candidate);
	json_add_double(object, "incumbent", c->incumbent);
}

static int read_step(const struct json *o, enum comparison_step *ret, struct error *err)
{
	const char *name;

	if (json_get_string(o, "ended", &name, err))
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		if (!strcmp(steps[i], name)) {
			*ret = i;
			return 0;
		}
	}
	return malformed("ended", err);
}

static int read_gain(const struct json *o, struct effect *ret, struct error *err)
{
	*ret = (struct effect){ .low = -INFINITY, .high = INFINITY };
	ret->bounded = !json_is_null(json_get(o, "low"));
	if (ret->bounded == json_is_null(json_get(o, "high")))
		return malformed("high", err);
	return json_get_double(o, "gain", &ret->value, err) ||
	       json_get_double_or_null(o, "low", &ret->low, err) ||
	       json_get_double_or_null(o, "high", &ret->high, err) ||
	       json_get_double(o, "shown", &ret->confidence, err);
}

static int read_comparison(const struct json *o, struct record *r, struct error *err)
{
	const struct json *object = json_get(o, "comparison");
	struct comparison *c = &r->comparison;

	if (json_is_null(object))
		return 0;
	if (!json_is_object(object))
		return malformed("comparison", err);
	if (get_size(object, "search", 3 * COMPARISON_TRIALS_MAX / 2, &r->plan.search, err) ||
	    get_size(object, "confirm", COMPARISON_TRIALS_MAX, &r->plan.confirm, err) ||
	    get_size(object, "searched", (int64_t)r->plan.search, &c->searched, err) ||
	    json_get_double(object, "confidence", &r->plan.confidence, err) ||
	    read_step(object, &c->step, err) || read_gain(object, &c->gain, err) ||
	    json_get_double(object, "wealth", &c->wealth, err) ||
	    json_get_double(object, "candidate", &c->candidate, err) ||
	    json_get_double(object, "incumbent", &c->incumbent, err))
		return -1;
	if (!r->plan.search || !r->plan.confirm ||
	    !(r->plan.confidence > 0 && r->plan.confidence < 1))
		return malformed("comparison", err);
	return 0;
}

static void add_noise(struct json *o, const struct record *r)
{
	struct json *object;

	if (!r->has_noise) {
		json_add_null(o, "noise");
		return;
	}
	object = json_add_object(o, "noise");
	json_add_double(object, "sd", r->noise.sd);
	json_add_double(object, "above", r->noise.above);
}

static int read_noise(const struct json *o, struct record *r, struct error *err)
{
	const struct json *object = json_get(o, "noise");
	size_t settled = 0;

	if (!json_is_null(json_get(o, "settled")) &&
	    get_size(o, "settled", COMPARISON_TRIALS_MAX, &settled, err))
		return -1;
	r->settled = (int)settled;
	r->has_noise = !json_is_null(object);
	if (!r->has_noise)
		return 0;
	if (json_get_double(object, "sd", &r->noise.sd, err) ||
	    json_get_double(object, "above", &r->noise.above, err))
		return -1;
	return r->noise.sd < 0 || r->noise.above < 0 ? malformed("noise", err) : 0;
}

static void add_again(struct json *o, const struct remeasured *again)
{
	struct json *object;

	if (again->why == AGAIN_NOT) {
		json_add_null(o, "again");
		return;
	}
	object = json_add_object(o, "again");
	json_add_string(object, "why", again_name(again->why));
	json_add_double(object, "before", again->before);
	json_add_double(object, "shift", again->drift.shift);
	json_add_double(object, "p", again->drift.p < 0 ? NAN : again->drift.p);
	json_add_bool(object, "drifted", again->drift.drifted);
}

static int read_again(const struct json *o, struct remeasured *ret, struct error *err)
{
	const struct json *object = json_get(o, "again");
	const char *why;

	if (json_is_null(object))
		return 0;
	ret->drift.p = -1;
	if (json_get_string(object, "why", &why, err) ||
	    json_get_double(object, "before", &ret->before, err) ||
	    json_get_double(object, "shift", &ret->drift.shift, err) ||
	    json_get_double_or_null(object, "p", &ret->drift.p, err) ||
	    json_get_bool(object, "drifted", &ret->drift.drifted, err))
		return -1;
	return again_parse(why, &ret->why) ? malformed("why", err) : 0;
}

void record_add_judged(struct json *o, const struct record *r)
{
	add_comparison(o, r);
	record_add_metrics(o, "reference", &r->reference);
	add_noise(o, r);
	if (r->settled)
		json_add_int(o, "settled", r->settled);
	else
		json_add_null(o, "settled");
	add_again(o, &r->again);
}

int record_read_judged(const struct json *o, struct record *r, struct error *err)
{
	if (!json_is_null(json_get(o, "reference")) &&
	    record_read_metrics(o, "reference", &r->reference, err))
		return -1;
	if (read_comparison(o, r, err) || read_noise(o, r, err))
		return -1;
	return read_again(o, &r->again, err);
}

void record_add_side(struct json *o, const struct trial_result *t)
{
	json_add_string(o, "side", t->of_incumbent ? "incumbent" : "candidate");
	json_add_int(o, "trial", t->number);
	if (t->audit_incomplete)
		json_add_bool(o, "auditIncomplete", true);
}

int record_read_side(const struct json *o, int nr, struct trial_result *t, struct error *err)
{
	const char *side = "candidate";
	size_t number = (size_t)nr;

	if (json_get_string_or_null(o, "side", &side, err) ||
	    (!json_is_null(json_get(o, "trial")) &&
	     get_size(o, "trial", TRIALS_MAX, &number, err)) ||
	    (!json_is_null(json_get(o, "auditIncomplete")) &&
	     json_get_bool(o, "auditIncomplete", &t->audit_incomplete, err)))
		return -1;
	t->number = (int)number;
	t->of_incumbent = !strcmp(side, "incumbent");
	return t->of_incumbent || !strcmp(side, "candidate") ? 0 : malformed("side", err);
}

void record_add_measured(struct json *totals, const struct measured *m)
{
	struct json *o = json_add_object(totals, "measured");

	json_add_int(o, "experiments", m->experiments);
	json_add_double(o, "time", m->time);
	json_add_string(o, "machine", *m->machine ? m->machine : NULL);
	if (m->trials)
		json_add_int(o, "trials", m->trials);
	else
		json_add_null(o, "trials");
	json_add_double(o, "noise", m->has_noise ? m->noise : NAN);
}

int record_read_measured(const struct json *totals, struct measured *m, struct error *err)
{
	const struct json *o = json_get(totals, "measured");
	const char *machine = "";
	size_t trials = 0;

	if (json_is_null(o))
		return 0;
	m->has_noise = !json_is_null(json_get(o, "noise"));
	if (json_get_int(o, "experiments", &m->experiments, err) ||
	    json_get_double(o, "time", &m->time, err) ||
	    json_get_string_or_null(o, "machine", &machine, err) ||
	    (!json_is_null(json_get(o, "trials")) &&
	     get_size(o, "trials", COMPARISON_TRIALS_MAX, &trials, err)) ||
	    json_get_double_or_null(o, "noise", &m->noise, err))
		return -1;
	if (strlen(machine) >= sizeof(m->machine) ||
	    strspn(machine, "0123456789abcdef") != strlen(machine))
		return malformed("machine", err);
	memcpy(m->machine, machine, strlen(machine) + 1);
	m->trials = (int)trials;
	return 0;
}
