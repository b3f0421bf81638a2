#include "git-fixture.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <sys/mman.h>

#include "base/digest.h"
#include "loop/audit_log.h"

#define SECOND 1000000000ull

static struct error err = ERROR_INIT;

/* A trial with `nr` opened files, of which the records are in a memory file. */
static void make_trial(struct trial_audit *ret, unsigned nr, size_t path_len)
{
	char bytes[sizeof(struct audit_record) + AUDIT_PATH_MAX] = "";
	struct audit_record *r = (struct audit_record *)bytes;

	trial_audit_init(ret);
	ret->level = AUDIT_LEVEL_B;
	ret->start = SECOND;
	ret->phase_start[PHASE_RUN] = SECOND;
	ret->records = memfd_create("records", MFD_CLOEXEC);
	ret->counts = xcalloc(1, sizeof(*ret->counts));
	ret->counts->emitted[AUDIT_FILE] = nr;
	string_list_add(&ret->programs, "sys_exit:0123456789abcdef");
	strcpy(ret->kernel, "6.1.0");
	memset(ret->policy, 'a', 64);
	memset(r + 1, 'p', path_len ? path_len - 1 : 0);
	*r = (struct audit_record){ .class = AUDIT_FILE, .act = ACT_OPEN, .pid = 2, .tid = 2 };
	r->time = 3 * SECOND;
	r->process_start = 2 * SECOND;
	r->path_len = (uint16_t)path_len;
	r->size = sizeof(*r) + r->path_len;
	for (unsigned i = 0; i < nr; i++)
		assert_int_equal(write(ret->records, bytes, r->size), r->size);
}

/* The log as a file that a shell can look at. */
static void save(struct audit_log *log, const char *path)
{
	CLEANUP_FCLOSE FILE *to = fopen(path, "w");
	struct record_content content;
	char block[4096];
	size_t n;

	assert_true(audit_log_content(log, &content));
	assert_string_equal(content.name, "audit.jsonl");
	if (!content.file) {
		assert_int_equal(fwrite(content.data, 1, content.len, to), content.len);
		return;
	}
	rewind(content.file);
	while ((n = fread(block, 1, sizeof(block), content.file)))
		assert_int_equal(fwrite(block, 1, n, to), n);
}

static void a_trial_becomes_lines_and_a_digest(void **state)
{
	CLEANUP_AUDIT_LOG struct audit_log *log = NULL;
	CLEANUP_TRIAL_AUDIT struct trial_audit trial;
	struct audit_summary summary;
	bool complete = false;

	(void)state;
	make_trial(&trial, 3, 5);
	trial.counts->emitted[AUDIT_FILE] = 10;
	trial.counts->aggregated[AUDIT_FILE] = 6;
	trial.counts->lost[AUDIT_FILE] = 1;
	trial.counts->denied = 2;
	audit_log_open(&log, ".");
	assert_int_equal(audit_log_add(log, &trial, &complete, &err), 0);
	assert_true(complete); /* no class of which every act counts */
	audit_log_end(log, &summary);
	assert_int_equal(summary.level, AUDIT_LEVEL_B);
	assert_int_equal(summary.events, 9);
	assert_int_equal(summary.denied, 2);
	assert_int_equal(summary.lost, 1);
	assert_false(summary.incomplete);
	save(log, "log");
	assert_string_equal(out_of("jq -c .seq log | xargs"), "1 2 3 4 5");
	assert_string_equal(out_of("jq -r 'select(.act) | \"\\(.time) \\(.phase) \\(.start) "
				   "\\(.object.path)\"' log | sort -u"),
			    "2 run 1 /pppp");
	assert_string_equal(out_of("sed -n 4p log"),
			    "{\"v\":1,\"seq\":4,\"class\":\"file\",\"aggregated\":6}");
	assert_string_equal(out_of("sed -n 5p log | jq -c '[.totals[].file], .level, .kernel, "
				   ".policy[:9], .programs' | xargs"),
			    "[10,9,6,1] B 6.1.0 sha256:aa [sys_exit:0123456789abcdef]");
	assert_string_equal(out_of("sha256sum <log | cut -d' ' -f1"), summary.digest);
	/* Nothing of it is left behind. */
	assert_string_equal(out_of("ls -A | grep audit"), "");
}

static void records_are_read_across_the_ends_of_blocks(void **state)
{
	CLEANUP_AUDIT_LOG struct audit_log *log = NULL;
	struct audit_summary summary;
	bool complete;

	(void)state;
	audit_log_open(&log, ".");
	/* Many small ones, few large ones, and none. */
	for (size_t len = 0; len <= AUDIT_PATH_MAX; len += 256) {
		CLEANUP_TRIAL_AUDIT struct trial_audit trial;

		make_trial(&trial, 1001, len);
		assert_int_equal(audit_log_add(log, &trial, &complete, &err), 0);
		assert_true(complete);
	}
	audit_log_end(log, &summary);
	assert_int_equal(summary.events, 5005);
	assert_int_equal(summary.lost, 0);
	save(log, "log");
	assert_string_equal(out_of("jq -s 'length, last.seq' log | xargs"), "5010 5010");
	assert_string_equal(
		out_of("jq -rs 'map(select(.act) | .object.path // \"\" | length) | "
		       "group_by(.) | map(\"\\(.[0]):\\(length)\") | .[]' log | xargs"),
		"0:1001 256:1001 512:1001 768:1001 1024:1001");
	assert_string_equal(out_of("sha256sum <log | cut -d' ' -f1"), summary.digest);
	assert_string_equal(out_of("ls -A | grep audit"), "");
}

