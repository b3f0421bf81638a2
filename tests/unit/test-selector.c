/* Which value of a JSON document is meant. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "propose/selector.h"

static void add(const struct json *value, void *data)
{
	const char *text;

	strbuf_addf(data, "%s,", json_as_string(value, &text) ? "?" : text);
}

/* What `selector` finds, each with a comma behind it; "?" is no string. */
static const char *found(const char *selector, const char *document)
{
	static char result[256];
	CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;
	CLEANUP_JSON struct json *json = NULL;
	struct error err = ERROR_INIT;
	struct selector s;

	assert_int_equal(json_parse(document, strlen(document), &json, &err), 0);
	assert_int_equal(selector_parse(selector, &s, &err), 0);
	selector_each(&s, json, add, &out);
	selector_release(&s);
	assert_true(out.len < sizeof(result));
	return strcpy(result, out.buf);
}

static void test_path(void **state)
{
	(void)state;
	assert_string_equal(found("a", "{\"a\":\"x\"}"), "x,");
	assert_string_equal(found("a.b.c", "{\"a\":{\"b\":{\"c\":\"x\"}}}"), "x,");
	assert_string_equal(found("a.b", "{\"a\":\"x\"}"), "");
	assert_string_equal(found("b", "{\"a\":\"x\"}"), "");
	assert_string_equal(found("A", "{\"a\":\"x\"}"), "");
	assert_string_equal(found("a", "{\"a\":7}"), "?,");
	assert_string_equal(found("a", "\"a\""), "");
}

static void test_arrays_are_walked(void **state)
{
	(void)state;
	assert_string_equal(found("a.b", "{\"a\":[{\"b\":\"x\"},{\"c\":\"y\"},{\"b\":\"z\"}]}"),
			    "x,z,");
	assert_string_equal(found("a", "{\"a\":[\"x\",[\"y\"],[]]}"), "x,y,");
	assert_string_equal(found("a", "[{\"a\":\"x\"},{\"a\":\"y\"}]"), "x,y,");
}

static void test_conditions(void **state)
{
	static const char document[] =
		"{\"type\":\"end\",\"m\":{\"role\":\"us\",\"text\":\"x\"},\"n\":1}";

	(void)state;
	assert_string_equal(found("m.text if type=end", document), "x,");
	assert_string_equal(found("m.text if type=end m.role=us", document), "x,");
	assert_string_equal(found("m.text if type=end m.role=them", document), "");
	assert_string_equal(found("m.text if type=en", document), "");
	assert_string_equal(found("m.text if kind=end", document), "");
	/* A number is no string, and never equal to one. */
	assert_string_equal(found("m.text if n=1", document), "");
	assert_string_equal(found("  m.text   if\ttype=end ", document), "x,");
}

static void test_refused(void **state)
{
	static const char *const texts[] = {
		"",	     " ",	   ".a",
		"a.",	     "a..b",	   "a=b",
		"a if",	     "a b",	   "a if b",
		"a if b=",   "a if =b",	   "a if b=c d",
		"a if .b=c", "a when b=c", "a if b=1 b=2 b=3 b=4 b=5 b=6 b=7 b=8 b=9",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct error err = ERROR_INIT;
		struct selector s;

		assert_int_equal(selector_parse(texts[i], &s, &err), -1);
		assert_true(strstr(err.message, "not a path of members") != NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_path),
		cmocka_unit_test(test_arrays_are_walked),
		cmocka_unit_test(test_conditions),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
