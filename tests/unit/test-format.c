#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "report/format.h"

#define COMMIT "0123456789012345678901234567890123456789"

static struct entry entry;

static int set_up(void **state)
{
	struct record *r = &entry.record;

	(void)state;
	memcpy(entry.commit, COMMIT, sizeof(COMMIT));
	r->type = RECORD_EXPERIMENT;
	r->campaign = xstrdup("lab");
	r->experiment = 12;
	r->subject = xstrdup("a \033[2Jsubject");
	r->rationale = xstrdup("One line.\nAnd another.\n");
	r->proposed_by = xstrdup("command/\033x");
	r->metric_name = xstrdup("loss");
	r->has_metric = r->has_incumbent = true;
	r->metric = 95;
	r->incumbent = 100;
	r->audit.denied = 3;
	r->trials = xcalloc(1, sizeof(*r->trials));
	r->trials_nr = 1;
	r->trials[0].ran[PHASE_RUN] = true;
	metrics_set(&r->trials[0].metrics, "loss", 95, true);
	metrics_set(&r->trials[0].metrics, "a.b", 7, true);
	strcpy(r->started, "2026-11-02T15:10:39Z");
	verdict_set(&r->verdict, VERDICT_REJECTED, "no-improvement");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	entry_release(&entry);
	return 0;
}

static void check(const char *format, const char *expected)
{
	struct format_context context = { .now = 1793632239 + 60 };
	CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;
	struct error err = ERROR_INIT;

	assert_int_equal(format_check(format, &err), 0);
	assert_int_equal(format_write(format, &context, &entry, &out, &err), 0);
	assert_string_equal(out.buf, expected);
}

static void test_letters(void **state)
{
	(void)state;
	check("plain", "plain");
	check("%H %h", COMMIT " 0123456789");
	check("[%P%p]", "[]");
	check("%s", "a [2Jsubject");
	check("%b", "One line.\nAnd another.");
	check("%B", "a [2Jsubject\n\nOne line.\nAnd another.");
	check("%at, %ar", "1793632239, 60 seconds ago");
	check("100%%%n%x41", "100%\nA");
}

static void test_names(void **state)
{
	(void)state;
	check("%(campaign)/%(experiment) %(verdict)", "lab/12 rejected");
	check("%(metric) %(baseline) %(change)", "95 100 -5.00%");
	check("%(audit.denied) %(metrics.loss) %(samples)", "3 95 [95]");
	check("%(metrics.a.b)", "7");
	check("<%(base)%(metrics.none)%(audit.denied.more)>", "<>");
	check("%(proposer)|%(subject)", "command/\\x1bx|a \\x1b[2Jsubject");
}

static void test_set(void **state)
{
	(void)state;
	check("%<(6)%(campaign)|", "lab   |");
	check("%>(6)%(campaign)|", "   lab|");
	check("%<(2)%(campaign)|", "lab|");
	check("%>(5)%C(auto)%(experiment)", "   12");
	check("x% (reason)%+(campaign)", "x no-improvement\nlab");
	check("x% (base)%+p.", "x.");
}

static void test_colors(void **state)
{
	struct format_context context = { .color = true };
	CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(
		format_write("%>(4)%Cred%(campaign)%Creset", &context, &entry, &out, &err), 0);
	assert_int_equal(
		format_write("%C(auto)%(verdict)%C(reset)", &context, &entry, &out, &err), 0);
	assert_string_equal(out.buf, "\033[31m lab\033[m\033[2mrejected\033[m");
}

static void test_refused(void **state)
{
	static const char *const wrong[] = {
		"%",
		"%Q",
		"%a",
		"%ax",
		"%x4",
		"%x4g",
		"%(foo)",
		"%()",
		"%(metric",
		"%(metricName)",
		"%(trailers:)",
		"%C(pink)",
		"%Cyellow",
		"%C(red",
		"%<(0)%h",
		"%<(9999)",
		"% ",
		"%(trailers:key=)",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct error err = ERROR_INIT;

		assert_int_equal(format_check(wrong[i], &err), -1);
		assert_int_equal(err.status, EXIT_USAGE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_letters), cmocka_unit_test(test_names),
		cmocka_unit_test(test_set),	cmocka_unit_test(test_colors),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
