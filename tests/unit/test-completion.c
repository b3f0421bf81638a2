#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "propose/completion.h"

static const struct chat_message messages[] = {
	{ "user", "improve \"this\"" },
	{ "assistant", "so?" },
	{ "user", "no\xff" },
};

static const struct chat_request request = {
	.model = "m",
	.system = "be brief",
	.messages = messages,
	.messages_nr = 3,
	.temperature = 0.2,
	.max_tokens = 4096,
	.seed = 7,
};

static const struct chat_request bare = {
	.model = "m",
	.messages = messages,
	.messages_nr = 1,
	.temperature = -1,
	.seed = -1,
};

static void assert_request(const struct chat_request *r, unsigned refused, const char *expected)
{
	CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;

	completion_write_request(r, completion_parameters(r, refused), &out);
	assert_string_equal(out.buf, expected);
}

#define MESSAGES                                                        \
	"\"messages\":[{\"role\":\"system\",\"content\":\"be brief\"}," \
	"{\"role\":\"user\",\"content\":\"improve \\\"this\\\"\"},"     \
	"{\"role\":\"assistant\",\"content\":\"so?\"},"                 \
	"{\"role\":\"user\",\"content\":\"no\xef\xbf\xbd\"}]"

static void requests(void **state)
{
	(void)state;
	assert_request(&request, 0,
		       "{\"model\":\"m\"," MESSAGES ",\"stream\":true,"
		       "\"stream_options\":{\"include_usage\":true},\"temperature\":0.2,"
		       "\"max_tokens\":4096,\"seed\":7}");
	assert_request(&request, CHAT_MAX_TOKENS | CHAT_SEED,
		       "{\"model\":\"m\"," MESSAGES ",\"stream\":true,"
		       "\"stream_options\":{\"include_usage\":true},\"temperature\":0.2,"
		       "\"max_completion_tokens\":4096}");
	assert_request(&request, ~0u, "{\"model\":\"m\"," MESSAGES ",\"stream\":true}");
	assert_request(&bare, CHAT_STREAM_OPTIONS,
		       "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":"
		       "\"improve \\\"this\\\"\"}],\"stream\":true}");
	assert_int_equal(completion_estimate_prompt(&request), (8 + 14 + 3 + 3) / 4);
	assert_int_equal(completion_estimate_prompt(&bare), 4); /* 14 bytes, rounded up */
}

/* What an answer that came whole, with status 200, is worth. */
static enum chat_flaw read_answer(struct completion *c, const char *answer, int64_t estimate)
{
	completion_init(c);
	completion_feed(c, 200, answer, strlen(answer));
	return completion_end(c, 200, HTTP_WHOLE, estimate);
}

#define DELTA(content) "data: {\"choices\":[{\"delta\":{\"content\":\"" content "\"}}]}\n\n"
#define STOP "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
#define USAGE(usage) "data: {\"choices\":[],\"usage\":" usage "}\n\n"
#define DONE "data: [DONE]\n\n"

