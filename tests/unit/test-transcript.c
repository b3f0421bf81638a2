/* What agents print, as they print it, and what is read of it. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "propose/transcript.h"

/* What the builtin adapter `name` reads of `text`, fed `step` bytes at a time. */
static void read_by(const char *name, struct adapter *a, struct transcript *t, const char *text,
		    size_t step)
{
	struct error err = ERROR_INIT;

	assert_int_equal(adapter_builtin(name, a, &err), 0);
	*t = (struct transcript)TRANSCRIPT_INIT;
	t->adapter = a;
	for (size_t i = 0, len = strlen(text); i < len; i += step)
		transcript_feed(t, false, text + i, len - i < step ? len - i : step);
	transcript_end(t);
}

static void check(const char *name, const char *text, const char *words, int64_t prompt,
		  int64_t cached, int64_t completion)
{
	for (size_t step = 1; step < 100; step += 33) {
		struct transcript t;
		struct adapter a;

		read_by(name, &a, &t, text, step);
		assert_string_equal(t.words.buf, words);
		assert_true(t.tokens.known);
		assert_int_equal(t.tokens.prompt, prompt);
		assert_int_equal(t.tokens.cached, cached);
		assert_int_equal(t.tokens.completion, completion);
		transcript_release(&t);
		adapter_release(&a);
	}
}

static void test_codex(void **state)
{
	(void)state;
	check("codex",
	      "{\"type\":\"thread.started\",\"thread_id\":\"01a2\"}\n"
	      "{\"type\":\"turn.started\"}\n"
	      "{\"type\":\"item.completed\",\"item\":{\"id\":\"item_1\",\"type\":\"reasoning\",\"text\":"
	      "\"thinking\"}}\n"
	      "{\"type\":\"item.completed\",\"item\":{\"id\":\"item_2\",\"type\":\"agent_message\",\"text\":"
	      "\"Let me look.\"}}\n"
	      "{\"type\":\"item.completed\",\"item\":{\"id\":\"item_3\",\"type\":\"command_execution\","
	      "\"command\":\"ls\",\"aggregated_output\":\"value\\n\",\"exit_code\":0}}\n"
	      "{\"type\":\"item.completed\",\"item\":{\"id\":\"item_4\",\"type\":\"agent_message\",\"text\":"
	      "\"Lower the value\\n\\nIt was too large.\"}}\n"
	      "{\"type\":\"turn.completed\",\"usage\":{\"input_tokens\":200,\"cached_input_tokens\":120,"
	      "\"output_tokens\":40,\"reasoning_output_tokens\":0}}\n",
	      "Lower the value\n\nIt was too large.\n", 200, 120, 40);
}

static void test_qwen(void **state)
{
	(void)state;
	/* The result has the totals; each message has its own, which are not added to them. */
	check("qwen",
	      "{\"type\":\"system\",\"subtype\":\"init\",\"tools\":[\"edit\"]}\n"
	      "{\"type\":\"assistant\",\"message\":{\"content\":[{\"type\":\"text\",\"text\":\"Lower it\"}],"
	      "\"usage\":{\"input_tokens\":100,\"output_tokens\":20}}}\n"
	      "{\"type\":\"result\",\"subtype\":\"success\",\"is_error\":false,\"result\":\"Lower it\","
	      "\"usage\":{\"input_tokens\":200,\"output_tokens\":40,\"cache_read_input_tokens\":120}}",
	      "Lower it\n", 200, 120, 40);
}

static void test_claude(void **state)
{
	(void)state;
	/* What came from a cache and went into one are not in input_tokens there. */
	check("claude",
	      "{\"type\":\"result\",\"subtype\":\"success\",\"result\":\"Lower it\",\"usage\":"
	      "{\"input_tokens\":80,\"cache_creation_input_tokens\":15,\"cache_read_input_tokens\":5,"
	      "\"output_tokens\":7}}\n",
	      "Lower it\n", 100, 5, 7);
}