static void a_critical_loss_is_of_its_trial(void **state)
{
	CLEANUP_AUDIT_LOG struct audit_log *log = NULL;
	CLEANUP_TRIAL_AUDIT struct trial_audit good, bad;
	struct audit_summary summary;
	bool complete;

	(void)state;
	make_trial(&bad, 1, 5);
	make_trial(&good, 1, 5);
	bad.counts->emitted[AUDIT_EXEC] = 1;
	audit_log_open(&log, ".");
	assert_int_equal(audit_log_add(log, &bad, &complete, &err), 0);
	assert_false(complete);
	assert_int_equal(audit_log_add(log, &good, &complete, &err), 0);
	assert_true(complete);
	audit_log_end(log, &summary);
	assert_true(summary.incomplete);
	assert_int_equal(summary.lost, 1);
}

static void without_records_there_is_no_log(void **state)
{
	CLEANUP_AUDIT_LOG struct audit_log *log = NULL;
	CLEANUP_TRIAL_AUDIT struct trial_audit audit = TRIAL_AUDIT_INIT;
	struct record_content content;
	struct audit_summary summary;
	bool complete;

	(void)state;
	audit.level = AUDIT_LEVEL_C;
	audit_log_open(&log, "/nonexistent");
	assert_int_equal(audit_log_add(log, &audit, &complete, &err), 0);
	assert_true(complete);
	audit_log_end(log, &summary);
	assert_false(audit_log_content(log, &content));
	assert_false(audit_log_content(NULL, &content));
	assert_int_equal(summary.level, AUDIT_LEVEL_C);
	assert_string_equal(summary.digest, "");
}

static void a_short_log_needs_no_file(void **state)
{
	CLEANUP_AUDIT_LOG struct audit_log *log = NULL;
	CLEANUP_TRIAL_AUDIT struct trial_audit few, many;
	struct audit_summary summary;
	bool complete;

	(void)state;
	make_trial(&few, 20, 5);
	make_trial(&many, 1001, 5);
	audit_log_open(&log, "/nonexistent");
	assert_int_equal(audit_log_add(log, &few, &complete, &err), 0);
	audit_log_end(log, &summary);
	save(log, "log");
	assert_string_equal(out_of("sha256sum <log | cut -d' ' -f1"), summary.digest);
	audit_log_free(steal_ptr(log));
	audit_log_open(&log, "/nonexistent");
	assert_int_equal(audit_log_add(log, &many, &complete, &err), -1);
	assert_non_null(strstr(err.message, "/nonexistent"));
}

static void the_lowest_level_counts(void **state)
{
	CLEANUP_AUDIT_LOG struct audit_log *log = NULL;
	CLEANUP_TRIAL_AUDIT struct trial_audit a, b;
	struct audit_summary summary;
	bool complete;

	(void)state;
	make_trial(&a, 1, 5);
	make_trial(&b, 1, 5);
	a.level = AUDIT_LEVEL_A;
	audit_log_open(&log, ".");
	assert_int_equal(audit_log_add(log, &a, &complete, &err), 0);
	audit_log_end(log, &summary);
	assert_int_equal(summary.level, AUDIT_LEVEL_A);
	audit_log_free(steal_ptr(log));
	audit_log_open(&log, ".");
	assert_int_equal(audit_log_add(log, &b, &complete, &err), 0);
	assert_int_equal(audit_log_add(log, &a, &complete, &err), 0);
	audit_log_end(log, &summary);
	assert_int_equal(summary.level, AUDIT_LEVEL_B);
}

static void what_is_no_record_is_an_error(void **state)
{
	bool complete;

	(void)state;
	for (int i = 0; i < 3; i++) {
		CLEANUP_AUDIT_LOG struct audit_log *log = NULL;
		CLEANUP_TRIAL_AUDIT struct trial_audit trial;

		make_trial(&trial, 2, 5);
		if (i == 0)
			assert_int_equal(
				ftruncate(trial.records, sizeof(struct audit_record) + 7), 0);
		else if (i == 1)
			assert_int_equal(pwrite(trial.records, "\xff\xff\xff\xff", 4, 0), 4);
		else
			free(steal_ptr(trial.counts));
		audit_log_open(&log, ".");
		assert_int_equal(audit_log_add(log, &trial, &complete, &err), -1);
	}
}

static void a_file_of_the_users_has_the_same_lines(void **state)
{
	CLEANUP_AUDIT_LOG struct audit_log *log = NULL;
	CLEANUP_TRIAL_AUDIT struct trial_audit trial;
	struct audit_summary summary;
	bool complete;

	(void)state;
	write_text("mine", "old, and longer than what comes");
	assert_int_equal(audit_log_create(&log, "mine", &err), 0);
	assert_string_equal(out_of("cat mine"), "");
	make_trial(&trial, 2, 5);
	assert_int_equal(audit_log_add(log, &trial, &complete, &err), 0);
	assert_string_equal(out_of("wc -l <mine"), "3");
	audit_log_end(log, &summary);
	assert_string_equal(out_of("sha256sum <mine | cut -d' ' -f1"), summary.digest);
	audit_log_free(steal_ptr(log));
	assert_int_equal(audit_log_create(&log, "/dev/full", &err), 0);
	assert_refused(audit_log_add(log, &trial, &complete, &err), "/dev/full");
	audit_log_free(steal_ptr(log));
	assert_int_equal(audit_log_create(&log, "no/such/folder", &err), -1);
	assert_non_null(strstr(err.message, "no/such/folder"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(a_trial_becomes_lines_and_a_digest),
		fixture_test(records_are_read_across_the_ends_of_blocks),
		fixture_test(a_critical_loss_is_of_its_trial),
		fixture_test(without_records_there_is_no_log),
		fixture_test(a_short_log_needs_no_file),
		fixture_test(the_lowest_level_counts),
		fixture_test(what_is_no_record_is_an_error),
		fixture_test(a_file_of_the_users_has_the_same_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
