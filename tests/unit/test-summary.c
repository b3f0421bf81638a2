#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "report/summary.h"

static const struct totals some = { .experiments = 12,
				    .verdicts[VERDICT_ACCEPTED] = 3,
				    .verdicts[VERDICT_REJECTED] = 8,
				    .verdicts[VERDICT_FAILED] = 1,
				    .time = 7500,
				    .baseline_metric = 2,
				    .incumbent_metric = 1.5,
				    .incumbent_experiment = 9 };

/* One that has measured and accepted something. */
static struct summary summary_of(const char *campaign, const struct totals *totals)
{
	return (struct summary){ .campaign = campaign,
				 .state = "budget",
				 .metric = "val_loss",
				 .reason = "time",
				 .has_record = true,
				 .totals = totals,
				 .diffstat = "" };
}

static void it_says_what_a_campaign_came_to(void **state)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	struct record best = {
		.plan = { 15, 10, 0.95 },
		.comparison.gain = { .value = 0.25, .bounded = true, .low = 0.125, .high = 0.5 }
	};
	struct summary summary = summary_of("char-lm", &some);

	(void)state;
	summary.best = &best;
	summary.branch = "char-lm";
	summary.diffstat = " train.py | 2 +-\n 1 file changed\n";
	summary.has_report = summary.has_promote = true;
	report_summary(&summary, &text);
	assert_string_equal(
		text.buf,
		"char-lm: budget (time)\n"
		"12 experiments in 2h05m: 3 accepted, 8 rejected, 1 failed\n"
		"val_loss 1.5, baseline 2 (-25.00%), by experiment 9\n"
		"its gain over the one before: 0.25, from 0.125 to 0.5 at a confidence of 0.95\n"
		" train.py | 2 +-\n"
		" 1 file changed\n"
		"\n"
		"look further:\n"
		"  git log -p char-lm..autoresearch/char-lm  what was accepted, one by one\n"
		"  git diff char-lm...autoresearch/char-lm   all of it at once\n"
		"  git autoresearch log                      every experiment\n"
		"  git autoresearch show 9                   the best one\n"
		"  git autoresearch report                   all of it as a page\n"
		"  git autoresearch promote                  take it home\n");
}

/* The commands are for a shell, and for the campaign that it is about. */
static void names_are_words_of_a_shell(void **state)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	struct summary summary = summary_of("it's$x", &some);

	(void)state;
	summary.stalled = true;
	report_summary(&summary, &text);
	assert_string_equal(
		strstr(text.buf, "look further"),
		"look further:\n"
		"  git log -p 'HEAD..autoresearch/it'\\''s$x'       "
		"what was accepted, one by one\n"
		"  git diff 'HEAD...autoresearch/it'\\''s$x'        all of it at once\n"
		"  git autoresearch log '--campaign=it'\\''s$x'     every experiment\n"
		"  git autoresearch show 9 '--campaign=it'\\''s$x'  the best one\n"
		"  git autoresearch start 'it'\\''s$x' --from=9     go on all the same\n");
}

/* Where nothing was accepted there is no change to look at, nor to take home. */
static void without_anything_better_the_baseline_is_shown(void **state)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	const struct totals none = { .baseline_metric = 2, .incumbent_metric = 2 };
	struct summary summary = summary_of("main", &none);

	(void)state;
	summary.branch = "main";
	summary.has_promote = true;
	report_summary(&summary, &text);
	assert_string_equal(text.buf, "main: budget (time)\n"
				      "0 experiments in 0.00s\n"
				      "val_loss 2, baseline 2\n"
				      "\n"
				      "look further:\n"
				      "  git autoresearch log     every experiment\n"
				      "  git autoresearch show 0  the baseline\n");
}

static void without_a_record_it_says_why_alone(void **state)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	const struct totals none = { 0 };
	struct summary summary = summary_of("x", &none);

	(void)state;
	summary.has_record = false;
	summary.reason = "exit\33[31m";
	report_summary(&summary, &text);
	assert_string_equal(text.buf, "x: budget (exit\\x1b[31m)\n");
}

/* A share of nothing is nothing, and one of something negative has the sign of the change. */
static void a_gain_is_a_share_of_the_baseline(void **state)
{
	static const struct {
		double from, to;
		const char *text;
	} table[] = {
		{ 2, 2, "2, baseline 2" },
		{ 0, 1, "1, baseline 0" },
		{ -2, -1, "-1, baseline -2 (+50.00%)" },
		{ 100, 101, "101, baseline 100 (+1.00%)" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
		const struct totals t = { .baseline_metric = table[i].from,
					  .incumbent_metric = table[i].to };

		report_best(&t, true, &text);
		assert_string_equal(text.buf, table[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_says_what_a_campaign_came_to),
		cmocka_unit_test(names_are_words_of_a_shell),
		cmocka_unit_test(without_anything_better_the_baseline_is_shown),
		cmocka_unit_test(without_a_record_it_says_why_alone),
		cmocka_unit_test(a_gain_is_a_share_of_the_baseline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
