#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "model/experiment.h"

#define OID_1 "1111111111111111111111111111111111111111"
#define OID_2 "2222222222222222222222222222222222222222"
#define OID_3 "3333333333333333333333333333333333333333"
#define SHA_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define SHA_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

/* What an accepted experiment looks like: the manual's example. */
static const char accepted_json[] =
	"{\n"
	"\t\"version\": 1,\n"
	"\t\"type\": \"experiment\",\n"
	"\t\"campaign\": \"char-lm\",\n"
	"\t\"experiment\": 12,\n"
	"\t\"about\": null,\n"
	"\t\"verdict\": \"accepted\",\n"
	"\t\"reason\": null,\n"
	"\t\"metricName\": \"val_loss\",\n"
	"\t\"metric\": 2.0312,\n"
	"\t\"baseline\": 2.0977,\n"
	"\t\"samples\": [2.0312],\n"
	"\t\"metrics\": {\"grad_norm\":null,\"val_loss\":2.0312},\n"
	"\t\"metricSource\": \"evaluate\",\n"
	"\t\"base\": \"" OID_1 "\",\n"
	"\t\"tree\": \"" OID_2 "\",\n"
	"\t\"subject\": \"halve the \\\"lr\\\"\",\n"
	"\t\"rationale\": \"It overshoots.\\nVerdict: accepted\",\n"
	"\t\"proposedBy\": \"endpoint/m-1\",\n"
	"\t\"asked\": {\"endpoint\":\"127.0.0.1:8080\",\"model\":\"m-1\",\"served\":\"m-1-q4\","
	"\"temperature\":0.2,\"maxTokens\":8000,\"seed\":null,\"turns\":2,\"seconds\":3.5,"
	"\"tokens\":{\"prompt\":5000,\"completion\":300,\"cached\":4000,\"estimated\":false},"
	"\"promptDigest\":\"" SHA_B "\"},\n"
	"\t\"search\": {\"rung\":\"restart\",\"temperatureScale\":1.5,\"from\":\"" OID_2
	"\",\"proposer\":\"endpoint\"},\n"
	"\t\"started\": \"2026-01-31T23:59:59Z\",\n"
	"\t\"duration\": 12.41,\n"
	"\t\"cpu\": 11.87,\n"
	"\t\"memoryPeak\": 536870912,\n"
	"\t\"trials\": [{\"side\":\"candidate\",\"trial\":1,\"seed\":9007199254740991,\"phases\":["
	"{\"phase\":\"run\",\"exit\":0,\"wall\":12,\"cpu\":11.5,\"memoryPeak\":536870912},"
	"{\"phase\":\"evaluate\",\"exit\":0,\"wall\":0.41,\"cpu\":0.37,\"memoryPeak\":null}],"
	"\"metrics\":{\"grad_norm\":null,\"val_loss\":2.0312}}],\n"
	"\t\"comparison\": null,\n"
	"\t\"reference\": {},\n"
	"\t\"noise\": null,\n"
	"\t\"settled\": null,\n"
	"\t\"again\": null,\n"
	"\t\"audit\": {\"level\":\"none\"},\n"
	"\t\"policy\": \"" SHA_A "\",\n"
	"\t\"warm\": \"" SHA_B "\",\n"
	"\t\"host\": \"Linux 6.1 x86_64\",\n"
	"\t\"machine\": \"" SHA_A "\",\n"
	"\t\"removed\": [\"out/fifo\"],\n"
	"\t\"files\": {\"patch\":\"" OID_3 "\"},\n"
	"\t\"totals\": {\"experiments\":12,\"verdicts\":{\"accepted\":3,\"rejected\":8,"
	"\"indecisive\":0,\"failed\":1,\"violation\":0,\"invalid\":0,\"duplicate\":0,"
	"\"skipped\":0},\"failuresInARow\":0,\"rejectionsInARow\":0,\"stalled\":0,\"time\":149.5,"
	"\"tokens\":5300,\"gpuHours\":0,\"seed\":42,\"incumbent\":null,"
	"\"incumbentMetric\":2.0312,\"incumbentExperiment\":12,\"baselineMetric\":2.5,"
	"\"proposers\":[{\"name\":\"endpoint\",\"won\":2.5,\"lost\":6,\"experiments\":9,"
	"\"accepted\":3}],"
	"\"measured\":{\"experiments\":0,\"time\":2.5,\"machine\":\"" SHA_A "\",\"trials\":1,"
	"\"noise\":null}}\n"
	"}\n";

