#include "fault-server.h"

static void assert_answer(const char *fault, const char *text, int attempts)
{
	CLEANUP_OUTCOME struct outcome o = { 0 };

	ask_fault(fault, &o);
	if (o.result.status != CHAT_DONE || strcmp(o.text, text))
		fail_msg("%s: status %d, '%s', %s", fault, o.result.status, o.text, o.error);
	if (o.result.attempts != attempts)
		fail_msg("%s: %d attempts", fault, o.result.attempts);
	assert_string_equal(o.error, "");
}

static void good_servers(void **state)
{
	CLEANUP_OUTCOME struct outcome o = { 0 };

	(void)state;
	need_server();
	ask_fault("good", &o);
	assert_int_equal(o.result.status, CHAT_DONE);
	assert_string_equal(o.text, PARAMETERS);
	assert_int_equal(o.result.finish, CHAT_FINISH_STOP);
	assert_int_equal(o.result.usage.prompt, 4008 / 4 + 8);
	assert_int_equal(o.result.usage.completion, 7);
	assert_int_equal(o.result.usage.cached, 3);
	assert_false(o.result.usage.estimated);
	assert_string_equal(o.model, "fault-1");
	assert_int_equal(o.result.http_status, 200);
	assert_int_equal(o.result.sent,
			 CHAT_MAX_TOKENS | CHAT_SEED | CHAT_TEMPERATURE | CHAT_STREAM_OPTIONS);
	assert_true(o.result.seconds > 0 && o.result.seconds < 5);
	assert_answer("chunked", PARAMETERS, 1);
	assert_answer("dialect", "two lines", 1);
	assert_answer("split", "5 \xe2\x82\xac \xf0\x9f\x98\x80", 1);
	assert_answer("whole", "whole " PARAMETERS, 1);
	assert_answer("parts", "said", 1);
	assert_answer("reasoning", "said", 1);
	assert_answer("slow-first-byte", "slow", 1);
	assert_answer("labelled-json", "a stream", 1);
	assert_answer("labelled-stream", "whole", 1);
}

static void why_it_ended(void **state)
{
	CLEANUP_OUTCOME struct outcome cut = { 0 }, declined = { 0 };

	(void)state;
	need_server();
	ask_fault("length", &cut);
	assert_int_equal(cut.result.status, CHAT_DONE);
	assert_int_equal(cut.result.finish, CHAT_FINISH_LENGTH);
	assert_string_equal(cut.text, "cut off");
	ask_fault("declined", &declined);
	assert_int_equal(declined.result.finish, CHAT_FINISH_FILTER);
	assert_string_equal(declined.text, "I will not");
}

static void usage_that_is_missing(void **state)
{
	static const char *const faults[] = { "no-usage", "zero-usage" };

	(void)state;
	need_server();
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		CLEANUP_OUTCOME struct outcome o = { 0 };

		ask_fault(faults[i], &o);
		assert_int_equal(o.result.status, CHAT_DONE);
		assert_true(o.result.usage.estimated);
		assert_int_equal(o.result.usage.prompt, 4008 / 4);
		assert_int_equal(o.result.usage.completion, 3);
		assert_int_equal(o.result.usage.cached, 0);
	}
}

static void streams_that_end_badly(void **state)
{
	(void)state;
	need_server();
	assert_answer("no-done", "no mark", 1);
	assert_answer("no-done-hang", "no mark", 1);
	assert_answer("done-hang", "mark", 1);
	assert_answer("half-character",
		      "a\xef\xbf\xbd\xef\xbf\xbd"
		      "b",
		      1);
	assert_answer("half-character-at-end", "whole", 1);
	/* What is cut is asked for again, and nothing of the first half is left. */
	assert_answer("cut", "again", 2);
	assert_answer("cut-with-length", PARAMETERS, 2);
	assert_answer("error-in-stream", "again", 2);
	assert_answer("reset", PARAMETERS, 2);
	assert_answer("nothing", PARAMETERS, 2);
	assert_answer("hang-once", PARAMETERS, 2);
}

static void busy_servers(void **state)
{
	static const char *const faults[] = { "408", "429", "429-date", "500", "502", "503" };

	(void)state;
	need_server();
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++)
		assert_answer(faults[i], PARAMETERS, 2);
}

static void ask_again(struct chat *chat, int expected_attempts)
{
	bool done = false;
	int left = 1;
	CLEANUP_OUTCOME struct outcome o = { .done = &done, .left = &left };
	struct chat_exchange *x;
	struct error err = ERROR_INIT;

	assert_int_equal(chat_ask(chat, a_request(), on_result, &o, &x, &err), 0);
	assert_int_equal(evloop_run(loop, &done, &err), 0);
	assert_int_equal(o.result.status, CHAT_DONE);
	assert_int_equal(o.result.attempts, expected_attempts);
}

static void parameters_that_are_refused(void **state)
{
	CLEANUP_FREE char *url = xstrfmt("http://127.0.0.1:%d/max-tokens/v1", server.port);
	CLEANUP_ENDPOINT struct endpoint endpoint = { 0 };
	struct error err = ERROR_INIT;
	struct chat_options options;
	struct chat *chat;

	(void)state;
	need_server();
	assert_answer("max-tokens", "max_completion_tokens seed stream_options temperature", 2);
	assert_answer("picky", "nothing left", 6);
	/* The endpoint's refusal is remembered. */
	assert_int_equal(endpoint_parse(url, &endpoint, &err), 0);
	options = quick_options(&endpoint);
	assert_int_equal(chat_new(&chat, loop, &options, &err), 0);
	ask_again(chat, 2);
	ask_again(chat, 1);
	chat_free(chat);
}

