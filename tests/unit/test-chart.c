#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <math.h>
#include <string.h>
#include <cmocka.h>

#include "report/chart.h"

static const struct screen_style ascii = { 0 }, utf8 = { .utf8 = true };

/* A baseline, two that were not better, one that failed, and one that was. */
static const struct chart_point search[] = {
	{ 0, CHART_LEVEL, 2.0 }, { 3, CHART_DOT, 2.5 },	   { 6, CHART_DOT, 3.0 },
	{ 12, CHART_FAILED, 0 }, { 15, CHART_LEVEL, 1.0 },
};

static char *draw(const struct chart_point *points, size_t nr, int64_t last, int width,
		  int height, const struct screen_style *style)
{
	CLEANUP_STRING_LIST struct string_list lines = STRING_LIST_INIT;
	struct strbuf text = STRBUF_INIT;

	chart_draw(points, nr, last, width, height, style, &lines);
	for (size_t i = 0; i < lines.nr; i++)
		strbuf_addf(&text, "%s\n", lines.items[i]);
	return strbuf_detach(&text, NULL);
}

static void the_best_is_a_line_and_others_are_dots(void **state)
{
	CLEANUP_FREE char *text = draw(search, ARRAY_SIZE(search), 30, 36, 7, &ascii);

	(void)state;
	assert_string_equal(text, " 3.0 |      .\n"
				  "     |   .\n"
				  "     |================\n"
				  "     |               =\n"
				  " 1.0 |               ===============\n"
				  "     +------------x-----------------\n"
				  "      0                           30\n");
}

static void braille_has_eight_dots_a_character(void **state)
{
	CLEANUP_FREE char *text = draw(search, ARRAY_SIZE(search), 15, 24, 5, &utf8);

	(void)state;
	assert_string_equal(text, " 3.0 ┤   ⢀   ⠁\n"
				  "     │⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⢲\n"
				  " 1.0 ┤                 ⢸\n"
				  "     └──────────────×───\n"
				  "      0               15\n");
}

static void where_nothing_was_measured_nothing_is_drawn(void **state)
{
	static const struct chart_point failed = { 1, CHART_FAILED, 0 };
	CLEANUP_FREE char *none = draw(NULL, 0, 0, 40, 8, &utf8);
	CLEANUP_FREE char *one = draw(&failed, 1, 1, 40, 8, &utf8);

	(void)state;
	assert_string_equal(none, "");
	assert_string_equal(one, "");
}

/* A baseline alone, and values of every size: there is a range, and nothing is drawn beside it. */
static void any_values_can_be_drawn(void **state)
{
	static const double values[] = { 0,	  1,	  -1,	1e-300, -1e308,
					 1.7e308, 4e-324, 1e15, 123456, 1e-9 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		for (size_t j = 0; j < ARRAY_SIZE(values); j++) {
			const struct chart_point points[] = { { 0, CHART_LEVEL, values[i] },
							      { 0, CHART_DOT, values[j] },
							      { 1, CHART_LEVEL, values[j] } };
			CLEANUP_FREE char *text = draw(points, 3, 1, CHART_WIDTH_MIN + 20,
						       CHART_HEIGHT_MIN, &ascii);
			double low, high;

			assert_true(chart_range(points, 3, &low, &high));
			assert_true(low < high);
			assert_non_null(strchr(text, '='));
			for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
				assert_true(strlen(line) <= CHART_WIDTH_MIN + 20);
		}
}

/* One that is far off does not make a flat line of all the others. */
static void what_is_far_out_is_at_the_edge(void **state)
{
	static const struct chart_point points[] = { { 0, CHART_LEVEL, 2 },
						     { 1, CHART_DOT, 1e6 },
						     { 2, CHART_DOT, 3 },
						     { 3, CHART_LEVEL, 1 } };
	double low, high;

	(void)state;
	assert_true(chart_range(points, ARRAY_SIZE(points), &low, &high));
	assert_float_equal(low, 1, 0);
	assert_float_equal(high, 9, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_best_is_a_line_and_others_are_dots),
		cmocka_unit_test(braille_has_eight_dots_a_character),
		cmocka_unit_test(where_nothing_was_measured_nothing_is_drawn),
		cmocka_unit_test(any_values_can_be_drawn),
		cmocka_unit_test(what_is_far_out_is_at_the_edge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
