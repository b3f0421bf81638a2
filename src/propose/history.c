#include "propose/parts.h"

#include <inttypes.h>
#include <string.h>

#include "base/number.h"

static bool was_accepted(const struct prompt_experiment *e)
{
	return e->record->verdict.kind == VERDICT_ACCEPTED && !e->record->imported;
}

/* What the search has come to. */
static void add_standing(const struct prompt_input *input, struct strbuf *out)
{
	struct fence f = prompt_fence(input);

	strbuf_addstr(out, "# What was tried\n\n`");
	fence_line(&f, input->config->metric, PROMPT_LINE_MAX, out);
	strbuf_addstr(out, "` began at ");
	strbuf_add_number(out, input->baseline);
	strbuf_addstr(out, ". The incumbent, the best so far, is ");
	if (input->incumbent_experiment)
		strbuf_addf(out, "experiment %" PRId64, input->incumbent_experiment);
	else
		strbuf_addstr(out, "the baseline");
	strbuf_addstr(out, ", at ");
	strbuf_add_number(out, input->incumbent);
	strbuf_addstr(out, ".\n\n");
}

static void add_metric(struct strbuf *out, const struct record *r)
{
	if (!r->has_metric)
		return;
	strbuf_addstr(out, ", ");
	/* It may be of another metric. */
	if (r->imported)
		strbuf_addf(out, "%s ", r->metric_name);
	strbuf_add_number(out, r->metric);
	if (r->has_incumbent) {
		strbuf_addstr(out, " where the incumbent had ");
		strbuf_add_number(out, r->incumbent);
	}
}

/* One line of an accepted experiment: its change is in the files. */
static void add_accepted(const struct fence *f, const struct record *r, struct strbuf *out)
{
	strbuf_addf(out, "%" PRId64, r->experiment);
	add_metric(out, r);
	strbuf_addstr(out, ": ");
	fence_line(f, r->subject, PROMPT_LINE_MAX, out);
	strbuf_addch(out, '\n');
}

/* At most `room` bytes of them, newest first. Returns how many did not fit. */
static size_t add_all_accepted(const struct prompt_input *input, size_t room,
			       struct strbuf *out)
{
	CLEANUP_STRBUF struct strbuf lines = STRBUF_INIT;
	struct fence f = prompt_fence(input);
	size_t missing = 0;

	for (size_t i = 0; i < input->history_nr; i++) {
		size_t before = lines.len;

		if (!was_accepted(&input->history[i]))
			continue;
		add_accepted(&f, input->history[i].record, &lines);
		if (!missing && lines.len <= room)
			continue;
		strbuf_setlen(&lines, before);
		missing++;
	}
	if (lines.len) {
		strbuf_addstr(out, "Accepted, newest first:\n");
		fence_add(&f, "accepted", &lines, out);
		strbuf_addch(out, '\n');
	}
	return missing;
}

static void add_patch(const struct fence *f, const struct prompt_experiment *e,
		      struct strbuf *out)
{
	size_t len = strlen(e->patch), missing;

	if (!len)
		return;
	strbuf_addstr(out, "diff:\n");
	missing = fence_lines(f, SECRET_CODE, e->patch, len, PROMPT_PATCH_MAX, out);
	if (e->patch_size > len)
		missing += e->patch_size - len;
	if (missing)
		strbuf_addf(out, "(the diff goes on for %zu bytes)\n", missing);
}

static void add_log(const struct fence *f, const struct prompt_experiment *e,
		    struct strbuf *out)
{
	CLEANUP_STRBUF struct strbuf tail = STRBUF_INIT;

	if (e->log)
		fence_tail(f, e->log, e->log_len, PROMPT_LOG_LINES, PROMPT_LOG_MAX, &tail);
	if (!tail.len)
		return;
	strbuf_addstr(out, "the end of its log:\n");
	strbuf_add(out, tail.buf, tail.len);
}

/* A number, a verdict and a metric are ours; all else was chosen by others. */
static void add_experiment(const struct fence *f, const struct prompt_experiment *e,
			   bool evidence, struct strbuf *out)
{
	CLEANUP_STRBUF struct strbuf body = STRBUF_INIT;
	const struct record *r = e->record;
	const char *verdict = verdict_name(r->verdict.kind);

	strbuf_addstr(&body, "subject: ");
	fence_line(f, r->subject, PROMPT_LINE_MAX, &body);
	strbuf_addch(&body, '\n');
	/* What a person thinks of it helps; who that is nobody needs to be sent. */
	if (r->decision) {
		strbuf_addstr(&body, "a person decided: ");
		fence_line(f, r->decision->why, PROMPT_LINE_MAX, &body);
		strbuf_addch(&body, '\n');
	} else if (r->verdict.reason && *r->verdict.reason) {
		strbuf_addstr(&body, "reason: ");
		fence_line(f, r->verdict.reason, PROMPT_LINE_MAX, &body);
		strbuf_addch(&body, '\n');
	}
	if (evidence) {
		add_patch(f, e, &body);
		add_log(f, e, &body);
	}
	strbuf_addf(out, "Experiment %" PRId64 ", %s%s", r->experiment,
		    verdict ? verdict : "baseline", r->imported ? " by another loop" : "");
	add_metric(out, r);
	strbuf_addstr(out, evidence || !*e->patch ? "\n" : ", its diff left out\n");
	fence_add(f, "experiment", &body, out);
	strbuf_addch(out, '\n');
}

/* Appends it where it fits, else without its diff where that fits. */
static bool fit_experiment(const struct fence *f, const struct prompt_experiment *e,
			   size_t *room, struct strbuf *out)
{
	for (int evidence = 1; evidence >= 0; evidence--) {
		CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

		add_experiment(f, e, evidence, &text);
		if (text.len > *room)
			continue;
		strbuf_add(out, text.buf, text.len);
		*room -= text.len;
		return true;
	}
	return false;
}

/* The commit that it was proposed on. */
static const char *ground_of(const struct prompt_experiment *e)
{
	return *e->record->searched.from ? e->record->searched.from : e->record->base;
}

/* First those that changed these files, whose diffs say most about the next one. */
static size_t add_others(const struct prompt_input *input, size_t room, struct strbuf *out)
{
	struct fence f = prompt_fence(input);
	size_t missing = 0;

	for (int near = 1; near >= 0; near--)
		for (size_t i = 0; i < input->history_nr; i++) {
			const struct prompt_experiment *e = &input->history[i];

			if (was_accepted(e) || near != !strcmp(ground_of(e), input->base))
				continue;
			if (missing || !fit_experiment(&f, e, &room, out))
				missing++;
		}
	return missing;
}

static bool has_others(const struct prompt_input *input)
{
	for (size_t i = 0; i < input->history_nr; i++)
		if (!was_accepted(&input->history[i]))
			return true;
	return false;
}

void part_history(const struct prompt_input *input, size_t room, struct strbuf *out)
{
	size_t missing = (size_t)input->history_older, begin;

	add_standing(input, out);
	begin = out->len;
	missing += add_all_accepted(input, room / 4, out);
	if (has_others(input)) {
		strbuf_addf(out, "Not accepted, those on %s first:\n\n",
			    input->earlier ? "these files" : "this incumbent");
		room = room > out->len - begin ? room - (out->len - begin) : 0;
		missing += add_others(input, room, out);
	}
	if (missing)
		strbuf_addf(out, "%zu experiments are left out here.\n\n", missing);
	else if (!input->history_nr)
		strbuf_addstr(out, "Nothing yet.\n\n");
}