static struct record accepted(void)
{
	struct record r = {
		.type = RECORD_EXPERIMENT,
		.campaign = xstrdup("char-lm"),
		.experiment = 12,
		.base = OID_1,
		.tree = OID_2,
		.subject = xstrdup("halve the \"lr\""),
		.rationale = xstrdup("It overshoots.\nVerdict: accepted"),
		.proposed_by = xstrdup("endpoint/m-1"),
		.asked = xcalloc(1, sizeof(*r.asked)),
		.searched = { .known = true,
			      .rung = LADDER_RESTART,
			      .widen = 1.5,
			      .from = OID_2,
			      .proposer = "endpoint" },
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
		.policy = SHA_A,
		.warm = SHA_B,
		.host = xstrdup("Linux 6.1 x86_64"),
		.files = { { "patch", OID_3 } },
		.files_nr = 1,
		.totals = { .experiments = 12,
			    .verdicts = { [VERDICT_ACCEPTED] = 3,
					  [VERDICT_REJECTED] = 8,
					  [VERDICT_FAILED] = 1 },
			    .time = 149.5,
			    .tokens = 5300,
			    .seed = 42,
			    .incumbent_metric = 2.0312,
			    .incumbent_experiment = 12,
			    .baseline_metric = 2.5,
			    .scores = { { { "endpoint", { 2.5, 6 }, 9, 3 } }, 1 },
			    .measured = { .time = 2.5, .machine = SHA_A, .trials = 1 } },
		.machine = SHA_A,
	};
	struct trial_result *t = r.trials;

	*r.asked = (struct asked){ .endpoint = xstrdup("127.0.0.1:8080"),
				   .model = xstrdup("m-1"),
				   .served = xstrdup("m-1-q4"),
				   .temperature = 0.2,
				   .max_tokens = 8000,
				   .seed = -1,
				   .turns = 2,
				   .seconds = 3.5,
				   .prompt = 5000,
				   .completion = 300,
				   .cached = 4000,
				   .digest = SHA_B };
	t->number = 1;
	t->seed = (1ULL << 53) - 1;
	t->ran[PHASE_RUN] = t->ran[PHASE_EVALUATE] = true;
	t->outcomes[PHASE_RUN] =
		(struct outcome){ .wall = 12, .cpu = 11.5, .memory_peak = 512 << 20 };
	t->outcomes[PHASE_EVALUATE] =
		(struct outcome){ .wall = 0.41, .cpu = 0.37, .memory_peak = -1 };
	metrics_set(&t->metrics, "val_loss", 2.0312, true);
	metrics_set(&t->metrics, "grad_norm", 0, false);
	string_list_add(&r.removed, "out/fifo");
	return r;
}

/* A baseline before anything is known of it. */
static struct record baseline(void)
{
	return (struct record){ .type = RECORD_BASELINE,
				.campaign = xstrdup("c"),
				.subject = xstrdup(""),
				.rationale = xstrdup(""),
				.proposed_by = xstrdup(""),
				.metric_name = xstrdup("loss"),
				.started = "2026-01-31T23:59:59Z",
				.memory_peak = -1 };
}

static void parse(const char *text, struct record *ret)
{
	struct error err = ERROR_INIT;

	if (record_parse(text, strlen(text), ret, &err))
		fail_msg("%s", err.message);
}

static void a_record_is_written_a_line_a_member(void **state)
{
	CLEANUP_RECORD struct record r = accepted();
	CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;

	(void)state;
	record_write(&r, &out);
	assert_string_equal(out.buf, accepted_json);
}

