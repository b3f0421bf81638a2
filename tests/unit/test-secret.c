#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "model/secret.h"

/* Looks like what an issuer gives out, and was given out by none. */
#define RANDOM20 "a1B2c3D4e5F6g7H8i9J0"
#define RANDOM36 RANDOM20 "k1L2m3N4o5P6q7R8"

static const struct secrets *from_env;

static void assert_masked(enum secret_text kind, const char *text, const char *expected)
{
	CLEANUP_STRBUF struct strbuf out = STRBUF_INIT, again = STRBUF_INIT;

	secrets_mask(from_env, kind, text, strlen(text), &out);
	assert_string_equal(out.buf, expected);
	/* What is masked stays as it is. */
	secrets_mask(from_env, kind, out.buf, out.len, &again);
	assert_string_equal(again.buf, expected);
}

static void assert_prose(const char *text, const char *expected)
{
	assert_masked(SECRET_PROSE, text, expected);
}

static void assert_code(const char *text, const char *expected)
{
	assert_masked(SECRET_CODE, text, expected);
}

static void assert_both(const char *text, const char *expected)
{
	assert_prose(text, expected);
	assert_code(text, expected);
}

static void tokens_of_known_shapes(void **state)
{
	(void)state;
	assert_both("x sk-" RANDOM20 " y", "x [masked] y");
	assert_both("sk-ant-" RANDOM20 "_-x", "[masked]");
	assert_both("(ghp_" RANDOM36 ")", "([masked])");
	assert_both("gho_" RANDOM36 ".", "[masked].");
	assert_both("github_pat_11AB_" RANDOM36 "\n", "[masked]\n");
	assert_both("AKIA"
		    "IOSFODNN7EXAMPLE",
		    "[masked]");
	assert_both("xoxb-"
		    "1234567890-abcdef",
		    "[masked]");
	assert_both("-ghp_" RANDOM36, "-[masked]");
	assert_both("+k=ghp_" RANDOM36, "+k=[masked]");
	assert_both("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl!", "[masked]!");
	assert_both("Authorization: Bearer " RANDOM20, "Authorization: [masked]");
	assert_both("bearer  " RANDOM20 ",", "bearer  [masked],");
	assert_both("https://ada:secret@host/x", "https://ada:[masked]@host/x");
}

static void what_only_begins_like_one_stays(void **state)
{
	(void)state;
	assert_both("sk-learn, sk-some-long-hyphenated-name, task-sk-",
		    "sk-learn, "
		    "sk-some-long-hyphenated-name, task-sk-");
	assert_both("ghp_short AKIASHORT eyJ.eyJ.x", "ghp_short AKIASHORT eyJ.eyJ.x");
	assert_both("Bearer of good news", "Bearer of good news");
	assert_both("https://host:80/x@y", "https://host:80/x@y");
	assert_both("-----BEGIN CERTIFICATE-----", "-----BEGIN CERTIFICATE-----");
	assert_both("", "");
}

static void private_keys(void **state)
{
	static const char body[] = "MIIEvQIBADANBgkqhkiG9w0BAQ\nAoIBAQC7VJTUt9Us8cKj\n";
	CLEANUP_FREE char *whole = xstrfmt("a\n-----BEGIN RSA PRIVATE KEY-----\n%s"
					   "-----END RSA PRIVATE KEY-----\nb\n",
					   body);
	CLEANUP_FREE char *head = xstrfmt("a\n-----BEGIN PRIVATE KEY-----\n%s", body);
	CLEANUP_FREE char *tail = xstrfmt("a word\n%s-----END PRIVATE KEY-----\nb\n", body);

	(void)state;
	assert_both(whole, "a\n[masked]\nb\n");
	assert_both(head, "a\n[masked]");
	assert_both(tail, "a word\n[masked]\nb\n");
}

