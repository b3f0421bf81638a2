#include "git-fixture.h"

#include <fcntl.h>

#include "git/http_settings.h"
#include "git/settings.h"

static struct error err = ERROR_INIT;

/* settings_read() with what it wrote on stderr, in `said`. */
static int read_settings(struct settings *ret, struct strbuf *said)
{
	int saved = dup(2), fd = open("../stderr", O_RDWR | O_CREAT | O_TRUNC, 0600), r;

	assert_true(saved >= 0 && fd >= 0);
	fflush(stderr);
	dup2(fd, 2);
	r = settings_read(ret, &err);
	dup2(saved, 2);
	close(saved);
	lseek(fd, 0, SEEK_SET);
	assert_int_equal(strbuf_read_fd(said, fd, 65536), 0);
	close(fd);
	return r;
}

static void the_defaults_open_nothing(void **state)
{
	CLEANUP_SETTINGS struct settings s = { 0 };
	CLEANUP_STRBUF struct strbuf said = STRBUF_INIT;

	(void)state;
	assert_done(read_settings(&s, &said));
	assert_string_equal(s.proposers.items[0], "sweep");
	assert_null(s.proposer_command);
	assert_int_equal(s.audit, AUDIT_ENFORCE);
	assert_int_equal(s.binds.nr, 0);
	assert_int_equal(s.devices.nr, 0);
	assert_int_equal(s.context_window, 0);
	assert_null(s.endpoint);
	assert_null(s.model);
	assert_null(s.api_key_env);
	assert_null(s.api_key_helper);
	assert_true(s.endpoint_timeout == 600);
	assert_true(s.temperature_low == 0.2 && s.temperature_high == 1);
	assert_string_equal(said.buf, "");
}

static void every_scope_of_git_counts(void **state)
{
	CLEANUP_SETTINGS struct settings s = { 0 };
	CLEANUP_STRBUF struct strbuf said = STRBUF_INIT;

	(void)state;
	assert_int_equal(sh("git config --global autoresearch.proposer sweep && "
			    "git config --global --add autoresearch.bind /usr && "
			    "git config autoresearch.proposer command && "
			    "git config autoresearch.audit warn && "
			    "git config --add autoresearch.bind '/tmp'"),
			 0);
	setenv("GIT_CONFIG_COUNT", "2", 1);
	setenv("GIT_CONFIG_KEY_0", "autoresearch.proposerCommand", 1);
	setenv("GIT_CONFIG_VALUE_0", "two words\nand a line", 1);
	setenv("GIT_CONFIG_KEY_1", "AutoResearch.Device", 1);
	setenv("GIT_CONFIG_VALUE_1", "/dev/null", 1);
	assert_done(read_settings(&s, &said));
	unsetenv("GIT_CONFIG_COUNT");
	assert_string_equal(s.proposers.items[0], "command");
	assert_string_equal(s.proposer_command, "two words\nand a line");
	assert_int_equal(s.binds.nr, 2);
	assert_string_equal(s.binds.items[0], "/usr");
	assert_string_equal(s.binds.items[1], "/tmp");
	assert_int_equal(s.devices.nr, 1);
	assert_string_equal(s.devices.items[0], "/dev/null");
	assert_string_equal(said.buf, "");
}

static void an_empty_value_drops_what_came_before(void **state)
{
	CLEANUP_SETTINGS struct settings s = { 0 };
	CLEANUP_STRBUF struct strbuf said = STRBUF_INIT;

	(void)state;
	assert_int_equal(sh("git config --global autoresearch.bind /nowhere && "
			    "git config --add autoresearch.bind '' && "
			    "git config --add autoresearch.bind /usr"),
			 0);
	assert_done(read_settings(&s, &said));
	assert_int_equal(s.binds.nr, 1);
	assert_string_equal(s.binds.items[0], "/usr");
}

