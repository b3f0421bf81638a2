#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fiber.h"
#include "base/json.h"
#include "base/strbuf.h"
#include "base/trace.h"

static char path[] = "/tmp/test-trace-XXXXXX";

static int make_file(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 || close(fd);
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

static struct json *read_trace(void)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	struct error err = ERROR_INIT;
	struct json *ret = NULL;

	assert_int_equal(strbuf_read_file(&text, path, 1 << 16), 0);
	assert_int_equal(json_parse(text.buf, text.len, &ret, &err), 0);
	return ret;
}

static void inner(void)
{
	SPAN("inner");
}

static void outer(void)
{
	SPAN("outer");

	inner();
}

static void expect(const struct json *events, size_t i, const char *name, int64_t row)
{
	const struct json *event = json_array_at(events, i);
	struct error err = ERROR_INIT;
	const char *text;
	int64_t number;

	assert_int_equal(json_get_string(event, "name", &text, &err), 0);
	assert_string_equal(text, name);
	assert_int_equal(json_get_string(event, "ph", &text, &err), 0);
	assert_string_equal(text, "X");
	assert_int_equal(json_get_int(event, "tid", &number, &err), 0);
	assert_int_equal(number, row);
	assert_int_equal(json_get_int(event, "dur", &number, &err), 0);
	assert_true(number >= 0);
}

static void run(void *data)
{
	(void)data;
	outer();
}

static void spans_nest_and_fibers_have_rows(void **state)
{
	CLEANUP_JSON struct json *events = NULL;
	struct error err = ERROR_INIT;
	struct fiber *fiber;

	(void)state;
	assert_int_equal(trace_open(path, &err), 0);
	outer();
	assert_int_equal(fiber_new(&fiber, run, NULL, &err), 0);
	fiber_set_number(fiber, 3);
	fiber_resume(fiber);
	fiber_free(fiber);
	assert_int_equal(trace_close(&err), 0);

	events = read_trace();
	assert_int_equal(json_array_len(events), 4);
	expect(events, 0, "inner", 0);
	expect(events, 1, "outer", 0);
	expect(events, 2, "inner", 3);
	expect(events, 3, "outer", 3);
}

static void nothing_is_an_empty_list(void **state)
{
	CLEANUP_JSON struct json *events = NULL;
	struct error err = ERROR_INIT;

	(void)state;
	outer();
	assert_int_equal(trace_close(&err), 0);
	assert_int_equal(trace_open(path, &err), 0);
	assert_int_equal(trace_close(&err), 0);
	events = read_trace();
	assert_int_equal(json_array_len(events), 0);
}

static void a_full_disk_is_told(void **state)
{
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(trace_open("/dev/full", &err), 0);
	outer();
	assert_int_equal(trace_close(&err), -1);
	assert_non_null(strstr(err.message, "/dev/full"));
	assert_int_equal(trace_open("/nowhere/trace", &err), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spans_nest_and_fibers_have_rows),
		cmocka_unit_test(nothing_is_an_empty_list),
		cmocka_unit_test(a_full_disk_is_told),
	};

	return cmocka_run_group_tests(tests, make_file, remove_file);
}
