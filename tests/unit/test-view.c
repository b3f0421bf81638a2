#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "report/view.h"

static const struct screen_style ascii = { 0 }, utf8 = { .utf8 = true },
				 color = { .color = true };

/* --- Text on a screen */

static void text_is_cut_to_the_columns_there_are(void **state)
{
	static const struct {
		const char *text, *utf8, *ascii;
		int columns;
	} table[] = {
		{ "short", "short", "short", 5 },
		{ "longer", "long…", "long>", 5 },
		{ "x", "x", "x", 1 },
		{ "xy", "…", ">", 1 },
		{ "xy", "", "", 0 },
		{ "é日本x", "é日…", "?\?\?x", 4 },
		{ "日本", "日本", "??", 4 },
		{ "日本", "日…", "??", 3 },
		{ "a\33[2J", "a\\x1b[2J", "a\\x1b[2J", 20 },
		{ "\xe2\x80\xae!", "\\xe2\\x80\\xae!", "\\xe2\\x80\\xae!", 20 },
		{ "\xff\n\t", "\\xff\\x0a\\x09", "\\xff\\x0a\\x09", 20 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		CLEANUP_STRBUF struct strbuf out = STRBUF_INIT, plain = STRBUF_INIT;

		assert_true(screen_add_text(&out, &utf8, table[i].text, table[i].columns) <=
			    table[i].columns);
		assert_string_equal(out.buf, table[i].utf8);
		screen_add_text(&plain, &ascii, table[i].text, table[i].columns);
		assert_string_equal(plain.buf, table[i].ascii);
	}
}

static void a_bar_is_as_long_as_it_is_asked_for(void **state)
{
	static const struct {
		double share;
		const char *bar;
	} table[] = {
		{ 0, "........" }, { 0.5, "####...." }, { 0.99, "#######." },
		{ 1, "########" }, { 7, "########" },	{ -1, "........" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;

		screen_add_bar(&out, &ascii, table[i].share, 8, PAINT_GOOD);
		assert_string_equal(out.buf, table[i].bar);
	}
}

/* --- A campaign on it */

static const struct totals totals = {
	.experiments = 3,
	.verdicts[VERDICT_ACCEPTED] = 1,
	.verdicts[VERDICT_REJECTED] = 1,
	.verdicts[VERDICT_FAILED] = 1,
	.time = 12.4,
	.tokens = 5000,
	.baseline_metric = 2,
	.incumbent_metric = 1.5,
	.incumbent_experiment = 2,
	.scores = { .nr = 1, .items[0] = { .name = "sweep", .experiments = 3, .accepted = 1 } }
};
static const struct budget budget = { .experiments = 10 };

static char some_reason[] = "no-improvement", some_words[] = "bold \33[1m idea",
	    timed_out[] = "timeout", ten_percent[] = "+10.0%", nothing[] = "",
	    other_words[] = "to wait";

static void fill(struct course *course)
{
	static struct chart_point points[] = { { 3, CHART_FAILED, 0 },
					       { 2, CHART_LEVEL, 1.5 },
					       { 1, CHART_DOT, 2.2 },
					       { 0, CHART_LEVEL, 2 } };

	*course = (struct course){ .past = { points, ARRAY_SIZE(points), 0 }, .events_nr = 2 };
	course->events[0] = (struct event){ .type = RECORD_EXPERIMENT,
					    .experiment = 3,
					    .verdict = VERDICT_FAILED,
					    .reason = timed_out,
					    .subject = other_words,
					    .change = nothing };
	course->events[1] = (struct event){ .type = RECORD_EXPERIMENT,
					    .experiment = 1,
					    .verdict = VERDICT_REJECTED,
					    .reason = some_reason,
					    .subject = some_words,
					    .has_metric = true,
					    .metric = 2.2,
					    .change = ten_percent };
}

static void draw(const struct screen_style *style, struct screen_size size,
		 struct string_list *ret)
{
	static struct course course;
	const struct activities activities = { .lanes[1] = { .busy = true,
							     .experiment = 4,
							     .phase = PHASE_RUN,
							     .trial = 2,
							     .began = 100,
							     .timeout = 60 },
					       .outage = { true, 115,
							   "no route to the model" } };
	const struct view view = { .campaign = "char-lm",
				   .state = "running",
				   .metric = "loss",
				   .reason = "",
				   .pid = 77,
				   .has_record = true,
				   .is_measured = true,
				   .totals = &totals,
				   .budget = &budget,
				   .activities = &activities,
				   .course = &course,
				   .now = 110 };

	fill(&course);
	view_draw(&view, style, size, ret);
}

static void it_says_all_there_is_to_know(void **state)
{
	static const char *const expected[] = {
		"char-lm  running, process 77, 12.4s, 5000 tokens",
		"loss 1.5, baseline 2 (-25.00%), by experiment 2",
		"3 experiments: 1 accepted, 1 rejected, 1 failed",
		"",
		"    4  run         ####....................  10.0s, at most 50.0s left, trial 2",
		"       waiting 5.00s: no route to the model",
		"",
		" 2.20 |                        .",
		"      |=================================================",
		"      |                                                =",
		" 1.50 |                                                "
		"=========================",
		"      +------------------------------------------------"
		"------------------------x",
		"       0                                               "
		"                        3",
		"",
		"    3  failed                            timeout  to wait",
		"    1  rejected           2.2    +10.0%  no-improvement  bold \\x1b[1m idea",
		"",
		"       experiments #######.................  3 of 10 experiments",
		"",
		"       sweep: 1 of 3 accepted, score 0.50",
		"",
		"",
		"",
		"q quits; the campaign goes on",
	};
	CLEANUP_STRING_LIST struct string_list lines = STRING_LIST_INIT;

	(void)state;
	draw(&ascii, (struct screen_size){ 80, 24 }, &lines);
	assert_int_equal(lines.nr, 24);
	for (size_t i = 0; i < lines.nr; i++)
		assert_string_equal(lines.items[i], expected[i]);
}

/* Columns of a line: sequences that paint take none, a character of UTF-8 takes one here. */
static int columns_of(const char *line)
{
	int columns = 0;

	for (const char *p = line; *p; p++) {
		if (*p == '\33') {
			assert_int_equal(p[1], '[');
			p += strcspn(p, "m");
			continue;
		}
		assert_true((unsigned char)*p >= ' ');
		columns += (*p & 0xc0) != 0x80;
	}
	return columns;
}

static void it_fits_any_screen(void **state)
{
	static const struct screen_style both = { .utf8 = true, .color = true };
	const struct screen_style *const styles[] = { &ascii, &utf8, &color, &both };

	(void)state;
	for (int rows = 2; rows < 70; rows++)
		for (int columns = 30; columns < 150; columns += 7) {
			CLEANUP_STRING_LIST struct string_list lines = STRING_LIST_INIT;

			draw(styles[rows % 4], (struct screen_size){ columns, rows }, &lines);
			assert_int_equal(lines.nr, rows);
			for (size_t i = 0; i < lines.nr; i++)
				assert_true(columns_of(lines.items[i]) <= columns);
			assert_non_null(strstr(lines.items[0], "char-lm"));
			assert_non_null(strstr(lines.items[rows - 1], "q quits"));
		}
}

/* Before its first record it has a name and a state, and shows what runs. */
static void it_is_drawn_before_there_is_a_record(void **state)
{
	CLEANUP_STRING_LIST struct string_list lines = STRING_LIST_INIT;
	static const struct course course;
	static const struct totals none;
	const struct activities activities = {
		.lanes[0] = { .busy = true, .phase = PHASE_SETUP, .began = 100, .timeout = 600 }
	};
	const struct view view = { .campaign = "x\33]0;y\7",
				   .state = "running",
				   .reason = "",
				   .pid = 77,
				   .totals = &none,
				   .budget = &budget,
				   .activities = &activities,
				   .course = &course,
				   .now = 160 };

	(void)state;
	view_draw(&view, &ascii, (struct screen_size){ 80, 5 }, &lines);
	assert_int_equal(lines.nr, 5);
	assert_string_equal(lines.items[0], "x\\x1b]0;y\\x07  running, process 77");
	assert_string_equal(
		lines.items[2],
		"       setup       ##......................  1m00s, at most 9m00s left");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_cut_to_the_columns_there_are),
		cmocka_unit_test(a_bar_is_as_long_as_it_is_asked_for),
		cmocka_unit_test(it_says_all_there_is_to_know),
		cmocka_unit_test(it_fits_any_screen),
		cmocka_unit_test(it_is_drawn_before_there_is_a_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
