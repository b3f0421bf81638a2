#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "model/campaign.h"

#define MINIMAL                                                                 \
	"[campaign]\n\tmetric = loss\n\tdirection = minimize\n\teditable = a\n" \
	"[run]\n\tcommand = ./run\n"

struct fixture {
	struct campaign_config config;
	struct string_list warnings;
	struct error err;
};

static int set_up(void **state)
{
	*state = xcalloc(1, sizeof(struct fixture));
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	campaign_config_release(&f->config);
	string_list_release(&f->warnings);
	free(f);
	return 0;
}

static struct campaign_config *parse(struct fixture *f, const char *text)
{
	campaign_config_release(&f->config);
	if (campaign_config_parse("f", text, strlen(text), &f->config, &f->warnings, &f->err))
		fail_msg("%s", f->err.message);
	return &f->config;
}

static void refused(struct fixture *f, const char *text, const char *expected)
{
	struct campaign_config before = f->config;

	if (!campaign_config_parse("f", text, strlen(text), &f->config, &f->warnings, &f->err))
		fail_msg("taken: %s", text);
	assert_string_equal(f->err.message, expected);
	assert_int_equal(f->err.status, EXIT_FATAL);
	assert_memory_equal(&f->config, &before, sizeof(before)); /* left alone */
}

static void defaults(void **state)
{
	struct fixture *f = *state;
	const struct campaign_config *c = parse(f, MINIMAL);

	assert_string_equal(c->metric, "loss");
	assert_int_equal(c->direction, MINIMIZE);
	assert_int_equal(c->editable.nr, 1);
	assert_string_equal(c->phases[PHASE_RUN].command, "./run");
	assert_false(c->has_target);
	assert_int_equal(c->hidden.nr, 0);
	assert_null(c->phases[PHASE_SETUP].command);
	assert_null(c->phases[PHASE_CHECK].command);
	assert_null(c->phases[PHASE_EVALUATE].command);
	assert_true(c->phases[PHASE_SETUP].timeout == 600);
	assert_true(c->phases[PHASE_RUN].timeout == 300);
	assert_true(c->phases[PHASE_CHECK].timeout == 300);
	assert_true(c->phases[PHASE_EVALUATE].timeout == 60);
	assert_true(c->phases[PHASE_PROPOSE].timeout == 900);
	assert_null(c->metric_pattern);
	assert_int_equal(c->constraints_nr, 0);
	assert_int_equal(c->trials, 1);
	assert_false(c->min_effect.set);
	assert_false(c->max_effect.set);
	assert_true(c->confidence == 0.95);
	assert_int_equal(c->limits.memory, 4LL << 30);
	assert_true(c->limits.cpus == 0);
	assert_int_equal(c->limits.pids, 256);
	assert_int_equal(c->limits.disk, 2LL << 30);
	assert_int_equal(c->limits.output, 10 << 20);
	assert_int_equal(c->budget.experiments, 0);
	assert_true(c->budget.time == 0);
	assert_int_equal(c->candidates, 4);
	assert_null(c->promote.command);
	assert_true(c->promote.timeout == 3600);
	assert_int_equal(f->warnings.nr, 0);
}

