#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <math.h>
#include <string.h>
#include <cmocka.h>

#include "propose/scan.h"

/* Writes `value` in the form of the number that `text` holds. */
static void assert_writes(const char *text, double value, const char *expected)
{
	CLEANUP_LITERALS struct literal_list list = { 0 };
	CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;

	literals_scan("a.c", text, strlen(text), &list);
	assert_int_equal(list.nr, 1);
	if (!expected) {
		assert_false(literal_write(&list.items[0], text, value, &out));
		assert_int_equal(out.len, 0);
		return;
	}
	assert_true(literal_write(&list.items[0], text, value, &out));
	assert_string_equal(out.buf, expected);
}

static void decimals_stay_decimals(void **state)
{
	(void)state;
	assert_writes("0.001", 0.003, "0.003");
	assert_writes("0.01", 0.01 / 3, "0.0033");
	assert_writes("0.1", 0.1 * 3 * 3 * 3, "2.7");
	assert_writes("1.0", 3, "3.0");
	assert_writes("0.001", 30, "30.0");
	assert_writes("12345.0", 18517.5, "18500.0");
	assert_writes("0.000001", 0.000000333, "0.00000033");
	assert_writes("0.1", 1e-12, NULL);
	assert_writes("0.1", 1e15, NULL);
	assert_writes("0.5", 0, "0.0");
}

static void the_ways_of_writing_are_kept(void **state)
{
	(void)state;
	assert_writes("0.50", 1.5, "1.50");
	assert_writes("1.", 3, "3.");
	assert_writes("1.", 1.5, "1.5");
	assert_writes(".5", 0.75, ".75");
	assert_writes(".5", 1.5, "1.5");
	assert_writes("1.0f", 3, "3.0f");
	assert_writes("64u", 128, "128u");
}

static void exponents_stay_exponents(void **state)
{
	(void)state;
	assert_writes("1e-3", 3e-3, "3e-3");
	assert_writes("1e-3", 1e-3 / 3, "3.3e-4");
	assert_writes("1.0E-3", 3e-3, "3.0E-3");
	assert_writes("1e+3", 3e4, "3e+4");
	assert_writes("1e3", 0, "0e0");
	assert_writes("1e3", INFINITY, NULL);
}

static void integers_stay_integers(void **state)
{
	(void)state;
	assert_writes("64", 96, "96");
	assert_writes("64", 42.67, "43");
	assert_writes("0", 0.4, "0");
	assert_writes("64", -1, NULL);
	assert_writes("64", 1e17, NULL);
}

static void a_mark_may_lead_below_zero(void **state)
{
	(void)state;
	assert_writes("x = 3.0; /* autoresearch: -5..5 */", -1.5, "-1.5");
	assert_writes("x = -3.0f; /* autoresearch: -5..5 */", -0.333, "-0.33f");
	assert_writes("x = -3.0; /* autoresearch: -5..5 */", 2, "2.0");
	assert_writes("x = -.5; /* autoresearch: -1..1 */", -0.25, "-.25");
	assert_writes("x = -1e-3; /* autoresearch: -1e-2..1e-2 */", -0.005, "-5e-3");
	assert_writes("x = -4; /* autoresearch: -8..8 */", -6, "-6");
	assert_writes("x = 4; /* autoresearch: -8..8 */", -0.4, "0");
	assert_writes("x = 4; /* autoresearch: 1..8 */", -1, NULL);
	assert_writes("x = -4.5; /* autoresearch: -0.496..9 */", -0.496, "-0.496");
	/* What it is subtracted from stays apart from it. */
	assert_writes("x = a-4; /* autoresearch: -8..8 */", -2, " -2");
	assert_writes("x = a - 4; /* autoresearch: -8..8 */", -2, "-2");
}

