#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "model/judge.h"
#include "model/trailer.h"

#define OID_1 "1111111111111111111111111111111111111111"
#define OID_2 "2222222222222222222222222222222222222222"
#define OID_3 "3333333333333333333333333333333333333333"
#define OID_4 "4444444444444444444444444444444444444444"
#define OID_5 "5555555555555555555555555555555555555555"
#define OID_6 "6666666666666666666666666666666666666666"
#define SHA_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

/* Two experiments and a commit of a person's between them: the manual's members. */
static const char promoted_json[] =
	"{\n"
	"\t\"version\": 1,\n"
	"\t\"type\": \"promotion\",\n"
	"\t\"campaign\": \"char-lm\",\n"
	"\t\"experiment\": null,\n"
	"\t\"about\": [3,12],\n"
	"\t\"promotion\": {\"by\":\"Ada B. <ada@example.org>\",\"form\":\"commits\","
	"\"branch\":\"" OID_6 "\",\"result\":\"" OID_5 "\",\"replaced\":null,\"picked\":["
	"{\"experiment\":3,\"from\":\"" OID_1 "\",\"commit\":\"" OID_3 "\"},"
	"{\"experiment\":null,\"from\":\"" OID_2 "\",\"commit\":\"" OID_4 "\"},"
	"{\"experiment\":12,\"from\":\"" OID_3 "\",\"commit\":\"" OID_5 "\"}],"
	"\"command\":{\"exit\":0,\"wall\":1.5,\"cpu\":1.25,\"memoryPeak\":4096}},\n"
	"\t\"verdict\": \"accepted\",\n"
	"\t\"reason\": null,\n"
	"\t\"metricName\": \"val_loss\",\n"
	"\t\"metric\": 1,\n"
	"\t\"baseline\": 4,\n"
	"\t\"samples\": [1],\n"
	"\t\"metrics\": {\"val_loss\":1},\n"
	"\t\"metricSource\": \"evaluate\",\n"
	"\t\"base\": \"" OID_1 "\",\n"
	"\t\"tree\": \"" OID_2 "\",\n"
	"\t\"subject\": \"results/char-lm of experiments 3, 12\",\n"
	"\t\"rationale\": \"\",\n"
	"\t\"proposedBy\": null,\n"
	"\t\"asked\": null,\n"
	"\t\"search\": null,\n"
	"\t\"started\": \"2026-01-31T23:59:59Z\",\n"
	"\t\"duration\": 2.5,\n"
	"\t\"cpu\": 2,\n"
	"\t\"memoryPeak\": 4096,\n"
	"\t\"trials\": [{\"side\":\"incumbent\",\"trial\":1,\"seed\":7,\"phases\":[],"
	"\"metrics\":{\"val_loss\":4}},"
	"{\"side\":\"candidate\",\"trial\":1,\"seed\":7,\"phases\":[],"
	"\"metrics\":{\"val_loss\":1}}],\n"
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

