#include "loop/measure.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/trace.h"
#include "git/tree.h"
#include "loop/network.h"
#include "sandbox/snapshot.h"
#include "loop/store.h"

void logs_release(struct logs *logs)
{
	strbuf_release(&logs->run);
	strbuf_release(&logs->evaluate);
}

char **environment_new(const struct lane *lane, enum phase phase, int64_t experiment, int trial)
{
	const struct search *s = lane->search;
	CLEANUP_STRBUF struct strbuf gpus = STRBUF_INIT;
	char **env = xcalloc(16, sizeof(*env));
	size_t n = 0;

	env[n++] = xstrdup("PATH=" PATH_INSIDE);
	env[n++] = xstrdup("HOME=" INSIDE_HOME);
	env[n++] = xstrdup("LANG=C.UTF-8");
	env[n++] = xstrdup("TMPDIR=" INSIDE_TMP);
	env[n++] = xstrdup("AUTORESEARCH=1");
	env[n++] = xstrfmt("AUTORESEARCH_CAMPAIGN=%s", s->campaign ? s->campaign : "");
	env[n++] = xstrfmt("AUTORESEARCH_EXPERIMENT=%lld", (long long)experiment);
	env[n++] = xstrfmt("AUTORESEARCH_PHASE=%s", phase_name(phase));
	env[n++] = xstrfmt("AUTORESEARCH_TRIAL=%d", trial);
	env[n++] = xstrfmt("AUTORESEARCH_SEED=%llu",
			   (unsigned long long)trial_seed(s, experiment, trial));
	env[n++] = xstrdup("AUTORESEARCH_OUT=" INSIDE_OUT);
	for (size_t i = 0; i < lane->groups.nr; i++)
		strbuf_addf(&gpus, "%s%s", i ? "," : "", lane->groups.items[i]);
	if (gpus.len && phase != PHASE_PROPOSE)
		env[n++] = xstrfmt("CUDA_VISIBLE_DEVICES=%s", gpus.buf);
	if (phase == PHASE_EVALUATE)
		env[n++] = xstrdup("AUTORESEARCH_METRICS=" INSIDE_METRICS);
	return env;
}

void environment_free(char **env)
{
	for (char **p = env; p && *p; p++)
		free(*p);
	free(env);
}

uint64_t trial_seed(const struct search *s, int64_t experiment, int trial)
{
	/* More than there are trials of one, so that no two experiments share a seed. */
	uint64_t apart = search_trials(s) > 1 ? 10 * TRIALS_MAX : 0;
	const struct record *then = s->again ? &s->again->record : NULL;

	/* What is measured again is so with the seeds that it had. */
	for (size_t i = 0; then && i < then->trials_nr; i++)
		if (!then->trials[i].of_incumbent && then->trials[i].number == trial)
			return then->trials[i].seed;
	return (s->totals.seed + apart * (uint64_t)experiment + (uint64_t)trial) % 0x7fffffff;
}

void log_tail(const struct strbuf *log, struct strbuf *out)
{
	const char *p = log->buf + log->len;

	for (int lines = 0; p > log->buf && lines <= 10 && log->buf + log->len - p < 2000; p--)
		lines += p[-1] == '\n' && p != log->buf + log->len;
	if (p > log->buf)
		p++;
	while (p < log->buf + log->len) {
		const char *end = memchr(p, '\n', (size_t)(log->buf + log->len - p));
		size_t len = end ? (size_t)(end - p) : (size_t)(log->buf + log->len - p);

		strbuf_addstr(out, "  | ");
		strbuf_add_visible(out, p, len);
		strbuf_addch(out, '\n');
		p += len + 1;
	}
}

/* Where the output of a phase goes. */
struct sink {
	struct strbuf *log;
	struct metric_reader *metrics; /* NULL: what it prints is no metric */
};

static void take_output(enum stream stream, const char *data, size_t len, void *arg)
{
	struct sink *sink = arg;

	strbuf_add(sink->log, data, len);
	if (sink->metrics && stream == STREAM_STDOUT)
		metric_reader_feed(sink->metrics, data, len);
}

static int run_phase(struct lane *lane, struct trial *trial, enum phase phase,
		     int64_t experiment, int number, struct sink *sink, struct outcome *ret,
		     struct error *err)
{
	struct search *s = lane->search;
	const char *const argv[] = { "sh", "-c", s->config.phases[phase].command, NULL };
	char **env = environment_new(lane, phase, experiment, number);
	struct trial_command command = {
		.phase = phase,
		.argv = argv,
		.env = (const char *const *)env,
		.timeout = s->config.phases[phase].timeout,
		.tree = lane->slot_path,
		.hidden = phase == PHASE_EVALUATE ? lane->hidden_path : NULL,
		.warm = s->warm,
		.out_writable = phase == PHASE_RUN,
		.output = take_output,
		.data = sink,
	};
	int failed = lane_run(lane, trial, experiment, &command, ret, err);

	environment_free(env);
	if (failed)
		return error_context(err, "%s", phase_name(phase));
	return ret->kind == OUTCOME_CANCELLED ? 1 : 0;
}

