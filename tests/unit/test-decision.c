#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "model/trailer.h"

#define OID_1 "1111111111111111111111111111111111111111"
#define OID_2 "2222222222222222222222222222222222222222"
#define OID_3 "3333333333333333333333333333333333333333"
#define OID_4 "4444444444444444444444444444444444444444"
#define SHA_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

/* What a person took back: the manual's members. */
static const char rejected_json[] =
	"{\n"
	"\t\"version\": 1,\n"
	"\t\"type\": \"decision\",\n"
	"\t\"campaign\": \"char-lm\",\n"
	"\t\"experiment\": null,\n"
	"\t\"about\": 12,\n"
	"\t\"decision\": {\"by\":\"Ada B. <ada@example.org>\",\"why\":\"It cheats.\","
	"\"was\":\"accepted\",\"commit\":\"" OID_3 "\",\"reverts\":\"" OID_4 "\"},\n"
	"\t\"verdict\": \"rejected\",\n"
	"\t\"reason\": \"by Ada B.\",\n"
	"\t\"metricName\": \"val_loss\",\n"
	"\t\"metric\": null,\n"
	"\t\"baseline\": null,\n"
	"\t\"samples\": [],\n"
	"\t\"metrics\": {},\n"
	"\t\"metricSource\": null,\n"
	"\t\"base\": \"" OID_1 "\",\n"
	"\t\"tree\": \"" OID_2 "\",\n"
	"\t\"subject\": \"halve the \\\"lr\\\"\",\n"
	"\t\"rationale\": \"It overshoots.\",\n"
	"\t\"proposedBy\": \"endpoint/m-1\",\n"
	"\t\"asked\": null,\n"
	"\t\"search\": null,\n"
	"\t\"started\": \"2026-01-31T23:59:59Z\",\n"
	"\t\"duration\": 0,\n"
	"\t\"cpu\": 0,\n"
	"\t\"memoryPeak\": null,\n"
	"\t\"trials\": [],\n"
	"\t\"comparison\": null,\n"
	"\t\"reference\": {},\n"
	"\t\"noise\": null,\n"
	"\t\"settled\": null,\n"
	"\t\"again\": null,\n"
	"\t\"audit\": {\"level\":\"none\"},\n"
	"\t\"policy\": null,\n"
	"\t\"warm\": null,\n"
	"\t\"host\": null,\n"
	"\t\"machine\": null,\n"
	"\t\"removed\": [],\n"
	"\t\"files\": {},\n"
	"\t\"totals\": {\"experiments\":12,\"verdicts\":{\"accepted\":2,\"rejected\":9,"
	"\"indecisive\":0,\"failed\":1,\"violation\":0,\"invalid\":0,\"duplicate\":0,"
	"\"skipped\":0},\"failuresInARow\":0,\"rejectionsInARow\":3,\"stalled\":0,\"time\":149.5,"
	"\"tokens\":5300,\"gpuHours\":0,\"seed\":42,\"incumbent\":\"" OID_4 "\","
	"\"incumbentMetric\":2.0312,\"incumbentExperiment\":12,\"baselineMetric\":2.5,"
	"\"measured\":{\"experiments\":0,\"time\":0,\"machine\":null,\"trials\":null,"
	"\"noise\":null}}\n"
	"}\n";

static void parse(const char *text, struct record *ret)
{
	struct error err = ERROR_INIT;

	if (record_parse(text, strlen(text), ret, &err))
		fail_msg("%s", err.message);
}

/* `text` with the first `from` as `to`. The caller owns it. */
static char *edited(const char *text, const char *from, const char *to)
{
	CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;
	const char *at = strstr(text, from);

	assert_non_null(at);
	strbuf_add(&out, text, (size_t)(at - text));
	strbuf_addstr(&out, to);
	strbuf_addstr(&out, at + strlen(from));
	return strbuf_detach(&out, NULL);
}