static void a_tracked_config_file_is_nothing_to_it(void **state)
{
	CLEANUP_SETTINGS struct settings s = { 0 };
	CLEANUP_STRBUF struct strbuf said = STRBUF_INIT;

	(void)state;
	assert_int_equal(sh("mkdir .autoresearch && "
			    "printf '[autoresearch]\\nproposer = command\\n' "
			    ">.autoresearch/config && cp .autoresearch/config .gitconfig"),
			 0);
	assert_done(read_settings(&s, &said));
	assert_string_equal(s.proposers.items[0], "sweep");
}

static void unknown_keys_are_warned_of_as_the_manual_spells_them(void **state)
{
	CLEANUP_SETTINGS struct settings s = { 0 };
	CLEANUP_STRBUF struct strbuf said = STRBUF_INIT;

	(void)state;
	assert_int_equal(sh("git config autoresearch.fooBar 1 && "
			    "git config autoresearch.endPoints KEY && "
			    "git config autoresearch.Sub.bind /x"),
			 0);
	assert_done(read_settings(&s, &said));
	assert_string_equal(
		said.buf,
		"warning: autoresearch.foobar is not known to this version and ignored\n"
		"warning: autoresearch.endpoints is not known to this version and ignored\n"
		"warning: autoresearch.Sub.bind is not known to this version and ignored\n");
	assert_int_equal(s.binds.nr, 0);
}

static void check_refusal(const char *key, const char *value, const char *text, bool hint)
{
	struct settings s = { 0 };
	CLEANUP_STRBUF struct strbuf said = STRBUF_INIT;

	err = (struct error)ERROR_INIT;
	assert_int_equal(sh("git config autoresearch.%s '%s'", key, value), 0);
	assert_refused(read_settings(&s, &said), text);
	assert_int_equal(*err.hint != '\0', hint);
	assert_int_equal(err.status, 128);
	assert_int_equal(sh("git config --unset-all autoresearch.%s", key), 0);
}

/* The names that are configured, a line each. */
static char *proposers_now(void)
{
	CLEANUP_SETTINGS struct settings s = { 0 };
	CLEANUP_STRBUF struct strbuf said = STRBUF_INIT;
	struct strbuf names = STRBUF_INIT;

	assert_done(read_settings(&s, &said));
	for (size_t i = 0; i < s.proposers.nr; i++)
		strbuf_addf(&names, "%s\n", s.proposers.items[i]);
	return strbuf_detach(&names, NULL);
}

static void check_proposers(const char *command, const char *names)
{
	CLEANUP_FREE char *now = NULL;

	assert_int_equal(sh("%s", command), 0);
	now = proposers_now();
	assert_string_equal(now, names);
}

static void several_proposers_may_be_named(void **state)
{
	(void)state;
	check_proposers("git config --global autoresearch.proposer 'codex claude'",
			"codex\nclaude\n");
	check_proposers("git config autoresearch.proposer ' endpoint:qwen3:8b   sweep '",
			"endpoint:qwen3:8b\nsweep\n");
	check_proposers("git config --add autoresearch.proposer 'command:/bin/a b c' && "
			"git config --add autoresearch.proposer '/has blanks/x.conf'",
			"endpoint:qwen3:8b\nsweep\ncommand:/bin/a b c\n/has blanks/x.conf\n");
	assert_int_equal(sh("git config --unset-all autoresearch.proposer"), 0);
	check_refusal("proposer", "sweep endpoint sweep", "'sweep' is named twice", true);
	check_refusal("proposer", "a b c d e f g h i j k l m n o p q",
		      "'q' is one more than 16", true);
	assert_int_equal(sh("git config --global --unset autoresearch.proposer"), 0);
}

static void what_this_version_does_not_hold_is_refused_with_a_hint(void **state)
{
	(void)state;
	check_refusal("proposer", "", "autoresearch.proposer is empty", true);
	check_refusal("audit", "perhaps", "neither enforce nor warn", true);
}

