#include "report/course.h"

#include <stdlib.h>
#include <string.h>

#include "base/timer.h"
#include "report/line.h"

#define SUBJECT_MAX 400 /* bytes: more columns than there are */

static void event_release(struct event *e)
{
	free(e->reason);
	free(e->subject);
	free(e->change);
}

void course_release(struct course *c)
{
	for (size_t i = 0; i < c->events_nr; i++)
		event_release(&c->events[i]);
	free(c->past.items);
	free(c->since.items);
	*c = (struct course){ 0 };
}

/* --- Points */

static void points_add(struct points *points, const struct chart_point *p)
{
	if (points->nr == points->alloc) {
		points->alloc = points->alloc ? 2 * points->alloc : 64;
		points->items = xrealloc(points->items, points->alloc * sizeof(*points->items));
	}
	points->items[points->nr++] = *p;
}

/* What a record is in the picture; false: nothing. A decision that puts a candidate on the branch
 * makes it the one to beat from then on. */
static bool point_of(const struct record *r, struct chart_point *ret)
{
	bool is_level = r->type == RECORD_BASELINE || record_is_on_branch(r);

	*ret = (struct chart_point){ .x = r->totals.experiments, .y = r->metric };
	if (r->has_metric && (is_level || r->type == RECORD_EXPERIMENT))
		ret->kind = is_level ? CHART_LEVEL : CHART_DOT;
	else if (r->type == RECORD_EXPERIMENT &&
		 (r->verdict.kind == VERDICT_FAILED || r->verdict.kind == VERDICT_VIOLATION))
		ret->kind = CHART_FAILED;
	else
		return false;
	return true;
}

struct chart_point *course_points(const struct course *c, size_t *ret_nr)
{
	size_t nr = c->past.nr + c->since.nr;
	struct chart_point *points = xmalloc((nr + 1) * sizeof(*points));

	for (size_t i = 0; i < c->past.nr; i++)
		points[i] = c->past.items[c->past.nr - 1 - i];
	for (size_t i = 0; i < c->since.nr; i++)
		points[c->past.nr + i] = c->since.items[i];
	*ret_nr = nr;
	return points;
}

/* --- Words */

static char *reason_of(const struct record *r)
{
	CLEANUP_STRBUF struct strbuf by = STRBUF_INIT;

	if (r->verdict.reason)
		return xstrdup(r->verdict.reason);
	if (!r->decision)
		return NULL;
	strbuf_addstr(&by, "by ");
	decision_person(r->decision, &by);
	return strbuf_detach(&by, NULL);
}

static void event_of(const struct record *r, struct event *ret)
{
	CLEANUP_STRBUF struct strbuf change = STRBUF_INIT;
	size_t len = strcspn(r->subject, "\n");

	report_change(r, &change);
	*ret = (struct event){ .type = r->type,
			       .experiment = r->experiment,
			       .verdict = r->verdict.kind,
			       .reason = reason_of(r),
			       .subject = xstrndup(r->subject,
						   len < SUBJECT_MAX ? len : SUBJECT_MAX),
			       .has_metric = r->has_metric,
			       .metric = r->metric,
			       .change = strbuf_detach(&change, NULL) };
}

static void add_oldest(struct course *c, const struct record *r)
{
	if (c->events_nr < COURSE_EVENTS)
		event_of(r, &c->events[c->events_nr++]);
}

static void add_newest(struct course *c, const struct record *r)
{
	if (c->events_nr == COURSE_EVENTS)
		event_release(&c->events[--c->events_nr]);
	memmove(c->events + 1, c->events, c->events_nr * sizeof(*c->events));
	event_of(r, &c->events[0]);
	c->events_nr++;
}

/* --- Reading */

/* The records between the tip and the newest that is known, the newest first. 0; 1 where that is
 * none of the chain; -1. */
static int list_new(const struct course *c, struct ledger *ledger, struct string_list *ret,
		    struct error *err)
{
	char oid[OID_HEX_SIZE], candidate[OID_HEX_SIZE];
	int last = 0;

	memcpy(oid, ledger->tip, sizeof(oid));
	while (!last && strcmp(oid, c->newest)) {
		string_list_add(ret, oid);
		/* The first record has one parent, which is no record. */
		last = repo_commit_parent(ledger->repo, oid, 1, candidate, err);
		if (last < 0 || repo_commit_parent(ledger->repo, oid, 0, oid, err) < 0)
			return -1;
	}
	return last;
}

static void begin(struct course *c, const struct ledger *ledger)
{
	course_release(c);
	memcpy(c->newest, ledger->tip, sizeof(c->newest));
	memcpy(c->next, ledger->tip, sizeof(c->next));
}

static int read_new(struct course *c, struct ledger *ledger, struct error *err)
{
	CLEANUP_STRING_LIST struct string_list oids = STRING_LIST_INIT;
	int gone = list_new(c, ledger, &oids, err);

	if (gone) {
		begin(c, ledger);
		return gone < 0 ? -1 : 0;
	}
	for (size_t i = oids.nr; i-- > 0;) {
		CLEANUP_ENTRY struct entry entry = { 0 };
		struct chart_point point;

		if (ledger_read(ledger, oids.items[i], &entry, err))
			return -1;
		if (point_of(&entry.record, &point))
			points_add(&c->since, &point);
		add_newest(c, &entry.record);
		memcpy(c->newest, entry.oid, sizeof(c->newest));
		c->changes++;
	}
	return 0;
}

static int read_past(struct course *c, struct ledger *ledger, struct error *err)
{
	CLEANUP_ENTRY struct entry entry = { 0 };
	struct chart_point point;

	if (ledger_read(ledger, c->next, &entry, err))
		return -1;
	if (point_of(&entry.record, &point))
		points_add(&c->past, &point);
	add_oldest(c, &entry.record);
	memcpy(c->next, entry.parent, sizeof(c->next));
	c->changes++;
	return 0;
}

int course_read(struct course *c, struct ledger *ledger, double seconds, struct error *err)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (!*c->newest || !*ledger->tip)
		begin(c, ledger);
	else if (strcmp(c->newest, ledger->tip) && read_new(c, ledger, err))
		return -1;
	while (*c->next && seconds_since(&now) < seconds)
		if (read_past(c, ledger, err))
			return -1;
	return 0;
}
