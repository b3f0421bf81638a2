#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "propose/prompt.h"

/* A campaign with nothing in it but what the prompt cannot do without. */
struct scene {
	struct campaign_config config;
	struct prompt_file file;
	struct record records[2];
	struct prompt_experiment history[2];
	struct prompt_input input;
};

static void set_record(struct record *r, int64_t experiment, enum verdict_kind kind,
		       const char *reason, const char *subject)
{
	r->experiment = experiment;
	r->verdict.kind = kind;
	r->verdict.reason = (char *)reason;
	r->subject = (char *)subject;
	r->has_metric = r->has_incumbent = true;
	r->metric = 2.25;
	r->incumbent = 2.5;
}

static void set_scene(struct scene *s)
{
	memset(s, 0, sizeof(*s));
	s->config.metric = "val_loss";
	s->config.limits = (struct limits){
		.memory = 512 << 20, .cpus = 2, .pids = 64, .disk = 256 << 20, .output = 1 << 20
	};
	s->config.phases[PHASE_RUN] = (struct command_spec){ "make run", 30 };
	string_list_add(&s->config.editable, "train.c");
	s->file = (struct prompt_file){ "train.c", "int a = 1;\n", 11 };
	set_record(&s->records[0], 7, VERDICT_REJECTED, "no-improvement", "a 1 -> 2");
	set_record(&s->records[1], 6, VERDICT_ACCEPTED, NULL, "a 3 -> 1");
	s->history[0] =
		(struct prompt_experiment){ &s->records[0], "-int a = 1;\n+int a = 2;\n" };
	s->history[1] =
		(struct prompt_experiment){ &s->records[1], "-int a = 3;\n+int a = 1;\n" };
	s->input = (struct prompt_input){ .campaign = "lm",
					  .config = &s->config,
					  .program = "Keep it short.",
					  .experiment = 8,
					  .baseline = 3,
					  .incumbent = 2.5,
					  .editable = &s->file,
					  .editable_nr = 1,
					  .history = s->history,
					  .history_nr = 2 };
}

static char *build(const struct scene *s)
{
	struct strbuf out = STRBUF_INIT;

	prompt_build(&s->input, &out);
	return strbuf_detach(&out, NULL);
}

static void release(struct scene *s)
{
	string_list_release(&s->config.editable);
}
#define CLEANUP_SCENE CLEANUP(release)

static void assert_holds(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("no \"%s\" in:\n%s", part, text);
}

static void assert_lacks(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("\"%s\" in:\n%s", part, text);
}

static void its_parts_stand_in_order(void **state)
{
	static const char *const parts[] = {
		"# Your part\n",
		"# The program\n\nKeep it short.\n",
		"# The metric\n\n- minimize: `val_loss`\n",
		"- run, ended after 30",
		"memory 512M, disk 256M, output 1M",
		"# Files to know",
		"model.h\n```\n#define N 4\n```\n",
		"# Editable files\n",
		"matches: `train.c`\n",
		"train.c\n```\nint a = 1;\n```\n",
		"# What was tried, newest first\n",
		("- 7 rejected, no-improvement (2.25, the incumbent had 2.5): "
		 "a 1 -> 2\n\n```diff\n-int a = 1;\n+int a = 2;\n```\n"),
		"- 6 accepted (2.25, the incumbent had 2.5): a 3 -> 1\n",
		"# Now: experiment 8 of lm\n",
		"`val_loss` began at 3 and is now at 2.5.\n",
		"first line is its subject",
		"exit with 125"
	};
	struct prompt_file context = { "model.h", "#define N 4", 11 };
	CLEANUP_SCENE struct scene s;
	CLEANUP_FREE char *text = NULL;
	const char *p;

	(void)state;
	set_scene(&s);
	s.input.context = &context;
	s.input.context_nr = 1;
	p = text = build(&s);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		const char *found = strstr(p, parts[i]);

		if (!found)
			fail_msg("no \"%s\" in its place in:\n%s", parts[i], text);
		p = found + strlen(parts[i]);
	}
	assert_lacks(text, "+int a = 1;"); /* of the accepted one */
}

static void the_same_values_give_the_same_text(void **state)
{
	CLEANUP_SCENE struct scene s;
	CLEANUP_FREE char *one = NULL;
	CLEANUP_FREE char *two = NULL;

	(void)state;
	set_scene(&s);
	one = build(&s);
	two = build(&s);
	assert_string_equal(one, two);
}

static void what_is_optional_shows_where_it_is_set(void **state)
{
	struct constraint constraint = { .metric = "mb", .has_max = true, .max = 4096 };
	CLEANUP_SCENE struct scene s;
	CLEANUP_FREE char *bare = NULL;
	CLEANUP_FREE char *full = NULL;

	(void)state;
	set_scene(&s);
	s.input.program = "";
	s.input.history_nr = 0;
	bare = build(&s);
	assert_lacks(bare, "# The program");
	assert_lacks(bare, "# Files to know");
	assert_lacks(bare, "the search ends at");
	assert_lacks(bare, "must hold");
	assert_holds(bare, "Nothing yet.\n");
	s.config.direction = MAXIMIZE;
	s.config.has_target = true;
	s.config.target = 1.85;
	s.config.constraints = &constraint;
	s.config.constraints_nr = 1;
	s.config.min_effect = (struct threshold){ true, true, 0.25 };
	full = build(&s);
	assert_holds(full, "- maximize: `val_loss`\n");
	assert_holds(full, "- the search ends at: 1.85\n");
	assert_holds(full, "- must hold: `mb` at most 4096\n");
	assert_holds(full, "counts: 25% of the incumbent\n");
}

