#include "report/later.h"

#include <string.h>

#include "base/number.h"

void report_add_picked(const struct record *r, const struct picked *picked, struct strbuf *out)
{
	strbuf_add_visible(out, r->started, strlen(r->started));
	strbuf_addstr(out, " by ");
	strbuf_add_visible(out, r->promotion->by, strlen(r->promotion->by));
	strbuf_addf(out, ": %s", verdict_name(r->verdict.kind));
	if (r->verdict.reason) {
		strbuf_addstr(out, " (");
		strbuf_add_visible(out, r->verdict.reason, strlen(r->verdict.reason));
		strbuf_addch(out, ')');
	}
	strbuf_addf(out, ", as %s", picked->commit);
}

static void add_replay(const struct record *r, struct strbuf *out)
{
	const struct replay *replay = r->replay;

	strbuf_addf(out, "%-10s ", "replayed");
	strbuf_add_visible(out, r->started, strlen(r->started));
	strbuf_addf(out, ": %sreproduced, ", replay->reproduced ? "" : "not ");
	if (replay->came_to) {
		strbuf_add_visible(out, replay->came_to, strlen(replay->came_to));
	} else {
		strbuf_add_visible(out, r->metric_name, strlen(r->metric_name));
		strbuf_addch(out, ' ');
		strbuf_add_number(out, r->metric);
	}
}

void report_add_later(const struct record *r, int64_t experiment, struct strbuf *out)
{
	if (r->type == RECORD_REPLAY && r->experiment == experiment)
		add_replay(r, out);
	/* What a person committed has the number 0 there, as a baseline here. */
	if (r->type != RECORD_PROMOTION || !experiment)
		return;
	for (size_t i = 0; i < r->promotion->nr; i++) {
		if (r->promotion->picked[i].experiment != experiment)
			continue;
		strbuf_addf(out, "%-10s ", "promoted");
		report_add_picked(r, &r->promotion->picked[i], out);
		return;
	}
}

struct later {
	int64_t experiment;
	FILE *out;
};

static int print_line(const struct entry *entry, void *data, struct error *err)
{
	const struct later *later = data;
	CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;

	(void)err;
	report_add_later(&entry->record, later->experiment, &line);
	if (line.len)
		fprintf(later->out, "%s\n", line.buf);
	return 0;
}

int report_later(struct ledger *ledger, const struct entry *entry, FILE *out, struct error *err)
{
	struct later later = { entry->record.experiment, out };

	return ledger_since(ledger, entry->oid, print_line, &later, err) < 0 ? -1 : 0;
}
