#ifndef GIT_FIXTURE_H
#define GIT_FIXTURE_H

/*
 * Temporary repositories for the tests of src/git, made and judged by the real git. Each test
 * runs in a fresh one, as the working directory, with nobody's configuration but its own.
 */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/strbuf.h"

/* Runs a shell command; its exit status. */
static inline int __attribute__((format(printf, 1, 2), unused)) sh(const char *fmt, ...)
{
	CLEANUP_STRBUF struct strbuf command = STRBUF_INIT;
	va_list ap;
	int status;

	va_start(ap, fmt);
	strbuf_vaddf(&command, fmt, ap);
	va_end(ap);
	status = system(command.buf);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* What a shell command prints, without the newlines at its end. Valid for four calls. */
static inline const char *__attribute__((format(printf, 1, 2), unused))
out_of(const char *fmt, ...)
{
	static char texts[4][1 << 20];
	static unsigned turn;
	char *text = texts[turn++ % 4];
	CLEANUP_STRBUF struct strbuf command = STRBUF_INIT;
	va_list ap;
	size_t len;
	FILE *f;

	va_start(ap, fmt);
	strbuf_vaddf(&command, fmt, ap);
	va_end(ap);
	f = popen(command.buf, "r");
	assert_non_null(f);
	len = fread(text, 1, sizeof(texts[0]) - 1, f);
	pclose(f);
	while (len && text[len - 1] == '\n')
		len--;
	text[len] = '\0';
	return text;
}

static inline void __attribute__((unused)) write_text(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static inline double __attribute__((unused)) now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1e3 + ts.tv_nsec / 1e6;
}

static char fixture_top[64];

/* A repository with one commit on the branch main. */
static inline int __attribute__((unused)) fixture_setup(void **state __attribute__((unused)))
{
	static const char *const unset[] = { "GIT_DIR",		"GIT_WORK_TREE",
					     "GIT_COMMON_DIR",	"GIT_INDEX_FILE",
					     "GIT_PREFIX",	"GIT_CONFIG_PARAMETERS",
					     "GIT_CONFIG_COUNT" };

	for (size_t i = 0; i < ARRAY_SIZE(unset); i++)
		unsetenv(unset[i]);
	strcpy(fixture_top, "/tmp/autoresearch-test.XXXXXX");
	if (!mkdtemp(fixture_top) || chdir(fixture_top))
		return -1;
	setenv("HOME", fixture_top, 1);
	setenv("XDG_CONFIG_HOME", fixture_top, 1);
	setenv("GIT_CONFIG_NOSYSTEM", "1", 1);
	setenv("GIT_CEILING_DIRECTORIES", "/tmp", 1);
	if (sh("git init -q -b main repo") || chdir("repo"))
		return -1;
	return sh("git config user.name Tester && git config user.email t@example.com && "
		  "git config core.fsync none && mkdir src && echo one >src/a.txt && "
		  "echo two >b.txt && git add . && git commit -q -m first");
}

static inline int __attribute__((unused)) fixture_teardown(void **state __attribute__((unused)))
{
	if (chdir("/"))
		return -1;
	return sh("rm -rf '%s'", fixture_top);
}

#define fixture_test(fn) cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)

/* A call that must work; what it says where it does not. */
#define assert_done(call)                                                  \
	do {                                                               \
		int done_ = (call);                                        \
		if (done_)                                                 \
			fail_msg("%s: %d: %s", #call, done_, err.message); \
	} while (0)

/* A call that must fail, with `text` in its message. */
#define assert_refused(call, text)                                                     \
	do {                                                                           \
		assert_int_equal((call), -1);                                          \
		if (!strstr(err.message, text))                                        \
			fail_msg("%s: '%s' is not in '%s'", #call, text, err.message); \
	} while (0)

#endif
