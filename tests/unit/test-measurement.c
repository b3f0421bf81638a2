#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "model/measurement.h"

/* What a reader makes of the text, fed in pieces of `piece` bytes: "name=value" a line. */
static void read_in_pieces(const char *pattern, const char *text, size_t len, size_t piece,
			   struct strbuf *out)
{
	struct error err = ERROR_INIT;
	struct metric_reader r;

	if (metric_reader_init(&r, "loss", pattern, &err))
		fail_msg("%s", err.message);
	for (size_t i = 0; i < len; i += piece)
		metric_reader_feed(&r, text + i, len - i < piece ? len - i : piece);
	metric_reader_finish(&r);
	for (size_t i = 0; i < r.metrics.nr; i++) {
		const struct metric_value *v = &r.metrics.items[i];

		if (v->finite)
			strbuf_addf(out, "%s=%g\n", v->name, v->value);
		else
			strbuf_addf(out, "%s!\n", v->name);
	}
	metric_reader_release(&r);
}

static void assert_read(const char *pattern, const char *text, size_t len, const char *expected)
{
	static const size_t pieces[] = { 1, 2, 7, 1 << 20 };

	for (size_t i = 0; i < ARRAY_SIZE(pieces); i++) {
		CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;

		read_in_pieces(pattern, text, len, pieces[i], &out);
		assert_string_equal(out.buf, expected);
	}
}

#define READ(pattern, text, expected) assert_read(pattern, text, sizeof(text) - 1, expected)

static void lines(void **state)
{
	(void)state;
	READ(NULL, "", "");
	READ(NULL, "loss: 2.5\n", "loss=2.5\n");
	READ(NULL, "loss: 2.5", "loss=2.5\n"); /* without a newline */
	READ(NULL, "METRIC loss=2.5\r\n", "loss=2.5\n");
	READ(NULL, "loss:\t -1e-3  \n", "loss=-0.001\n");
	READ(NULL, "a/b-c.d_2: 1\n_x: 2\n", "_x=2\na/b-c.d_2=1\n"); /* sorted by name */
	READ(NULL, "loss: 1\nloss: 2\nMETRIC loss=3\nloss: none\n", "loss=3\n");
}

static void prose_is_no_metric(void **state)
{
	(void)state;
	READ(NULL, "the loss: 2\n", "");
	READ(NULL, " loss: 2\n", "");
	READ(NULL, "loss:2\n", "");
	READ(NULL, "main.c:12\n", "");
	READ(NULL, "loss: 2 MB\n", "");
	READ(NULL, "loss: 0x10\n", "");
	READ(NULL, "loss: 2,5\n", "");
	READ(NULL, "loss:\n", "");
	READ(NULL, "METRIC loss: 2\n", "");
	READ(NULL, "METRIC loss = 2\n", "");
	READ(NULL, "metric loss=2\n", "");
	READ(NULL, "12:30: 5\n", "");
	READ(NULL, "l\xc3\xb6ss: 2\n", "");
	READ(NULL, "loss: 2\0\n", "");
	READ(NULL, "loss\0: 2\n", "");
}

static void not_finite(void **state)
{
	(void)state;
	READ(NULL, "loss: nan\n", "loss!\n");
	READ(NULL, "METRIC loss=-inf\n", "loss!\n");
	READ(NULL, "loss: 1e999\n", "loss!\n");
	READ(NULL, "loss: 1\nloss: nan\n", "loss!\n"); /* the last one counts */
	READ(NULL, "loss: nan\nloss: 1\n", "loss=1\n");
	READ("^l=(.*)$", "l=NaN\n", "loss!\n");
}

static void a_pattern_gives_the_metric(void **state)
{
	(void)state;
	READ("^step [0-9]+ loss=([0-9.]+)", "step 1 loss=3.5 ok\nstep 2 loss=3.25 ok\n",
	     "loss=3.25\n");
	READ("^l ([0-9.]+)$", "loss: 9\nacc: 1\nl 2\nloss: 8\n", "acc=1\nloss=2\n");
	READ("^l ([0-9.]+)$", "METRIC loss=4\n", "loss=4\n");
	READ("^l (.*)$", "l many\n", "");
	READ("^l( [0-9]+)?$", "l\n", "");  /* a group that took no part */
	READ("(a|b)([0-9]+)", "a1\n", ""); /* group 1 is no number */
	READ("ss: ([0-9]+)", "miss: 7\n", "loss=7\nmiss=7\n");
}

static void bad_patterns(void **state)
{
	struct error err = ERROR_INIT;
	struct metric_reader r;

	(void)state;
	assert_int_equal(metric_reader_init(&r, "loss", "^loss", &err), -1);
	assert_string_equal(err.message, "bad pattern '^loss': it has no group for the value");
	assert_int_equal(metric_reader_init(&r, "loss", "(", &err), -1);
	assert_true(starts_with(err.message, "bad pattern '(': "));
}