/* Neither the answer nor an error may show it, whatever the server repeats. */
static void the_key(void **state)
{
	CLEANUP_OUTCOME struct outcome o = { 0 };
	CLEANUP_ENDPOINT struct endpoint endpoint = { 0 };
	struct error err = ERROR_INIT;
	struct chat_options options;
	struct chat *chat;

	(void)state;
	need_server();
	assert_answer("key-in-answer", "your header: Bearer *******************", 1);
	ask_fault("401", &o);
	assert_int_equal(o.result.status, CHAT_AUTH);
	assert_non_null(strstr(o.error, "Incorrect API key provided: Bearer ****"));
	assert_null(strstr(o.error, "0123"));

	assert_int_equal(endpoint_parse("http://127.0.0.1:1/v1", &endpoint, &err), 0);
	options = quick_options(&endpoint);
	options.key = "sk-1\r\nX-Injected: yes";
	assert_int_equal(chat_new(&chat, loop, &options, &err), -1);
	assert_null(strstr(err.message, "sk-1"));
}

static void what_is_given_up(void **state)
{
	static const struct {
		const char *fault;
		enum chat_status status;
		const char *error, *hint;
	} cases[] = {
		{ "400-openai", CHAT_REFUSED, "HTTP 400: bad thing\\x1b[31m", NULL },
		{ "400-string", CHAT_REFUSED, "HTTP 400: bad thing", NULL },
		{ "400-detail", CHAT_REFUSED, "HTTP 400: bad thing", NULL },
		{ "400-message", CHAT_REFUSED, "HTTP 400: bad thing", NULL },
		{ "400-list", CHAT_REFUSED, "HTTP 400: bad thing", NULL },
		{ "400-text", CHAT_REFUSED, "HTTP 400: bad thing", NULL },
		{ "400-page", CHAT_REFUSED, "HTTP 400: bad thing", NULL },
		{ "400-empty", CHAT_REFUSED, "HTTP 400", NULL },
		{ "401", CHAT_AUTH, "HTTP 401", "autoresearch.apiKeyEnv" },
		{ "403", CHAT_AUTH, "HTTP 403: Forbidden", "autoresearch.apiKeyEnv" },
		{ "404-model", CHAT_REFUSED, "try pulling it first", "autoresearch.model" },
		{ "404-path", CHAT_REFUSED, "HTTP 404", "/v1" },
		{ "lm-studio", CHAT_REFUSED, "Unexpected endpoint", "/v1" },
		{ "context", CHAT_CONTEXT, "maximum context length", "num_ctx" },
		{ "context-500", CHAT_CONTEXT, "context size", "n_ctx" },
		{ "context-in-stream", CHAT_CONTEXT, "context size", "n_ctx" },
		{ "truncated", CHAT_CONTEXT, "read 64 tokens of a prompt of about 1002",
		  "num_ctx" },
		{ "error-event", CHAT_REFUSED, "quota", "quota" },
		{ "never-content", CHAT_REFUSED, "top_p", NULL },
		{ "duplicate-keys", CHAT_REFUSED, "no completion", "OpenAI" },
		{ "not-json", CHAT_REFUSED, "no completion", "OpenAI" },
		{ "page", CHAT_REFUSED, "a page: Log in to the network", "OpenAI" },
		{ "words", CHAT_REFUSED, "It works!", "OpenAI" },
		{ "other-json", CHAT_REFUSED, "holds no choices", "OpenAI" },
		{ "redirect", CHAT_REFUSED, "redirected to http://127.0.0.1",
		  "autoresearch.endpoint" },
		{ "huge", CHAT_REFUSED, "more than 1048576 bytes", "/v1" },
		{ "huge-whole", CHAT_REFUSED, "more than 1048576 bytes", "/v1" },
		{ "huge-line", CHAT_REFUSED, "more than 1048576 bytes", "/v1" },
		{ "huge-headers", CHAT_REFUSED, "more than 1048576 bytes", "/v1" },
		{ "huge-error", CHAT_REFUSED, "HTTP 400: bad thing. blah", NULL },
	};

	(void)state;
	need_server();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP_OUTCOME struct outcome o = { 0 };
		const char *hint;

		ask_fault(cases[i].fault, &o);
		hint = o.result.hint ? o.result.hint : "";
		if (o.result.status != cases[i].status || !strstr(o.error, cases[i].error))
			fail_msg("%s: status %d, '%s'", cases[i].fault, o.result.status,
				 o.error);
		if (cases[i].hint && !strstr(hint, cases[i].hint))
			fail_msg("%s: hint '%s'", cases[i].fault, hint);
		if (o.result.attempts != 1)
			fail_msg("%s: %d attempts", cases[i].fault, o.result.attempts);
		assert_true(starts_with(o.error, "127.0.0.1:"));
		assert_string_equal(o.text, "");
		assert_int_equal(o.waits, 0);
	}
	/* The redirect's other end never heard of us. */
	assert_answer("keys", "0", 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_servers),
		cmocka_unit_test(why_it_ended),
		cmocka_unit_test(usage_that_is_missing),
		cmocka_unit_test(streams_that_end_badly),
		cmocka_unit_test(busy_servers),
		cmocka_unit_test(parameters_that_are_refused),
		cmocka_unit_test(the_key),
		cmocka_unit_test(what_is_given_up),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
