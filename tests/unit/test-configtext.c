#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/configtext.h"
#include "base/process.h"

static int add_entry(const struct config_entry *e, void *data, struct error *err)
{
	struct strbuf *out = data;

	(void)err;
	strbuf_addf(out, "%d: %s", e->line, e->section);
	if (e->subsection)
		strbuf_addf(out, " \"%s\"", e->subsection);
	if (e->key)
		strbuf_addf(out, " %s", e->key);
	if (e->value)
		strbuf_addf(out, "=<%s>", e->value);
	strbuf_addstr(out, e->cut ? " cut\n" : "\n");
	return 0;
}

static void assert_entries(const char *text, const char *expected)
{
	CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;
	struct error err = ERROR_INIT;

	if (config_text_parse("f", text, strlen(text), add_entry, &out, &err))
		fail_msg("%s", err.message);
	assert_string_equal(out.buf, expected);
}

static void assert_malformed(const char *text, size_t len, const char *expected)
{
	CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;
	struct error err = ERROR_INIT;

	assert_int_equal(config_text_parse("f", text, len, add_entry, &out, &err), -1);
	assert_string_equal(err.message, expected);
}

static void lines_and_sections(void **state)
{
	(void)state;
	assert_entries("", "");
	assert_entries("# nothing\n; here", "");
	assert_entries("[A]\n\n  B = c\n", "1: a\n3: a b=<c>\n");
	assert_entries("[a \"B c\"] k\n[a.B]k2=", "1: a \"B c\"\n1: a \"B c\" k\n"
						  "2: a \"b\"\n2: a \"b\" k2=<>\n");
	assert_entries("[a]\r\nk = \\\r\n  v\r\nl\r\n", "1: a\n2: a k=<v>\n4: a l\n");
	assert_entries("\xef\xbb\xbf[a]\nk=\xc3\xa9", "1: a\n2: a k=<\xc3\xa9>\n");
}

static void comments_cut_values(void **state)
{
	(void)state;
	assert_entries("[run]\ncommand = make; make test\n",
		       "1: run\n2: run command=<make> cut\n");
	assert_entries("[run]\ncommand = \"make; make test\"\n",
		       "1: run\n2: run command=<make; make test>\n");
	assert_entries("[a] k = ; nothing\n", "1: a\n1: a k=<> cut\n");
	assert_entries("[a] k = v#w \\\nl = m\n", "1: a\n1: a k=<v> cut\n2: a l=<m>\n");
}

/* Inside a value, unlike git before 2.45, white space stays what it was. */
static void inner_white_space_is_kept(void **state)
{
	(void)state;
	assert_entries("[a] k = \tx\t y \t\n", "1: a\n1: a k=<x\t y>\n");
}

#define MALFORMED(text, expected) assert_malformed(text, sizeof(text) - 1, expected)

static void malformed_text(void **state)
{
	(void)state;
	MALFORMED("[a]\nk v\n", "f:2: expected '=' after the key");
	MALFORMED("[a]\nk ; no value\n", "f:2: expected '=' after the key");
	MALFORMED("[a]\n\nk = \"open\nl = 1\n", "f:3: a quote is not closed");
	MALFORMED("[a]\nk = one \\\n \\x\n", "f:3: unknown escape in a value");
	MALFORMED("[a\nk = 1\n", "f:1: malformed section header");
	MALFORMED("[a b]\n", "f:1: malformed section header");
	MALFORMED("[a \"b]\n", "f:1: malformed section header");
	MALFORMED("[a \"b\\\"]\n", "f:1: malformed section header");
	MALFORMED("[a \"b\" ]\n", "f:1: malformed section header");
	MALFORMED("[a \"b", "f:1: malformed section header");
	MALFORMED("[]\nk = 1\n", "f:1: malformed section header");
	MALFORMED("k = 1\n", "f:1: a key before the first section");
	MALFORMED("[a]\n=1\n", "f:2: neither a section, a key nor a comment");
	MALFORMED("[a]\n1k = 1\n", "f:2: neither a section, a key nor a comment");
	MALFORMED("[a]\nk = x\0y\n", "f:2: a NUL byte");
}

static int refuse(const struct config_entry *e, void *data, struct error *err)
{
	int *calls = data;

	++*calls;
	return e->key ? error_set(err, "no") : 0;
}

static void a_caller_can_stop(void **state)
{
	static const char text[] = "[a]\nk = 1\nl = 2\n";
	struct error err = ERROR_INIT;
	int calls = 0;

	(void)state;
	assert_int_equal(config_text_parse("f", text, strlen(text), refuse, &calls, &err), -1);
	assert_string_equal(err.message, "no");
	assert_int_equal(calls, 2);
}

/* One entry as `git config --null --list` prints it. */
static int add_as_git_does(const struct config_entry *e, void *data, struct error *err)
{
	struct strbuf *out = data;

	(void)err;
	if (!e->key)
		return 0;
	strbuf_addf(out, "%s.", e->section);
	if (e->subsection)
		strbuf_addf(out, "%s.", e->subsection);
	strbuf_addstr(out, e->key);
	if (e->value)
		strbuf_addf(out, "\n%s", e->value);
	strbuf_addch(out, '\0');
	return 0;
}

