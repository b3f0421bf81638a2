/*
 * sandbox-start FOLDER TRIALS PEER [ARG…] - what it costs to start a sandboxed `true` inside a
 * running campaign, beside the command PEER.
 *
 * FOLDER is an empty one that can hold a sandbox's store. The sandbox, its cgroups and its
 * filter are opened once and the warden is started, as a campaign does; then, TRIALS times, each of
 * these is timed, in an order that changes from round to round:
 *
 *   ready    a trial that was opened before, as a campaign does while it writes a record: from its
 *            order to its end, its audit complete and its leaf removed
 *   nothing  the same with its opening
 *   peer     PEER is spawned and waited for
 *
 * Prints six numbers: the median of each in milliseconds, the medians of the rounds' ratios, `ready`
 * and `nothing` to `peer`, and the median time in milliseconds that it takes to tell the warden of
 * a trial.
 */

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sandbox/policy.h"
#include "sandbox/trial.h"

#define WARM_UP 5
#define TRIALS_MAX 100000
#define READY_NS \
	20000000 /* for a trial to get ready, and more; a campaign's record takes 7 ms */

enum contender {
	READY,
	NOTHING,
	PEER,
	CONTENDERS,
};

extern char **environ;

struct campaign {
	struct sandbox *sandbox;
	struct cgroup_base cgroups;
	struct syscall_filter *filter;
	struct evloop *events;
	struct warden *warden;
	struct audit_policy policy;
};

static void __attribute__((noreturn)) give_up(const struct error *err)
{
	fprintf(stderr, "sandbox-start: %s\n", err->message);
	if (*err->hint)
		fprintf(stderr, "hint: %s\n", err->hint);
	exit(1);
}

static double milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static int open_campaign(struct campaign *c, const char *store, struct error *err)
{
	const struct sandbox_options options = { .store = store };

	if (syscall_filter_new(&c->filter, NULL, err) ||
	    cgroup_base_open(&c->cgroups, store, err) ||
	    sandbox_open(&c->sandbox, &options, err) || evloop_new(&c->events, err))
		return -1;
	c->warden = warden_start();
	warden_attach(c->warden, &c->cgroups, c->events);
	warden_await(c->warden);
	audit_policy_init(&c->policy, NULL, NULL);
	if (warden_level(c->warden) < AUDIT_LEVEL_B)
		return error_set(err, "no audit: %s", warden_lacks(c->warden));
	return 0;
}

static void close_campaign(struct campaign *c)
{
	warden_free(c->warden);
	evloop_free(c->events);
	sandbox_free(c->sandbox);
	if (c->cgroups.unified)
		cgroup_base_close(&c->cgroups);
	syscall_filter_free(c->filter);
}

static int run_true(struct trial *trial, struct error *err)
{
	static const char *const argv[] = { "true", NULL };
	static const char *const env[] = { "PATH=/usr/local/bin:/usr/bin:/bin", NULL };
	const struct trial_command command = { .phase = PHASE_RUN,
					       .argv = argv,
					       .env = env,
					       .tree = "tree",
					       .timeout = 10,
					       .out_writable = true };
	CLEANUP_TRIAL_AUDIT struct trial_audit audit = TRIAL_AUDIT_INIT;
	struct outcome outcome;

	if (trial_run(trial, &command, &outcome, err) || trial_audit(trial, &audit, err))
		return -1;
	if (!outcome_is_success(&outcome))
		return error_set(err, "the sandboxed command failed");
	return 0;
}

/* One trial of `true`, with every limit that a config sets where it says nothing. Returns the time
 * in `ret`; of one that is `ready` without its opening. */
static int run_trial(struct campaign *c, bool ready, double *ret, struct error *err)
{
	const struct limits limits = { .memory = 1LL << 30,
				       .cpus = 2,
				       .pids = 256,
				       .disk = 1LL << 30,
				       .output = 10 << 20 };
	const struct trial_place place = { .sandbox = c->sandbox,
					   .cgroups = &c->cgroups,
					   .filter = c->filter,
					   .warden = c->warden,
					   .policy = &c->policy,
					   .loop = c->events };
	const struct timespec meanwhile = { .tv_nsec = READY_NS };
	double begin = milliseconds();
	struct trial *trial;
	int failed;

	if (trial_open(&trial, &place, &limits, NULL, err))
		return -1;
	if (ready) {
		nanosleep(&meanwhile, NULL);
		begin = milliseconds();
	}
	failed = run_true(trial, err);
	trial_close(trial);
	*ret = milliseconds() - begin;
	return failed;
}