static void every_member_is_read_back(void **state)
{
	CLEANUP_RECORD struct record r = { 0 };
	CLEANUP_STRBUF struct strbuf again = STRBUF_INIT;
	const struct trial_result *t;

	(void)state;
	parse(accepted_json, &r);
	record_write(&r, &again);
	assert_string_equal(again.buf, accepted_json);

	assert_int_equal(r.type, RECORD_EXPERIMENT);
	assert_int_equal(r.verdict.kind, VERDICT_ACCEPTED);
	assert_null(r.verdict.reason);
	assert_string_equal(r.rationale, "It overshoots.\nVerdict: accepted");
	assert_true(r.has_metric && r.metric == 2.0312);
	assert_true(r.has_incumbent && r.incumbent == 2.0977);
	assert_int_equal(r.memory_peak, 512 << 20);
	assert_string_equal(r.files[0].name, "patch");
	assert_string_equal(r.files[0].oid, OID_3);
	assert_string_equal(r.removed.items[0], "out/fifo");
	assert_string_equal(r.totals.incumbent, "");
	assert_string_equal(r.asked->served, "m-1-q4");
	assert_true(r.asked->temperature == 0.2);
	assert_int_equal(r.asked->seed, -1);
	assert_int_equal(asked_tokens(r.asked), 5300);

	t = &r.trials[0];
	assert_true(t->seed == (1ULL << 53) - 1);
	assert_true(t->ran[PHASE_RUN] && !t->ran[PHASE_CHECK] && t->ran[PHASE_EVALUATE]);
	assert_int_equal(t->outcomes[PHASE_EVALUATE].memory_peak, -1);
	assert_false(metrics_find(&t->metrics, "grad_norm")->finite);
	assert_false(t->self_reported);
}

static void what_a_baseline_lacks_is_null(void **state)
{
	CLEANUP_RECORD struct record r = baseline(), back = { 0 };
	CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;

	(void)state;
	record_write(&r, &out);
	assert_non_null(strstr(out.buf, "\t\"verdict\": null,\n\t\"reason\": null,\n"));
	assert_non_null(strstr(out.buf, "\t\"metric\": null,\n\t\"baseline\": null,\n"
					"\t\"samples\": [],\n\t\"metrics\": {},\n"
					"\t\"metricSource\": null,\n\t\"base\": null,\n"));
	assert_non_null(strstr(out.buf, "\t\"proposedBy\": null,\n\t\"asked\": null,\n"));
	assert_non_null(strstr(out.buf, "\t\"warm\": null,\n\t\"host\": null,\n"
					"\t\"machine\": null,\n"));
	parse(out.buf, &back);
	assert_int_equal(back.verdict.kind, VERDICT_NONE);
	assert_string_equal(back.proposed_by, "");
	assert_string_equal(back.host, "");
	assert_int_equal(back.memory_peak, -1);
	assert_null(back.asked);
	assert_false(back.has_metric || back.has_incumbent);
}

static void every_way_to_end_is_kept(void **state)
{
	static const struct {
		struct outcome outcome;
		const char *json;
	} rows[] = {
		{ { .kind = OUTCOME_EXITED, .exit_code = 255 }, "\"exit\":255," },
		{ { .kind = OUTCOME_SIGNALED, .signal = SIGSEGV }, "\"signal\":11," },
		{ { .kind = OUTCOME_TIMEOUT }, "\"killed\":\"timeout\"," },
		{ { .kind = OUTCOME_MEMORY }, "\"killed\":\"out-of-memory\"," },
		{ { .kind = OUTCOME_DISK }, "\"killed\":\"out-of-disk\"," },
		{ { .kind = OUTCOME_PIDS }, "\"killed\":\"too-many-processes\"," },
		{ { .kind = OUTCOME_OUTPUT }, "\"killed\":\"output-limit\"," },
		{ { .kind = OUTCOME_SYSCALL, .syscall = "i386:mount" },
		  "\"killed\":\"syscall i386:mount\"," },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		CLEANUP_RECORD struct record r = accepted(), back = { 0 };
		CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;
		const struct outcome *read;

		r.trials[0].outcomes[PHASE_RUN] = rows[i].outcome;
		record_write(&r, &out);
		assert_non_null(strstr(out.buf, rows[i].json));
		/* What such a trial printed is kept, but it is no sample. */
		assert_non_null(strstr(out.buf, "\t\"samples\": [],\n"));
		assert_non_null(strstr(out.buf, "\"val_loss\":2.0312"));
		parse(out.buf, &back);
		read = &back.trials[0].outcomes[PHASE_RUN];
		assert_int_equal(read->kind, rows[i].outcome.kind);
		assert_int_equal(read->exit_code, rows[i].outcome.exit_code);
		assert_int_equal(read->signal, rows[i].outcome.signal);
		assert_string_equal(read->syscall, rows[i].outcome.syscall);
	}
}