/* The metrics file of the evaluator wins over what it printed. */
static int merge_metrics_file(struct search *s, struct trial *trial, struct metrics *metrics,
			      struct error *err)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	struct error ignored = ERROR_INIT;
	struct metric_reader reader;

	/* What cannot be read as a plain file is no metric; the evaluator's stdout still is. */
	if (trial_read_metrics(trial, &text, &ignored))
		return 0;
	if (metric_reader_init(&reader, s->config.metric, s->config.metric_pattern, err))
		return -1;
	metric_reader_feed(&reader, text.buf, text.len);
	metric_reader_finish(&reader);
	metrics_merge(metrics, &reader.metrics);
	metric_reader_release(&reader);
	return 0;
}

static int run_phases(struct lane *lane, struct trial *trial, int64_t experiment, int number,
		      struct trial_result *ret, struct logs *logs, struct error *err)
{
	static const enum phase order[] = { PHASE_RUN, PHASE_CHECK, PHASE_EVALUATE };
	struct search *s = lane->search;
	bool evaluated = s->config.phases[PHASE_EVALUATE].command;
	struct metric_reader reader;
	int failed = 0;

	if (metric_reader_init(&reader, s->config.metric, s->config.metric_pattern, err))
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(order) && !failed; i++) {
		enum phase phase = order[i];
		enum phase scorer = evaluated ? PHASE_EVALUATE : PHASE_RUN;
		struct sink sink = { phase == PHASE_EVALUATE ? &logs->evaluate : &logs->run,
				     phase == scorer ? &reader : NULL };

		if (!s->config.phases[phase].command)
			continue;
		failed = run_phase(lane, trial, phase, experiment, number, &sink,
				   &ret->outcomes[phase], err);
		ret->ran[phase] = true;
		if (!failed && !outcome_is_success(&ret->outcomes[phase]))
			break;
		if (!failed && phase == PHASE_EVALUATE)
			failed = merge_metrics_file(s, trial, &reader.metrics, err);
	}
	metric_reader_finish(&reader);
	metrics_merge(&ret->metrics, &reader.metrics);
	metric_reader_release(&reader);
	ret->self_reported = !evaluated;
	return failed;
}

int measure_audit(struct lane *lane, struct trial *trial, bool *ret_complete, struct error *err)
{
	CLEANUP_TRIAL_AUDIT struct trial_audit audit = TRIAL_AUDIT_INIT;
	SPAN("audit");

	if (trial_audit(trial, &audit, err))
		return -1;
	if (!lane->audit)
		audit_log_open(&lane->audit, lane->search->dir);
	return audit_log_add(lane->audit, &audit, ret_complete, err);
}

/* What it had of GPUs is spent, though it was ended before its time. */
static void spend_in_vain(struct lane *lane, const struct trial_result *trial)
{
	double seconds = 0;

	for (enum phase p = 0; p < PHASE_NR; p++)
		seconds += trial->ran[p] ? trial->outcomes[p].wall : 0;
	search_spend_gpus(lane->search, seconds * lane->gpus / 3600);
}

int measure_trial(struct lane *lane, int64_t experiment, int number, struct trial_result *ret,
		  struct logs *logs, struct string_list *ret_removed, struct error *err)
{
	struct search *s = lane->search;
	const struct string_list *removed;
	struct trial *trial;
	bool complete = true;
	int failed;
	SPAN("trial");

	*ret = (struct trial_result){ .number = number,
				      .seed = trial_seed(s, experiment, number) };
	if (lane_open_trial(lane, &trial, err))
		return -1;
	lane->trial_number = search_trials(s) == 1 ? 0 : number;
	failed = run_phases(lane, trial, experiment, number, ret, logs, err);
	lane->trial_number = 0;
	removed = trial_removed(trial);
	for (size_t i = 0; i < removed->nr && !failed; i++)
		string_list_add(ret_removed, removed->items[i]);
	if (!failed)
		failed = measure_audit(lane, trial, &complete, err);
	ret->audit_incomplete = !complete;
	trial_close(trial);
	if (!failed) {
		lane_open_ahead(lane);
		return 0;
	}
	spend_in_vain(lane, ret);
	trial_result_release(ret);
	return failed;
}

struct editable {
	const struct campaign_config *config;
	struct string_list paths;
};

static int collect_editable(const char *path, unsigned mode, const char *oid, void *data,
			    struct error *err)
{
	struct editable *e = data;

	(void)mode;
	(void)oid;
	(void)err;
	/* Hidden files are not in the slot's tree to begin with. */
	if (pathspec_match(&e->config->editable, path) &&
	    !pathspec_match(&e->config->hidden, path))
		string_list_add(&e->paths, path);
	return 0;
}

int measure_editable(struct search *s, struct string_list *ret, struct error *err)
{
	struct editable e = { &s->config, STRING_LIST_INIT };
	int failed = tree_each_file(s->repo, search_incumbent(s), collect_editable, &e, err);

	*ret = e.paths;
	return failed;
}

