#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "model/experiment.h"

#define SHA_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static struct record record_new(enum record_type type)
{
	bool is_baseline = type == RECORD_BASELINE;

	return (struct record){ .type = type,
				.campaign = xstrdup("c"),
				.experiment = is_baseline ? 0 : 1,
				.subject = xstrdup(""),
				.rationale = xstrdup(""),
				.proposed_by = xstrdup(""),
				.verdict = { .kind = is_baseline ? VERDICT_NONE
								 : VERDICT_ACCEPTED },
				.metric_name = xstrdup("val_loss"),
				.started = "2026-01-31T23:59:59Z",
				.memory_peak = -1 };
}

static void parse(const char *text, struct record *ret)
{
	struct error err = ERROR_INIT;

	if (record_parse(text, strlen(text), ret, &err))
		fail_msg("%s", err.message);
}

/* A comparison of two pairs, of which the second candidate failed. */
static struct record compared(void)
{
	struct record r = record_new(RECORD_EXPERIMENT);

	r.trials = xcalloc(4, sizeof(*r.trials));
	for (int i = 0; i < 4; i++) {
		r.trials[i] = (struct trial_result){ .number = i < 2 ? 1 : 2,
						     .of_incumbent = i == 1 || i == 2,
						     .ran = { [PHASE_RUN] = true } };
		metrics_set(&r.trials[i].metrics, "val_loss", 3 + i, true);
	}
	r.trials[3].outcomes[PHASE_RUN].exit_code = 1;
	r.trials[3].audit_incomplete = true;
	r.trials_nr = 4;
	r.plan = (struct comparison_plan){ 15, 10, 0.95 };
	r.comparison = (struct comparison){
		.step = COMPARISON_LOSER,
		.searched = 2,
		.wealth = 0.0625,
		.gain = { .value = -1.5, .low = -INFINITY, .high = INFINITY },
		.candidate = 5,
		.incumbent = 3.5,
	};
	metrics_set(&r.reference, "mb", 100, true);
	return r;
}

static void a_comparison_is_kept_with_both_sides(void **state)
{
	CLEANUP_RECORD struct record r = compared(), back = { 0 };
	CLEANUP_STRBUF struct strbuf out = STRBUF_INIT, again = STRBUF_INIT;

	(void)state;
	record_write(&r, &out);
	/* Samples are the candidate's; an end of the interval that is nowhere is null. */
	assert_non_null(strstr(out.buf, "\t\"samples\": [3],\n"));
	assert_non_null(strstr(out.buf,
			       "\t\"comparison\": {\"search\":15,\"confirm\":10,"
			       "\"confidence\":0.95,\"ended\":\"loser\",\"searched\":2,"
			       "\"wealth\":0.0625,\"gain\":-1.5,\"low\":null,\"high\":null,"
			       "\"shown\":0,\"candidate\":5,\"incumbent\":3.5},\n"
			       "\t\"reference\": {\"mb\":100},\n"));
	assert_non_null(strstr(out.buf, "{\"side\":\"incumbent\",\"trial\":2,\"seed\":0,"));
	parse(out.buf, &back);
	record_write(&back, &again);
	assert_string_equal(again.buf, out.buf);
	assert_int_equal(back.trials_nr, 4);
	assert_int_equal(record_own_trials(&back), 2);
	assert_true(back.trials[2].of_incumbent && back.trials[2].number == 2);
	assert_true(back.trials[3].audit_incomplete && !back.trials[2].audit_incomplete);
	assert_int_equal(back.plan.confirm, 10);
	assert_true(isinf(back.comparison.gain.high) && !back.comparison.gain.bounded);
}

