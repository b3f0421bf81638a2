/*
 * Messages, with git itself as the judge: whatever a proposer calls its proposal, git reads
 * our trailers and no others. The tests run in a repository of their own under /tmp.
 */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model/trailer.h"

#define SHA_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define SHA_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define CUT "------------------------ >8 ------------------------"

static const char all_trailers[] = "Experiment: char-lm/12\n"
				   "Verdict: accepted\n"
				   "Metric: val_loss=2.0312\n"
				   "Baseline: val_loss=2.0977\n"
				   "Trials: 1\n"
				   "Duration: 12.41s\n"
				   "Cpu-Time: 11.87s\n"
				   "Memory-Peak: 512M\n"
				   "Audit: none\n"
				   "Policy: sha256:" SHA_A "\n"
				   "Record: sha256:" SHA_B "\n"
				   "Proposed-by: command/propose.sh\n";

static struct record accepted(const char *subject, const char *rationale)
{
	struct record r = { .type = RECORD_EXPERIMENT,
			    .campaign = xstrdup("char-lm"),
			    .experiment = 12,
			    .subject = xstrdup(subject),
			    .rationale = xstrdup(rationale),
			    .proposed_by = xstrdup("command/propose.sh"),
			    .verdict = { .kind = VERDICT_ACCEPTED },
			    .metric_name = xstrdup("val_loss"),
			    .has_metric = true,
			    .metric = 2.0312,
			    .has_incumbent = true,
			    .incumbent = 2.0977,
			    .trials = xcalloc(1, sizeof(*r.trials)),
			    .trials_nr = 1,
			    .started = "2026-01-31T23:59:59Z",
			    .duration = 12.41,
			    .cpu = 11.87,
			    .memory_peak = 512 << 20,
			    .policy = SHA_A };

	r.trials[0].ran[PHASE_RUN] = true;
	metrics_set(&r.trials[0].metrics, "val_loss", 2.0312, true);
	return r;
}

/* One that was proposed, but never run. */
static struct record unrun(enum verdict_kind kind, const char *reason)
{
	struct record r = { .type = RECORD_EXPERIMENT,
			    .campaign = xstrdup("c"),
			    .experiment = 3,
			    .subject = xstrdup("touch the evaluator"),
			    .rationale = xstrdup("Why not?"),
			    .proposed_by = xstrdup("try"),
			    .metric_name = xstrdup("loss"),
			    .memory_peak = -1,
			    .policy = SHA_A };

	verdict_set(&r.verdict, kind, "%s", reason);
	return r;
}

/* What a shell command prints; it must succeed. */
static void shell(const char *command, struct strbuf *out)
{
	FILE *p = popen(command, "r");

	assert_non_null(p);
	strbuf_reset(out);
	assert_int_equal(strbuf_read_fd(out, fileno(p), 1 << 20), 0);
	if (pclose(p))
		fail_msg("failed: %s", command);
}