/* Runs setup into the folder `path` below the store. */
static int run_setup(struct lane *lane, const char *path, struct error *err)
{
	struct search *s = lane->search;
	const char *const argv[] = { "sh", "-c", s->config.phases[PHASE_SETUP].command, NULL };
	char **env = environment_new(lane, PHASE_SETUP, 0, 1);
	CLEANUP_STRBUF struct strbuf log = STRBUF_INIT, reason = STRBUF_INIT;
	struct sink sink = { &log, NULL };
	struct string_list masked = STRING_LIST_INIT;
	struct trial_command command = {
		.phase = PHASE_SETUP,
		.argv = argv,
		.env = (const char *const *)env,
		.timeout = s->config.phases[PHASE_SETUP].timeout,
		.tree = lane->slot_path,
		.masked = &masked,
		.upper = path,
		.out_writable = true,
		.output = take_output,
		.data = &sink,
	};
	struct outcome outcome;
	struct trial *trial = NULL;
	bool complete;
	int failed;

	failed =
		measure_editable(s, &masked, err) ||
		network_resolve(&s->settings, NETWORK_SETUP, &s->network[NETWORK_SETUP], err) ||
		trial_open(&trial, &lane->place, &lane->limits, &s->network[NETWORK_SETUP],
			   err) ||
		lane_run(lane, trial, 0, &command, &outcome, err) ||
		measure_audit(lane, trial, &complete, err);
	trial_close(trial);
	environment_free(env);
	string_list_release(&masked);
	if (failed)
		return -1;
	if (outcome.kind == OUTCOME_CANCELLED)
		return 1;
	if (!outcome_is_success(&outcome)) {
		outcome_reason(&outcome, &reason);
		search_tell_tail(s, &log);
		error_set(err, "setup failed: %s", reason.buf);
		if (s->network[NETWORK_SETUP].open || s->network[NETWORK_SETUP].nr)
			return -1;
		return error_hint(err, "it had no network; one that fetches something is let "
				       "out by autoresearch.setupNetwork");
	}
	lane->search->setup_time = outcome.wall;
	return 0;
}

/* The key of what setup sees: its command and the declared part of the tree. */
static int warm_key(struct search *s, char ret[65], struct error *err)
{
	const char *command = s->config.phases[PHASE_SETUP].command;
	char declared[65];
	struct digest d;

	if (tree_declared_digest(s->repo, search_incumbent(s), &s->config.editable,
				 &s->config.hidden, declared, err))
		return -1;
	digest_init(&d);
	digest_add_field(&d, command, strlen(command));
	digest_add_field(&d, declared, strlen(declared));
	digest_hex(&d, ret);
	return 0;
}

static int read_digest(const char *dir, char ret[65])
{
	CLEANUP_FREE char *path = xstrfmt("%s/digest", dir);
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	if (strbuf_read_file(&text, path, 128))
		return -1;
	strbuf_rtrim(&text);
	if (text.len != 64)
		return -1;
	memcpy(ret, text.buf, 65);
	return 0;
}

/* Written last, and whole: a snapshot without it was interrupted. */
static int write_digest(const char *dir, const char *digest, struct error *err)
{
	CLEANUP_FREE char *path = xstrfmt("%s/digest", dir);
	CLEANUP_FREE char *fresh = xstrfmt("%s/digest.new", dir);
	CLEANUP_FCLOSE FILE *f = fopen(fresh, "we");

	if (!f || fprintf(f, "%s\n", digest) < 0 || fflush(f) || fsync(fileno(f)) ||
	    rename(fresh, path))
		return error_errno(err, "cannot write '%s'", path);
	return 0;
}

int measure_warm(struct lane *lane, struct error *err)
{
	struct search *s = lane->search;
	CLEANUP_FREE char *path = NULL, *dir = NULL, *upper = NULL, *warm = NULL;
	CLEANUP_FREE char *upper_path = NULL, *work_path = NULL;
	CLEANUP_CLOSE int lock = -1;
	char key[65];
	int ret;

	free(steal_ptr(s->warm));
	s->warm_digest[0] = '\0';
	if (!s->config.phases[PHASE_SETUP].command)
		return 0;
	if (warm_key(s, key, err))
		return -1;
	path = xstrfmt("warm/%s", key);
	warm = xstrfmt("%s/warm", s->store);
	dir = xstrfmt("%s/%s", s->store, path);
	upper = xstrfmt("%s/upper", dir);
	upper_path = xstrfmt("%s/upper", path);
	work_path = xstrfmt("%s/work", path);
	/* Another campaign may be about to make the same one. */
	if (store_make(s->store, "warm", NULL, err))
		return -1;
	lock = open(warm, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (lock < 0 || flock(lock, LOCK_EX))
		return error_errno(err, "cannot lock '%s'", warm);
	if (read_digest(dir, s->warm_digest)) {
		if (store_remove(warm, key, err) ||
		    store_make(s->store, upper_path, NULL, err) ||
		    store_make(s->store, work_path, NULL, err))
			return -1;
		ret = run_setup(lane, path, err);
		if (ret)
			return ret;
		if (snapshot_digest(upper, s->warm_digest, err) ||
		    write_digest(dir, s->warm_digest, err))
			return -1;
	}
	s->warm = steal_ptr(upper_path);
	return 0;
}
