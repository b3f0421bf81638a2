#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "propose/retry.h"

#define EVERYTHING (CHAT_MAX_TOKENS | CHAT_SEED | CHAT_TEMPERATURE | CHAT_STREAM_OPTIONS)

static const struct retry_policy policy = RETRY_POLICY_INIT;

/* 2026-11-22 06:00:00 UTC, a Sunday. */
#define NOW ((time_t)1795327200)

static struct retry decide(const struct retry_attempt *attempt)
{
	return retry_decide(&policy, attempt, 0, 0, 0, NOW);
}

/* An answer of this status, in which the server says this. */
static struct retry decide_status(int status, const char *message, unsigned sent)
{
	struct refusal refusal = { 0 };
	const struct retry_attempt attempt = { .end = HTTP_WHOLE,
					       .status = status,
					       .flaw = CHAT_CUT,
					       .refusal = &refusal,
					       .sent = sent };

	snprintf(refusal.message, sizeof(refusal.message), "%s", message);
	return decide(&attempt);
}

static void answers(void **state)
{
	const struct retry_attempt good = { .status = 200 };
	/* It had said why it ended when the connection broke. */
	const struct retry_attempt broken = { .status = 200, .end = HTTP_BROKEN };
	const struct retry_attempt malformed = { .status = 200, .flaw = CHAT_MALFORMED };
	const struct retry_attempt truncated = { .status = 200, .flaw = CHAT_TRUNCATED };

	(void)state;
	assert_int_equal(decide(&good).verdict, RETRY_TAKE);
	assert_int_equal(decide(&broken).verdict, RETRY_TAKE);
	assert_int_equal(decide(&malformed).verdict, RETRY_REFUSED);
	assert_int_equal(decide(&truncated).verdict, RETRY_CONTEXT);
	assert_non_null(strstr(decide(&truncated).hint, "num_ctx"));
}

static void ends(void **state)
{
	static const struct {
		enum http_end end;
		enum retry_verdict verdict;
	} cases[] = {
		{ HTTP_WHOLE, RETRY_LATER },	   { HTTP_UNREACHABLE, RETRY_LATER },
		{ HTTP_SILENT, RETRY_LATER },	   { HTTP_IDLE, RETRY_LATER },
		{ HTTP_BROKEN, RETRY_LATER },	   { HTTP_TOO_LARGE, RETRY_REFUSED },
		{ HTTP_UNTRUSTED, RETRY_REFUSED }, { HTTP_UNUSABLE, RETRY_REFUSED },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct retry_attempt a = { .end = cases[i].end, .flaw = CHAT_CUT };

		assert_int_equal(decide(&a).verdict, cases[i].verdict);
	}
}

static void statuses(void **state)
{
	static const struct {
		int status;
		enum retry_verdict verdict;
	} cases[] = {
		{ 301, RETRY_REFUSED }, { 400, RETRY_REFUSED }, { 401, RETRY_AUTH },
		{ 402, RETRY_REFUSED }, { 403, RETRY_AUTH },	{ 404, RETRY_REFUSED },
		{ 407, RETRY_AUTH },	{ 408, RETRY_LATER },	{ 413, RETRY_CONTEXT },
		{ 418, RETRY_REFUSED }, { 422, RETRY_REFUSED }, { 425, RETRY_LATER },
		{ 429, RETRY_LATER },	{ 500, RETRY_LATER },	{ 501, RETRY_REFUSED },
		{ 502, RETRY_LATER },	{ 503, RETRY_LATER },	{ 504, RETRY_LATER },
		{ 505, RETRY_REFUSED }, { 529, RETRY_LATER },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct retry_attempt bare = { .status = cases[i].status,
						    .flaw = CHAT_CUT };

		if (decide(&bare).verdict != cases[i].verdict)
			fail_msg("%d: %d", cases[i].status, decide(&bare).verdict);
	}
	assert_non_null(strstr(decide_status(404, "The model `m` does not exist", 0).hint,
			       "autoresearch.model"));
	assert_non_null(strstr(decide_status(404, "404 page not found", 0).hint, "/v1"));
	assert_non_null(strstr(decide_status(401, "", 0).hint, "autoresearch.apiKeyEnv"));
}

