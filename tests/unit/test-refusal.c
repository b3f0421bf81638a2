#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "propose/refusal.h"

static struct refusal read_body(const char *body)
{
	struct refusal refusal;

	refusal_of_body(body, strlen(body), &refusal);
	return refusal;
}

static void shapes(void **state)
{
	static const struct {
		const char *body, *message, *kind;
		int status;
	} cases[] = {
		{ "{\"error\":{\"message\":\"m\",\"type\":\"t\",\"param\":null,\"code\":\"c\"}}",
		  "m", "t c", 0 },
		{ "{\"error\":{\"message\":\"m\",\"type\":\"t\",\"code\":503}}", "m", "t",
		  503 },
		{ "{\"error\":{\"code\":\"429\",\"message\":\"m\"}}", "m", "429", 429 },
		{ "{\"error\":{\"code\":7,\"message\":\"m\"}}", "m", "", 0 },
		{ "{\"error\":\"m\"}", "m", "", 0 },
		{ "{\"error\":\"m\",\"type\":\"t\"}", "m", "t", 0 },
		{ "{\"error\":{\"odd\":1}}", "{\"odd\":1}", "", 0 },
		{ "{\"error\":{\"message\":{\"a\":1}}}", "{\"a\":1}", "", 0 },
		{ "[{\"error\":{\"message\":\"m\",\"status\":\"INVALID\"}}]", "m", "INVALID",
		  0 },
		{ "{\"detail\":\"m\"}", "m", "", 0 },
		{ "{\"detail\":[{\"loc\":[\"body\",\"seed\"],\"msg\":\"extra\"},{\"msg\":\"n\"}]}",
		  "body.seed: extra; n", "", 0 },
		{ "{\"object\":\"error\",\"message\":\"m\",\"type\":\"t\",\"code\":400}", "m",
		  "t", 400 },
		{ "bad\n  gateway\n", "bad gateway", "", 0 },
		{ "<html><head><title>502 Bad\nGateway</title></head>", "502 Bad Gateway", "",
		  0 },
		{ "<!doctype html><p>x", "a page of HTML", "", 0 },
		{ "{\"error\":", "{\"error\":", "", 0 },
		{ "", "", "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct refusal r = read_body(cases[i].body);

		assert_string_equal(r.message, cases[i].message);
		assert_string_equal(r.kind, cases[i].kind);
		assert_int_equal(r.status, cases[i].status);
	}
}

static bool is_refusal(const char *text)
{
	CLEANUP_JSON struct json *json = NULL;
	struct error err = ERROR_INIT;
	struct refusal refusal;

	assert_int_equal(json_parse(text, strlen(text), &json, &err), 0);
	return refusal_of_json(json, &refusal);
}

static void what_is_none(void **state)
{
	(void)state;
	assert_false(is_refusal("{\"choices\":[]}"));
	assert_false(is_refusal("{\"choices\":[],\"error\":null}"));
	assert_false(is_refusal("{\"choices\":[],\"message\":\"hello\"}"));
	assert_false(is_refusal("{}"));
	assert_false(is_refusal("[]"));
	assert_false(is_refusal("[[[{\"error\":\"m\"}]]]"));
	assert_false(is_refusal("7"));
	assert_true(is_refusal("{\"choices\":[],\"error\":{\"message\":\"m\"}}"));
}

/* For people, on a terminal: one line, nothing that moves its cursor, and not for ever. */
static void what_is_shown(void **state)
{
	CLEANUP_STRBUF struct strbuf longer = STRBUF_INIT;
	struct refusal r = read_body("{\"error\":\"a\\u001b[31m\\n\\tb\\u202e\"}");

	(void)state;
	assert_string_equal(r.message, "a\\x1b[31m b\\xe2\\x80\\xae");
	r = read_body("a\xff"
		      "b");
	assert_string_equal(r.message, "a\\xffb");
	for (int i = 0; i < 1000; i++)
		strbuf_addstr(&longer, "\xe2\x82\xac"); /* three bytes each: cut between them */
	r = read_body(longer.buf);
	assert_int_equal(strlen(r.message), (sizeof(r.message) - 1) / 3 * 3);
	refusal_of_body("a\0b", 3, &r);
	assert_string_equal(r.message, "a\\x00b");
}

static void words(void **state)
{
	struct refusal r = read_body("{\"error\":{\"message\":\"The seed, is bad\","
				     "\"type\":\"Rate_Limit\"}}");

	(void)state;
	assert_true(refusal_says(&r, "SEED"));
	assert_true(refusal_says(&r, "rate_limit"));
	assert_false(refusal_says(&r, "quota"));
	assert_true(refusal_names(&r, "seed"));
	assert_false(refusal_names(&r, "see"));
	assert_false(refusal_names(&r, "eed"));
	/* Where it says which one, its message may name others. */
	r = read_body("{\"error\":{\"message\":\"not with seed\",\"param\":"
		      "\"stream_options.include_usage\"}}");
	assert_true(refusal_names(&r, "stream_options"));
	assert_false(refusal_names(&r, "stream"));
	assert_false(refusal_names(&r, "seed"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shapes),
		cmocka_unit_test(what_is_none),
		cmocka_unit_test(what_is_shown),
		cmocka_unit_test(words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