static void test_pi(void **state)
{
	(void)state;
	check("pi",
	      "{\"type\":\"message_end\",\"message\":{\"role\":\"user\",\"content\":[{\"type\":\"text\","
	      "\"text\":\"the prompt\"}]}}\n"
	      "{\"type\":\"message_end\",\"message\":{\"role\":\"assistant\",\"content\":[{\"type\":"
	      "\"toolCall\",\"name\":\"bash\"}],\"usage\":{\"input\":40,\"output\":20,\"cacheRead\":60,"
	      "\"cacheWrite\":0,\"totalTokens\":120}}}\n"
	      "{\"type\":\"message_end\",\"message\":{\"role\":\"assistant\",\"content\":[{\"type\":\"text\","
	      "\"text\":\"Lower it\"}],\"usage\":{\"input\":10,\"output\":5,\"cacheRead\":90,"
	      "\"cacheWrite\":0}}}\n"
	      "{\"type\":\"turn_end\",\"message\":{\"role\":\"assistant\",\"usage\":{\"input\":10}}}\n",
	      "Lower it\n", 200, 150, 25);
}

static void test_opencode(void **state)
{
	(void)state;
	check("opencode",
	      "{\"type\":\"text\",\"part\":{\"type\":\"text\",\"text\":\"Looking\"}}\n"
	      "{\"type\":\"step_finish\",\"part\":{\"tokens\":{\"total\":130,\"input\":40,\"output\":20,"
	      "\"reasoning\":10,\"cache\":{\"write\":0,\"read\":60}}}}\n"
	      "{\"type\":\"text\",\"part\":{\"type\":\"text\",\"text\":\"Lower it\"}}\n"
	      "{\"type\":\"step_finish\",\"part\":{\"tokens\":{\"input\":1,\"output\":2,\"reasoning\":0,"
	      "\"cache\":{\"write\":3,\"read\":4}}}}\n",
	      "Lower it\n", 108, 64, 32);
}

static void test_aider(void **state)
{
	struct transcript t = TRANSCRIPT_INIT;
	struct error err = ERROR_INIT;
	struct adapter a;
	static const char errors[] = "Aider v0.86.1\n"
				     "Tokens: 2.1k sent, 85 received. Cost: $0.01 message.\n"
				     "Tokens: 812 sent, 300 cache hit, 1,024 received.\n"
				     "Tokens: many sent, few received.\n";

	(void)state;
	assert_int_equal(adapter_builtin("aider", &a, &err), 0);
	t.adapter = &a;
	transcript_feed(&t, true, errors, strlen(errors));
	transcript_feed(&t, false, "Lower it\n", 9);
	transcript_end(&t);
	assert_string_equal(t.words.buf, "Lower it\n");
	assert_true(t.tokens.known && t.tokens.rounded);
	assert_int_equal(t.tokens.prompt, 2912);
	assert_int_equal(t.tokens.completion, 1109);
	transcript_release(&t);
	adapter_release(&a);
}

/* What a flood, or somebody who plays the report, makes of it. */
static void test_hostile(void **state)
{
	static const char *const lines[] = {
		"{\"type\":\"turn.completed\",\"usage\":{\"input_tokens\":-5}}\n",
		"{\"type\":\"turn.completed\",\"usage\":{\"input_tokens\":1e300}}\n",
		"{\"type\":\"turn.completed\",\"usage\":{\"input_tokens\":\"7\"}}\n",
		"{\"type\":\"turn.completed\",\"usage\":{\"input_tokens\":9007199254740991}}\n",
		"{\"type\":\"turn.completed\",\"usage\":[]}\n",
		"{\"type\":\"item.completed\",\"item\":{\"type\":\"agent_message\",\"text\":7}}\n",
		"{\"type\":[\n",
		"[]\n",
		"{}\n",
		"\n",
		"null\n",
		"\xff\xfe\n",
	};
	struct transcript t;
	struct adapter a;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		read_by("codex", &a, &t, lines[i], 7);
		assert_false(t.tokens.known);
		assert_int_equal(t.words.len, 0);
		transcript_release(&t);
		adapter_release(&a);
	}
}