/* A prompt that is too long is so at the next time as well, whatever the status. */
static void context(void **state)
{
	static const char *const messages[] = {
		"This model's maximum context length is 4096 tokens",
		"the request exceeds the available context size. try increasing it",
		"prompt is too long: 210000 tokens > 200000 maximum",
		"max_tokens is too large: 5000. This model's maximum context length is 4096",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(messages); i++) {
		assert_int_equal(decide_status(400, messages[i], EVERYTHING).verdict,
				 RETRY_CONTEXT);
		assert_int_equal(decide_status(500, messages[i], EVERYTHING).verdict,
				 RETRY_CONTEXT);
	}
}

static void parameters(void **state)
{
	static const struct {
		int status;
		const char *message;
		unsigned parameter;
	} cases[] = {
		{ 400,
		  "Unsupported parameter: 'max_tokens' is not supported with this model. "
		  "Use 'max_completion_tokens' instead.",
		  CHAT_MAX_TOKENS },
		{ 422, "body.seed: Extra inputs are not permitted", CHAT_SEED },
		{ 400, "Unknown name \"seed\": Cannot find field.", CHAT_SEED },
		{ 400, "Unrecognized request argument supplied: stream_options",
		  CHAT_STREAM_OPTIONS },
		{ 400,
		  "Unsupported value: 'temperature' does not support 0.2 with this model. "
		  "Only the default (1) value is supported.",
		  CHAT_TEMPERATURE },
		{ 400, "max_tokens is too large: 100000. This model supports at most 16384",
		  0 },
		{ 400, "max_tokens_total and seeds and my_seed are unknown", 0 },
		{ 400, "messages: at least one", 0 },
		{ 404, "seed", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct retry r = decide_status(cases[i].status, cases[i].message, EVERYTHING);

		if (r.parameter != cases[i].parameter)
			fail_msg("%s: %s", cases[i].message, chat_parameter_name(r.parameter));
		assert_int_equal(r.verdict, r.parameter ? RETRY_WITHOUT : RETRY_REFUSED);
		/* One that was not sent cannot be left out once more. */
		assert_int_equal(decide_status(cases[i].status, cases[i].message, 0).verdict,
				 RETRY_REFUSED);
	}
	assert_string_equal(chat_parameter_name(CHAT_MAX_COMPLETION_TOKENS),
			    "max_completion_tokens");
}

/* An error that came with status 200 has the status that it names, or its words are worth. */
static void errors_of_success(void **state)
{
	static const struct {
		struct refusal refusal;
		bool streamed;
		enum retry_verdict verdict;
	} cases[] = {
		{ { .status = 503, .message = "no" }, false, RETRY_LATER },
		{ { .status = 401, .message = "no" }, true, RETRY_AUTH },
		{ { .message = "worker died" }, true, RETRY_LATER },
		{ { .message = "worker died" }, false, RETRY_REFUSED },
		{ { .message = "worker died", .kind = "server_error" }, false, RETRY_LATER },
		{ { .message = "wait", .kind = "rate_limit_exceeded" }, false, RETRY_LATER },
		{ { .message = "Overloaded" }, false, RETRY_LATER },
		{ { .message = "no", .kind = "invalid_request_error" }, true, RETRY_REFUSED },
		{ { .message = "no", .kind = "insufficient_quota" }, true, RETRY_REFUSED },
		{ { .message = "Incorrect API key", .kind = "invalid_request_error" },
		  true,
		  RETRY_AUTH },
		{ { .message = "no", .kind = "authentication_error" }, false, RETRY_AUTH },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct retry_attempt a = { .status = 200,
						 .end = HTTP_STOPPED,
						 .flaw = CHAT_CUT,
						 .refusal = &cases[i].refusal,
						 .streamed = cases[i].streamed };

		if (decide(&a).verdict != cases[i].verdict)
			fail_msg("case %zu: %d", i, decide(&a).verdict);
	}
}

static struct retry after(int failures, double down, double random, const char *told)
{
	const struct retry_attempt a = { .status = 503, .flaw = CHAT_CUT, .retry_after = told };

	return retry_decide(&policy, &a, failures, down, random, NOW);
}

static void assert_seconds(double seconds, double expected)
{
	if (seconds < expected - 1e-6 || seconds > expected + 1e-6)
		fail_msg("%g, not %g", seconds, expected);
}

static void waits(void **state)
{
	(void)state;
	/* 1, 2, 4, … 60 seconds, of which half is chance. */
	assert_seconds(after(0, 0, 0, NULL).seconds, 0.5);
	assert_seconds(after(0, 0, 0.5, NULL).seconds, 0.75);
	assert_seconds(after(3, 0, 0, NULL).seconds, 4);
	assert_seconds(after(6, 0, 0, NULL).seconds, 30);
	assert_seconds(after(1000000, 0, 0, NULL).seconds, 30);
	/* Never earlier than told, within bounds, and never later where it is told less. */
	assert_seconds(after(0, 0, 0, "20").seconds, 20);
	assert_seconds(after(0, 0, 0.5, "20").seconds, 20.5);
	assert_seconds(after(6, 0, 0, "20").seconds, 30);
	assert_seconds(after(0, 0, 0, "86400").seconds, 300);
	assert_seconds(after(0, 0, 0, "-5").seconds, 0.5);
	assert_seconds(after(0, 0, 0, "soon").seconds, 0.5);
	assert_seconds(after(0, 0, 0, "Sun, 22 Nov 2026 06:00:10 GMT").seconds, 10);
}

static void the_deadline(void **state)
{
	(void)state;
	/* The last attempt is at the deadline itself. */
	assert_int_equal(after(9, 599, 0, NULL).verdict, RETRY_LATER);
	assert_seconds(after(9, 599, 0, NULL).seconds, 1);
	assert_seconds(after(9, 590, 0, "86400").seconds, 10);
	assert_int_equal(after(9, 600, 0, NULL).verdict, RETRY_OUTAGE);
	assert_true(after(9, 600, 0, NULL).hint);
}

static void dates(void **state)
{
	(void)state;
	assert_seconds(retry_after_seconds("7", NOW), 7);
	assert_seconds(retry_after_seconds("0", NOW), 0);
	assert_seconds(retry_after_seconds("1.5", NOW), 1.5);
	assert_seconds(retry_after_seconds("Sun, 22 Nov 2026 06:01:00 GMT", NOW), 60);
	assert_seconds(retry_after_seconds("Sunday, 22-Nov-26 06:01:00 GMT", NOW), 60);
	assert_seconds(retry_after_seconds("Sun Nov 22 06:01:00 2026", NOW), 60);
	assert_seconds(retry_after_seconds("Sun, 22 Nov 2026 05:00:00 GMT", NOW), 0);
	assert_true(retry_after_seconds("", NOW) < 0);
	assert_true(retry_after_seconds("tomorrow", NOW) < 0);
	assert_true(retry_after_seconds("1e999", NOW) < 0);
	assert_true(retry_after_seconds("Sun, 22 Nov 2026 06:01:00 GMT and more", NOW) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers),    cmocka_unit_test(ends),
		cmocka_unit_test(statuses),   cmocka_unit_test(context),
		cmocka_unit_test(parameters), cmocka_unit_test(errors_of_success),
		cmocka_unit_test(waits),      cmocka_unit_test(the_deadline),
		cmocka_unit_test(dates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
