#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "sandbox/order.h"

static const char *const argv[] = { "sh", "-c", "echo \"a\nb\"", NULL };
static const char *const env[] = { "PATH=/bin", "EMPTY=", "", NULL };

static void assert_same_list(const char *const *a, const char *const *b)
{
	for (; *a && *b; a++, b++)
		assert_string_equal(*a, *b);
	assert_null(*a);
	assert_null(*b);
}

/* The reader gives nothing back: in its life another program follows. */
static void release(struct trial_command *read)
{
	free((void *)read->argv);
	free((void *)read->env);
	free(read->masked->items);
	free((void *)read->masked);
}

static void what_is_written_is_read(void **state)
{
	CLEANUP_STRING_LIST struct string_list masked = STRING_LIST_INIT;
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	struct trial_command command = { .phase = PHASE_EVALUATE,
					 .argv = argv,
					 .env = env,
					 .tree = "slots/0/tree",
					 .hidden = "slots/0/hidden",
					 .masked = &masked };
	struct error err = ERROR_INIT;
	struct trial_command read;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		CLEANUP_FREE char *path = xstrfmt("folder/file %d", i);

		string_list_add(&masked, path);
	}
	order_write(&command, &text);
	assert_int_equal(order_read(&text, &read, &err), 0);
	assert_int_equal(read.phase, PHASE_EVALUATE);
	assert_false(read.out_writable);
	assert_string_equal(read.tree, "slots/0/tree");
	assert_string_equal(read.hidden, "slots/0/hidden");
	assert_null(read.warm);
	assert_null(read.upper);
	assert_null(read.home);
	assert_same_list(read.argv, argv);
	assert_same_list(read.env, env);
	assert_int_equal(read.masked->nr, 1000);
	assert_string_equal(read.masked->items[999], "folder/file 999");
	release(&read);
}

static void what_is_cut_is_refused(void **state)
{
	struct trial_command command = { .phase = PHASE_RUN,
					 .argv = argv,
					 .env = env,
					 .tree = "tree",
					 .warm = "warm",
					 .home = "home",
					 .out_writable = true };
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	struct trial_command read;
	struct error err = ERROR_INIT;

	(void)state;
	order_write(&command, &text);
	assert_int_equal(order_read(&text, &read, &err), 0);
	assert_true(read.out_writable);
	assert_string_equal(read.warm, "warm");
	assert_string_equal(read.home, "home");
	assert_int_equal(read.masked->nr, 0);
	release(&read);
	for (size_t len = 0; len < text.len; len++) {
		struct strbuf cut = { .buf = text.buf, .len = len };

		assert_int_equal(order_read(&cut, &read, &err), -1);
		release(&read);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(what_is_cut_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