static void numbers_keep_every_bit(void **state)
{
	static const double values[] = { 0.1,	 1.0 / 3,
					 1e-300, -1.7976931348623157e308,
					 5e-324, 9007199254740993.0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		CLEANUP_RECORD struct record r = accepted(), back = { 0 };
		CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;

		r.metric = values[i];
		metrics_set(&r.trials[0].metrics, "val_loss", values[i], true);
		record_write(&r, &out);
		parse(out.buf, &back);
		assert_true(back.metric == values[i]);
		assert_true(metrics_find(&back.trials[0].metrics, "val_loss")->value ==
			    values[i]);
	}
}

static void bytes_that_are_no_text_are_replaced_once(void **state)
{
	CLEANUP_RECORD struct record r = accepted(), back = { 0 };
	CLEANUP_STRBUF struct strbuf out = STRBUF_INIT, again = STRBUF_INIT;

	(void)state;
	free(r.subject);
	r.subject = xstrdup("caf\xe9\x1b[31m\n\"\\ \xc3\xa9");
	record_write(&r, &out);
	parse(out.buf, &back);
	assert_string_equal(back.subject, "caf\xef\xbf\xbd\x1b[31m\n\"\\ \xc3\xa9");
	record_write(&back, &again);
	assert_string_equal(again.buf, out.buf);
}

static void a_member_of_a_later_program_is_ignored(void **state)
{
	CLEANUP_FREE char *text = xstrfmt("{\"tokens\": {\"in\": 5},%s", accepted_json + 1);
	CLEANUP_RECORD struct record r = { 0 };
	CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;

	(void)state;
	parse(text, &r);
	record_write(&r, &out);
	assert_string_equal(out.buf, accepted_json);
}

/* The text with the first `old` in it replaced. */
static char *edited(const char *text, const char *old, const char *new)
{
	const char *at = strstr(text, old);

	if (!at)
		fail_msg("no '%s' in the record", old);
	return xstrfmt("%.*s%s%s", (int)(at - text), text, new, at + strlen(old));
}

