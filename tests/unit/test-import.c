#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/delimited.h"
#include "model/import.h"

static struct error err = ERROR_INIT;

#define assert_done(call) assert_int_equal_or_message((call), 0)
#define assert_int_equal_or_message(is, should)               \
	do {                                                  \
		if ((is) != (should))                         \
			fail_msg("%s: %s", #is, err.message); \
	} while (0)

static void read_it(struct import *import, const char *text)
{
	import->campaign = "old";
	import->now = "2026-01-02T03:04:05Z";
	assert_done(import_is_json(text) ? import_pi(import, text, &err)
					 : import_table(import, text, &err));
}

/* A row, with its cells between bars. */
static void assert_row(struct delimited *d, int64_t line, const char *expected)
{
	CLEANUP_STRING_LIST struct string_list cells = STRING_LIST_INIT;
	CLEANUP_STRBUF struct strbuf is = STRBUF_INIT;
	int64_t at;

	assert_int_equal(delimited_next(d, &cells, &at, &err), 1);
	assert_int_equal(at, line);
	for (size_t i = 0; i < cells.nr; i++)
		strbuf_addf(&is, "%s%s", i ? "|" : "", cells.items[i]);
	assert_string_equal(is.buf, expected);
}

static void tables_have_cells(void **state)
{
	CLEANUP_STRING_LIST struct string_list none = STRING_LIST_INIT;
	struct delimited d;
	int64_t line;

	(void)state;
	delimited_init(&d, "\xef\xbb\xbf"
			   "a\t\"b\tc,d\r\n\r\n\nx\t\ty");
	assert_row(&d, 1, "a|\"b|c,d");
	assert_row(&d, 4, "x||y");
	assert_int_equal(delimited_next(&d, &none, &line, &err), 0);
	delimited_init(&d, "a,\"b \"\"c\"\", \nd\",\"\"\r\ne,f,\n");
	assert_row(&d, 1, "a|b \"c\", \nd|");
	assert_row(&d, 3, "e|f|");
	delimited_init(&d, "a | b\n");
	assert_row(&d, 1, "a|b");
	delimited_init(&d, "alone");
	assert_row(&d, 1, "alone");
}

static void quotes_are_closed(void **state)
{
	static const char *const bad[] = { "a,\"b", "a,\"b\"\"", "a,\"b\"c,d", "\"" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CLEANUP_STRING_LIST struct string_list cells = STRING_LIST_INIT;
		struct delimited d;
		int64_t line;

		delimited_init(&d, bad[i]);
		assert_int_equal(delimited_next(&d, &cells, &line, &err), -1);
	}
}

static void csv_quotes_what_has_to_be(void **state)
{
	CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;

	(void)state;
	strbuf_add_csv(&out, "plain 'x'");
	strbuf_addch(&out, ' ');
	strbuf_add_csv(&out, "a,\"b\"\n");
	assert_string_equal(out.buf, "plain 'x' \"a,\"\"b\"\"\n\"");
}

static void columns_come_in_any_order(void **state)
{
	CLEANUP_IMPORT struct import import = { 0 };
	const struct record *r;

	(void)state;
	read_it(&import,
		"round;description;Git_Commit;score;max_dd;STATUS;date\n"
		"1;\"wider; deeper\";abc1234;1.5;-8e-1;KEEP;2026-03-01T10:00:00+01:00\n"
		"2;narrow;abc1235;-;n/a;Reverted;yesterday\n");
	assert_int_equal(import.nr, 2);
	r = &import.records[0];
	assert_string_equal(r->metric_name, "score");
	assert_true(r->has_metric && r->metric == 1.5);
	assert_int_equal(r->verdict.kind, VERDICT_ACCEPTED);
	assert_null(r->verdict.reason);
	assert_string_equal(r->subject, "wider; deeper");
	assert_string_equal(r->started, "2026-03-01T10:00:00+01:00");
	assert_string_equal(imported_cell(r->imported, COLUMN_COMMIT), "abc1234");
	assert_true(metrics_find(&r->imported->metrics, "max_dd")->value == -0.8);
	r = &import.records[1];
	assert_false(r->has_metric);
	assert_string_equal(r->verdict.reason, "imported Reverted");
	assert_string_equal(r->started, "2026-01-02T03:04:05Z");
	assert_int_equal(r->experiment, 2);
	assert_int_equal(r->imported->line, 3);
}

static void the_metric_can_be_named(void **state)
{
	static const char table[] = "commit\tfirst\tsecond\tstatus\tdescription\n"
				    "a\t1\t2\tkeep\tx\n";
	CLEANUP_IMPORT struct import import = { .metric = "second" };
	CLEANUP_IMPORT struct import other = { .metric = "third" };

	(void)state;
	read_it(&import, table);
	assert_true(import.records[0].metric == 2);
	read_it(&other, table);
	assert_true(other.records[0].metric == 1);
}

static void five_columns_need_no_names(void **state)
{
	CLEANUP_IMPORT struct import import = { .metric = "val_bpb" };

	(void)state;
	read_it(&import, "a1b2c3d\t0.9979\t44.0\tkeep\tbaseline\n"
			 "b1b2c3d\t0.0\t0.0\tcrash\ta\ttab, and \"more\"\n");
	assert_int_equal(import.nr, 2);
	assert_string_equal(import.records[0].metric_name, "val_bpb");
	assert_false(import.records[1].has_metric);
	assert_string_equal(import.records[1].subject, "a\ttab, and \"more\"");
}

static void a_long_description_is_cut_for_the_subject(void **state)
{
	CLEANUP_IMPORT struct import import = { 0 };
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	(void)state;
	strbuf_addstr(&text, "loss\tstatus\tdescription\n1\tkeep\tx");
	for (int i = 0; i < 150; i++)
		strbuf_addstr(&text, "\xc2\xb5");
	strbuf_addch(&text, '\n');
	read_it(&import, text.buf);
	assert_int_equal(strlen(import.records[0].subject), 199);
	assert_int_equal(strlen(import.records[0].rationale), 301);
}

/* What is recorded of it reads back, to the byte. */
static void a_record_says_where_it_comes_from(void **state)
{
	CLEANUP_IMPORT struct import import = { 0 };
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT, again = STRBUF_INIT;
	CLEANUP_RECORD struct record back = { 0 };
	struct totals before = { 0 };
	struct record *r;

	(void)state;
	read_it(&import, "{\"type\":\"config\",\"metricName\":\"t \xc2\xb5s\"}\n"
			 "{\"run\":1,\"metric\":2,\"status\":\"discard\",\"description\":\"d\","
			 "\"metrics\":{\"time\":7},\"timestamp\":1773348490}\n");
	r = &import.records[0];
	memset(r->imported->source, 'a', 64);
	totals_advance(&before, r);
	record_write(r, &text);
	assert_done(record_parse(text.buf, text.len, &back, &err));
	record_write(&back, &again);
	assert_string_equal(text.buf, again.buf);
	assert_string_equal(back.metric_name, "t__s");
	assert_string_equal(back.started, "2026-03-12T20:48:10Z");
	assert_string_equal(record_metric_source(&back), "imported");
	assert_string_equal(imported_metric_cell(back.imported, "t__s"), "2");
	assert_true(metrics_find(&back.imported->metrics, "time")->value == 7);
}

static void it_is_no_incumbent(void **state)
{
	struct imported imported = { 0 };
	struct totals before = { .experiments = 3, .imported = 3, .stalled = 2 };
	struct record r = { .type = RECORD_EXPERIMENT,
			    .experiment = 4,
			    .verdict = { .kind = VERDICT_ACCEPTED },
			    .has_metric = true,
			    .metric = 1,
			    .imported = &imported };

	(void)state;
	assert_false(record_is_on_branch(&r));
	totals_advance(&before, &r);
	assert_int_equal(r.totals.experiments, 4);
	assert_int_equal(r.totals.imported, 4);
	assert_int_equal(r.totals.verdicts[VERDICT_ACCEPTED], 0);
	assert_int_equal(r.totals.incumbent_experiment, 0);
	assert_int_equal(r.totals.stalled, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_have_cells),
		cmocka_unit_test(quotes_are_closed),
		cmocka_unit_test(csv_quotes_what_has_to_be),
		cmocka_unit_test(columns_come_in_any_order),
		cmocka_unit_test(the_metric_can_be_named),
		cmocka_unit_test(five_columns_need_no_names),
		cmocka_unit_test(a_long_description_is_cut_for_the_subject),
		cmocka_unit_test(a_record_says_where_it_comes_from),
		cmocka_unit_test(it_is_no_incumbent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
