#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "base/json.h"

static struct json *parse(const char *text)
{
	struct error err = ERROR_INIT;
	struct json *json = NULL;

	if (json_parse(text, strlen(text), &json, &err))
		fail_msg("%s: %s", text, err.message);
	return json;
}

static void assert_refused(const char *text, size_t len, const char *why)
{
	struct error err = ERROR_INIT;
	struct json *json = NULL;

	if (!json_parse(text, len, &json, &err))
		fail_msg("taken: %s", text);
	assert_null(json);
	if (!strstr(err.message, why))
		fail_msg("%s: %s", text, err.message);
}

#define REFUSED(text, why) assert_refused(text, sizeof(text) - 1, why)

static void refused_documents(void **state)
{
	(void)state;
	REFUSED("", "malformed");
	REFUSED("{", "malformed");
	REFUSED("{\"a\":1} x", "at byte 8");
	REFUSED("{\"a\":1}{}", "text after the value");
	REFUSED("{\"a\":1,\"a\":2}", "duplicate key 'a'");
	REFUSED("[{\"b\":{\"a\":1,\"c\":3,\"a\":2}}]", "duplicate key 'a'");
	REFUSED("\"\\u0000\"", "malformed");
	REFUSED("{\"a\\u0000b\":1}", "malformed");
	REFUSED("\"\\u00zz\"", "malformed");
	REFUSED("\"\\ud800\"", "malformed"); /* half a surrogate pair */
	REFUSED("\"\\x41\"", "malformed");
	REFUSED("\"a\nb\"", "malformed");
	REFUSED("\"open", "malformed");
	REFUSED("\"open\\", "malformed");
	REFUSED("\"\xff\"", "malformed");
	REFUSED("\"\xc0\xaf\"", "malformed");
	REFUSED("\"\xed\xa0\x80\"", "malformed");
	REFUSED("[1]\0", "malformed");
	REFUSED("[1\x01]", "malformed");
	REFUSED("[1,]", "malformed");
	REFUSED("nul", "malformed");
	REFUSED("True", "malformed");
}

/* An object of `nr` members with long values; the last has the key of the member `again` (-1: of
 * none). */
static void many_members(int nr, int again, struct strbuf *ret)
{
	for (int i = 0; i < nr; i++)
		strbuf_addf(ret, "%s\"k%d\":\"%0*d\"", i ? "," : "{",
			    i == nr - 1 && again >= 0 ? again : i, 20 * i, i);
	strbuf_addch(ret, '}');
}

static void documents_of_any_size(void **state)
{
	(void)state;
	for (int nr = 1; nr < 200; nr += 33) {
		CLEANUP_STRBUF struct strbuf text = STRBUF_INIT, again = STRBUF_INIT;
		CLEANUP_STRBUF struct strbuf twice = STRBUF_INIT;
		CLEANUP_JSON struct json *json = NULL;
		struct error err = ERROR_INIT;

		many_members(nr, -1, &text);
		assert_int_equal(json_parse(text.buf, text.len, &json, &err), 0);
		json_write(json, false, &again);
		assert_string_equal(again.buf, text.buf);
		if (nr == 1)
			continue;
		many_members(nr, nr / 2, &twice);
		assert_refused(twice.buf, twice.len, "duplicate key");
	}
}

/* Neither is touched by what becomes of the other. */
static void building_around_a_document(void **state)
{
	CLEANUP_JSON struct json *built = json_new_object();
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	struct json *json = NULL;
	struct error err = ERROR_INIT;

	(void)state;
	json_add_string(built, "before", "a");
	assert_int_equal(json_parse("[1]", 3, &json, &err), 0);
	json_add_string(built, "meanwhile", "b");
	json_free(json);
	assert_int_equal(json_parse("[2]", 3, &json, &err), 0);
	json_write(built, false, &text);
	assert_string_equal(text.buf, "{\"before\":\"a\",\"meanwhile\":\"b\"}");
	json_free(json);
}

static void refused_numbers(void **state)
{
	(void)state;
	REFUSED("1e999", "out of range");
	REFUSED("[-1e999]", "out of range");
	REFUSED("01", "malformed");
	REFUSED("-", "malformed");
	REFUSED("1.", "malformed");
	REFUSED(".5", "malformed");
	REFUSED("1e", "malformed");
	REFUSED("+1", "malformed");
	REFUSED("NaN", "malformed");
	REFUSED("0x10", "malformed");
}