static void a_wrong_member_is_refused(void **state)
{
	static const char *const rows[][3] = {
		{ "\"version\": 1", "\"version\": 2",
		  "version 2 of the record's format is not known" },
		{ "\"version\": 1,", "", "'version' is missing" },
		{ "\"type\": \"experiment\"", "\"type\": \"prophecy\"",
		  "type 'prophecy' is not known" },
		{ "\"type\": \"experiment\"", "\"type\": \"baseline\"",
		  "'experiment' is malformed" },
		{ "\"experiment\": 12", "\"experiment\": 0", "'experiment' is malformed" },
		{ "\"experiment\": 12", "\"experiment\": -1", "'experiment' is malformed" },
		{ "\"experiment\": 12", "\"experiment\": 1.5",
		  "'experiment' is not an integer" },
		{ "\"verdict\": \"accepted\"", "\"verdict\": \"great\"",
		  "'verdict' is malformed" },
		{ "\"verdict\": \"accepted\"", "\"verdict\": null", "'verdict' is malformed" },
		{ "\"verdict\": \"accepted\"", "\"verdict\": \"rejected\"",
		  "'reason' is malformed" },
		{ "\"reason\": null", "\"reason\": \"x\"", "'reason' is malformed" },
		{ "\"val_loss\"", "\"val loss\"", "'metricName' is malformed" },
		{ "\"metric\": 2.0312", "\"metric\": \"2\"", "'metric' is not a number" },
		{ "\"metricSource\": \"evaluate\"", "\"metricSource\": \"me\"",
		  "'metricSource' is malformed" },
		{ "\"base\": \"1", "\"base\": \"", "'base' is malformed" },
		{ "\"base\": \"1", "\"base\": \"G", "'base' is malformed" },
		{ "\"tree\": \"2", "\"tree\": \"22", "'tree' is malformed" },
		{ "\"policy\": \"a", "\"policy\": \"A", "'policy' is malformed" },
		{ "\"prompt\":5000", "\"prompt\":-1", "'prompt' is malformed" },
		{ "\"turns\":2", "\"turns\":null", "'turns' is not an integer" },
		{ "\"promptDigest\":\"b", "\"promptDigest\":\"B",
		  "'promptDigest' is malformed" },
		{ "\"promptDigest\":\"" SHA_B "\"", "\"promptDigest\":null",
		  "'promptDigest' is malformed" },
		{ "\"asked\": {", "\"asked\": [], \"was\": {", "'asked' is not an object" },
		{ "\"subject\": \"halve the \\\"lr\\\"\"", "\"subject\": 7",
		  "'subject' is not a string" },
		{ "2026-01-31T", "2026-01-31 ", "'started' is malformed" },
		{ "23:59:59Z", "23:59:59\\u001b[2J", "'started' is malformed" },
		{ "23:59:59Z", "23:59:59.000000000000000Z", "'started' is malformed" },
		{ "\"duration\": 12.41", "\"duration\": -1", "'duration' is malformed" },
		{ "\"seed\":9007199254740991", "\"seed\":-1", "'seed' is malformed" },
		{ "\"seed\":9007199254740991", "\"seed\":9007199254740994",
		  "'seed' is not an integer" },
		{ "\"phase\":\"run\"", "\"phase\":\"setup\"", "'phase' is malformed" },
		{ "\"phase\":\"run\"", "\"phase\":\"evaluate\"", "'phase' is malformed" },
		{ "\"exit\":0", "\"exit\":256", "'exit' is malformed" },
		{ "\"exit\":0", "\"signal\":0", "'signal' is malformed" },
		{ "\"exit\":0", "\"killed\":\"cancelled\"", "'killed' is malformed" },
		{ "\"exit\":0", "\"killed\":\"syscall \"", "'killed' is malformed" },
		{ "\"exit\":0,", "", "'exit' is missing" },
		{ "\"metrics\":{\"grad_norm\":null", "\"metrics\":{\"grad norm\":null",
		  "'metrics' is malformed" },
		{ "\"metrics\":{\"grad_norm\":null", "\"metrics\":{\"grad_norm\":\"nan\"",
		  "'metrics' is malformed" },
		{ "\"removed\": [\"out/fifo\"]", "\"removed\": [1]", "'removed' is malformed" },
		{ "\"files\": {\"patch\":\"" OID_3 "\"}", "\"files\": {\"patch\":null}",
		  "'files' is malformed" },
		{ "\"files\": {\"patch\"", "\"files\": {\"\"", "'files' is malformed" },
		{ "\"files\": {\"patch\"", "\"files\": {\"01234567890123456789012345678901\"",
		  "'files' is malformed" },
		{ "\"totals\": {", "\"totals\": [], \"was\": {", "'totals' is not an object" },
		{ "\"skipped\":0", "\"skipped\":-1", "'skipped' is malformed" },
		{ ",\"baselineMetric\":2.5", "", "'baselineMetric' is missing" },
		{ "\n}\n", "", "malformed JSON" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		CLEANUP_FREE char *text = edited(accepted_json, rows[i][0], rows[i][1]);
		struct record r = { .experiment = 99 };
		struct error err = ERROR_INIT;

		assert_int_equal(record_parse(text, strlen(text), &r, &err), -1);
		if (strncmp(err.message, rows[i][2], strlen(rows[i][2])))
			fail_msg("%s: '%s'", rows[i][1], err.message);
		assert_int_equal(r.experiment, 99); /* untouched */
		assert_null(r.campaign);
	}
}

static void more_than_a_record_can_hold_is_refused(void **state)
{
	CLEANUP_STRBUF struct strbuf files = STRBUF_INIT;
	CLEANUP_FREE char *text = NULL;
	struct record r = { 0 };
	struct error err = ERROR_INIT;

	(void)state;
	strbuf_addstr(&files, "\"files\": {");
	for (size_t i = 0; i < ARRAY_SIZE(r.files); i++)
		strbuf_addf(&files, "\"%zu\":\"" OID_1 "\",", i);
	text = edited(accepted_json, "\"files\": {", files.buf);
	assert_int_equal(record_parse(text, strlen(text), &r, &err), -1);
	assert_string_equal(err.message, "'files' is malformed");
}

static void an_audit_is_read_back(void **state)
{
	static const char level_a[] =
		"\"audit\": {\"level\":\"A\",\"events\":118,\"denied\":2,\"lost\":1,"
		"\"incomplete\":true,\"digest\":\"" SHA_A "\"}";
	static const char level_c[] =
		"\"audit\": {\"level\":\"C\",\"events\":0,\"denied\":0,\"lost\":0,"
		"\"incomplete\":false,\"digest\":null}";
	CLEANUP_RECORD struct record r = accepted(), back = { 0 };
	CLEANUP_STRBUF struct strbuf out = STRBUF_INIT, again = STRBUF_INIT;
	CLEANUP_JSON struct json *log = NULL;

	(void)state;
	r.audit = (struct audit_summary){ .level = AUDIT_LEVEL_A,
					  .events = 118,
					  .denied = 2,
					  .lost = 1,
					  .incomplete = true,
					  .digest = SHA_A };
	record_write(&r, &out);
	assert_non_null(strstr(out.buf, level_a));
	parse(out.buf, &back);
	assert_memory_equal(&back.audit, &r.audit, sizeof(r.audit));
	record_write(&back, &again);
	assert_string_equal(again.buf, out.buf);
	log = record_log_json(&back, OID_3);
	strbuf_reset(&again);
	json_write(log, false, &again);
	assert_non_null(strstr(again.buf, "\"audit\":{\"level\":\"A\",\"events\":118,"
					  "\"denied\":2,\"lost\":1},"));
	r.audit = (struct audit_summary){ .level = AUDIT_LEVEL_C };
	strbuf_reset(&out);
	record_write(&r, &out);
	assert_non_null(strstr(out.buf, level_c));
}

static void names_that_were_removed_are_capped(void **state)
{
	CLEANUP_RECORD struct record r = baseline(), back = { 0 };
	CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;

	(void)state;
	for (int i = 0; i < REMOVED_MAX + 5; i++)
		string_list_add(&r.removed, "x");
	record_write(&r, &out);
	parse(out.buf, &back);
	assert_int_equal(back.removed.nr, REMOVED_MAX);
}

static void log_json_is_what_the_manual_lists(void **state)
{
	CLEANUP_RECORD struct record r = accepted();
	CLEANUP_JSON struct json *o = record_log_json(&r, OID_3);
	CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;

	(void)state;
	json_write(o, false, &out);
	assert_string_equal(
		out.buf,
		"{\"experiment\":12,\"campaign\":\"char-lm\",\"verdict\":\"accepted\","
		"\"reason\":null,\"metric\":2.0312,\"baseline\":2.0977,\"samples\":[2.0312],"
		"\"commit\":\"" OID_3 "\",\"base\":\"" OID_1 "\","
		"\"subject\":\"halve the \\\"lr\\\"\",\"started\":\"2026-01-31T23:59:59Z\","
		"\"duration\":12.41,\"cpu\":11.87,\"memoryPeak\":536870912,"
		"\"audit\":{\"level\":\"none\",\"events\":0,\"denied\":0,\"lost\":0},"
		"\"metrics\":{\"grad_norm\":null,\"val_loss\":2.0312},\"tokens\":5300,"
		"\"search\":{\"rung\":\"restart\",\"temperatureScale\":1.5,\"from\":\"" OID_2
		"\",\"proposer\":\"endpoint\"}}");
}

static void the_metric_says_who_vouches_for_it(void **state)
{
	CLEANUP_RECORD struct record r = accepted(), back = { 0 };
	CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;

	(void)state;
	assert_string_equal(record_metric_source(&r), "evaluate");
	r.trials[0].self_reported = true;
	record_write(&r, &out);
	parse(out.buf, &back);
	assert_string_equal(record_metric_source(&back), "self-reported");
	back.trials[0].outcomes[PHASE_RUN].exit_code = 1;
	assert_null(record_metric_source(&back));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_is_written_a_line_a_member),
		cmocka_unit_test(every_member_is_read_back),
		cmocka_unit_test(what_a_baseline_lacks_is_null),
		cmocka_unit_test(every_way_to_end_is_kept),
		cmocka_unit_test(numbers_keep_every_bit),
		cmocka_unit_test(bytes_that_are_no_text_are_replaced_once),
		cmocka_unit_test(a_member_of_a_later_program_is_ignored),
		cmocka_unit_test(a_wrong_member_is_refused),
		cmocka_unit_test(more_than_a_record_can_hold_is_refused),
		cmocka_unit_test(an_audit_is_read_back),
		cmocka_unit_test(names_that_were_removed_are_capped),
		cmocka_unit_test(log_json_is_what_the_manual_lists),
		cmocka_unit_test(the_metric_says_who_vouches_for_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
