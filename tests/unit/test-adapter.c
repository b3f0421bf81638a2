/* How an agent is used, from its file. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "propose/adapter.h"

#define LEAST "[agent]\nprogram = it\ncommand = run\n"

static int parse(const char *text, struct adapter *ret, struct error *err)
{
	return adapter_parse("it", "it.conf", text, strlen(text), ret, err);
}

static void test_least(void **state)
{
	struct error err = ERROR_INIT;
	struct adapter a;

	(void)state;
	assert_int_equal(parse(LEAST, &a, &err), 0);
	assert_string_equal(a.name, "it");
	assert_string_equal(a.program, "it");
	assert_string_equal(a.command, "run\n");
	assert_false(a.json);
	assert_false(a.git);
	assert_null(a.key);
	assert_float_equal(a.timeout, 1800, 0);
	assert_float_equal(a.idle, 600, 0);
	assert_int_equal(a.memory, 4LL << 30);
	adapter_release(&a);
}

static void test_everything(void **state)
{
	static const char text[] = "[agent]\n"
				   "program = it\n"
				   "needs = node\n"
				   "needs = git\n"
				   "install = get it\n"
				   "key = THE_KEY\n"
				   "git = true\n"
				   "timeout = 5m\n"
				   "idle = 90s\n"
				   "command = first line\n"
				   "command = \"second; \\\"$line\\\"\"\n"
				   "leaves = .it\n"
				   "leaves = *.log\n"
				   "[limits]\n"
				   "memory = 1G\npids = 2k\ndisk = 3M\noutput = 4k\n"
				   "[output]\n"
				   "format = json\n"
				   "words = text if type=end\n"
				   "error = message\n"
				   "[tokens]\n"
				   "prompt = in\nprompt = cached\ncached = cached\n"
				   "completion = out\ncount = last\n"
				   "[failure]\n"
				   "limit = 429\n"
				   "refusal = \"I (can't|won't)\"\n";
	struct error err = ERROR_INIT;
	struct adapter a;

	(void)state;
	assert_int_equal(parse(text, &a, &err), 0);
	assert_int_equal(a.needs.nr, 2);
	assert_string_equal(a.install, "get it");
	assert_string_equal(a.key, "THE_KEY");
	assert_true(a.git && a.json && a.last);
	assert_float_equal(a.timeout, 300, 0);
	assert_float_equal(a.idle, 90, 0);
	assert_string_equal(a.command, "first line\nsecond; \"$line\"\n");
	assert_int_equal(a.leavings.nr, 2);
	assert_int_equal(a.memory, 1 << 30);
	assert_int_equal(a.pids, 2000);
	assert_int_equal(a.disk, 3 << 20);
	assert_int_equal(a.output, 4 << 10);
	assert_int_equal(a.prompt.nr, 2);
	assert_int_equal(a.cached.nr, 1);
	assert_int_equal(a.completion.nr, 1);
	assert_string_equal(a.refused.items[0], "I (can't|won't)");
	adapter_release(&a);
}

static void test_refused(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{ "[agent]\ncommand = run\n", "it.conf: agent.program is missing" },
		{ "[agent]\nprogram = it\n", "it.conf: agent.command is missing" },
		{ LEAST "[output]\nformat = json\n", "it.conf: output.words is missing" },
		{ LEAST "[output]\nwords = a\n",
		  "it.conf: members are read where output.format is json" },
		{ LEAST "[output]\nformat = json\nwords = a\n[tokens]\nline = (a)(b)\n",
		  "it.conf: tokens.line is read where output.format is text" },
		{ LEAST "colour = red\n", "it.conf:4: unknown key 'agent.colour'" },
		{ LEAST "[agent \"x\"]\n", "it.conf:4: unknown key 'agent.x.'" },
		{ LEAST "git\n", "it.conf:4: agent.git: no value" },
		{ LEAST "git = yes\n", "it.conf:4: agent.git: neither true nor false: 'yes'" },
		{ LEAST "needs = /bin/x\n",
		  "it.conf:4: agent.needs: not the name of a program: '/bin/x'" },
		{ LEAST "key = a b\n",
		  "it.conf:4: agent.key: not the name of a variable: 'a b'" },
		{ LEAST "timeout = 0\n", "it.conf:4: agent.timeout: not a time above 0: '0'" },
		{ LEAST "idle = soon\n", "it.conf:4: agent.idle: not a time above 0: 'soon'" },
		{ LEAST "command = a ; b\n",
		  "it.conf:4: agent.command: a comment cuts the value "
		  "short; put it in quotes" },
		{ LEAST "[limits]\npids = -1\n",
		  "it.conf:5: limits.pids: not a count above 0: '-1'" },
		{ LEAST "[failure]\nlimit = (a\n",
		  "it.conf:5: failure.limit: not an extended regular expression: '(a'" },
		{ LEAST "[tokens]\nline = (a)\n",
		  "it.conf:5: tokens.line: fewer than 2 groups: '(a)'" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct error err = ERROR_INIT;
		struct adapter a;

		assert_int_equal(parse(cases[i].text, &a, &err), -1);
		assert_string_equal(err.message, cases[i].message);
	}
}

static void test_ours(void **state)
{
	static const char *const expected[] = { "aider",    "claude", "codex",
						"opencode", "pi",     "qwen" };
	const char *const *names = adapter_names();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		struct error err = ERROR_INIT;
		struct adapter a;

		assert_string_equal(names[i], expected[i]);
		assert_int_equal(adapter_builtin(names[i], &a, &err), 0);
		assert_string_equal(a.name, names[i]);
		assert_string_equal(a.program, names[i]);
		/* Whoever has not got it is told how. */
		assert_non_null(a.install);
		assert_non_null(a.key);
		/* Tokens are read from each of them, and a limit and a refusal are known. */
		assert_true(a.json ? a.prompt.nr && a.completion.nr : a.tokens_line != NULL);
		assert_true(a.limited.nr && a.refused.nr);
		adapter_release(&a);
	}
	assert_null(names[ARRAY_SIZE(expected)]);
	assert_int_equal(
		adapter_builtin("oracle", &(struct adapter){ 0 }, &(struct error)ERROR_INIT),
		1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_least),
		cmocka_unit_test(test_everything),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