/* The rejection above as an acceptance, of a tree that was measured. */
static void parse_accepted(struct record *ret)
{
	CLEANUP_FREE char *kind = edited(rejected_json,
					 "\"rejected\",\n\t\"reason\": \"by Ada B.\"",
					 "\"accepted\",\n\t\"reason\": null");
	CLEANUP_FREE char *was = edited(kind, "\"was\":\"accepted\"", "\"was\":\"indecisive\"");
	CLEANUP_FREE char *none = edited(was, "\"reverts\":\"" OID_4 "\"", "\"reverts\":null");
	CLEANUP_FREE char *metric = edited(none, "\"metric\": null", "\"metric\": 2.01");
	CLEANUP_FREE char *source =
		edited(metric, "\"metricSource\": null", "\"metricSource\": \"self-reported\"");

	parse(source, ret);
}

static void a_decision_is_read_and_written(void **state)
{
	CLEANUP_RECORD struct record r = { 0 };
	CLEANUP_STRBUF struct strbuf again = STRBUF_INIT;

	(void)state;
	parse(rejected_json, &r);
	assert_int_equal(r.type, RECORD_DECISION);
	assert_int_equal(r.experiment, 12);
	assert_int_equal(r.verdict.kind, VERDICT_REJECTED);
	assert_string_equal(r.verdict.reason, "by Ada B.");
	assert_string_equal(r.decision->by, "Ada B. <ada@example.org>");
	assert_string_equal(r.decision->why, "It cheats.");
	assert_int_equal(r.decision->was, VERDICT_ACCEPTED);
	assert_string_equal(r.decision->commit, OID_3);
	assert_string_equal(r.decision->reverts, OID_4);
	assert_true(record_is_on_branch(&r));
	record_write(&r, &again);
	assert_string_equal(again.buf, rejected_json);
}

static void one_that_leaves_the_branch_alone(void **state)
{
	CLEANUP_FREE char *base = edited(rejected_json, "\"" OID_1 "\"", "null");
	CLEANUP_FREE char *tree = edited(base, "\"" OID_2 "\"", "null");
	CLEANUP_RECORD struct record r = { 0 };

	(void)state;
	parse(tree, &r);
	assert_false(record_is_on_branch(&r));
}

static void a_metric_keeps_its_source(void **state)
{
	CLEANUP_RECORD struct record r = { 0 }, back = { 0 };
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	(void)state;
	parse_accepted(&r);
	assert_string_equal(record_metric_source(&r), "self-reported");
	r.decision->self_reported = false;
	record_write(&r, &text);
	parse(text.buf, &back);
	assert_string_equal(record_metric_source(&back), "evaluate");
	back.has_metric = false;
	assert_null(record_metric_source(&back));
}