static void test_long_lines_are_passed_over(void **state)
{
	static const char end[] = "{\"type\":\"item.completed\",\"item\":"
				  "{\"type\":\"agent_message\",\"text\":\"after it\"}}\n";
	CLEANUP_FREE char *block = xmalloc(1 << 20);
	struct transcript t;
	struct adapter a;

	(void)state;
	memset(block, 'x', 1 << 20);
	read_by("codex", &a, &t, "{\"type\":\"", 9);
	for (int i = 0; i < 20; i++) {
		transcript_feed(&t, false, block, 1 << 20);
		assert_true(t.lines[0].len <= TRANSCRIPT_LINE_MAX);
		assert_true(t.tail.len <= 2 * TRANSCRIPT_TAIL_MAX);
	}
	transcript_feed(&t, false, "\n", 1);
	transcript_feed(&t, false, end, strlen(end));
	assert_string_equal(t.words.buf, "after it\n");
	transcript_release(&t);
	adapter_release(&a);
}

static void test_without_an_adapter(void **state)
{
	struct transcript t = TRANSCRIPT_INIT;

	(void)state;
	transcript_feed(&t, false, "the words", 9);
	transcript_feed(&t, true, "noise", 5);
	transcript_end(&t);
	assert_string_equal(t.words.buf, "the words");
	assert_string_equal(t.tail.buf, "the wordsnoise");
	assert_false(t.tokens.known);
	transcript_release(&t);
}

static void check_judgement(const char *name, const char *text, enum transcript_refusal why,
			    const char *line)
{
	CLEANUP_STRBUF struct strbuf got = STRBUF_INIT;
	struct transcript t;
	struct adapter a;

	read_by(name, &a, &t, text, 1000);
	assert_int_equal(transcript_judge(&t, &got), why);
	assert_string_equal(got.buf, line);
	transcript_release(&t);
	adapter_release(&a);
}

static void test_judging(void **state)
{
	(void)state;
	check_judgement(
		"codex",
		"{\"type\":\"turn.failed\",\"error\":{\"message\":\"{\\\"error\\\":{\\\"message\\\":"
		"\\\"Rate limit reached\\\"}}\"}}\n",
		TRANSCRIPT_LIMITED, "{\"error\":{\"message\":\"Rate limit reached\"}}");
	/* A limit that is reported as a success. */
	check_judgement(
		"qwen",
		"{\"type\":\"result\",\"is_error\":false,\"result\":\"[API Error: 429 slow "
		"down]\"}\n",
		TRANSCRIPT_LIMITED, "[API Error: 429 slow down]");
	check_judgement(
		"claude",
		"{\"type\":\"result\",\"result\":\"Sorry.\\nI can't help with that.\"}\n",
		TRANSCRIPT_REFUSED, "I can't help with that.");
	check_judgement("codex", "{\"type\":\"error\",\"message\":\"no such model\"}\n",
			TRANSCRIPT_ERROR, "no such model");
	check_judgement("claude",
			"{\"type\":\"result\",\"result\":\"\\nAll is well.\\nBye.\"}\n",
			TRANSCRIPT_NOTHING, "All is well.");
	check_judgement("claude", "", TRANSCRIPT_NOTHING, "");
	/* What a tool printed, or the prompt that is echoed, is no report. */
	check_judgement("codex",
			"{\"type\":\"item.completed\",\"item\":{\"type\":\"command_execution\","
			"\"aggregated_output\":\"rate limit\"}}\n",
			TRANSCRIPT_NOTHING, "");
	check_judgement("aider", "litellm.RateLimitError: Too Many Requests\n",
			TRANSCRIPT_LIMITED, "litellm.RateLimitError: Too Many Requests");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_codex),
		cmocka_unit_test(test_qwen),
		cmocka_unit_test(test_claude),
		cmocka_unit_test(test_pi),
		cmocka_unit_test(test_opencode),
		cmocka_unit_test(test_aider),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_long_lines_are_passed_over),
		cmocka_unit_test(test_without_an_adapter),
		cmocka_unit_test(test_judging),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