/* Every key that there is, but the ones whose values the other tests look at. */
static void every_key(void **state)
{
	const struct campaign_config *c =
		parse(*state, "[campaign]\n"
			      "metric = val_loss ; required\n"
			      "direction = maximize\n"
			      "target = 1.85\n"
			      "editable = train.py\n"
			      "editable = \"with space/\"\n"
			      "hidden = heldout/**\n"
			      "[setup]\ncommand = make deps\ntimeout = 20m\n"
			      "[run]\ncommand = \"make; ./train # now\"\ntimeout = 90\n"
			      "[check]\ncommand = make test\ntimeout = 1h\n"
			      "[evaluate]\ncommand = python3 score.py\ntimeout = 30s\n"
			      "[metric]\npattern = ^loss: ([0-9.]+)$\n"
			      "[metric \"peak_mb\"]\nmax = 4096\nmin = -1\n"
			      "[metric \"acc\"]\nmin = 0.5\n"
			      "[verdict]\ntrials = 1\nminEffect = 0.1%\nmaxEffect = 2\n"
			      "confidence = 0.99\n"
			      "[limits]\nmemory = 512M\ncpus = 1.5\npids = 64\ndisk = 100M\n"
			      "output = 1M\n"
			      "[budget]\nexperiments = 100\ntime = 8h\ntokens = 2M\n"
			      "gpuHours = 16\nfailures = 20\n"
			      "[syscalls]\ndeny = io_uring_setup\ndeny = ptrace\n"
			      "[search]\ncandidates = 64\n"
			      "[context]\ninclude = prepare.py\n"
			      "[promote]\ncommand = make bench-wide\ntimeout = 3h\n");

	assert_string_equal(c->metric, "val_loss");
	assert_int_equal(c->direction, MAXIMIZE);
	assert_true(c->has_target);
	assert_true(c->target == 1.85);
	assert_int_equal(c->editable.nr, 2);
	assert_string_equal(c->editable.items[1], "with space/");
	assert_string_equal(c->hidden.items[0], "heldout/**");
	assert_string_equal(c->phases[PHASE_SETUP].command, "make deps");
	assert_true(c->phases[PHASE_SETUP].timeout == 1200);
	assert_string_equal(c->phases[PHASE_RUN].command, "make; ./train # now");
	assert_true(c->phases[PHASE_RUN].timeout == 90);
	assert_string_equal(c->phases[PHASE_CHECK].command, "make test");
	assert_true(c->phases[PHASE_CHECK].timeout == 3600);
	assert_string_equal(c->phases[PHASE_EVALUATE].command, "python3 score.py");
	assert_true(c->phases[PHASE_EVALUATE].timeout == 30);
	assert_string_equal(c->metric_pattern, "^loss: ([0-9.]+)$");
	assert_int_equal(c->constraints_nr, 2);
	assert_string_equal(c->constraints[0].metric, "peak_mb");
	assert_true(c->constraints[0].max.set && c->constraints[0].max.value == 4096);
	assert_true(c->constraints[0].min.set && c->constraints[0].min.value == -1);
	assert_false(constraint_is_relative(&c->constraints[0]));
	assert_string_equal(c->constraints[1].metric, "acc");
	assert_false(c->constraints[1].max.set);
	assert_true(c->min_effect.set && c->min_effect.relative);
	assert_true(c->min_effect.value == 0.1 / 100);
	assert_true(c->max_effect.set && !c->max_effect.relative && c->max_effect.value == 2);
	assert_true(c->confidence == 0.99);
	assert_int_equal(c->limits.memory, 512 << 20);
	assert_true(c->limits.cpus == 1.5);
	assert_int_equal(c->limits.pids, 64);
	assert_int_equal(c->limits.disk, 100 << 20);
	assert_int_equal(c->limits.output, 1 << 20);
	assert_int_equal(c->budget.experiments, 100);
	assert_true(c->budget.time == 8 * 3600);
	assert_int_equal(c->budget.tokens, 2000000);
	assert_true(c->budget.gpu_hours == 16);
	assert_int_equal(c->budget.failures, 20);
	assert_int_equal(c->deny.nr, 2);
	assert_string_equal(c->deny.items[1], "ptrace");
	assert_int_equal(c->candidates, 64);
	assert_string_equal(c->include.items[0], "prepare.py");
	assert_string_equal(c->promote.command, "make bench-wide");
	assert_true(c->promote.timeout == 3 * 3600);
}

static void the_last_one_wins_and_case_does_not_count(void **state)
{
	const struct campaign_config *c =
		parse(*state, MINIMAL "[RUN]\nCommand = second\n[VERDICT]\nMINEFFECT = 1\n"
				      "[metric \"Acc\"]\nmax = 1\nMax = 2\n"
				      "[metric \"acc\"]\nmax = 3\n");

	assert_string_equal(c->phases[PHASE_RUN].command, "second");
	assert_true(c->min_effect.value == 1);
	assert_int_equal(c->constraints_nr, 2); /* names of metrics do mind case */
	assert_true(c->constraints[0].max.value == 2);
}

