#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "report/summary.h"

static void it_says_what_a_campaign_came_to(void **state)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	const struct totals totals = { .experiments = 12,
				       .verdicts[VERDICT_ACCEPTED] = 3,
				       .verdicts[VERDICT_REJECTED] = 8,
				       .verdicts[VERDICT_FAILED] = 1,
				       .time = 7500,
				       .baseline_metric = 2,
				       .incumbent_metric = 1.5,
				       .incumbent_experiment = 9 };
	const struct summary summary = { "char-lm", "budget", "val_loss", "time",
					 true,	    false,    &totals };

	(void)state;
	report_summary(&summary, &text);
	assert_string_equal(text.buf,
			    "char-lm: budget (time)\n"
			    "12 experiments in 2h05m: 3 accepted, 8 rejected, 1 failed\n"
			    "val_loss 1.5, baseline 2 (-25.00%), by experiment 9\n"
			    "look further: git log autoresearch/char-lm; git autoresearch log; "
			    "git autoresearch show 9\n");
}

static void without_a_record_it_says_why_alone(void **state)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	const struct totals none = { 0 };
	const struct summary summary = { "x",	"failing", "loss", "exit\33[31m",
					 false, false,	   &none };

	(void)state;
	report_summary(&summary, &text);
	assert_string_equal(text.buf, "x: failing (exit\\x1b[31m)\n");
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
		cmocka_unit_test(without_a_record_it_says_why_alone),
		cmocka_unit_test(a_gain_is_a_share_of_the_baseline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
