#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "loop/pause.h"

static char dir[] = "/tmp/autoresearch-pause-XXXXXX";

static int make_folder(void **state)
{
	(void)state;
	strcpy(dir + strlen(dir) - 6, "XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_folder(void **state)
{
	CLEANUP_FREE char *request = xstrfmt("%s/pause", dir);

	(void)state;
	unlink(request);
	return rmdir(dir);
}

static void a_request_is_of_one_process(void **state)
{
	struct error err = ERROR_INIT;

	(void)state;
	assert_false(pause_is_asked(dir, 4711));
	assert_int_equal(pause_ask(dir, 4711, &err), 0);
	assert_true(pause_is_asked(dir, 4711));
	assert_false(pause_is_asked(dir, 471));
	assert_false(pause_is_asked(dir, 47110));
	/* The next start asks nobody to pause. */
	assert_int_equal(pause_ask(dir, 4712, &err), 0);
	assert_false(pause_is_asked(dir, 4711));
	assert_int_equal(pause_withdraw(dir, &err), 0);
	assert_false(pause_is_asked(dir, 4712));
	assert_int_equal(pause_withdraw(dir, &err), 0);
}

static void what_is_no_request_asks_nobody(void **state)
{
	static const char *const texts[] = { "", "\n", "x", "-1", "0", "99999999999999999999" };
	CLEANUP_FREE char *path = xstrfmt("%s/pause", dir);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		CLEANUP_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

		assert_int_equal(write(fd, texts[i], strlen(texts[i])), strlen(texts[i]));
		assert_false(pause_is_asked(dir, 0));
		assert_false(pause_is_asked(dir, -1));
		assert_false(pause_is_asked(dir, 1));
	}
}

static void a_folder_that_is_gone_is_an_error(void **state)
{
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(pause_ask("/nowhere/at/all", 1, &err), -1);
	assert_non_null(strstr(err.message, "/nowhere/at/all/pause"));
	assert_false(pause_is_asked("/nowhere/at/all", 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_request_is_of_one_process, make_folder,
						remove_folder),
		cmocka_unit_test_setup_teardown(what_is_no_request_asks_nobody, make_folder,
						remove_folder),
		cmocka_unit_test(a_folder_that_is_gone_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
