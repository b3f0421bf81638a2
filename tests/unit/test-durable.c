#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/durable.h"
#include "base/strbuf.h"

static char folder[] = "/tmp/test-durable-XXXXXX";

static int make(void **state)
{
	(void)state;
	return mkdtemp(folder) && !chdir(folder) ? 0 : -1;
}

static int clear(void **state)
{
	(void)state;
	unlink("state");
	rmdir("taken.new");
	return chdir("/") || rmdir(folder);
}

static void assert_holds(const char *path, const char *expected)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	assert_int_equal(strbuf_read_file(&text, path, 100), 0);
	assert_string_equal(text.buf, expected);
}

static void a_file_is_made_and_replaced_whole(void **state)
{
	CLEANUP_FREE char *path = xstrfmt("%s/state", folder);
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(durable_write(path, "long enough", 11, &err), 0);
	assert_holds("state", "long enough");
	assert_int_equal(durable_write("state", "short", 5, &err), 0);
	assert_holds("state", "short");
	assert_int_equal(access("state.new", F_OK), -1);
}

static void what_cannot_be_written_leaves_what_was_there(void **state)
{
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(durable_write("nowhere/state", "x", 1, &err), -1);
	assert_non_null(strstr(err.message, "'nowhere/state': No such file"));
	/* A folder where the fresh file would be. */
	assert_int_equal(mkdir("taken.new", 0700), 0);
	assert_int_equal(durable_write("taken", "x", 1, &err), -1);
	assert_int_equal(access("taken", F_OK), -1);
}

static void what_is_written_bit_by_bit_is_there_at_the_end(void **state)
{
	CLEANUP_DURABLE struct durable d = { 0 };
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(durable_write("state", "old", 3, &err), 0);
	assert_int_equal(durable_begin(&d, "state", &err), 0);
	fputs("new ", d.file);
	fflush(d.file);
	assert_holds("state", "old");
	fputs("text", d.file);
	assert_int_equal(durable_end(&d, &err), 0);
	assert_holds("state", "new text");
}

static void what_is_given_up_leaves_nothing(void **state)
{
	struct durable d = { 0 };
	struct error err = ERROR_INIT;
	char *fresh;

	(void)state;
	assert_int_equal(durable_begin(&d, "state", &err), 0);
	fresh = xstrdup(d.fresh);
	assert_int_equal(access(fresh, F_OK), 0);
	durable_drop(&d);
	assert_int_equal(access(fresh, F_OK), -1);
	free(fresh);
	assert_int_equal(durable_begin(&d, "nowhere/state", &err), -1);
	durable_drop(&d);
}

static void a_device_is_written_to(void **state)
{
	CLEANUP_DURABLE struct durable d = { 0 };
	struct error err = ERROR_INIT;
	struct stat st;

	(void)state;
	assert_int_equal(durable_begin(&d, "/dev/null", &err), 0);
	fputs("text", d.file);
	assert_int_equal(durable_end(&d, &err), 0);
	assert_int_equal(stat("/dev/null", &st), 0);
	assert_true(S_ISCHR(st.st_mode));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_made_and_replaced_whole),
		cmocka_unit_test(what_cannot_be_written_leaves_what_was_there),
		cmocka_unit_test(what_is_written_bit_by_bit_is_there_at_the_end),
		cmocka_unit_test(what_is_given_up_leaves_nothing),
		cmocka_unit_test(a_device_is_written_to),
	};

	return cmocka_run_group_tests(tests, make, clear);
}
