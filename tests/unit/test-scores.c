#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "model/scores.h"

static const char *const names[] = { "endpoint", "sweep" };

static void a_name_has_what_became_of_its_candidates(void **state)
{
	struct scores scores = { 0 };
	struct score sweep, nobody;

	(void)state;
	scores_observe(&scores, "sweep", VERDICT_REJECTED);
	scores_observe(&scores, "sweep", VERDICT_ACCEPTED);
	scores_observe(&scores, "sweep", VERDICT_SKIPPED);
	scores_observe(&scores, "endpoint", VERDICT_FAILED);
	sweep = scores_find(&scores, "sweep");
	nobody = scores_find(&scores, "codex");
	assert_int_equal(scores.nr, 2);
	assert_int_equal(sweep.experiments, 3);
	assert_int_equal(sweep.accepted, 1);
	assert_true(score_value(&sweep) > 0.45 && score_value(&sweep) < 0.55);
	assert_string_equal(nobody.name, "codex");
	assert_int_equal(nobody.experiments, 0);
	assert_true(score_value(&nobody) == 0.5);
}

/* How many of a thousand places each of the two gets, dealt one by one. */
static void deal_many(const struct scores *scores, size_t counts[2])
{
	size_t owner;

	counts[0] = counts[1] = 0;
	for (int64_t n = 1; n <= 1000; n++) {
		scores_deal(scores, names, 2, 42, n, 1, &owner);
		counts[owner]++;
	}
}

static void who_does_well_gets_more(void **state)
{
	struct scores scores = { 0 };
	size_t counts[2];

	(void)state;
	deal_many(&scores, counts);
	assert_in_range(counts[0], 400, 600);
	for (int i = 0; i < 10; i++) {
		scores_observe(&scores, "endpoint", VERDICT_ACCEPTED);
		scores_observe(&scores, "sweep", VERDICT_REJECTED);
	}
	deal_many(&scores, counts);
	assert_true(counts[0] > 990);
	/* By its name, wherever that stands. */
	scores = (struct scores){ 0 };
	for (int i = 0; i < 10; i++) {
		scores_observe(&scores, "sweep", VERDICT_ACCEPTED);
		scores_observe(&scores, "endpoint", VERDICT_REJECTED);
	}
	deal_many(&scores, counts);
	assert_true(counts[1] > 990);
}

static void who_has_had_no_turn_gets_one(void **state)
{
	const char *const four[] = { "endpoint", "codex", "sweep", "command:a" };
	struct scores scores = { 0 };
	size_t owners[8], counts[4] = { 0 };

	(void)state;
	for (int i = 0; i < 40; i++)
		scores_observe(&scores, "endpoint", VERDICT_ACCEPTED);
	for (int i = 0; i < 10; i++)
		scores_observe(&scores, "command:a", VERDICT_REJECTED);
	scores_deal(&scores, four, 4, 42, 51, 8, owners);
	for (int i = 0; i < 8; i++)
		counts[owners[i]]++;
	assert_true(counts[0] > 1);
	assert_in_range(counts[1], 1, 7);
	assert_in_range(counts[2], 1, 7);
	/* Fewer places than there are such: one by one all of them have their turn. */
	scores = (struct scores){ 0 };
	for (int64_t n = 1; n <= 4; n++) {
		scores_deal(&scores, four, 4, 42, n, 1, owners);
		assert_int_equal(scores_find(&scores, four[owners[0]]).experiments, 0);
		scores_observe(&scores, four[owners[0]], VERDICT_SKIPPED);
	}
	assert_int_equal(scores.nr, 4);
}

static void a_round_is_dealt_the_same_again(void **state)
{
	struct scores scores = { 0 };
	size_t owners[8], again[8], both = 0;

	(void)state;
	for (int64_t n = 1; n < 400; n += 8) {
		scores_deal(&scores, names, 2, 7, n, 8, owners);
		scores_deal(&scores, names, 2, 7, n, 8, again);
		assert_memory_equal(owners, again, sizeof(owners));
		for (int i = 0; i < 8; i++)
			assert_in_range(owners[i], 0, 1);
		both += owners[0] != owners[1];
	}
	/* Nobody has all of the first places. */
	assert_true(both > 40);
}

static void one_too_many_takes_the_place_of_the_least_known(void **state)
{
	struct scores scores = { 0 };
	char name[16];

	(void)state;
	for (int i = 0; i < BANDIT_ARMS_MAX; i++) {
		snprintf(name, sizeof(name), "command:%d", i);
		scores_observe(&scores, name, VERDICT_REJECTED);
		if (i != 5)
			scores_observe(&scores, name, VERDICT_REJECTED);
	}
	scores_observe(&scores, "new", VERDICT_ACCEPTED);
	assert_int_equal(scores.nr, BANDIT_ARMS_MAX);
	assert_int_equal(scores_find(&scores, "new").accepted, 1);
	assert_int_equal(scores_find(&scores, "command:0").experiments +
				 scores_find(&scores, "command:5").experiments,
			 2);
}

static void what_the_totals_hold_is_read_back(void **state)
{
	CLEANUP_JSON struct json *o = json_new_object(), *none = json_new_object();
	struct scores scores = { 0 }, back;
	struct error err = ERROR_INIT;

	(void)state;
	scores_add(none, &scores);
	assert_null(json_get(none, "proposers"));
	assert_int_equal(scores_read(none, &back, &err), 0);
	assert_int_equal(back.nr, 0);
	for (int i = 0; i < 7; i++)
		scores_observe(&scores, names[i % 2], i ? VERDICT_REJECTED : VERDICT_ACCEPTED);
	scores_add(o, &scores);
	assert_int_equal(scores_read(o, &back, &err), 0);
	assert_int_equal(back.nr, 2);
	for (int i = 0; i < 2; i++) {
		struct score was = scores_find(&scores, names[i]);
		struct score is = scores_find(&back, names[i]);

		assert_true(was.arm.won == is.arm.won && was.arm.lost == is.arm.lost);
		assert_int_equal(was.experiments, is.experiments);
		assert_int_equal(was.accepted, is.accepted);
	}
}

static void refuse(const char *text)
{
	CLEANUP_JSON struct json *o = NULL;
	struct error err = ERROR_INIT;
	struct scores scores;

	assert_int_equal(json_parse(text, strlen(text), &o, &err), 0);
	assert_int_equal(scores_read(o, &scores, &err), -1);
	assert_string_equal(err.message, "'proposers' is malformed");
}

static void what_no_totals_hold_is_refused(void **state)
{
	(void)state;
	refuse("{\"proposers\":{}}");
	refuse("{\"proposers\":[1]}");
	refuse("{\"proposers\":[{\"name\":\"\",\"won\":0,\"lost\":0,\"experiments\":0,"
	       "\"accepted\":0}]}");
	refuse("{\"proposers\":[{\"name\":\"a\",\"won\":-1,\"lost\":0,\"experiments\":0,"
	       "\"accepted\":0}]}");
	refuse("{\"proposers\":[{\"name\":\"a\",\"won\":0,\"lost\":0,\"experiments\":0,"
	       "\"accepted\":1}]}");
	refuse("{\"proposers\":[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_has_what_became_of_its_candidates),
		cmocka_unit_test(who_does_well_gets_more),
		cmocka_unit_test(who_has_had_no_turn_gets_one),
		cmocka_unit_test(a_round_is_dealt_the_same_again),
		cmocka_unit_test(one_too_many_takes_the_place_of_the_least_known),
		cmocka_unit_test(what_the_totals_hold_is_read_back),
		cmocka_unit_test(what_no_totals_hold_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