static void long_lines_are_dropped(void **state)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	(void)state;
	/* Exactly 64 KiB is still a line. */
	strbuf_addstr(&text, "fits: ");
	while (text.len < 64 * 1024)
		strbuf_addch(&text, '1' - (text.len > 10));
	strbuf_addstr(&text, "\nlong: ");
	for (size_t start = text.len - 6; text.len - start < 64 * 1024 + 1;)
		strbuf_addch(&text, '0');
	strbuf_addstr(&text, "\nloss: 1\n");
	assert_read(NULL, text.buf, text.len, "fits!\nloss=1\n");
}

static void names_are_bounded(void **state)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	struct error err = ERROR_INIT;
	struct metric_reader r;

	(void)state;
	assert_int_equal(metric_reader_init(&r, "loss", NULL, &err), 0);
	for (int i = 0; i < METRICS_MAX + 10; i++)
		strbuf_addf(&text, "m%03d: %d\n", i, i);
	strbuf_addstr(&text, "m007: 70\n"); /* a known name still takes a new value */
	metric_reader_feed(&r, text.buf, text.len);
	metric_reader_finish(&r);
	assert_int_equal(r.metrics.nr, METRICS_MAX);
	assert_true(metrics_find(&r.metrics, "m007")->value == 70);
	assert_true(metrics_find(&r.metrics, "m255")->value == 255);
	assert_null(metrics_find(&r.metrics, "m256"));
	metric_reader_release(&r);
}

static void valid_names(void **state)
{
	char name[METRIC_NAME_MAX + 2];

	(void)state;
	assert_true(metric_name_is_valid("val_loss"));
	assert_true(metric_name_is_valid("_"));
	assert_true(metric_name_is_valid("a/b.c-d"));
	assert_false(metric_name_is_valid(""));
	assert_false(metric_name_is_valid("2x"));
	assert_false(metric_name_is_valid("a b"));
	assert_false(metric_name_is_valid("a=b"));
	assert_false(metric_name_is_valid("\xc3\xa9"));
	memset(name, 'x', sizeof(name));
	name[METRIC_NAME_MAX + 1] = '\0';
	assert_false(metric_name_is_valid(name));
	name[METRIC_NAME_MAX] = '\0';
	assert_true(metric_name_is_valid(name));
}

static void merging(void **state)
{
	CLEANUP_METRICS struct metrics m = { 0 }, file = { 0 };

	(void)state;
	metrics_set(&m, "b", 1, true);
	metrics_set(&m, "a", 2, true);
	metrics_set(&file, "b", 7, false);
	metrics_set(&file, "c", 3, true);
	metrics_merge(&m, &file);
	assert_int_equal(m.nr, 3);
	assert_true(metrics_find(&m, "a")->value == 2);
	assert_false(metrics_find(&m, "b")->finite);
	assert_true(metrics_find(&m, "b")->value == 0);
	assert_true(metrics_find(&m, "c")->value == 3);
	assert_null(metrics_find(&m, "d"));
	assert_int_equal(file.nr, 2);
}

static void several_trials_say_what_is_typical(void **state)
{
	struct metrics of[4] = { 0 };
	const struct metrics *const trials[] = { &of[0], &of[1], &of[2], &of[3] };
	struct metrics m;

	(void)state;
	for (int i = 0; i < 4; i++) {
		metrics_set(&of[i], "ms", i == 2 ? 900 : 10 + i, true);
		metrics_set(&of[i], "mb", 512, i != 3);
		if (i)
			metrics_set(&of[i], "late", 1, true);
	}
	metrics_typical(trials, 3, &m);
	assert_int_equal(m.nr, 2);
	assert_true(metrics_find(&m, "ms")->value == 11);
	assert_true(metrics_find(&m, "mb")->finite && metrics_find(&m, "mb")->value == 512);
	metrics_release(&m);

	metrics_typical(trials, 4, &m);
	assert_true(metrics_find(&m, "ms")->value == 12); /* 10 11 13 900 */
	assert_false(metrics_find(&m, "mb")->finite);	  /* one of them was not */
	assert_null(metrics_find(&m, "late"));		  /* one of them had none */
	metrics_release(&m);
	metrics_typical(trials, 0, &m);
	assert_int_equal(m.nr, 0);
	for (int i = 0; i < 4; i++)
		metrics_release(&of[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines),
		cmocka_unit_test(prose_is_no_metric),
		cmocka_unit_test(not_finite),
		cmocka_unit_test(a_pattern_gives_the_metric),
		cmocka_unit_test(bad_patterns),
		cmocka_unit_test(long_lines_are_dropped),
		cmocka_unit_test(names_are_bounded),
		cmocka_unit_test(valid_names),
		cmocka_unit_test(merging),
		cmocka_unit_test(several_trials_say_what_is_typical),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