static void deep_nesting_is_refused(void **state)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	(void)state;
	for (int i = 0; i < 100000; i++)
		strbuf_addch(&text, '[');
	for (int i = 0; i < 100000; i++)
		strbuf_addch(&text, ']');
	assert_refused(text.buf, text.len, "malformed");
}

static void getters(void **state)
{
	CLEANUP_JSON struct json *json =
		parse("{\"s\": \"x\\u00e9\", \"i\": 42, \"d\": 0.5, \"n\": null, \"S\": 1,"
		      " \"big\": 9007199254740993e3, \"whole\": 2.0}");
	struct error err = ERROR_INIT;
	const char *text = "unset";
	int64_t integer = -7;
	double number = -7;

	(void)state;
	assert_int_equal(json_get_string(json, "s", &text, &err), 0);
	assert_string_equal(text, "x\xc3\xa9");
	assert_int_equal(json_get_int(json, "i", &integer, &err), 0);
	assert_int_equal(integer, 42);
	assert_int_equal(json_get_int(json, "whole", &integer, &err), 0);
	assert_int_equal(integer, 2);
	assert_int_equal(json_get_double(json, "d", &number, &err), 0);
	assert_true(number == 0.5);

	assert_int_equal(json_get_int(json, "d", &integer, &err), -1);
	assert_string_equal(err.message, "'d' is not an integer");
	assert_int_equal(json_get_int(json, "big", &integer, &err), -1);
	assert_int_equal(json_get_string(json, "missing", &text, &err), -1);
	assert_string_equal(err.message, "'missing' is missing");
	assert_int_equal(json_get_string(json, "I", &text, &err), -1); /* case counts */
	assert_string_equal(err.message, "'I' is missing");
	assert_int_equal(json_get_double(json, "s", &number, &err), -1);
	assert_string_equal(err.message, "'s' is not a number");
	assert_int_equal(integer, 2);
}

static void getters_of_what_may_be_null(void **state)
{
	CLEANUP_JSON struct json *json = parse("{\"n\": null, \"d\": 1.5, \"s\": \"x\"}");
	struct error err = ERROR_INIT;
	const char *text = "left alone";
	double number = -7;

	(void)state;
	assert_int_equal(json_get_string_or_null(json, "n", &text, &err), 0);
	assert_int_equal(json_get_string_or_null(json, "missing", &text, &err), 0);
	assert_string_equal(text, "left alone");
	assert_int_equal(json_get_string_or_null(json, "d", &text, &err), -1);
	assert_int_equal(json_get_string_or_null(json, "s", &text, &err), 0);
	assert_string_equal(text, "x");
	assert_int_equal(json_get_double_or_null(json, "n", &number, &err), 0);
	assert_true(number == -7);
	assert_int_equal(json_get_double_or_null(json, "s", &number, &err), -1);
	assert_int_equal(json_get_double_or_null(json, "d", &number, &err), 0);
	assert_true(number == 1.5);
	assert_true(json_is_null(json_get(json, "n")));
	assert_true(json_is_null(json_get(json, "missing")));
	assert_false(json_is_null(json_get(json, "d")));
}

static void arrays_and_members(void **state)
{
	CLEANUP_JSON struct json *json = parse("{\"b\": [1, \"x\"], \"a\": {}}");
	const struct json *array = json_get(json, "b");
	const char *key = NULL, *text = NULL;
	int64_t integer = 0;

	(void)state;
	assert_int_equal(json_array_len(array), 2);
	assert_int_equal(json_as_int(json_array_at(array, 0), &integer), 0);
	assert_int_equal(integer, 1);
	assert_int_equal(json_as_string(json_array_at(array, 1), &text), 0);
	assert_string_equal(text, "x");
	assert_int_equal(json_as_int(json_array_at(array, 1), &integer), -1);
	assert_null(json_array_at(array, 2));
	assert_int_equal(json_array_len(json), 0); /* an object is no array */
	assert_null(json_array_at(json, 0));

	assert_ptr_equal(json_member_at(json, 0, &key), array);
	assert_string_equal(key, "b");
	assert_true(json_is_object(json_member_at(json, 1, &key)));
	assert_string_equal(key, "a");
	assert_null(json_member_at(json, 2, &key));
	assert_null(json_member_at(array, 0, &key));
	assert_false(json_is_object(array));
	assert_false(json_is_object(NULL));
	assert_null(json_get(array, "b"));
	assert_null(json_get(NULL, "b"));
}