static void unknown_names(void **state)
{
	struct fixture *f = *state;

	refused(f, MINIMAL "comand = x\n", "f:7: unknown key 'run.comand'");
	refused(f, "[runn]\n", "f:1: unknown section 'runn'");
	refused(f, MINIMAL "[run \"x\"]\n", "f:7: unknown section 'run.x'");
	refused(f, MINIMAL "[metric \"m\"]\npattern = (x)\n",
		"f:8: unknown key 'metric.m.pattern'");
	refused(f, MINIMAL "[metric]\nmax = 1\n", "f:8: unknown key 'metric.max'");
	refused(f, MINIMAL "[metric \"a b\"]\n", "f:7: not a metric's name: 'a b'");
	refused(f, "[include]\npath = x\n",
		"f:1: 'include' is refused: a campaign's config is one file");
	refused(f, "[includeIf \"gitdir:x\"]\npath = x\n",
		"f:1: 'include' is refused: a campaign's config is one file");
	refused(f, MINIMAL "[autoresearch]\nallowNetwork = x:1\n",
		"f:7: unknown section 'autoresearch'");
}

static void missing_keys(void **state)
{
	struct fixture *f = *state;

	refused(f, "", "f:1: missing key 'campaign.metric'");
	refused(f, "[run]\ncommand = x\n\n[campaign]\nmetric = m\n",
		"f:4: missing key 'campaign.direction'");
	refused(f, "[campaign]\nmetric = m\ndirection = minimize\n[run]\ncommand = x\n",
		"f:1: missing key 'campaign.editable'");
	refused(f, "[campaign]\nmetric = m\ndirection = minimize\neditable = x\n[run]\n",
		"f:5: missing key 'run.command'");
	/* As `init` leaves them. */
	refused(f, "[campaign]\nmetric = m\ndirection =\n",
		"f:3: 'campaign.direction' is required: fill it in");
}

static void values_that_do_not_parse(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{ "[campaign]\nmetric = a b\n",
		  "f:8: campaign.metric: not a metric's name: 'a b'" },
		{ "[campaign]\nmetric\n", "f:8: campaign.metric: a value is missing" },
		{ "[campaign]\ndirection = up\n",
		  "f:8: campaign.direction: neither minimize nor maximize: 'up'" },
		{ "[campaign]\ntarget = nan\n", "f:8: campaign.target: not a number: 'nan'" },
		{ "[campaign]\neditable =\n", "f:8: campaign.editable: an empty path" },
		{ "[campaign]\nhidden = :!x\n",
		  "f:8: campaign.hidden: ':!x': pathspec magic is not supported" },
		{ "[run]\ncommand = \"  \"\n", "f:8: run.command: an empty command" },
		{ "[run]\ncommand = ; make\n", "f:8: run.command: an empty command" },
		{ "[run]\ntimeout = 0\n",
		  "f:8: run.timeout: not a time above 0 such as 90s, 10m or 8h: '0'" },
		{ "[metric]\npattern = x\n",
		  "f:8: metric.pattern: bad pattern 'x': it has no group for the value" },
		{ "[metric \"m\"]\nmax = 4G\n",
		  "f:8: metric.<name>.max: neither a number nor a share such as 110%: '4G'" },
		{ "[verdict]\nminEffect = -1\n",
		  "f:8: verdict.minEffect: neither a number nor a share such as 0.1%: '-1'" },
		{ "[verdict]\nmineffect = %\n",
		  "f:8: verdict.minEffect: neither a number nor a share such as 0.1%: '%'" },
		{ "[verdict]\nconfidence = 1\n",
		  "f:8: verdict.confidence: not a number between 0 and 1: '1'" },
		{ "[limits]\nmemory = 0\n",
		  "f:8: limits.memory: not a size above 0 such as 512M or 4G: '0'" },
		{ "[limits]\ncpus = 0\n", "f:8: limits.cpus: not a number above 0: '0'" },
		{ "[limits]\npids = many\n",
		  "f:8: limits.pids: not a count above 0 such as 100 or 2M: 'many'" },
		{ "[search]\ncandidates = 65\n",
		  "f:8: search.candidates: not a count from 1 to 64: '65'" },
		{ "[syscalls]\ndeny = A B\n",
		  "f:8: syscalls.deny: not the name of a system call: 'A B'" },
		{ "[context\n", "f:7: malformed section header" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP_FREE char *text = xstrfmt("%s%s", MINIMAL, cases[i].text);

		refused(*state, text, cases[i].message);
	}
}