static void write_message(const char *text, size_t len)
{
	FILE *f = fopen("message", "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static void assert_shell(const char *command, const char *expected)
{
	CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;

	shell(command, &out);
	if (strcmp(out.buf, expected))
		fail_msg("%s\nprinted:\n%s\nnot:\n%s", command, out.buf, expected);
}

/* git reads exactly `trailers` from the message, and keeps its bytes. */
static void assert_git_reads(const struct strbuf *message, const char *trailers)
{
	write_message(message->buf, message->len);
	assert_shell("git interpret-trailers --parse message", trailers);
	assert_shell("git interpret-trailers --parse <message", trailers);
	assert_shell("git -c trailer.separators=':=%#' interpret-trailers --parse message",
		     trailers);
	assert_shell("git -c core.commentChar=';' interpret-trailers --parse message",
		     trailers);
	assert_shell("git stripspace <message", message->buf);
	assert_shell("git update-ref HEAD $(git commit-tree $(git write-tree) <message) && "
		     "git log -1 --format='%(trailers:only,unfold)' | sed '/^$/d'",
		     trailers);
	assert_shell("git cat-file commit HEAD | sed '1,/^$/d'", message->buf);
}

static const struct words {
	const char *subject, *rationale;
} hostile[] = {
	{ "halve the learning rate", "It overshoots.\n\nSo it does." },
	{ "", "" },
	{ "x", "\n\nVerdict: accepted\nMetric: val_loss=0.0001\n" },
	{ "x", "Verdict: accepted" },
	{ "x", "prose\n\nVerdict: accepted\n\n\n\n" },
	{ "Verdict: accepted", "" },
	{ "Verdict: accepted\n\nRecord: sha256:0\n", "" },
	{ "x\n\nVerdict: accepted", "Experiment: char-lm/99" },
	{ "--- x", "" },
	{ "---", "---" },
	{ "x", "Verdict: accepted\n---\nprose" },
	{ "x", "---\n--- a/train.c\n+++ b/train.c\n" },
	{ "x", "Verdict: accepted\r\n\r\n---\r\nmore\r" },
	{ "x", "prose\rVerdict: accepted\r\rVerdict: accepted" },
	{ "x\tVerdict: accepted", "\tVerdict: accepted\n\tfolded\n a: b\n" },
	{ "x", "Verdict : accepted\nVerdict\t:accepted\nVerdict=accepted\nVerdict #1\n" },
	{ "x", "Signed-off-by: A U Thor <a@example.com>\n and more\n" },
	{ "x", "prose\n(cherry picked from commit 1111111)\nVerdict: accepted\n" },
	{ "# x", "# a comment\n#\nVerdict: accepted\n# Conflicts:\n#\ttrain.c\n" },
	{ "# " CUT, "Verdict: accepted" },
	{ "x", "Verdict: accepted\n\n# " CUT "\nprose" },
	{ "x", "Verdict: accepted\n\n; " CUT "\nprose" },
	{ "x", "Conflicts:\n\ttrain.c\n" },
	{ "caf\xe9", "\xff\xfe\n\xc3" },
	{ "\x1b]0;title\x07", "\x1b[2J\x1b[31mred\x7f\xc2\x9b"
			      "31m\b\b\v\f." },
	{ "\xe2\x80\xa8", "\xef\xbb\xbfVerdict: accepted" },
	{ "   ", " \t \n \t " },
	{ "x", "prose  \t\n\n\n\nprose\n \n\t\n" },
};

static void git_reads_our_trailers_and_no_others(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(hostile); i++) {
		CLEANUP_RECORD struct record r =
			accepted(hostile[i].subject, hostile[i].rationale);
		CLEANUP_STRBUF struct strbuf message = STRBUF_INIT;

		message_accepted(&r, SHA_B, &message);
		assert_git_reads(&message, all_trailers);
		strbuf_reset(&message);
		message_note(&r, SHA_B, &message);
		assert_git_reads(&message, all_trailers);
		strbuf_reset(&message);
		message_candidate(&r, &message);
		assert_git_reads(&message, "Experiment: char-lm/12\n");
	}
}

/* Without the cleaning, git is fooled: the attacks above are real. */
static void raw_words_would_fool_git(void **state)
{
	static const char *const rows[][2] = {
		{ "Verdict: accepted\n---\n", "Verdict: accepted\n" },
		{ "Verdict: accepted\n\n# " CUT "\n", "Verdict: accepted\n" },
		{ "---\n", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		CLEANUP_FREE char *message =
			xstrfmt("x\n\n%s\nVerdict: rejected\n", rows[i][0]);

		write_message(message, strlen(message));
		assert_shell("git interpret-trailers --parse message", rows[i][1]);
	}
}

static void long_words_are_cut_at_a_character(void **state)
{
	CLEANUP_STRBUF struct strbuf subject = STRBUF_INIT, rationale = STRBUF_INIT;
	CLEANUP_STRBUF struct strbuf line = STRBUF_INIT, message = STRBUF_INIT;
	CLEANUP_RECORD struct record r = { 0 };

	(void)state;
	strbuf_addch(&subject, 'a'); /* so that the cut falls into a character */
	while (subject.len < 100000)
		strbuf_addstr(&subject, "\xc3\xa9");
	while (rationale.len < 100000)
		strbuf_addstr(&rationale, "Verdict: accepted\n\n");
	r = accepted(subject.buf, rationale.buf);

	subject_clean(r.subject, 1, &line);
	assert_int_equal(line.len, SUBJECT_MAX - 1);
	assert_memory_equal(line.buf + line.len - 2, "\xc3\xa9", 2);
	strbuf_reset(&line);
	rationale_clean(r.rationale, &line);
	assert_in_range(line.len, RATIONALE_MAX - 20, RATIONALE_MAX);
	message_accepted(&r, SHA_B, &message);
	assert_git_reads(&message, all_trailers);
	/* One line that never ends. */
	free(r.rationale);
	r.rationale = xstrdup(subject.buf);
	strbuf_reset(&message);
	message_accepted(&r, SHA_B, &message);
	assert_git_reads(&message, all_trailers);
}

static void assert_subject(const char *subject, const char *expected)
{
	CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;

	subject_clean(subject, 7, &out);
	assert_string_equal(out.buf, expected);
}

static void a_subject_is_one_clean_line(void **state)
{
	(void)state;
	assert_subject("lr = 0.1", "lr = 0.1");
	assert_subject("  two\n\n\tlines \r\n", "two lines");
	assert_subject("tune: lr", " tune: lr");
	assert_subject("---", " ---");
	assert_subject("--dry-run", "--dry-run");
	assert_subject("a b: c", "a b: c"); /* two words are no key */
	assert_subject("red\x1b[31m \xc2\x85\x7f", "red[31m");
	assert_subject("caf\xe9", "caf\xef\xbf\xbd");
	assert_subject("", "experiment 7");
	assert_subject("\x01\n\x02", "experiment 7");
}

static void assert_rationale(const char *rationale, const char *expected)
{
	CLEANUP_STRBUF struct strbuf once = STRBUF_INIT, twice = STRBUF_INIT;

	rationale_clean(rationale, &once);
	assert_string_equal(once.buf, expected);
	rationale_clean(once.buf, &twice);
	assert_string_equal(twice.buf, expected);
}

static void a_rationale_is_clean_lines(void **state)
{
	(void)state;
	assert_rationale("", "");
	assert_rationale("\n \n", "");
	assert_rationale("one", "one\n");
	assert_rationale("one\rA: 1\r\ntwo", "one\n A: 1\ntwo\n");
	assert_rationale("\n\none  \r\n\n\n\n\ttwo\n\n", "one\n\n\ttwo\n");
	assert_rationale("why:\nlr=1\n: x\n", " why:\nlr=1\n: x\n");
	assert_rationale("-----\n--x\n", " -----\n--x\n");
	assert_rationale("(cherry picked from commit 1)", " (cherry picked from commit 1)\n");
	assert_rationale("# heading\n# " CUT, "# heading\n # " CUT "\n");
}

static void a_note_says_why(void **state)
{
	CLEANUP_RECORD struct record r = unrun(VERDICT_INVALID, "out-of-scope \"a\\nb\"");
	CLEANUP_STRBUF struct strbuf note = STRBUF_INIT;

	(void)state;
	message_note(&r, SHA_B, &note);
	assert_string_equal(note.buf, "touch the evaluator\n"
				      "\n"
				      "Experiment: c/3\n"
				      "Verdict: invalid\n"
				      "Reason: out-of-scope \"a\\nb\"\n"
				      "Duration: 0.00s\n"
				      "Cpu-Time: 0.00s\n"
				      "Audit: none\n"
				      "Policy: sha256:" SHA_A "\n"
				      "Record: sha256:" SHA_B "\n"
				      "Proposed-by: try\n");
}

static void check_audit(struct audit_summary audit, const char *expected)
{
	CLEANUP_RECORD struct record r = accepted("s", "");
	CLEANUP_STRBUF struct strbuf message = STRBUF_INIT, value = STRBUF_INIT;

	r.audit = audit;
	message_accepted(&r, SHA_B, &message);
	assert_true(trailer_find(message.buf, "Audit", &value));
	assert_string_equal(value.buf, expected);
}

static void the_audit_says_at_which_level_and_what_it_saw(void **state)
{
	struct audit_summary s = {
		.level = AUDIT_LEVEL_A, .events = 118, .denied = 2, .lost = 1, .digest = SHA_A
	};

	(void)state;
	check_audit(s, "enforced level=A events=118 denied=2 lost=1 sha256:" SHA_A);
	s.level = AUDIT_LEVEL_B;
	check_audit(s, "enforced level=B events=118 denied=2 lost=1 sha256:" SHA_A);
	/* Without eBPF there is no log. */
	s = (struct audit_summary){ .level = AUDIT_LEVEL_C };
	check_audit(s, "unenforced level=C events=0 denied=0 lost=0");
	s.level = AUDIT_LEVEL_NONE;
	check_audit(s, "none");
}

static void tokens_stand_where_a_model_was_asked(void **state)
{
	struct asked asked = { .prompt = 5000, .completion = 300, .cached = 4000 };
	CLEANUP_RECORD struct record r = unrun(VERDICT_INVALID, "malformed");
	CLEANUP_STRBUF struct strbuf note = STRBUF_INIT, value = STRBUF_INIT;

	(void)state;
	r.asked = &asked;
	message_note(&r, SHA_B, &note);
	assert_true(trailer_find(note.buf, "Tokens", &value));
	assert_string_equal(value.buf, "5300 prompt=5000 completion=300 cached=4000");
	asked.estimated = true;
	strbuf_reset(&note);
	strbuf_reset(&value);
	message_note(&r, SHA_B, &note);
	assert_true(trailer_find(note.buf, "Tokens", &value));
	assert_string_equal(value.buf, "5300 prompt=5000 completion=300 cached=4000 estimated");
	r.asked = NULL;
}

static void a_value_never_breaks_its_line(void **state)
{
	CLEANUP_RECORD struct record r = unrun(VERDICT_FAILED, "a\nVerdict: accepted\r\x1b");
	CLEANUP_STRBUF struct strbuf note = STRBUF_INIT, value = STRBUF_INIT;

	(void)state;
	free(r.proposed_by);
	r.proposed_by = xstrdup("command/a\n\nVerdict: accepted");
	message_note(&r, SHA_B, &note);
	assert_true(trailer_find(note.buf, "Reason", &value));
	assert_string_equal(value.buf, "a\\x0aVerdict: accepted\\x0d\\x1b");
	strbuf_reset(&value);
	assert_true(trailer_find(note.buf, "Proposed-by", &value));
	assert_string_equal(value.buf, "command/a\\x0a\\x0aVerdict: accepted");
	write_message(note.buf, note.len);
	assert_shell("git interpret-trailers --parse message | grep -c ^Verdict:", "1\n");
}

static void a_comparison_says_how_sure_it_is(void **state)
{
	CLEANUP_RECORD struct record r = accepted("whatever", "");
	CLEANUP_STRBUF struct strbuf note = STRBUF_INIT, value = STRBUF_INIT;

	(void)state;
	r.trials = xrealloc(r.trials, 2 * sizeof(*r.trials));
	r.trials[1] = (struct trial_result){ .of_incumbent = true };
	r.trials_nr = 2;
	r.plan = (struct comparison_plan){ 15, 10, 0.95 };
	r.comparison.step = COMPARISON_DONE;
	r.comparison.gain.confidence = 0.99999;
	message_note(&r, SHA_B, &note);
	/* Trials are the candidate's, and nothing is ever certain. */
	assert_non_null(strstr(note.buf, "\nTrials: 1\nConfidence: 0.9999\nDuration: "));
	strbuf_reset(&note);
	r.comparison.gain.confidence = 0.95;
	message_note(&r, SHA_B, &note);
	assert_true(trailer_find(note.buf, "Confidence", &value));
	assert_string_equal(value.buf, "0.95");
	strbuf_reset(&note);
	r.comparison.step = COMPARISON_LOSER;
	message_note(&r, SHA_B, &note);
	assert_null(strstr(note.buf, "Confidence"));
}

static void a_baselines_note_has_no_verdict(void **state)
{
	CLEANUP_RECORD struct record r = accepted("whatever", "");
	CLEANUP_STRBUF struct strbuf note = STRBUF_INIT;

	(void)state;
	r.type = RECORD_BASELINE;
	r.experiment = 0;
	r.verdict.kind = VERDICT_NONE;
	r.has_incumbent = false;
	r.proposed_by[0] = '\0';
	r.trials[0].self_reported = true;
	message_note(&r, SHA_B, &note);
	assert_string_equal(note.buf, "baseline of char-lm\n"
				      "\n"
				      "Experiment: char-lm/0\n"
				      "Metric: val_loss=2.0312\n"
				      "Trials: 1\n"
				      "Duration: 12.41s\n"
				      "Cpu-Time: 11.87s\n"
				      "Memory-Peak: 512M\n"
				      "Metric-Source: self-reported\n"
				      "Audit: none\n"
				      "Policy: sha256:" SHA_A "\n"
				      "Record: sha256:" SHA_B "\n");
}

/* After a crash, a message is made again from the record alone: it must be the same. */
static void a_message_made_from_its_record_is_the_same(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(hostile); i++) {
		CLEANUP_RECORD struct record r =
			accepted(hostile[i].subject, hostile[i].rationale);
		CLEANUP_RECORD struct record back = { 0 };
		CLEANUP_STRBUF struct strbuf json = STRBUF_INIT, message = STRBUF_INIT;
		CLEANUP_STRBUF struct strbuf again = STRBUF_INIT;
		struct error err = ERROR_INIT;

		verdict_set(&r.verdict, VERDICT_FAILED, "%s", hostile[i].rationale);
		record_write(&r, &json);
		assert_int_equal(record_parse(json.buf, json.len, &back, &err), 0);
		message_accepted(&r, SHA_B, &message);
		message_accepted(&back, SHA_B, &again);
		assert_string_equal(again.buf, message.buf);
	}
}

static void assert_found(const char *message, const char *value)
{
	CLEANUP_STRBUF struct strbuf found = STRBUF_INIT;

	assert_int_equal(trailer_find(message, "Key", &found), value != NULL);
	assert_string_equal(found.buf, value ? value : "");
}

static void a_trailer_is_found_where_git_finds_it(void **state)
{
	(void)state;
	assert_found("s\n\nKey: a b \n", "a b");
	assert_found("s\n\nA: 1\nKey: 2\nKey: 3\nB: 4\n\n\n", "2");
	assert_found("s\n\nKey : a", "a");
	assert_found("s\n\nKey:", "");
	assert_found("s\n\nKey:\n one\n", "one");
	assert_found("s\n\nKey: one\n two\n\tthree\nB: 4\n", "one two three");
	assert_found("s\n\nA: 1\n Key: 2\n", NULL); /* continues A */
	assert_found("Key: in the title\n", NULL);
	assert_found("\n\nKey: in the title\n", NULL);
	assert_found("s\n\nKey: 1\n\nA: 2\n", NULL); /* not the last paragraph */
	assert_found("s\n\nprose\nKey: 1\n", NULL);  /* not all trailers */
	assert_found("s\n\nKeyed: 1\nkey: 2\nKe: 3\n", NULL);
	assert_found("", NULL);
}

static int enter_repository(void **state)
{
	static char dir[] = "/tmp/test-trailer-XXXXXX";

	*state = dir;
	if (!mkdtemp(dir) || chdir(dir))
		return -1;
	unsetenv("GIT_DIR");
	unsetenv("GIT_WORK_TREE");
	unsetenv("GIT_INDEX_FILE");
	setenv("GIT_CONFIG_NOSYSTEM", "1", 1);
	setenv("GIT_CONFIG_GLOBAL", "/dev/null", 1);
	setenv("GIT_AUTHOR_NAME", "A U Thor", 1);
	setenv("GIT_AUTHOR_EMAIL", "author@example.com", 1);
	setenv("GIT_COMMITTER_NAME", "A U Thor", 1);
	setenv("GIT_COMMITTER_EMAIL", "author@example.com", 1);
	return system("git init -q -b main");
}

static int leave_repository(void **state)
{
	CLEANUP_FREE char *command = xstrfmt("rm -rf '%s'", (char *)*state);

	return chdir("/") || system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(git_reads_our_trailers_and_no_others),
		cmocka_unit_test(raw_words_would_fool_git),
		cmocka_unit_test(long_words_are_cut_at_a_character),
		cmocka_unit_test(a_subject_is_one_clean_line),
		cmocka_unit_test(a_rationale_is_clean_lines),
		cmocka_unit_test(a_note_says_why),
		cmocka_unit_test(the_audit_says_at_which_level_and_what_it_saw),
		cmocka_unit_test(tokens_stand_where_a_model_was_asked),
		cmocka_unit_test(a_value_never_breaks_its_line),
		cmocka_unit_test(a_comparison_says_how_sure_it_is),
		cmocka_unit_test(a_baselines_note_has_no_verdict),
		cmocka_unit_test(a_message_made_from_its_record_is_the_same),
		cmocka_unit_test(a_trailer_is_found_where_git_finds_it),
	};

	return cmocka_run_group_tests(tests, enter_repository, leave_repository);
}
