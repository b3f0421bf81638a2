#include "ledger-fixture.h"

static void add_line(const char *line, void *data)
{
	strbuf_addstr(data, line);
	strbuf_addch(data, '\n');
}

/* `text` is a part of the one line that verify has to say; NULL: it says nothing. */
static void assert_verify_says(const char *text)
{
	CLEANUP_LAB struct lab lab = { 0 };
	CLEANUP_STRBUF struct strbuf lines = STRBUF_INIT;
	int64_t records, bad;

	lab_open(&lab);
	assert_done(ledger_verify(&lab.ledger, add_line, &lines, &records, &bad, &err));
	if (!text)
		assert_string_equal(lines.buf, "");
	else if (bad != 1 || !strstr(lines.buf, text))
		fail_msg("'%s' is not all of '%s'", text, lines.buf);
}

/* A campaign whose baseline is 10. */
static void begin(struct lab *lab, const char *config)
{
	if (config) {
		assert_int_equal(sh("mkdir -p .autoresearch"), 0);
		write_text(".autoresearch/config", config);
		assert_int_equal(sh("git add -A && git commit -qm config"), 0);
	}
	lab_open(lab);
	lab_baseline(lab, 10);
}

#define CONFIG \
	"[campaign]\nmetric = loss\ndirection = minimize\neditable = src\n[run]\ncommand = x\n"

#define WINNER 7.5 /* the metric of what beat another */

/* An experiment whose one trial measured `sample`, and whose record says `value`. */
static void beaten(struct lab *lab, enum verdict_kind kind, double value, double sample,
		   int64_t by)
{
	CLEANUP_FREE char *content = xstrfmt("%g %g\n", value, sample);
	CLEANUP_RECORD struct record r = { 0 };
	char candidate[OID_HEX_SIZE];

	lab_candidate(lab, &r, kind, content, value, candidate);
	r.beaten_by = by;
	if (by)
		r.incumbent = WINNER;
	r.trials = xcalloc(1, sizeof(*r.trials));
	r.trials_nr = 1;
	r.trials->number = 1;
	r.trials->ran[PHASE_RUN] = true;
	metrics_set(&r.trials->metrics, "loss", sample, true);
	assert_done(lab_append(lab, &r, candidate));
}

static void measured(struct lab *lab, enum verdict_kind kind, double value, double sample)
{
	beaten(lab, kind, value, sample, 0);
}

static void a_verdict_that_follows_verifies(void **state)
{
	CLEANUP_LAB struct lab lab = { 0 };

	(void)state;
	begin(&lab, CONFIG);
	measured(&lab, VERDICT_ACCEPTED, 9, 9);
	measured(&lab, VERDICT_REJECTED, 9.5, 9.5);
	beaten(&lab, VERDICT_REJECTED, 8, 8, 4);
	measured(&lab, VERDICT_ACCEPTED, WINNER, WINNER);
	assert_verify_says(NULL);
}

static void a_metric_that_nothing_measured_shows(void **state)
{
	CLEANUP_LAB struct lab lab = { 0 };

	(void)state;
	begin(&lab, CONFIG);
	measured(&lab, VERDICT_ACCEPTED, 8, 9);
	assert_verify_says("experiment 1: its metric is not what its trials measured");
}

static void a_verdict_that_does_not_follow_shows(void **state)
{
	CLEANUP_LAB struct lab lab = { 0 };

	(void)state;
	begin(&lab, CONFIG "[verdict]\nminEffect = 50%\n");
	measured(&lab, VERDICT_ACCEPTED, 9, 9);
	assert_verify_says("experiment 1: its verdict does not follow from its trials");
}

static void a_winner_that_was_not_taken_shows(void **state)
{
	CLEANUP_LAB struct lab lab = { 0 };

	(void)state;
	begin(&lab, CONFIG);
	measured(&lab, VERDICT_REJECTED, 9, 9);
	assert_verify_says("experiment 1: its verdict does not follow from its trials");
}

static void a_config_that_is_not_there_shows(void **state)
{
	CLEANUP_LAB struct lab lab = { 0 };

	(void)state;
	begin(&lab, NULL);
	measured(&lab, VERDICT_ACCEPTED, 9, 9);
	assert_verify_says("experiment 1: it cannot be judged again: there is no "
			   ".autoresearch/config");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(a_verdict_that_follows_verifies),
		fixture_test(a_metric_that_nothing_measured_shows),
		fixture_test(a_verdict_that_does_not_follow_shows),
		fixture_test(a_winner_that_was_not_taken_shows),
		fixture_test(a_config_that_is_not_there_shows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