static void a_context_window_is_a_count_of_tokens(void **state)
{
	CLEANUP_SETTINGS struct settings s = { 0 };
	CLEANUP_STRBUF struct strbuf said = STRBUF_INIT;

	(void)state;
	check_refusal("contextWindow", "999", "autoresearch.contextWindow: '999' is no", true);
	check_refusal("contextWindow", "32 k", "from 1k to 1G", true);
	check_refusal("contextWindow", "-1", "from 1k to 1G", true);
	check_refusal("contextWindow", "2G", "from 1k to 1G", true);
	check_refusal("contextWindow", "", "from 1k to 1G", true);
	assert_int_equal(sh("git config autoresearch.contextWindow 8k && "
			    "git config --add autoresearch.contextwindow 128k"),
			 0);
	assert_done(read_settings(&s, &said));
	assert_int_equal(s.context_window, 128000);
	assert_string_equal(said.buf, "");
}

static void an_endpoint_is_text_until_it_is_asked(void **state)
{
	CLEANUP_SETTINGS struct settings s = { 0 };
	CLEANUP_STRBUF struct strbuf said = STRBUF_INIT;

	(void)state;
	assert_int_equal(sh("git config autoresearch.proposer endpoint && "
			    "git config autoresearch.endpoint https://api.example/v1 && "
			    "git config autoresearch.model m:8b && "
			    "git config autoresearch.APIKEYENV SOME_KEY && "
			    "git config autoresearch.apiKeyHelper 'pass show lab' && "
			    "git config autoresearch.endpointTimeout 8h && "
			    "git config autoresearch.temperature 0..1.5"),
			 0);
	assert_done(read_settings(&s, &said));
	assert_string_equal(said.buf, "");
	assert_string_equal(s.proposers.items[0], "endpoint");
	assert_string_equal(s.endpoint, "https://api.example/v1");
	assert_string_equal(s.model, "m:8b");
	assert_string_equal(s.api_key_env, "SOME_KEY");
	assert_string_equal(s.api_key_helper, "pass show lab");
	assert_true(s.endpoint_timeout == 8 * 3600);
	assert_true(s.temperature_low == 0 && s.temperature_high == 1.5);
}

static void a_temperature_is_a_range_or_a_number(void **state)
{
	CLEANUP_SETTINGS struct settings s = { 0 };
	CLEANUP_STRBUF struct strbuf said = STRBUF_INIT;

	(void)state;
	check_refusal("temperature", "", "autoresearch.temperature: '' is no range", true);
	check_refusal("temperature", "1..0.2", "'1..0.2' is no range", true);
	check_refusal("temperature", "0.2..2.1", "within 0..2", true);
	check_refusal("temperature", "-0.1..1", "within 0..2", true);
	check_refusal("temperature", "0.2..", "within 0..2", true);
	check_refusal("temperature", "0.2...1", "within 0..2", true);
	check_refusal("endpointTimeout", "-1s", "autoresearch.endpointTimeout: '-1s' is", true);
	assert_int_equal(sh("git config autoresearch.temperature 0.7"), 0);
	assert_done(read_settings(&s, &said));
	assert_true(s.temperature_low == 0.7 && s.temperature_high == 0.7);
}

static void http_is_as_git_has_it(void **state)
{
	CLEANUP_HTTP_SETTINGS struct http_settings none = { 0 }, http = { 0 };

	(void)state;
	assert_done(http_settings_read("http://127.0.0.1:80/v1", &none, &err));
	assert_null(none.ca_info);
	assert_null(none.cert);
	assert_null(none.key);
	assert_null(none.proxy);
	assert_int_equal(sh("git config --global http.sslCAInfo '~/ca.pem' && "
			    "git config http.sslCert /c.pem && "
			    "git config http.sslKey '' && "
			    "git config http.proxy http://all:1 && "
			    "git config http.https://api.example/.proxy http://one:2"),
			 0);
	assert_done(http_settings_read("https://api.example:443/v1", &http, &err));
	assert_string_equal(http.ca_info, out_of("echo \"$HOME/ca.pem\""));
	assert_string_equal(http.cert, "/c.pem");
	assert_null(http.key);
	assert_string_equal(http.proxy, "http://one:2");
}