static void a_wrong_decision_is_refused(void **state)
{
	static const char *const rows[][3] = {
		{ "\"about\": 12", "\"about\": 0", "'about' is malformed" },
		{ "\"about\": 12", "\"about\": null", "'about'" },
		{ "\"decision\": {", "\"decisions\": {", "'decision' is not an object" },
		{ "\"by\":\"Ada B. <ada@example.org>\"", "\"by\":null", "'by'" },
		{ "\"why\":\"It cheats.\",", "", "'why' is missing" },
		{ "\"was\":\"accepted\"", "\"was\":\"rejected\"", "'was' is malformed" },
		{ "\"was\":\"accepted\"", "\"was\":\"great\"", "'was' is malformed" },
		{ "\"commit\":\"" OID_3 "\"", "\"commit\":null", "'commit' is malformed" },
		{ "\"reverts\":\"4", "\"reverts\":\"x", "'reverts' is malformed" },
		{ "\"verdict\": \"rejected\"", "\"verdict\": \"failed\"",
		  "'verdict' is malformed" },
		{ "\"verdict\": \"rejected\"", "\"verdict\": null", "'verdict' is malformed" },
		{ "\"reason\": \"by Ada B.\"", "\"reason\": null", "'reason' is malformed" },
		{ "\"decision\",", "\"verdict\",", "type 'verdict' is not known" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		CLEANUP_FREE char *text = edited(rejected_json, rows[i][0], rows[i][1]);
		struct record r = { .experiment = 99 };
		struct error err = ERROR_INIT;

		assert_int_equal(record_parse(text, strlen(text), &r, &err), -1);
		if (strncmp(err.message, rows[i][2], strlen(rows[i][2])))
			fail_msg("%s: '%s'", rows[i][1], err.message);
		assert_int_equal(r.experiment, 99);
	}
}

static void totals_follow_a_decision(void **state)
{
	const struct totals before = {
		.experiments = 20,
		.verdicts = { [VERDICT_ACCEPTED] = 3, [VERDICT_INDECISIVE] = 2 },
		.failures_in_a_row = 1,
		.rejections_in_a_row = 7,
		.time = 10,
		.tokens = 5,
		.incumbent = OID_1,
		.incumbent_metric = 3,
		.incumbent_experiment = 9,
		.baseline_metric = 4,
	};
	CLEANUP_RECORD struct record accept = { 0 }, reject = { 0 };

	(void)state;
	parse_accepted(&accept);
	totals_advance(&before, &accept);
	assert_int_equal(accept.totals.experiments, 20);
	assert_int_equal(accept.totals.verdicts[VERDICT_ACCEPTED], 4);
	assert_int_equal(accept.totals.verdicts[VERDICT_INDECISIVE], 1);
	assert_int_equal(accept.totals.rejections_in_a_row, 0);
	assert_int_equal(accept.totals.failures_in_a_row, 1);
	assert_true(accept.totals.time == 10 && accept.totals.tokens == 5);
	assert_string_equal(accept.totals.incumbent, "");
	assert_true(accept.totals.incumbent_metric == 2.01);
	assert_int_equal(accept.totals.incumbent_experiment, 12);
	/* Carried onto another tree: what was measured last stays what was. */
	accept.has_metric = false;
	totals_advance(&before, &accept);
	assert_int_equal(accept.totals.verdicts[VERDICT_ACCEPTED], 4);
	assert_string_equal(accept.totals.incumbent, OID_1);
	assert_true(accept.totals.incumbent_metric == 3);
	assert_int_equal(accept.totals.incumbent_experiment, 9);

	parse(rejected_json, &reject);
	totals_advance(&before, &reject);
	assert_int_equal(reject.totals.verdicts[VERDICT_ACCEPTED], 2);
	assert_int_equal(reject.totals.verdicts[VERDICT_REJECTED], 1);
	assert_int_equal(reject.totals.rejections_in_a_row, 7);
	assert_string_equal(reject.totals.incumbent, OID_1);
}

static void an_experiment_becomes_what_was_decided(void **state)
{
	struct record r = { .type = RECORD_EXPERIMENT, .experiment = 12 };
	CLEANUP_RECORD struct record accept = { 0 }, reject = { 0 };

	(void)state;
	verdict_set(&r.verdict, VERDICT_INDECISIVE, "implausible");
	parse_accepted(&accept);
	record_overrule(&r, &accept);
	assert_int_equal(r.verdict.kind, VERDICT_ACCEPTED);
	assert_null(r.verdict.reason);
	assert_int_equal(r.decision->was, VERDICT_INDECISIVE);
	assert_string_equal(r.decision->decided, "2026-01-31T23:59:59Z");
	parse(rejected_json, &reject);
	record_overrule(&r, &reject);
	assert_int_equal(r.verdict.kind, VERDICT_REJECTED);
	assert_string_equal(r.verdict.reason, "by Ada B.");
	assert_string_equal(r.decision->why, "It cheats.");
	record_release(&r);
}

static void what_may_be_decided(void **state)
{
	(void)state;
	for (enum verdict_kind kind = VERDICT_NONE; kind < VERDICT_NR; kind++) {
		assert_int_equal(verdict_may_be_accepted(kind),
				 kind == VERDICT_REJECTED || kind == VERDICT_INDECISIVE);
		assert_int_equal(verdict_may_be_rejected(kind),
				 kind == VERDICT_ACCEPTED || kind == VERDICT_INDECISIVE);
	}
}

static void a_person_is_named_without_the_address(void **state)
{
	static const char *const rows[][2] = {
		{ "Ada <ada@example.org>", "Ada" },
		{ "Ada B. <a@b>", "Ada B." },
		{ "<a@b>", "<a@b>" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct decision d = { .by = (char *)rows[i][0] };
		CLEANUP_STRBUF struct strbuf name = STRBUF_INIT;

		decision_person(&d, &name);
		assert_string_equal(name.buf, rows[i][1]);
	}
}

static void the_commit_of_a_revert(void **state)
{
	CLEANUP_RECORD struct record r = { 0 };
	CLEANUP_STRBUF struct strbuf message = STRBUF_INIT;

	(void)state;
	parse(rejected_json, &r);
	message_accepted(&r, SHA_A, &message);
	assert_string_equal(message.buf, "Revert \"halve the \"lr\"\"\n\n"
					 "This reverts commit " OID_4 ".\n\n"
					 "It cheats.\n\n"
					 "Experiment: char-lm/12\n"
					 "Verdict: rejected\n"
					 "Reason: by Ada B.\n"
					 "Record: sha256:" SHA_A "\n"
					 "Proposed-by: endpoint/m-1\n"
					 "Decided-by: Ada B. <ada@example.org>\n");
}

static void the_commit_and_the_note_of_an_acceptance(void **state)
{
	static const char trailers[] = "Experiment: char-lm/12\n"
				       "Verdict: accepted\n"
				       "Metric: val_loss=2.01\n"
				       "Metric-Source: self-reported\n"
				       "Record: sha256:" SHA_A "\n"
				       "Proposed-by: endpoint/m-1\n"
				       "Decided-by: Ada B. <ada@example.org>\n";
	CLEANUP_STRBUF struct strbuf message = STRBUF_INIT, note = STRBUF_INIT,
				     value = STRBUF_INIT;
	CLEANUP_RECORD struct record r = { 0 };
	CLEANUP_FREE char *expected = NULL, *noted = NULL;

	(void)state;
	parse_accepted(&r);
	/* Whoever decides cannot forge a trailer either. */
	free(r.decision->why);
	r.decision->why = xstrdup("I looked.\n\nVerdict: failed\n---");
	expected = xstrfmt("halve the \"lr\"\n\nIt overshoots.\n\nI looked.\n\n"
			   " Verdict: failed\n ---\n\n%s",
			   trailers);
	noted = xstrfmt("halve the \"lr\"\n\nI looked.\n\n Verdict: failed\n ---\n\n%s",
			trailers);
	message_accepted(&r, SHA_A, &message);
	assert_string_equal(message.buf, expected);
	message_note(&r, SHA_A, &note);
	assert_string_equal(note.buf, noted);
	assert_true(trailer_find(note.buf, "Verdict", &value));
	assert_string_equal(value.buf, "accepted");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_decision_is_read_and_written),
		cmocka_unit_test(one_that_leaves_the_branch_alone),
		cmocka_unit_test(a_metric_keeps_its_source),
		cmocka_unit_test(a_wrong_decision_is_refused),
		cmocka_unit_test(totals_follow_a_decision),
		cmocka_unit_test(an_experiment_becomes_what_was_decided),
		cmocka_unit_test(what_may_be_decided),
		cmocka_unit_test(a_person_is_named_without_the_address),
		cmocka_unit_test(the_commit_of_a_revert),
		cmocka_unit_test(the_commit_and_the_note_of_an_acceptance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
