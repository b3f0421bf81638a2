#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "report/later.h"

#define COMMIT "0123456789012345678901234567890123456789"

static void check(const struct record *r, int64_t experiment, const char *expected)
{
	CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;

	report_add_later(r, experiment, &out);
	assert_string_equal(out.buf, expected);
}

/* Experiments 1 and 4, and a commit of a person's between them. */
static void test_promotion(void **state)
{
	CLEANUP_RECORD struct record r = { .type = RECORD_PROMOTION };

	(void)state;
	r.promotion = xcalloc(1, sizeof(*r.promotion));
	r.promotion->by = xstrdup("Ada \033[2J <ada@example.org>");
	promotion_pick(r.promotion, 1, COMMIT);
	promotion_pick(r.promotion, 0, COMMIT);
	promotion_pick(r.promotion, 4, COMMIT);
	memcpy(r.promotion->picked[2].commit, COMMIT, sizeof(COMMIT));
	strcpy(r.started, "2026-11-22T15:33:47Z");
	r.verdict.kind = VERDICT_ACCEPTED;
	check(&r, 4,
	      "promoted   2026-11-22T15:33:47Z by Ada \\x1b[2J <ada@example.org>: accepted, "
	      "as " COMMIT);
	check(&r, 2, "");
	check(&r, 0, "");
	verdict_set(&r.verdict, VERDICT_REJECTED, "no-improvement");
	check(&r, 4,
	      "promoted   2026-11-22T15:33:47Z by Ada \\x1b[2J <ada@example.org>: rejected "
	      "(no-improvement), as " COMMIT);
}

static void test_others(void **state)
{
	const struct record experiment = { .type = RECORD_EXPERIMENT, .experiment = 4 };
	const struct record decision = { .type = RECORD_DECISION, .experiment = 4 };

	(void)state;
	check(&experiment, 4, "");
	check(&decision, 4, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_promotion),
		cmocka_unit_test(test_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
