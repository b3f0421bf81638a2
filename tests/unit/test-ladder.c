#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "model/ladder.h"

#define OID "1111111111111111111111111111111111111111"

static void each_stage_takes_its_patience(void **state)
{
	(void)state;
	assert_int_equal(ladder_stage(0, 20, 4), 0);
	assert_int_equal(ladder_stage(19, 20, 4), 0);
	assert_int_equal(ladder_stage(20, 20, 4), 1);
	assert_int_equal(ladder_stage(39, 20, 4), 1);
	assert_int_equal(ladder_stage(40, 20, 4), 2);
	assert_int_equal(ladder_stage(99, 20, 4), 4);
	assert_int_equal(ladder_stage(100, 20, 4), 1);
	assert_int_equal(ladder_stage(499, 20, 4), 4);
	assert_int_equal(ladder_stage(500, 20, 4), LADDER_STAGES);
	assert_int_equal(ladder_stage(INT64_MAX, 20, 4), LADDER_STAGES);
}

static void a_stage_is_two_rounds_at_least(void **state)
{
	(void)state;
	assert_int_equal(ladder_stage(31, 20, 16), 0);
	assert_int_equal(ladder_stage(32, 20, 16), 1);
	assert_int_equal(ladder_stage(1, 1, 1), 0);
	assert_int_equal(ladder_stage(2, 1, 1), 1);
}

static void without_patience_there_is_no_ladder(void **state)
{
	(void)state;
	assert_int_equal(ladder_stage(1000000, 0, 4), 0);
}

static void check_stage(int64_t stage, int64_t earlier, enum ladder_rung rung, int64_t back)
{
	struct ladder_stage s = ladder_at(stage, earlier);

	assert_int_equal(s.rung, rung);
	assert_int_equal(s.back, back);
	assert_true(stage > 0 ? s.widen > 1 : s.widen == 1);
}

static void it_goes_back_further_and_further(void **state)
{
	(void)state;
	check_stage(0, 9, LADDER_GREEDY, 0);
	check_stage(1, 9, LADDER_WIDER, 0);
	check_stage(2, 9, LADDER_RESTART, 1);
	check_stage(3, 9, LADDER_RESTART, 2);
	check_stage(4, 9, LADDER_RESTART, 4);
	check_stage(5, 9, LADDER_EXHAUSTED, 0);
}

static void but_not_further_than_there_is(void **state)
{
	(void)state;
	check_stage(4, 3, LADDER_RESTART, 3);
	check_stage(4, 1, LADDER_RESTART, 1);
	check_stage(2, 0, LADDER_WIDER, 0);
	check_stage(4, 0, LADDER_WIDER, 0);
	check_stage(5, 0, LADDER_EXHAUSTED, 0);
}

static void two_stages_may_be_the_same_search(void **state)
{
	struct ladder_stage back_one = ladder_at(2, 1), again = ladder_at(4, 1);
	struct ladder_stage wider = ladder_at(1, 0), still = ladder_at(3, 0);
	struct ladder_stage further = ladder_at(3, 2), end = ladder_at(5, 0);

	(void)state;
	assert_true(ladder_is_same(&back_one, &again));
	assert_true(ladder_is_same(&wider, &still));
	assert_false(ladder_is_same(&back_one, &further));
	assert_false(ladder_is_same(&wider, &back_one));
	assert_false(ladder_is_same(&still, &end));
}

static void a_temperature_rises_within_bounds(void **state)
{
	struct ladder_stage greedy = ladder_at(0, 0), wider = ladder_at(1, 0);

	(void)state;
	assert_true(ladder_temperature(&greedy, 1, 2) == 1);
	assert_true(ladder_temperature(&wider, 1, 2) == 1.5);
	assert_true(ladder_temperature(&wider, 1.8, 2) == 2);
	assert_true(ladder_temperature(&wider, 0, 2) == 0);
}

static void check_round_trip(const struct searched *s)
{
	CLEANUP_JSON struct json *o = json_new_object();
	struct error err = ERROR_INIT;
	struct searched back;

	searched_add(o, s);
	assert_int_equal(searched_read(o, &back, &err), 0);
	assert_int_equal(back.known, s->known);
	assert_int_equal(back.rung, s->rung);
	assert_true(back.widen == s->widen);
	assert_string_equal(back.from, s->from);
	assert_string_equal(back.proposer, s->proposer);
}

static void what_a_record_holds_is_read_back(void **state)
{
	struct searched none = { 0 };
	struct searched greedy = { .known = true, .widen = 1 };
	struct searched restart = { .known = true,
				    .rung = LADDER_RESTART,
				    .widen = 1.5,
				    .from = OID,
				    .proposer = "endpoint:qwen3:8b" };

	(void)state;
	check_round_trip(&none);
	check_round_trip(&greedy);
	check_round_trip(&restart);
}

static void refuse(const char *text)
{
	CLEANUP_JSON struct json *o = NULL;
	struct error err = ERROR_INIT;
	struct searched s;

	assert_int_equal(json_parse(text, strlen(text), &o, &err), 0);
	assert_int_equal(searched_read(o, &s, &err), -1);
	assert_string_equal(err.message, "'search' is malformed");
}

static void what_no_record_holds_is_refused(void **state)
{
	(void)state;
	refuse("{\"search\":1}");
	refuse("{\"search\":{}}");
	refuse("{\"search\":{\"rung\":\"top\",\"temperatureScale\":1}}");
	refuse("{\"search\":{\"rung\":\"wider\",\"temperatureScale\":0}}");
	refuse("{\"search\":{\"rung\":\"wider\",\"temperatureScale\":1,\"from\":\"12\"}}");
	refuse("{\"search\":{\"rung\":\"wider\",\"temperatureScale\":1,\"proposer\":7}}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_stage_takes_its_patience),
		cmocka_unit_test(a_stage_is_two_rounds_at_least),
		cmocka_unit_test(without_patience_there_is_no_ladder),
		cmocka_unit_test(it_goes_back_further_and_further),
		cmocka_unit_test(but_not_further_than_there_is),
		cmocka_unit_test(two_stages_may_be_the_same_search),
		cmocka_unit_test(a_temperature_rises_within_bounds),
		cmocka_unit_test(what_a_record_holds_is_read_back),
		cmocka_unit_test(what_no_record_holds_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
