#include "model/promotion.h"

#include <stdlib.h>
#include <string.h>

#include "model/record_parts.h"

static const char *const forms[] = {
	[PROMOTION_COMMITS] = "commits",
	[PROMOTION_SPLIT] = "split",
	[PROMOTION_SQUASH] = "squash",
};

const char *promotion_form_name(enum promotion_form form)
{
	return forms[form];
}

void promotion_free(struct promotion *p)
{
	if (!p)
		return;
	free(p->by);
	free(p->picked);
	free(p);
}

void promotion_pick(struct promotion *p, int64_t experiment, const char *from)
{
	struct picked *picked;

	p->picked = xrealloc(p->picked, (p->nr + 1) * sizeof(*p->picked));
	picked = &p->picked[p->nr++];
	*picked = (struct picked){ .experiment = experiment };
	memcpy(picked->from, from, strlen(from) + 1);
}

void promotion_experiments(const struct promotion *p, struct strbuf *out)
{
	size_t start, nr = 0;

	for (size_t i = 0; i < p->nr; i++)
		nr += p->picked[i].experiment > 0;
	strbuf_addstr(out, nr == 1 ? "experiment " : "experiments ");
	start = out->len;
	for (size_t i = 0; i < p->nr; i++)
		if (p->picked[i].experiment)
			strbuf_addf(out, "%s%lld", out->len > start ? ", " : "",
				    (long long)p->picked[i].experiment);
}

static void add_picked(struct json *list, const struct picked *picked)
{
	struct json *o = json_add_object(list, NULL);

	if (picked->experiment)
		json_add_int(o, "experiment", picked->experiment);
	else
		json_add_null(o, "experiment");
	json_add_string(o, "from", picked->from);
	json_add_string(o, "commit", picked->commit);
}

void promotion_write(const struct promotion *p, struct json *record)
{
	struct json *about = json_add_array(record, "about"), *o, *list;

	for (size_t i = 0; i < p->nr; i++)
		if (p->picked[i].experiment)
			json_add_int(about, NULL, p->picked[i].experiment);
	o = json_add_object(record, "promotion");
	json_add_string(o, "by", p->by);
	json_add_string(o, "form", promotion_form_name(p->form));
	json_add_string(o, "branch", p->branch);
	json_add_string(o, "result", p->result);
	json_add_string(o, "replaced", *p->replaced ? p->replaced : NULL);
	list = json_add_array(o, "picked");
	for (size_t i = 0; i < p->nr; i++)
		add_picked(list, &p->picked[i]);
	if (p->has_command)
		record_add_outcome(json_add_object(o, "command"), &p->command);
	else
		json_add_null(o, "command");
}

static int malformed(const char *key, struct error *err)
{
	return error_set(err, "'%s' is malformed", key);
}

static int read_oid(const struct json *o, const char *key, char ret[OID_HEX_SIZE],
		    struct error *err)
{
	const char *s;

	if (json_get_string(o, key, &s, err))
		return -1;
	if (strlen(s) != OID_HEX_LEN || strspn(s, "0123456789abcdef") != OID_HEX_LEN)
		return malformed(key, err);
	memcpy(ret, s, OID_HEX_SIZE);
	return 0;
}

static int read_picked(const struct json *o, struct promotion *p, struct error *err)
{
	const struct json *list = json_get(o, "picked"), *item;

	if (!json_is_array(list) || json_array_len(list) > PICKED_MAX)
		return malformed("picked", err);
	for (size_t i = 0; (item = json_array_at(list, i)); i++) {
		char from[OID_HEX_SIZE];
		int64_t experiment = 0;

		if (!json_is_null(json_get(item, "experiment")) &&
		    (json_get_int(item, "experiment", &experiment, err) || experiment < 1))
			return malformed("experiment", err);
		if (read_oid(item, "from", from, err))
			return -1;
		promotion_pick(p, experiment, from);
		if (read_oid(item, "commit", p->picked[i].commit, err))
			return -1;
	}
	return p->nr ? 0 : malformed("picked", err);
}

static int read_form(const struct json *o, enum promotion_form *ret, struct error *err)
{
	const char *name;

	if (json_get_string(o, "form", &name, err))
		return -1;
	for (*ret = 0; *ret < PROMOTION_FORM_NR; (*ret)++)
		if (!strcmp(name, promotion_form_name(*ret)))
			return 0;
	return malformed("form", err);
}

static int read_members(const struct json *o, struct promotion *p, struct error *err)
{
	const char *by;

	if (json_get_string(o, "by", &by, err))
		return -1;
	p->by = xstrdup(by);
	if (read_form(o, &p->form, err) || read_oid(o, "branch", p->branch, err) ||
	    read_oid(o, "result", p->result, err) ||
	    (!json_is_null(json_get(o, "replaced")) &&
	     read_oid(o, "replaced", p->replaced, err)) ||
	    read_picked(o, p, err))
		return -1;
	p->has_command = !json_is_null(json_get(o, "command"));
	return p->has_command ? record_read_outcome(json_get(o, "command"), &p->command, err)
			      : 0;
}

int promotion_read(const struct json *record, struct promotion **ret, struct error *err)
{
	const struct json *o = json_get(record, "promotion");
	struct promotion *p;

	if (!json_is_object(o))
		return error_set(err, "'promotion' is not an object");
	p = xcalloc(1, sizeof(*p));
	if (read_members(o, p, err)) {
		promotion_free(p);
		return -1;
	}
	*ret = p;
	return 0;
}
