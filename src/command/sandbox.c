#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/delegate.h"
#include "command/options.h"
#include "loop/single.h"

struct arguments {
	const char *campaign, *summary, *audit_log;
	enum phase phase;
};

static int parse(int argc, char **argv, struct arguments *a, struct error *err)
{
	static const struct option longs[] = {
		{ "campaign", required_argument, NULL, 'n' },
		{ "phase", required_argument, NULL, 'p' },
		{ "summary", required_argument, NULL, 's' },
		{ "audit-log", required_argument, NULL, 'a' },
		{ 0 },
	};
	int c;

	while ((c = next_option(argc, argv, "+:h", longs)) != -1) {
		switch (c) {
		case 'n':
			a->campaign = optarg;
			break;
		case 's':
			a->summary = optarg;
			break;
		case 'a':
			a->audit_log = optarg;
			break;
		case 'p':
			if (phase_parse(optarg, &a->phase) || a->phase == PHASE_PROPOSE) {
				error_set(
					err,
					"--phase takes run, evaluate, check or setup, not '%s'",
					optarg);
				return error_status(err, EXIT_USAGE);
			}
			break;
		default:
			return usage(argc, argv);
		}
	}
	return optind == argc ? usage(argc, argv) : 0;
}

/* `arg`: whether what went to stderr ended in the middle of a line. */
static void pass_through(enum stream stream, const char *data, size_t len, void *arg)
{
	FILE *out = stream == STREAM_STDOUT ? stdout : stderr;
	bool *broken_off = arg;

	fwrite(data, 1, len, out);
	fflush(out);
	if (stream == STREAM_STDERR && len)
		*broken_off = data[len - 1] != '\n';
}

static int write_summary(const char *path, const struct outcome *o,
			 const struct audit_summary *audit, struct error *err)
{
	CLEANUP_JSON struct json *object = json_new_object();
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT, reason = STRBUF_INIT;
	CLEANUP_FCLOSE FILE *f = NULL;

	outcome_reason(o, &reason);
	if (o->kind == OUTCOME_EXITED)
		json_add_int(object, "exit", o->exit_code);
	else
		json_add_null(object, "exit");
	if (o->kind == OUTCOME_SIGNALED)
		json_add_int(object, "signal", o->signal);
	else
		json_add_null(object, "signal");
	json_add_string(object, "killed", outcome_was_killed(o) ? reason.buf : NULL);
	json_add_double(object, "wall", o->wall);
	json_add_double(object, "cpu", o->cpu);
	if (o->memory_peak >= 0)
		json_add_int(object, "memoryPeak", o->memory_peak);
	else
		json_add_null(object, "memoryPeak");
	audit_summary_json(audit, object);
	json_write(object, false, &text);
	f = fopen(path, "we");
	if (!f || fprintf(f, "%s\n", text.buf) < 0 || fflush(f))
		return error_errno(err, "cannot write '%s'", path);
	return 0;
}

/* Where nobody asks for the log it goes where temporary files do, for its summary. */
static int open_log(const char *path, struct audit_log **ret, struct error *err)
{
	const char *dir = getenv("TMPDIR");

	if (path)
		return audit_log_create(ret, path, err);
	audit_log_open(ret, dir && *dir ? dir : "/tmp");
	return 0;
}

int cmd_sandbox(int argc, char **argv, struct error *err)
{
	struct arguments a = { .phase = PHASE_RUN };
	CLEANUP_AUDIT_LOG struct audit_log *log = NULL;
	CLEANUP_STRBUF struct strbuf reason = STRBUF_INIT;
	struct audit_summary audit;
	struct outcome outcome;
	bool broken_off = false;
	int signal_no = 0;
	int ret = parse(argc, argv, &a, err);

	if (ret)
		return ret;
	delegate_self(argc, argv, false);
	if (open_log(a.audit_log, &log, err))
		return -1;
	ret = single_run(a.campaign, a.phase, (const char *const *)argv + optind, pass_through,
			 &broken_off, log, &outcome, &signal_no, err);
	if (ret < 0)
		return -1;
	if (ret)
		return 128 + signal_no;
	audit_log_end(log, &audit);
	if (a.summary && write_summary(a.summary, &outcome, &audit, err))
		return -1;
	if (a.audit_log && !*audit.digest)
		warning("'%s' is empty: at audit level %s nothing is on record", a.audit_log,
			audit_level_name(audit.level));
	if (outcome.kind == OUTCOME_EXITED)
		return outcome.exit_code;
	if (outcome.kind == OUTCOME_SIGNALED)
		return 128 + outcome.signal;
	outcome_reason(&outcome, &reason);
	fprintf(stderr, "%skilled: %s\n", broken_off ? "\n" : "", reason.buf);
	return 128 + SIGKILL;
}