static void values_behind_names_in_prose(void **state)
{
	(void)state;
	assert_prose("password=hunter2 next", "password=[masked] next");
	assert_prose("password: 1234", "password: [masked]");
	assert_prose("API_KEY = 'a b c d'", "API_KEY = '[masked]'");
	assert_prose("{\"authToken\":\"abcdef\",\"n\":1}",
		     "{\"authToken\":\"[masked]\",\"n\":1}");
	assert_prose("{\\\"token\\\":\\\"abcdef\\\"}", "{\\\"token\\\":\\\"[masked]\\\"}");
	assert_prose("x --api-key abcdefgh -v", "x --api-key [masked] -v");
	assert_prose("os.environ['MY_SECRET']='abcdef'", "os.environ['MY_SECRET']='[masked]'");
	assert_prose("authorization: Basic YWRhOmFkYQ==\nx", "authorization: [masked]\nx");
	assert_prose("token=17 max_tokens=4096 tokenizer=wordpiece",
		     "token=17 max_tokens=4096 tokenizer=wordpiece");
	assert_prose("secret sauce, token by token", "secret sauce, token by token");
}

static void code_is_not_torn(void **state)
{
	static const char *const code[] = {
		"token = tokenizer.encode(text)", "if (token == previous_token_2024)",
		"pad_token=\"<|endoftext|>\"",	  "password = getpass.getpass()",
		"token: Optional[str] = None",	  "struct token *token = next_token(lexer2);",
		"secret = os.environ['SECRET']",  "api_key = \"{key1} and {key2}\"",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(code); i++)
		assert_code(code[i], code[i]);
	assert_code("password = \"hunter2-horse\"", "password = \"[masked]\"");
	assert_code("API_KEY=" RANDOM20 "\n", "API_KEY=[masked]\n");
}

static void what_the_environment_keeps(void **state)
{
	static const char *const env[] = {
		"PATH=/usr/bin:/bin",
		"OPENAI_API_KEY=plain-words-and-no-shape",
		"DB_PASSWORD=short",
		"db_password=correct horse",
		"KEYBOARD_LAYOUT=dvorak-us",
		"GIT_CONFIG_KEY_0=autoresearch.proposer",
		"A_TOKEN=plain-words",
		"XTOKENX=tokenized value",
		"APIKEYS=one,two,three",
		"NOVALUE",
		NULL,
	};
	struct secrets s;

	(void)state;
	secrets_of_environment(&s, env);
	assert_int_equal(s.values.nr, 5);
	from_env = &s;
	assert_both("a plain-words-and-no-shape b", "a [masked] b");
	assert_both("xplain-wordsx correct horse", "x[masked]x [masked]");
	assert_both("short dvorak-us autoresearch.proposer /usr/bin:/bin",
		    "short dvorak-us autoresearch.proposer /usr/bin:/bin");
	/* Also where it stands before, in and after what a rule finds. */
	assert_prose("plain-words_token=abcdefgh", "[masked]_token=[masked]");
	assert_prose("password=xplain-wordsy", "password=[masked]");
	secrets_add(&s, "added one");
	secrets_add(&s, "few");
	assert_int_equal(s.values.nr, 6);
	assert_both("added one, few", "[masked], few");
	from_env = NULL;
	secrets_release(&s);
}

static void nuls_end_nothing(void **state)
{
	static const char text[] = "a\0password=abcdef\0b";
	CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;

	(void)state;
	assert_int_equal(secrets_mask(NULL, SECRET_PROSE, text, sizeof(text) - 1, &out), 1);
	assert_int_equal(out.len, strlen("a.password=[masked]"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tokens_of_known_shapes),
		cmocka_unit_test(what_only_begins_like_one_stays),
		cmocka_unit_test(private_keys),
		cmocka_unit_test(values_behind_names_in_prose),
		cmocka_unit_test(code_is_not_torn),
		cmocka_unit_test(what_the_environment_keeps),
		cmocka_unit_test(nuls_end_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