static void bounds_are_kept_exactly(void **state)
{
	(void)state;
	assert_writes("0.9 /* autoresearch: 0.5..0.999 */", 0.999, "0.999");
	assert_writes("0.9 /* autoresearch: 0.496..0.999 */", 0.496, "0.5");
	assert_writes("0.9 /* autoresearch: 0.494..0.999 */", 0.494, "0.494");
	assert_writes("1 /* autoresearch: 0.1..10 */", 0.3, "0.3");
	assert_writes("1 /* autoresearch: 0.1..10 */", 3, "3");
}

/* What the last literal of `text` is the value of; "" for nothing. */
static void assert_name(const char *path, const char *text, const char *expected)
{
	CLEANUP_LITERALS struct literal_list list = { 0 };
	CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;

	literals_scan(path, text, strlen(text), &list);
	assert_true(list.nr > 0);
	assert_int_equal(literal_name(&list.items[list.nr - 1], text, &out), *expected != '\0');
	assert_string_equal(out.buf, expected);
}

static void the_name_is_what_is_assigned_to(void **state)
{
	(void)state;
	assert_name("a.c", "x = 1;\nstatic const float rate = -0.5f;", "rate");
	assert_name("a.c", "#define RATE 0.5", "RATE");
	assert_name("a.c", "#define RATE (0.5)", "RATE");
	assert_name("a.c", "float v[] = { 1 };", "");
	assert_name("a.c", "w[3] = 0.5;", "w");
	assert_name("a.c", "rate *= 0.5;", "rate");
	assert_name("a.c", "rate = base * 0.5;", "rate");
	assert_name("a.py", "opt = sgd(p, lr=0.5)", "lr");
	assert_name("a.py", "rate: float = 0.5", "rate");
	assert_name("a.py", "self.rate = 0.5", "self.rate");
	assert_name("a.py", "d = {'lr': 0.5}", "lr");
	assert_name("a.go", "rate := 0.5", "rate");
	assert_name("a.r", "rate <- 0.5", "rate");
	assert_name("a.yml", "weight-decay: 0.5", "weight-decay");
	assert_name("a.json", "{\"rate\": 0.5}", "rate");
	assert_name("a.sh", "train --rate 0.5", "rate");
	assert_name("a.py", "act = 'tanh' # autoresearch: tanh|relu", "act");
}

static void what_is_not_assigned_has_no_name(void **state)
{
	(void)state;
	assert_name("a.c", "if (x == 3)", "");
	assert_name("a.c", "if (x <= 3)", "");
	assert_name("a.c", "f(a, 3);", "");
	assert_name("a.c", "for (i = 0; i < 3; i++)", "");
	assert_name("a.c", "return 3;", "");
	assert_name("a.c", "x ? y : 3;", "");
	assert_name("a.c", "3", "");
	assert_name("a.c", "= 3", "");
	assert_name("a.c", "] = 3", "");
}

static void values_are_read_strictly(void **state)
{
	double value = -1;

	(void)state;
	assert_true(literal_read("1_000", 5, &value));
	assert_true(value == 1000);
	assert_true(literal_read(".5", 2, &value));
	assert_true(value == 0.5);
	assert_true(literal_read("1.e1", 4, &value));
	assert_true(value == 10);
	value = -1;
	assert_false(literal_read("", 0, &value));
	assert_false(literal_read("1e999", 5, &value));
	assert_false(literal_read("11111111111111111111111111111111111111111", 41, &value));
	assert_true(value == -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decimals_stay_decimals),
		cmocka_unit_test(the_ways_of_writing_are_kept),
		cmocka_unit_test(exponents_stay_exponents),
		cmocka_unit_test(integers_stay_integers),
		cmocka_unit_test(a_mark_may_lead_below_zero),
		cmocka_unit_test(bounds_are_kept_exactly),
		cmocka_unit_test(the_name_is_what_is_assigned_to),
		cmocka_unit_test(what_is_not_assigned_has_no_name),
		cmocka_unit_test(values_are_read_strictly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