static void assert_text(const struct json *json, bool pretty, const char *expected)
{
	CLEANUP_STRBUF struct strbuf sb = STRBUF_INIT;

	json_write(json, pretty, &sb);
	assert_string_equal(sb.buf, expected);
}

static void writing(void **state)
{
	CLEANUP_JSON struct json *json = json_new_object();
	struct json *array;

	(void)state;
	json_add_string(json, "z", "first in, first out");
	json_add_int(json, "i", 1234567890123456);
	json_add_double(json, "d", 0.30000000000000004);
	json_add_double(json, "nan", NAN);
	json_add_double(json, "inf", -INFINITY);
	json_add_bool(json, "yes", true);
	json_add_string(json, "none", NULL);
	array = json_add_array(json, "a");
	json_add_int(array, NULL, -1);
	json_add_object(array, NULL);
	json_add_array(array, NULL);
	assert_text(json, false,
		    "{\"z\":\"first in, first out\",\"i\":1234567890123456,"
		    "\"d\":0.30000000000000004,\"nan\":null,\"inf\":null,\"yes\":true,"
		    "\"none\":null,\"a\":[-1,{},[]]}");
	assert_text(json_get(json, "a"), true, "[\n\t-1,\n\t{},\n\t[]\n]");
}

static void strings_are_made_safe(void **state)
{
	CLEANUP_JSON struct json *json = json_new_array();

	(void)state;
	json_add_string(json, NULL, "quote \" backslash \\ slash /");
	json_add_string(json, NULL, "tab \t line \n escape \x1b del \x7f");
	json_add_string(json, NULL,
			"C1 \xc2\x9b"
			"31m");
	json_add_string(json, NULL,
			"a\xff\xfe"
			"b \xe2\x82");
	json_add_string(json, NULL, "\xe2\x82\xac");
	assert_text(json, false,
		    "[\"quote \\\" backslash \\\\ slash /\","
		    "\"tab \\t line \\n escape \\u001b del \\u007f\","
		    "\"C1 \\u009b31m\","
		    "\"a\xef\xbf\xbd\xef\xbf\xbd"
		    "b \xef\xbf\xbd\xef\xbf\xbd\","
		    "\"\xe2\x82\xac\"]");
}

/* What is written is what our own strict reader takes, to the last bit. */
static void round_trip(void **state)
{
	CLEANUP_JSON struct json *json = json_new_object(), *again = NULL;
	CLEANUP_STRBUF struct strbuf one = STRBUF_INIT, two = STRBUF_INIT;
	struct error err = ERROR_INIT;
	double number = 0;

	(void)state;
	json_add_string(json, "bytes \x01 \xff", "\x01 \xff \x7f \" \\ \xf0\x9f\x98\x80");
	json_add_double(json, "d", 1.0000000000000002);
	json_write(json, true, &one);
	assert_int_equal(json_parse(one.buf, one.len, &again, &err), 0);
	json_write(again, true, &two);
	assert_string_equal(one.buf, two.buf);
	assert_int_equal(json_get_double(again, "d", &number, &err), 0);
	assert_true(number == 1.0000000000000002);
}

static void numbers_to_the_last_digit(void **state)
{
	CLEANUP_JSON struct json *o = json_new_object();
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	(void)state;
	json_add_uint64(o, "most", UINT64_MAX);
	json_add_decimal(o, "second", 1250000, 6);
	json_add_decimal(o, "microsecond", 1, 6);
	json_add_decimal(o, "before", -1, 6);
	json_add_decimal(o, "least", INT64_MIN, 0);
	json_add_decimal(o, "tenth", INT64_MIN, 1);
	json_write(o, false, &text);
	assert_string_equal(text.buf, "{\"most\":18446744073709551615,\"second\":1.250000,"
				      "\"microsecond\":0.000001,\"before\":-0.000001,"
				      "\"least\":-9223372036854775808,"
				      "\"tenth\":-922337203685477580.8}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refused_documents),
		cmocka_unit_test(documents_of_any_size),
		cmocka_unit_test(building_around_a_document),
		cmocka_unit_test(refused_numbers),
		cmocka_unit_test(deep_nesting_is_refused),
		cmocka_unit_test(getters),
		cmocka_unit_test(getters_of_what_may_be_null),
		cmocka_unit_test(arrays_and_members),
		cmocka_unit_test(writing),
		cmocka_unit_test(numbers_to_the_last_digit),
		cmocka_unit_test(strings_are_made_safe),
		cmocka_unit_test(round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