static void a_promotion_is_read_and_written(void **state)
{
	CLEANUP_RECORD struct record r = { 0 };
	CLEANUP_STRBUF struct strbuf again = STRBUF_INIT;

	(void)state;
	parse(promoted_json, &r);
	assert_int_equal(r.type, RECORD_PROMOTION);
	assert_int_equal(r.experiment, 0);
	assert_string_equal(r.promotion->by, "Ada B. <ada@example.org>");
	assert_int_equal(r.promotion->form, PROMOTION_COMMITS);
	assert_int_equal(r.promotion->nr, 3);
	assert_int_equal(r.promotion->picked[1].experiment, 0);
	assert_string_equal(r.promotion->picked[2].from, OID_3);
	assert_string_equal(r.promotion->replaced, "");
	assert_true(r.promotion->has_command);
	assert_true(outcome_is_success(&r.promotion->command));
	record_write(&r, &again);
	assert_string_equal(again.buf, promoted_json);
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

static void what_is_malformed_is_refused(void **state)
{
	static const char *const wrong[][3] = {
		{ "\"form\":\"commits\"", "\"form\":\"heap\"", "'form' is malformed" },
		{ "\"branch\":\"" OID_6, "\"branch\":\"abc", "'branch' is malformed" },
		{ "\"replaced\":null", "\"replaced\":\"x\"", "'replaced' is malformed" },
		{ "{\"experiment\":3,", "{\"experiment\":0,", "'experiment' is malformed" },
		{ "{\"experiment\":3,", "{\"experiment\":\"3\",", "'experiment' is malformed" },
		{ "\"from\":\"" OID_1, "\"from\":\"" OID_1 "1", "'from' is malformed" },
		{ "\"by\":\"Ada B. <ada@example.org>\"", "\"by\":7", "'by'" },
		{ "{\"exit\":0,", "{\"exit\":300,", "'exit' is malformed" },
		{ "\"promotion\": {", "\"promoted\": {", "'promotion' is not an object" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		CLEANUP_FREE char *text = edited(promoted_json, wrong[i][0], wrong[i][1]);
		struct record r = { 0 };
		struct error err = ERROR_INIT;

		assert_int_equal(record_parse(text, strlen(text), &r, &err), -1);
		if (!strstr(err.message, wrong[i][2]))
			fail_msg("%zu: %s", i, err.message);
	}
}

static void its_note_names_the_campaign_and_the_person(void **state)
{
	CLEANUP_RECORD struct record r = { 0 };
	CLEANUP_STRBUF struct strbuf note = STRBUF_INIT;

	(void)state;
	parse(promoted_json, &r);
	message_note(&r, SHA_A, &note);
	assert_string_equal(note.buf, "results/char-lm of experiments 3, 12\n"
				      "\n"
				      "Promotion: char-lm\n"
				      "Verdict: accepted\n"
				      "Metric: val_loss=1\n"
				      "Baseline: val_loss=4\n"
				      "Trials: 1\n"
				      "Duration: 2.50s\n"
				      "Cpu-Time: 2.00s\n"
				      "Memory-Peak: 4k\n"
				      "Audit: none\n"
				      "Record: sha256:" SHA_A "\n"
				      "Promoted-by: Ada B. <ada@example.org>\n");
}

static void it_takes_time_and_changes_nothing_else(void **state)
{
	CLEANUP_RECORD struct record r = { 0 };
	struct totals before = { .experiments = 7, .time = 10, .incumbent_metric = 3 };

	(void)state;
	parse(promoted_json, &r);
	totals_advance(&before, &r);
	assert_true(r.totals.time == 12.5);
	r.totals.time = before.time;
	assert_memory_equal(&r.totals, &before, sizeof(before));
	assert_false(record_is_on_branch(&r));
}

static void it_is_judged_beside_its_base_without_an_upper_bound(void **state)
{
	CLEANUP_CAMPAIGN_CONFIG struct campaign_config config;
	CLEANUP_RECORD struct record r = { 0 };

	(void)state;
	campaign_config_defaults(&config);
	config.metric = xstrdup("val_loss");
	config.max_effect = (struct threshold){ .set = true, .relative = true, .value = 0.5 };
	parse(promoted_json, &r);
	assert_null(record_contradiction(&config, &r));
	r.type = RECORD_EXPERIMENT;
	record_judge(&config, &r);
	assert_string_equal(r.verdict.reason, "implausible");
	r.type = RECORD_PROMOTION;
	assert_string_equal(record_contradiction(&config, &r),
			    "its verdict does not follow from its trials");
	config.min_effect = (struct threshold){ .set = true, .value = 3.5 };
	record_judge(&config, &r);
	assert_string_equal(r.verdict.reason, "within-noise");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_promotion_is_read_and_written),
		cmocka_unit_test(what_is_malformed_is_refused),
		cmocka_unit_test(its_note_names_the_campaign_and_the_person),
		cmocka_unit_test(it_takes_time_and_changes_nothing_else),
		cmocka_unit_test(it_is_judged_beside_its_base_without_an_upper_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