static void ignore(const struct audit_record *record, void *data)
{
	(void)record;
	(void)data;
}

/* How long it takes to tell the loaded programs of a trial, in ms. */
static int add_trial(struct campaign *c, double *ret, struct error *err)
{
	const struct limits limits = {
		.memory = 64 << 20, .cpus = 1, .pids = 8, .disk = 1 << 20, .output = 1 << 20
	};
	CLEANUP_CLOSE int log = memfd_create("log", MFD_CLOEXEC);
	struct audit_counts counts = { 0 };
	struct cgroup_leaf leaf;
	double begin;
	int slot, failed;

	if (cgroup_leaf_make(&c->cgroups, &limits, 1, &leaf, err))
		return -1;
	begin = milliseconds();
	failed = warden_add(c->warden, &leaf, log, &c->policy, ignore, NULL, &slot, err);
	*ret = milliseconds() - begin;
	failed = failed || warden_end(c->warden, slot, &counts, err);
	cgroup_leaf_remove(&leaf);
	return failed ? -1 : 0;
}

static int run_peer(char **argv, double *ret, struct error *err)
{
	double begin = milliseconds();
	int status;
	pid_t pid;

	errno = posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ);
	if (errno)
		return error_errno(err, "cannot run '%s'", argv[0]);
	if (waitpid(pid, &status, 0) != pid || status)
		return error_set(err, "'%s' failed", argv[0]);
	*ret = milliseconds() - begin;
	return 0;
}

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double median(double *values, size_t nr)
{
	qsort(values, nr, sizeof(*values), compare);
	return nr % 2 ? values[nr / 2] : (values[nr / 2 - 1] + values[nr / 2]) / 2;
}

/* All that is measured, each a column of a number a round. */
struct figures {
	double *took[CONTENDERS], *ratio[PEER], *add;
};

static double *column(long nr)
{
	return xcalloc((size_t)nr, sizeof(double));
}

static void figures_init(struct figures *f, long nr)
{
	for (int i = 0; i < CONTENDERS; i++)
		f->took[i] = column(nr);
	for (int i = 0; i < PEER; i++)
		f->ratio[i] = column(nr);
	f->add = column(nr);
}

static void figures_release(struct figures *f)
{
	for (int i = 0; i < CONTENDERS; i++)
		free(f->took[i]);
	for (int i = 0; i < PEER; i++)
		free(f->ratio[i]);
	free(f->add);
}

/* Takes each once, the `first` of them first; what they took is number `at`. */
static int run_round(struct campaign *c, char **peer, int first, struct figures *f, size_t at,
		     struct error *err)
{
	for (int i = 0; i < CONTENDERS; i++) {
		int which = (first + i) % CONTENDERS;
		double *ret = &f->took[which][at];

		if (which == PEER ? run_peer(peer, ret, err)
				  : run_trial(c, which == READY, ret, err))
			return -1;
	}
	for (int i = 0; i < PEER; i++)
		f->ratio[i][at] = f->took[i][at] / f->took[PEER][at];
	return add_trial(c, &f->add[at], err);
}

int main(int argc, char **argv)
{
	long nr = argc > 3 ? strtol(argv[2], NULL, 10) : 0;
	CLEANUP(figures_release) struct figures f = { 0 };
	CLEANUP_FREE char *tree = NULL;
	struct campaign c = { 0 };
	struct error err = ERROR_INIT;
	int failed;

	if (nr < 1 || nr > TRIALS_MAX) {
		fprintf(stderr, "usage: sandbox-start FOLDER TRIALS PEER [ARG...]\n");
		return 2;
	}
	tree = xstrfmt("%s/tree", argv[1]);
	figures_init(&f, nr);
	failed = mkdir(tree, 0755) ? error_errno(&err, "cannot make '%s'", tree)
				   : open_campaign(&c, argv[1], &err);
	/* What the first rounds say is overwritten. */
	for (long i = -WARM_UP; i < nr && !failed; i++)
		failed = run_round(&c, argv + 3, (int)(labs(i) % CONTENDERS), &f,
				   i < 0 ? 0 : (size_t)i, &err);
	close_campaign(&c);
	if (failed)
		give_up(&err);
	for (int i = 0; i < CONTENDERS; i++)
		printf("%.3f ", median(f.took[i], (size_t)nr));
	for (int i = 0; i < PEER; i++)
		printf("%.3f ", median(f.ratio[i], (size_t)nr));
	printf("%.3f\n", median(f.add, (size_t)nr));
	return 0;
}
