/* How a prompt is fitted into a model's context window. */

#include "prompt-scene.h"

/* Experiments 100, 99, 98, … that were rejected, with diffs of a kilobyte. */
struct long_history {
	struct record records[100];
	struct prompt_experiment items[100];
	struct strbuf patch;
};

static void set_history(struct scene *s, struct long_history *h)
{
	memset(h, 0, sizeof(*h));
	h->patch = (struct strbuf)STRBUF_INIT;
	for (int i = 0; i < 100; i++)
		strbuf_addstr(&h->patch, "+23456789\n");
	for (int i = 0; i < 100; i++) {
		set_record(&h->records[i], 100 - i, VERDICT_REJECTED, "no-improvement", "idea",
			   BASE);
		h->items[i] = (struct prompt_experiment){ .record = &h->records[i],
							  .patch = h->patch.buf,
							  .patch_size = h->patch.len };
	}
	s->input.history = h->items;
	s->input.history_nr = 100;
	s->input.history_older = 1000;
}

static size_t count(const char *text, const char *part)
{
	size_t n = 0;

	for (const char *p = text; (p = strstr(p, part)); p++)
		n++;
	return n;
}

static void history_fills_the_window_with_whole_experiments(void **state)
{
	static const int64_t windows[] = { 4000, 8000, 16000, 32000 };
	struct long_history *h = xmalloc(sizeof(*h));
	size_t before = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(windows); i++) {
		CLEANUP_SCENE struct scene s;
		CLEANUP_FREE char *text = NULL;
		CLEANUP_FREE char *left_out = NULL;
		size_t shown, whole, room;

		set_scene(&s);
		set_history(&s, h);
		s.input.window = windows[i];
		text = build_messages(&s);
		shown = count(text, "\nExperiment ");
		whole = count(text, "\ndiff:\n");
		room = (size_t)(windows[i] - prompt_answer_reserve(windows[i]));
		assert_true(strlen(text) <= room * PROMPT_TOKEN_BYTES);
		/* It is used: no further experiment would fit. */
		assert_true(strlen(text) > room * PROMPT_TOKEN_BYTES - 2600);
		assert_true(whole >= before);
		before = whole;
		/* A diff is there to its last line, or said to be left out. */
		assert_int_equal(count(text, "+23456789\n"), 100 * whole);
		assert_int_equal(count(text, ", its diff left out\n"), shown - whole);
		assert_holds(text, "Experiment 100, rejected");
		left_out = xstrfmt("\n%zu experiments are left out here.\n", 1100 - shown);
		assert_holds(text, left_out);
		strbuf_release(&h->patch);
	}
	assert_true(before > 40);
	free(h);
}

static void the_window_has_a_default(void **state)
{
	struct long_history *h = xmalloc(sizeof(*h));
	CLEANUP_FREE char *unset = NULL;
	CLEANUP_FREE char *set = NULL;
	CLEANUP_SCENE struct scene s;

	(void)state;
	set_scene(&s);
	set_history(&s, h);
	unset = build_messages(&s);
	s.input.window = PROMPT_WINDOW_DEFAULT;
	set = build_messages(&s);
	assert_string_equal(unset, set);
	assert_int_equal(prompt_answer_reserve(0), 8000);
	assert_int_equal(prompt_answer_reserve(1000000), PROMPT_ANSWER_MAX);
	assert_int_equal(prompt_tokens(0), 0);
	assert_int_equal(prompt_tokens(7), 3);
	strbuf_release(&h->patch);
	free(h);
}

static void assert_too_small(const struct scene *s, const char *what)
{
	CLEANUP_PROMPT struct prompt prompt = PROMPT_INIT;

	err = (struct error)ERROR_INIT;
	assert_int_equal(prompt_build(&s->input, &prompt, &err), -1);
	assert_holds(err.message, what);
	assert_holds(err.hint, "campaign.editable");
}

static void editable_files_that_do_not_fit_are_an_error(void **state)
{
	CLEANUP_STRBUF struct strbuf big = STRBUF_INIT;
	CLEANUP_FREE char *text = NULL;
	CLEANUP_SCENE struct scene s;

	(void)state;
	set_scene(&s);
	s.input.window = 1000;
	assert_too_small(&s, "a context window of 1000 has room for 686");
	while (big.len < 100000)
		strbuf_addstr(&big, "123456789\n");
	s.file.content = big.buf;
	s.file.len = big.len;
	s.input.window = 0;
	assert_too_small(&s, "32000 (none is configured) has room for 23936");
	/* A large one is shown where there is room. */
	s.input.window = 64000;
	text = build_messages(&s);
	assert_int_equal(count(text, "123456789\n"), 10000);
	s.file.content = NULL;
	assert_too_small(&s, "'train.c' is too large");
}

static void files_to_know_leave_room_for_history(void **state)
{
	struct long_history *h = xmalloc(sizeof(*h));
	struct prompt_file context[10];
	CLEANUP_STRBUF struct strbuf big = STRBUF_INIT;
	CLEANUP_FREE char *text = NULL;
	CLEANUP_SCENE struct scene s;

	(void)state;
	set_scene(&s);
	set_history(&s, h);
	while (big.len < 10000)
		strbuf_addstr(&big, "abcdefghi\n");
	for (size_t i = 0; i < 10; i++)
		context[i] = (struct prompt_file){ "known.h", big.buf, big.len };
	s.input.context = context;
	s.input.context_nr = 10;
	text = build_messages(&s);
	assert_int_equal(count(text, "abcdefghi\n"), 3000);
	assert_int_equal(count(text, "known.h, 10000 bytes\n"), 7);
	assert_true(count(text, "\ndiff:\n") > 10);
	strbuf_release(&h->patch);
	free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(history_fills_the_window_with_whole_experiments),
		cmocka_unit_test(the_window_has_a_default),
		cmocka_unit_test(editable_files_that_do_not_fit_are_an_error),
		cmocka_unit_test(files_to_know_leave_room_for_history),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