static const char *const tricky[] = {
	"[a]\nk = v\n",
	"[a]k=v",
	"[a]\n\tk\n\tl =\n\tm = \"\"\n",
	"[A-b.C]\nKey-2 = v\n[a \"B.c\"]\nk = 1\n[a \"\"]\nk = 2\n[a.]\nk = 3\n",
	"[a.b \"C\"] k = 1\n",
	"[a   \"b\"]\nk = 1\n[a\t\"x y\"]\nk = 2\n",
	"[a \"q\\\"u\\\\o\\te]#;\"]\nk = 1\n",
	"[a]\nk = a \"b  c\" d\n",
	"[a]\nk = a  b   c   \n",
	"[a]\nk = \"  a  \"  \n",
	"[a]\nk = \"\"  x\n",
	"[a]\nk = x \"\" ; y\n",
	"[a]\nk = a\"b\"c\"d\"\n",
	"[a]\nk = a;b#c\n[a]\nk = \"a;b\"#c\n",
	"[a]\nk = a\\nb\\tc\\bd\\\\e\\\"f\n",
	"[a]\nk = one \\\n  two\\\n three\n",
	"[a]\nk = \"one \\\n  two\"\n",
	"[a]\nk = \\\n\n\nl = 1\n",
	"[a]\nk = x ; a comment \\\nl = y\n",
	"[a]\nk = x \\",
	"[a]\nk = x \\\n",
	"; c\n# c\n  ; c\n[a] ; c\n# [b]\nk = 1\n",
	"[a]\r\nk = v\r\n l = \"w\" \r\nm\r\n",
	"[a]\r\nk = one \\\r\n two\r\n",
	"[a]\nk = v\r",
	"\xef\xbb\xbf[a]\nk = v\n",
	"[a]\nk   =   v = w\n",
	"[a]\nk\t=\tv\n",
	"[a]\nk=\xff\xfe\xc3\xa9\n[b \"\xff\"]\nk = 1\n",
	"[a]\nk = 1\n[b]\nk = 2\n[a]\nk = 3\nK = 4\n",
	"[run]\n\tcommand = make; make test\n\ttimeout = 5m # minutes\n",
	"[metric \"peak_mb\"]\n\tmax = 4096\n[metric]\n\tpattern = ^loss: ([0-9.]+)$\n",
	"[a]\nk = '$x' `y` \\\\n {z}\n",
	"[a] k = 1\n[b] l\n",
};

static const char *const broken[] = {
	"[a]\nk v\n",
	"[a]\nk = \"x\n",
	"[a]\nk = \\x\n",
	"[a\n",
	"[a b]\n",
	"[a \"b]\n",
	"[a \"b\" ]\n",
	"[a]\n=1\n",
	"[a]\n1k=1\n",
	"[a]\nk ; c\n",
	"[a \"b\\\"]\n",
	"[a_b]\nk = 1\n",
	"[a]\nk_l = 1\n",
	"]\n",
	"[a]\n\xef\xbb\xbfk\n",
	"[a]\nk = \"x\\\n",
	"[a\"b\"]\n",
};

#define PATH_TEMPLATE "/tmp/test-configtext-XXXXXX"

static char path[sizeof(PATH_TEMPLATE)];

static int ask_git(const char *text, struct strbuf *out)
{
	const char *const argv[] = { "git", "config", "--no-includes", "-f",
				     path,  "--null", "--list",	       NULL };
	CLEANUP_FCLOSE FILE *file = fopen(path, "w");
	struct error err = ERROR_INIT;

	assert_non_null(file);
	assert_int_equal(fputs(text, file) < 0, 0);
	assert_int_equal(fflush(file), 0);
	return process_run(argv, out, 1 << 20, &err);
}

static void git_reads_the_same(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(tricky); i++) {
		CLEANUP_STRBUF struct strbuf ours = STRBUF_INIT, gits = STRBUF_INIT;
		struct error err = ERROR_INIT;

		if (ask_git(tricky[i], &gits))
			fail_msg("git refuses:\n%s", tricky[i]);
		if (config_text_parse("f", tricky[i], strlen(tricky[i]), add_as_git_does, &ours,
				      &err))
			fail_msg("%s:\n%s", err.message, tricky[i]);
		if (ours.len != gits.len || memcmp(ours.buf, gits.buf, ours.len))
			fail_msg("git reads otherwise:\n%s\nours: %s\ngit's: %s", tricky[i],
				 ours.buf, gits.buf);
	}
}

static void git_refuses_the_same(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(broken); i++) {
		CLEANUP_STRBUF struct strbuf ours = STRBUF_INIT, gits = STRBUF_INIT;
		struct error err = ERROR_INIT;

		if (!ask_git(broken[i], &gits))
			fail_msg("git takes:\n%s", broken[i]);
		if (!config_text_parse("f", broken[i], strlen(broken[i]), add_as_git_does,
				       &ours, &err))
			fail_msg("taken:\n%s", broken[i]);
	}
}

static int make_file(void **state)
{
	int fd;

	(void)state;
	memcpy(path, PATH_TEMPLATE, sizeof(path));
	fd = mkstemp(path);
	return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_and_sections),
		cmocka_unit_test(comments_cut_values),
		cmocka_unit_test(inner_white_space_is_kept),
		cmocka_unit_test(malformed_text),
		cmocka_unit_test(a_caller_can_stop),
		cmocka_unit_test_setup_teardown(git_reads_the_same, make_file, remove_file),
		cmocka_unit_test_setup_teardown(git_refuses_the_same, make_file, remove_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
