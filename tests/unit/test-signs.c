#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "model/signs.h"

static const struct room plenty = { 100LL << 30, 500LL << 30 };

/* `times` verdicts of one kind and reason. */
static void take(struct signs *s, int times, enum verdict_kind kind, const char *reason)
{
	const struct verdict v = { kind, (char *)reason };

	while (times--)
		signs_take(s, &v);
}

static enum sign sign_of(const struct signs *s)
{
	CLEANUP_STRBUF struct strbuf why = STRBUF_INIT;
	enum sign sign = signs_read(s, &plenty, &plenty, &why);

	assert_int_equal(sign != SIGN_NONE, why.len > 0);
	return sign;
}

static void the_same_failure_again_and_again(void **state)
{
	CLEANUP_STRBUF struct strbuf why = STRBUF_INIT;
	struct signs s = { 0 };

	(void)state;
	take(&s, SIGN_SAME_FAILURE - 1, VERDICT_FAILED, "exit 1");
	assert_int_equal(sign_of(&s), SIGN_NONE);
	take(&s, 1, VERDICT_FAILED, "exit 1");
	assert_int_equal(signs_read(&s, &plenty, &plenty, &why), SIGN_IS_SAME_FAILURE);
	assert_string_equal(why.buf, "the same failure 15 times in a row: failed, exit 1");
}

static void failures_that_differ_are_none(void **state)
{
	struct signs s = { 0 };

	(void)state;
	for (int i = 0; i < 100; i++) {
		take(&s, SIGN_SAME_FAILURE - 1, VERDICT_FAILED, "exit 1");
		take(&s, 1, VERDICT_FAILED, "timeout");
	}
	assert_int_equal(sign_of(&s), SIGN_NONE);
	/* The same words are another failure where the verdict is another. */
	take(&s, SIGN_SAME_FAILURE - 1, VERDICT_INVALID, "timeout");
	assert_int_equal(sign_of(&s), SIGN_NONE);
	take(&s, 1, VERDICT_INVALID, "timeout");
	assert_int_equal(sign_of(&s), SIGN_IS_SAME_FAILURE);
}

static void one_that_was_measured_ends_every_row(void **state)
{
	static const enum verdict_kind measured[] = { VERDICT_ACCEPTED, VERDICT_REJECTED,
						      VERDICT_INDECISIVE };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(measured); i++) {
		struct signs s = { 0 };

		take(&s, SIGN_NO_METRIC - 1, VERDICT_FAILED, "no-metric");
		take(&s, 1, measured[i], "no-improvement");
		take(&s, SIGN_NO_METRIC - 1, VERDICT_FAILED, "no-metric");
		assert_int_equal(sign_of(&s), SIGN_NONE);
	}
}

static void what_says_nothing_neither_counts_nor_ends_a_row(void **state)
{
	struct signs s = { 0 };

	(void)state;
	take(&s, SIGN_SAME_FAILURE - 1, VERDICT_FAILED, "exit 1");
	take(&s, 50, VERDICT_DUPLICATE, "same-as 3");
	take(&s, 50, VERDICT_SKIPPED, "untestable");
	assert_int_equal(sign_of(&s), SIGN_NONE);
	take(&s, 1, VERDICT_FAILED, "exit 1");
	assert_int_equal(sign_of(&s), SIGN_IS_SAME_FAILURE);
}

static void the_metric_no_longer_appears(void **state)
{
	struct signs s = { 0 };

	(void)state;
	take(&s, SIGN_NO_METRIC - 1, VERDICT_FAILED, "no-metric");
	assert_int_equal(sign_of(&s), SIGN_NONE);
	take(&s, 1, VERDICT_FAILED, "no-metric");
	assert_int_equal(sign_of(&s), SIGN_IS_NO_METRIC);
	/* It runs into something else now: that may be the candidates. */
	take(&s, 1, VERDICT_FAILED, "exit 1");
	assert_int_equal(sign_of(&s), SIGN_NONE);
}

static void violations_in_a_row_whatever_they_are(void **state)
{
	CLEANUP_STRBUF struct strbuf why = STRBUF_INIT;
	struct signs s = { 0 };

	(void)state;
	take(&s, 2, VERDICT_VIOLATION, "syscall ptrace");
	take(&s, 2, VERDICT_VIOLATION, "network 192.0.2.1:80");
	assert_int_equal(sign_of(&s), SIGN_NONE);
	take(&s, 1, VERDICT_VIOLATION, "syscall bpf\33[2J");
	assert_int_equal(signs_read(&s, &plenty, &plenty, &why), SIGN_IS_VIOLATIONS);
	assert_string_equal(why.buf, "5 violations in a row, the newest: syscall bpf\\x1b[2J");
}

/* A path in a reason may be long. */
static void a_long_reason_is_cut(void **state)
{
	CLEANUP_FREE char *path = xmalloc(4097);
	struct signs s = { 0 };

	(void)state;
	memset(path, 'x', 4096);
	path[4096] = '\0';
	take(&s, SIGN_SAME_FAILURE, VERDICT_INVALID, path);
	assert_int_equal(sign_of(&s), SIGN_IS_SAME_FAILURE);
}

static void a_disk_is_short_that_has_little_of_much(void **state)
{
	CLEANUP_STRBUF struct strbuf why = STRBUF_INIT;
	const struct room almost = { SIGN_LEFT, 500LL << 30 }, full = { 1 << 20, 500LL << 30 };
	const struct room small = { 30 << 20, 100 << 20 }, unknown = { .left = -1 };
	const struct signs none = { 0 };

	(void)state;
	assert_int_equal(signs_read(&none, &almost, &plenty, &why), SIGN_NONE);
	assert_int_equal(signs_read(&none, &small, &small, &why), SIGN_NONE);
	assert_int_equal(signs_read(&none, &unknown, &unknown, &why), SIGN_NONE);
	assert_int_equal(signs_read(&none, &full, &plenty, &why), SIGN_IS_DISK);
	assert_string_equal(why.buf, "the disk runs full: 1M are left");
	strbuf_reset(&why);
	assert_int_equal(signs_read(&none, &plenty, &full, &why), SIGN_IS_MEMORY);
	assert_string_equal(why.buf, "the machine's memory runs out: 1M are left");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_failure_again_and_again),
		cmocka_unit_test(failures_that_differ_are_none),
		cmocka_unit_test(one_that_was_measured_ends_every_row),
		cmocka_unit_test(what_says_nothing_neither_counts_nor_ends_a_row),
		cmocka_unit_test(the_metric_no_longer_appears),
		cmocka_unit_test(violations_in_a_row_whatever_they_are),
		cmocka_unit_test(a_long_reason_is_cut),
		cmocka_unit_test(a_disk_is_short_that_has_little_of_much),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