static void a_baseline_keeps_its_noise_and_its_drift(void **state)
{
	CLEANUP_RECORD struct record r = record_new(RECORD_BASELINE), back = { 0 };
	CLEANUP_STRBUF struct strbuf out = STRBUF_INIT, again = STRBUF_INIT;

	(void)state;
	r.has_noise = true;
	r.noise = (struct noise){ 0.5, 0.75 };
	r.settled = 12;
	r.again = (struct remeasured){ AGAIN_MACHINE, 2, { true, 0.25, -1 } };
	r.totals.measured = (struct measured){ 50, 7200, SHA_B, 12, true, 0.5 };
	record_write(&r, &out);
	assert_non_null(strstr(out.buf, "\t\"noise\": {\"sd\":0.5,\"above\":0.75},\n"
					"\t\"settled\": 12,\n"
					"\t\"again\": {\"why\":\"machine\",\"before\":2,"
					"\"shift\":0.25,\"p\":null,\"drifted\":true},\n"));
	parse(out.buf, &back);
	record_write(&back, &again);
	assert_string_equal(again.buf, out.buf);
	assert_int_equal(back.again.why, AGAIN_MACHINE);
	assert_true(back.again.drift.p < 0);
	assert_true(back.totals.measured.has_noise && back.totals.measured.noise == 0.5);
}

/* The text without what stands from `from` up to `to`. */
static char *without(const char *text, const char *from, const char *to)
{
	const char *begin = strstr(text, from), *end = begin ? strstr(begin, to) : NULL;

	if (!end)
		fail_msg("no '%s' in the record", from);
	return xstrfmt("%.*s%s", (int)(begin - text), text, end);
}

static void a_record_from_before_there_were_pairs_is_read(void **state)
{
	CLEANUP_RECORD struct record r = compared(), back = { 0 };
	CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;
	CLEANUP_FREE char *sides = NULL, *judged = NULL, *machine = NULL, *old = NULL;

	(void)state;
	while (r.trials_nr > 1)
		trial_result_release(&r.trials[--r.trials_nr]);
	record_write(&r, &out);
	sides = without(out.buf, "\"side\"", "\"seed\"");
	judged = without(sides, "\t\"comparison\"", "\t\"audit\"");
	machine = without(judged, "\t\"machine\"", "\t\"removed\"");
	old = without(machine, ",\"measured\"", "}\n}");
	parse(old, &back);
	assert_int_equal(back.plan.search, 0);
	assert_int_equal(back.trials[0].number, 1);
	assert_false(back.trials[0].of_incumbent);
	assert_string_equal(back.machine, "");
	assert_int_equal(back.totals.measured.trials, 0);
}

static void a_wrong_comparison_is_refused(void **state)
{
	/* Numbers of pairs that no plan has would lead out of an array. */
	static const char *const rows[][2] = {
		{ "\"search\":15", "\"search\":151" },
		{ "\"search\":15", "\"search\":0" },
		{ "\"confirm\":10", "\"confirm\":101" },
		{ "\"confirm\":10", "\"confirm\":-1" },
		{ "\"searched\":2", "\"searched\":16" },
		{ "\"confidence\":0.95", "\"confidence\":1" },
		{ "\"ended\":\"loser\"", "\"ended\":\"winner\"" },
		{ "\"low\":null", "\"low\":1" },
		{ "\"side\":\"incumbent\"", "\"side\":\"other\"" },
		{ "\"trial\":1", "\"trial\":1001" },
	};
	CLEANUP_RECORD struct record r = compared();
	CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;

	(void)state;
	record_write(&r, &out);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *at = strstr(out.buf, rows[i][0]);
		CLEANUP_FREE char *text = NULL;
		struct error err = ERROR_INIT;
		struct record back;

		assert_non_null(at);
		text = xstrfmt("%.*s%s%s", (int)(at - out.buf), out.buf, rows[i][1],
			       at + strlen(rows[i][0]));
		assert_int_equal(record_parse(text, strlen(text), &back, &err), -1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_comparison_is_kept_with_both_sides),
		cmocka_unit_test(a_baseline_keeps_its_noise_and_its_drift),
		cmocka_unit_test(a_record_from_before_there_were_pairs_is_read),
		cmocka_unit_test(a_wrong_comparison_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
