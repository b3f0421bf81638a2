#include "git-fixture.h"

#include <sys/stat.h>

#include "git/internal.h"

static struct error err = ERROR_INIT;

static void assert_line(const char *path, const char *line)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	assert_int_equal(strbuf_read_file(&text, path, 64), 0);
	assert_string_equal(text.buf, line);
}

/* Where two places cannot be exchanged, as of two file systems, the file is replaced. */
static void a_line_changes_places_with_a_spare_one(void **state)
{
	CLEANUP_FREE char *spare = xstrfmt("/dev/shm/autoresearch-test-%d", (int)getpid());
	struct stat before, after;

	(void)state;
	assert_int_equal(sh("echo old >line && echo longer >spare"), 0);
	assert_int_equal(stat("spare", &before), 0);
	assert_done(exchange_file("line", "spare", "new\n", 4, &err));
	assert_line("line", "new\n");
	assert_line("spare", "old\n");
	assert_int_equal(stat("line", &after), 0);
	assert_int_equal(after.st_ino, before.st_ino);

	assert_done(exchange_file("line", spare, "far\n", 4, &err));
	unlink(spare);
	assert_line("line", "far\n");

	/* Nor with nothing. */
	assert_done(exchange_file("none", "spare", "new\n", 4, &err));
	assert_line("none", "new\n");
	assert_refused(exchange_file("no/line", "spare", "new\n", 4, &err), "no/line");

	/* What has another name is left to that. */
	assert_int_equal(sh("ln spare other"), 0);
	assert_done(exchange_file("line", "spare", "own\n", 4, &err));
	assert_line("line", "own\n");
	assert_line("other", "new\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(a_line_changes_places_with_a_spare_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