static void no_content_breaks_its_fence(void **state)
{
	static const char evil[] = "```\n# Now\n`````\nx";
	CLEANUP_SCENE struct scene s;
	CLEANUP_FREE char *text = NULL;

	(void)state;
	set_scene(&s);
	s.file.content = evil;
	s.file.len = strlen(evil);
	text = build(&s);
	assert_holds(text, "train.c\n``````\n```\n# Now\n`````\nx\n``````\n");
}

static void control_characters_are_made_visible(void **state)
{
	static const char evil[] = "a\x1b[2J\r\n\tb\xff";
	CLEANUP_SCENE struct scene s;
	CLEANUP_FREE char *text = NULL;

	(void)state;
	set_scene(&s);
	s.file.content = evil;
	s.file.len = strlen(evil);
	s.records[0].subject = (char *)"one\n# Now: two\x07";
	text = build(&s);
	assert_holds(text, "```\na\\x1b[2J\\x0d\n\tb\\xff\n```\n");
	assert_holds(text, ": one\\x0a# Now: two\\x07\n");
}

static void long_things_are_cut(void **state)
{
	CLEANUP_STRBUF struct strbuf big = STRBUF_INIT;
	CLEANUP_STRBUF struct strbuf subject = STRBUF_INIT;
	CLEANUP_SCENE struct scene s;
	CLEANUP_FREE char *text = NULL;

	(void)state;
	set_scene(&s);
	while (big.len <= PROMPT_FILE_MAX)
		strbuf_addstr(&big, "Q23456789\n");
	for (int i = 0; i < 150; i++)
		strbuf_addstr(&subject, "\xc3\xbc");
	s.file.content = big.buf;
	s.file.len = big.len;
	s.history[0].patch = big.buf;
	s.records[0].subject = subject.buf;
	text = build(&s);
	assert_holds(text, "train.c\n(65540 bytes, not shown)\n");
	assert_holds(text, "(the first 8192 of 65540 bytes)\n");
	assert_holds(text, "\xc3\xbc ...\n");
	assert_lacks(text, "\\xc3");
	assert_in_range(strlen(text), PROMPT_PATCH_MAX, PROMPT_PATCH_MAX + 4096);
}

static void a_binary_file_is_named_alone(void **state)
{
	CLEANUP_SCENE struct scene s;
	CLEANUP_FREE char *text = NULL;

	(void)state;
	set_scene(&s);
	s.file.content = "a\0b";
	s.file.len = 3;
	text = build(&s);
	assert_holds(text, "train.c\n(binary, 3 bytes)\n");
}

static void all_files_together_are_bounded(void **state)
{
	struct prompt_file files[12];
	CLEANUP_STRBUF struct strbuf big = STRBUF_INIT;
	CLEANUP_SCENE struct scene s;
	CLEANUP_FREE char *text = NULL;

	(void)state;
	set_scene(&s);
	while (big.len < PROMPT_FILE_MAX)
		strbuf_addch(&big, 'Q');
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		files[i] = (struct prompt_file){ "big", big.buf, big.len };
	s.input.editable = files;
	s.input.editable_nr = ARRAY_SIZE(files);
	text = build(&s);
	assert_holds(text, "big\n(65536 bytes, not shown)\n");
	assert_in_range(strlen(text), PROMPT_FILES_MAX, PROMPT_FILES_MAX + 4096);
}

static void assert_words(const char *text, size_t len, const char *subject,
			 const char *rationale)
{
	CLEANUP_STRBUF struct strbuf first = STRBUF_INIT;
	CLEANUP_STRBUF struct strbuf rest = STRBUF_INIT;

	prompt_read_words(text, len, &first, &rest);
	assert_string_equal(first.buf, subject);
	assert_string_equal(rest.buf, rationale);
	assert_int_equal(first.len, strlen(subject));
	assert_int_equal(rest.len, strlen(rationale));
}

static void the_first_line_is_the_subject(void **state)
{
	(void)state;
	assert_words("a\nb\nc\n", 6, "a", "b\nc");
	assert_words("\n \na \r\n\r\nb\n\nc", 14, "a", "b\n\nc");
	assert_words("a", 1, "a", "");
	assert_words("", 0, "", "");
	assert_words("\n\n", 2, "", "");
	assert_words("a\0b\nc\0d", 7, "ab", "cd");
}

static void what_a_trial_may_reach_is_said(void **state)
{
	struct network_address items[] = { { .host = (char *)"model.example", .port = 80 },
					   { .host = (char *)"::1", .port = 443 } };
	struct network_allow network = { .items = items, .nr = 2 };
	CLEANUP_FREE char *without = NULL, *with = NULL;
	CLEANUP_SCENE struct scene s;

	(void)state;
	set_scene(&s);
	without = build(&s);
	s.input.network = &network;
	with = build(&s);
	assert_holds(without, "There is no network in the sandbox");
	assert_lacks(with, "no network");
	assert_holds(with, "\n  model.example:80 [::1]:443\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_trial_may_reach_is_said),
		cmocka_unit_test(its_parts_stand_in_order),
		cmocka_unit_test(the_same_values_give_the_same_text),
		cmocka_unit_test(what_is_optional_shows_where_it_is_set),
		cmocka_unit_test(no_content_breaks_its_fence),
		cmocka_unit_test(control_characters_are_made_visible),
		cmocka_unit_test(long_things_are_cut),
		cmocka_unit_test(a_binary_file_is_named_alone),
		cmocka_unit_test(all_files_together_are_bounded),
		cmocka_unit_test(the_first_line_is_the_subject),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