static void trials_are_a_count_or_auto(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(parse(f, MINIMAL "[verdict]\ntrials = 1\n")->trials, 1);
	assert_int_equal(parse(f, MINIMAL "[verdict]\ntrials = 100\n")->trials, 100);
	assert_int_equal(parse(f, MINIMAL "[verdict]\ntrials = auto\n")->trials, TRIALS_AUTO);
	refused(f, MINIMAL "[verdict]\ntrials = 0\n",
		"f:8: verdict.trials: neither auto nor a count from 1 to 100: '0'");
	refused(f, MINIMAL "[verdict]\ntrials = 101\n",
		"f:8: verdict.trials: neither auto nor a count from 1 to 100: '101'");
	refused(f, MINIMAL "[verdict]\ntrials = many\n",
		"f:8: verdict.trials: neither auto nor a count from 1 to 100: 'many'");
}

static void fewer_trials_than_show_anything_are_warned_of(void **state)
{
	struct fixture *f = *state;
	size_t before = f->warnings.nr;

	parse(f, MINIMAL "[verdict]\ntrials = 10\n");
	parse(f, MINIMAL "[verdict]\ntrials = 1\n");
	parse(f, MINIMAL "[verdict]\ntrials = auto\n");
	assert_int_equal(f->warnings.nr, before);
	parse(f, MINIMAL "[verdict]\ntrials = 9\n");
	assert_int_equal(f->warnings.nr, before + 1);
	assert_string_equal(f->warnings.items[before],
			    "f: verdict.trials: 9 can show nothing at a confidence of 0.95: "
			    "10 are taken");
	/* Who wants to be surer needs more. */
	parse(f, MINIMAL "[verdict]\ntrials = 10\nconfidence = 0.99\n");
	assert_int_equal(f->warnings.nr, before + 2);
}

static void a_bound_may_be_a_share(void **state)
{
	const struct campaign_config *c =
		parse(*state, MINIMAL "[metric \"mb\"]\nmax = 110%\nmin = 50\n");

	assert_int_equal(c->constraints_nr, 1);
	assert_true(c->constraints[0].max.relative && c->constraints[0].max.value == 1.1);
	assert_false(c->constraints[0].min.relative);
	assert_true(constraint_is_relative(&c->constraints[0]));
	refused(*state, MINIMAL "[metric \"mb\"]\nmax = -110%\n",
		"f:8: metric.<name>.max: neither a number nor a share such as 110%: '-110%'");
}

static void warnings(void **state)
{
	struct fixture *f = *state;

	parse(f, MINIMAL "[check]\ncommand = make; make test\ntimeout = 1m ; a minute\n"
			 "[limits]\nmemory = 1G\n");
	assert_int_equal(f->warnings.nr, 2);
	assert_string_equal(f->warnings.items[0],
			    "f:8: check.command ends where a comment begins; quote it to keep "
			    "; and #: \"make\"");
	assert_true(starts_with(f->warnings.items[1], "f: limits.disk is above limits.memory"));
}

/* Each documented key is one that the parser takes, and is listed once. */
static void the_list_of_keys(void **state)
{
	const char *const *keys = campaign_config_keys();
	struct fixture *f = *state;
	int nr = 0;

	for (; keys[nr]; nr++) {
		CLEANUP_FREE char *copy = xstrdup(keys[nr]), *text = NULL;
		char *key = strrchr(copy, '.') + 1;

		key[-1] = '\0';
		if (strstr(copy, ".<name>"))
			strcpy(strchr(copy, '.'), ".x");
		for (int i = 0; i < nr; i++)
			assert_string_not_equal(keys[i], keys[nr]);
		text = xstrfmt("[%s]\n%s\n", copy, key);
		assert_int_equal(campaign_config_parse("f", text, strlen(text), &f->config,
						       &f->warnings, &f->err),
				 -1);
		assert_non_null(strstr(f->err.message, "a value is missing"));
	}
	assert_int_equal(nr, 36);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(defaults),
		TEST(every_key),
		TEST(the_last_one_wins_and_case_does_not_count),
		TEST(unknown_names),
		TEST(missing_keys),
		TEST(values_that_do_not_parse),
		TEST(trials_are_a_count_or_auto),
		TEST(fewer_trials_than_show_anything_are_warned_of),
		TEST(a_bound_may_be_a_share),
		TEST(warnings),
		TEST(the_list_of_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