static void whether_it_is_whole(void **state)
{
	static const struct {
		const char *answer;
		enum chat_flaw flaw;
		const char *text;
	} cases[] = {
		{ DELTA("a") DELTA("b") STOP DONE, CHAT_FLAWLESS, "ab" },
		{ DELTA("a") STOP, CHAT_FLAWLESS, "a" },
		{ DELTA("a") DONE, CHAT_FLAWLESS, "a" },
		{ "\n \r\n" DELTA("a") STOP, CHAT_FLAWLESS, "a" },
		{ ": ping\n\n" DELTA("a") STOP, CHAT_FLAWLESS, "a" },
		{ STOP DONE, CHAT_FLAWLESS, "" },
		{ DELTA("a"), CHAT_CUT, "a" },
		{ DONE, CHAT_CUT, "" },
		{ "", CHAT_CUT, "" },
		{ ": ping\n\n", CHAT_CUT, "" },
		{ DELTA("a") "data: {\"choices\":[{\"finish_reason\":\"error\"}]}\n\n",
		  CHAT_CUT, "a" },
		{ DELTA("a") "data: nonsense\n\n" DONE, CHAT_MALFORMED, "a" },
		{ DELTA("a") "data: {\"choices\":[],\"choices\":[]}\n\n" DONE, CHAT_MALFORMED,
		  "a" },
		{ "Hello!", CHAT_MALFORMED, "" },
		{ "{\"choices\":[]}", CHAT_MALFORMED, "" },
		{ "{\"choices\":[{\"message\":{\"content\":\"a\"}}]}", CHAT_FLAWLESS, "a" },
		{ "{\"choices\":[{\"message\":{\"content\":\"a\"}}]", CHAT_MALFORMED, "" },
		{ "{\"done\":true}\n{\"done\":true}\n", CHAT_MALFORMED, "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct completion c;
		enum chat_flaw flaw = read_answer(&c, cases[i].answer, 1);

		if (flaw != cases[i].flaw || c.refused)
			fail_msg("%s: flaw %d", cases[i].answer, flaw);
		assert_string_equal(c.text.buf, cases[i].text);
		assert_int_equal(flaw == CHAT_MALFORMED, !!*c.malformed);
		completion_release(&c);
	}
}

/* The same JSON, when the connection ended before its time. */
static void a_broken_connection(void **state)
{
	static const char whole[] = "{\"choices\":[{\"message\":{\"content\":\"a\"}}]}";
	static const char stream[] = DELTA("a") STOP;
	struct completion c;

	(void)state;
	completion_init(&c);
	completion_feed(&c, 200, whole, strlen(whole));
	assert_int_equal(completion_end(&c, 200, HTTP_BROKEN, 1), CHAT_CUT);
	completion_release(&c);
	completion_init(&c);
	completion_feed(&c, 200, stream, strlen(stream));
	assert_int_equal(completion_end(&c, 200, HTTP_IDLE, 1), CHAT_FLAWLESS);
	completion_release(&c);
}

static void reasons(void **state)
{
	static const struct {
		const char *reason;
		enum chat_finish finish;
	} cases[] = {
		{ "stop", CHAT_FINISH_STOP },
		{ "length", CHAT_FINISH_LENGTH },
		{ "content_filter", CHAT_FINISH_FILTER },
		{ "tool_calls", CHAT_FINISH_OTHER },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP_FREE char *answer =
			xstrfmt("{\"choices\":[{\"finish_reason\":\"%s\"}]}", cases[i].reason);
		struct completion c;

		assert_int_equal(read_answer(&c, answer, 1), CHAT_FLAWLESS);
		assert_int_equal(c.finish, cases[i].finish);
		completion_release(&c);
	}
}

static struct chat_usage usage_of(const char *answer, int64_t estimate, enum chat_flaw expected)
{
	struct chat_usage usage;
	struct completion c;

	assert_int_equal(read_answer(&c, answer, estimate), expected);
	usage = c.usage;
	completion_release(&c);
	return usage;
}

static void usage(void **state)
{
	struct chat_usage u;

	(void)state;
	u = usage_of(DELTA("a") STOP USAGE("{\"prompt_tokens\":9,\"completion_tokens\":3,"
					   "\"prompt_tokens_details\":{\"cached_tokens\":4}}"),
		     9, CHAT_FLAWLESS);
	assert_int_equal(u.prompt, 9);
	assert_int_equal(u.completion, 3);
	assert_int_equal(u.cached, 4);
	assert_false(u.estimated);
	/* The last one counts: some send it with every chunk. */
	u = usage_of(STOP USAGE("{\"prompt_tokens\":9,\"completion_tokens\":1}")
			     USAGE("{\"prompt_tokens\":9,\"completion_tokens\":2}")
				     USAGE("null"),
		     9, CHAT_FLAWLESS);
	assert_int_equal(u.completion, 2);
	u = usage_of(DELTA("fife!") STOP, 9, CHAT_FLAWLESS);
	assert_int_equal(u.prompt, 9);
	assert_int_equal(u.completion, 2);
	assert_true(u.estimated);
	assert_true(usage_of(STOP USAGE("{\"prompt_tokens\":0,\"completion_tokens\":0}"), 9,
			     CHAT_FLAWLESS)
			    .estimated);
	assert_true(usage_of(STOP USAGE("{\"prompt_tokens\":-5,\"completion_tokens\":1}"), 9,
			     CHAT_FLAWLESS)
			    .estimated);
	assert_true(usage_of(STOP USAGE("{\"prompt_tokens\":1e300,\"completion_tokens\":1}"), 9,
			     CHAT_FLAWLESS)
			    .estimated);
	assert_true(
		usage_of(STOP USAGE("{\"prompt_tokens\":2000000000,\"completion_tokens\":1}"),
			 9, CHAT_FLAWLESS)
			.estimated);
}

#define READ(prompt, cached)                                                \
	STOP USAGE("{\"prompt_tokens\":" prompt ",\"completion_tokens\":1," \
		   "\"prompt_tokens_details\":{\"cached_tokens\":" cached "}}")

static void a_prompt_that_was_cut(void **state)
{
	(void)state;
	usage_of(READ("499", "0"), 1000, CHAT_TRUNCATED);
	usage_of(READ("500", "0"), 1000, CHAT_FLAWLESS);
	/* Cached tokens are among those of the prompt, unless they cannot be. */
	usage_of(READ("499", "499"), 1000, CHAT_TRUNCATED);
	usage_of(READ("10", "900"), 1000, CHAT_FLAWLESS);
	/* Of a short prompt, the estimate says too little. */
	usage_of(READ("10", "0"), 255, CHAT_FLAWLESS);
	/* What nobody counted was not cut. */
	usage_of(STOP, 1000000, CHAT_FLAWLESS);
}

static void errors(void **state)
{
	static const char body[] = "{\"error\":{\"message\":\"Loading model\"}}";
	static const char stream[] = DELTA("a") "data: {\"error\":\"died\"}\n\n" DELTA("b");
	struct completion c;

	(void)state;
	completion_init(&c);
	assert_true(completion_feed(&c, 503, body, strlen(body)));
	assert_int_equal(completion_end(&c, 503, HTTP_WHOLE, 1), CHAT_CUT);
	assert_true(c.refused);
	assert_string_equal(c.refusal.message, "Loading model");
	completion_release(&c);

	completion_init(&c);
	assert_false(completion_feed(&c, 200, stream, strlen(stream)));
	assert_int_equal(completion_end(&c, 200, HTTP_STOPPED, 1), CHAT_CUT);
	assert_true(c.refused && c.streamed);
	assert_string_equal(c.refusal.message, "died");
	completion_release(&c);

	assert_int_equal(read_answer(&c, body, 1), CHAT_CUT);
	assert_true(c.refused && !c.streamed);
	completion_release(&c);
}

/* A server that has more to say than anybody wants to hear. */
static void caps(void **state)
{
	CLEANUP_STRBUF struct strbuf blah = STRBUF_INIT;
	struct completion c;
	bool more = true;

	(void)state;
	for (int i = 0; i < 4096; i++)
		strbuf_addstr(&blah, "blah");
	completion_init(&c);
	for (int i = 0; i < 100 && more; i++)
		more = completion_feed(&c, 500, blah.buf, blah.len);
	assert_false(more);
	assert_true(c.body.len <= 64 << 10);
	completion_release(&c);

	completion_init(&c);
	more = completion_feed(&c, 200, "data: ", 6);
	for (int i = 0; i < 1000 && more; i++)
		more = completion_feed(&c, 200, blah.buf, blah.len);
	assert_false(more);
	assert_int_equal(completion_end(&c, 200, HTTP_STOPPED, 1), CHAT_MALFORMED);
	assert_non_null(strstr(c.malformed, "4 MiB"));
	completion_release(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests),
		cmocka_unit_test(whether_it_is_whole),
		cmocka_unit_test(a_broken_connection),
		cmocka_unit_test(reasons),
		cmocka_unit_test(usage),
		cmocka_unit_test(a_prompt_that_was_cut),
		cmocka_unit_test(errors),
		cmocka_unit_test(caps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