static void networks_are_lists_of_addresses(void **state)
{
	CLEANUP_SETTINGS struct settings s = { 0 };
	CLEANUP_STRBUF struct strbuf said = STRBUF_INIT;

	(void)state;
	assert_int_equal(sh("git config --global autoresearch.allowNetwork nonsense && "
			    "git config --add autoresearch.allowNetwork '' && "
			    "git config --add autoresearch.allowNetwork Model.example:8000 && "
			    "git config --add autoresearch.allowNetwork '[::1]:80' && "
			    "git config autoresearch.setupNetwork '*' && "
			    "git config autoresearch.proposerNetwork 127.0.0.1:11434"),
			 0);
	assert_done(read_settings(&s, &said));
	assert_string_equal(said.buf, "");
	assert_int_equal(s.network[NETWORK_TRIAL].nr, 2);
	assert_string_equal(s.network[NETWORK_TRIAL].items[0].host, "model.example");
	assert_int_equal(s.network[NETWORK_TRIAL].items[1].port, 80);
	assert_false(s.network[NETWORK_TRIAL].open);
	assert_true(s.network[NETWORK_SETUP].open);
	assert_int_equal(s.network[NETWORK_PROPOSER].nr, 1);
	assert_false(s.network[NETWORK_PROPOSER].open);
}

static void what_is_no_address_is_refused_by_key_and_value(void **state)
{
	(void)state;
	check_refusal("allownetwork", "host", "autoresearch.allowNetwork: 'host': no host",
		      true);
	check_refusal("allownetwork", "*", "autoresearch.allowNetwork: '*': what is", true);
	check_refusal("setupnetwork", "h:0", "autoresearch.setupNetwork: 'h:0': the port",
		      true);
	check_refusal("proposernetwork", "h:http", "autoresearch.proposerNetwork: 'h:http'",
		      true);
}

static void paths_of_the_host_must_be_there(void **state)
{
	(void)state;
	check_refusal("bind", "usr", "'usr' is no absolute path", false);
	check_refusal("bind", "/no/such/place", "'/no/such/place': No such file", false);
	check_refusal("device", "/usr", "'/usr' is no device", false);
	check_refusal("device", "null", "'null' is no absolute path", false);
}

static void a_key_without_a_value_is_refused(void **state)
{
	struct settings s = { 0 };
	CLEANUP_STRBUF struct strbuf said = STRBUF_INIT;

	(void)state;
	assert_int_equal(sh("printf '[autoresearch]\\n\\tproposerCommand\\n' >>.git/config"),
			 0);
	assert_refused(read_settings(&s, &said),
		       "missing value for 'autoresearch.proposerCommand'");
}

static void a_malformed_config_is_gits_error(void **state)
{
	struct settings s = { 0 };
	CLEANUP_STRBUF struct strbuf said = STRBUF_INIT;

	(void)state;
	assert_int_equal(sh("echo '[broken' >>.git/config"), 0);
	assert_refused(read_settings(&s, &said), "bad config line");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(the_defaults_open_nothing),
		fixture_test(every_scope_of_git_counts),
		fixture_test(an_empty_value_drops_what_came_before),
		fixture_test(a_tracked_config_file_is_nothing_to_it),
		fixture_test(unknown_keys_are_warned_of_as_the_manual_spells_them),
		fixture_test(several_proposers_may_be_named),
		fixture_test(what_this_version_does_not_hold_is_refused_with_a_hint),
		fixture_test(a_context_window_is_a_count_of_tokens),
		fixture_test(an_endpoint_is_text_until_it_is_asked),
		fixture_test(a_temperature_is_a_range_or_a_number),
		fixture_test(http_is_as_git_has_it),
		fixture_test(networks_are_lists_of_addresses),
		fixture_test(what_is_no_address_is_refused_by_key_and_value),
		fixture_test(paths_of_the_host_must_be_there),
		fixture_test(a_key_without_a_value_is_refused),
		fixture_test(a_malformed_config_is_gits_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
