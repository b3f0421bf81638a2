/*
 * make-ledger CAMPAIGN N [loose] - N experiments more in the ledger of the repository around the
 * working directory, as if they had been run.
 *
 * HEAD holds `.autoresearch/config`; what it calls editable is to contain `train.py`. Nothing is
 * run: what each trial came to is made up, by a generator with a fixed seed, and all else is done
 * by the library: candidates, verdicts, records, notes and the branch, so `verify` finds all in
 * order. Verdicts are mixed as in a long night: most are rejected, few accepted, and some of
 * every other kind; some words are hostile, and some experiments were asked of a model. The more
 * there are the smaller the gains.
 *
 * Objects are packed as they come to be many, and nothing is synced; with `loose` both is left to
 * the library, so that what recording costs can be measured. Prints a line for every BLOCK
 * records, and at the end: how many there are, and the milliseconds of recording one (the
 * block's median).
 */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/digest.h"
#include "git/ledger.h"
#include "git/tree.h"
#include "model/judge.h"
#include "model/proposal.h"

#define BLOCK 600
#define LOWEST 1.8 /* what the loss goes towards */
#define LINES 40   /* of train.py */

static bool is_loose;

/* In place of libc's: a disk would be all that is measured. */
int syncfs(int fd)
{
	return is_loose ? (int)syscall(SYS_syncfs, fd) : 0;
}

int fsync(int fd)
{
	return is_loose ? (int)syscall(SYS_fsync, fd) : 0;
}

struct maker {
	struct repo *repo;
	struct ledger ledger;
	struct totals totals;
	struct campaign_config config;
	uint64_t random;
	struct tree {
		char hex[OID_HEX_SIZE];
		int64_t experiment;
	} trees[100]; /* of the newest that were measured */
	size_t trees_nr;
	double times[BLOCK];
	size_t times_nr;
};

static void die_of(const struct error *err)
{
	fprintf(stderr, "make-ledger: %s\n", err->message);
	exit(1);
}

/* xorshift64*; between 0 and 1. */
static double draw(struct maker *m)
{
	m->random ^= m->random >> 12;
	m->random ^= m->random << 25;
	m->random ^= m->random >> 27;
	return (double)(m->random * 0x2545F4914F6CDD1DULL >> 11) / 9007199254740992.0;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* What is loose is packed, and packs are rolled up, as `start` has git do (git/maintain.c). */
static void pack(const struct maker *m)
{
	CLEANUP_FREE char *command =
		xstrfmt("cd '%s' && git maintenance run --task=loose-objects --quiet && "
			"git repack -d -l -n -q --geometric=2",
			repo_common_dir(m->repo));

	if (system(command))
		fprintf(stderr, "make-ledger: cannot pack the objects\n");
}

static void report(struct maker *m)
{
	qsort(m->times, m->times_nr, sizeof(*m->times), compare_doubles);
	if (m->times_nr)
		printf("%lld %.3f\n", (long long)m->totals.experiments,
		       m->times[m->times_nr / 2]);
	fflush(stdout);
	m->times_nr = 0;
	if (!is_loose)
		pack(m);
}

/* --- What was proposed */

static const char *const knobs[] = { "learning_rate", "dropout", "width",
				     "momentum",      "warmup",	 "clip" };

static void propose(struct maker *m, int64_t n, struct proposal *p)
{
	const char *knob = knobs[(size_t)(draw(m) * ARRAY_SIZE(knobs))];
	int line = (int)(draw(m) * LINES);
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	CLEANUP_FREE char *subject = NULL, *rationale = NULL;

	for (int i = 0; i < LINES; i++) {
		if (i == line)
			strbuf_addf(&text, "%s = %.6f  # %lld\n", knob, draw(m), (long long)n);
		else
			strbuf_addf(&text, "layer_%d = 0.%d\n", i, i);
	}
	proposal_add_edit(p, "train.py", 0100644, text.buf, text.len);
	subject = n % 97 == 96 ? xstrdup("<script>alert(1)</script> \x1b[31m& 'more'")
			       : xstrfmt("%s of layer %d changed", knob, line);
	rationale =
		n % 97 == 96
			? xstrdup("</script><img src=x onerror=alert(2)>\nVerdict: accepted")
			: xstrfmt("A smaller %s was better before.", knob);
	proposal_describe(p, subject, rationale, n % 3 ? "sweep" : "endpoint/tiny-coder");
}

static void ask(struct record *r, const char *prompt)
{
	r->asked = xcalloc(1, sizeof(*r->asked));
	*r->asked = (struct asked){ .endpoint = xstrdup("localhost:8080"),
				    .model = xstrdup("tiny-coder"),
				    .served = xstrdup(""),
				    .turns = 1,
				    .prompt = 2100,
				    .completion = 320 };
	digest_of(prompt, strlen(prompt), r->asked->digest);
}

/* --- What it came to */

/* As programs print it. */
static double rounded(double value)
{
	return round(value * 1e7) / 1e7;
}

/* Closer to the end of what can be had, in ever smaller steps. */
static double improved(struct maker *m)
{
	double gap = m->totals.incumbent_metric - LOWEST;

	return LOWEST + gap * (1 - draw(m) / (20 + (double)m->totals.experiments / 10));
}

static void run(struct maker *m, struct record *r, double kind)
{
	struct trial_result *t = r->trials = xcalloc(1, sizeof(*t));
	struct outcome *o = &t->outcomes[PHASE_RUN];

	r->trials_nr = 1;
	t->number = 1;
	t->seed = m->totals.seed % 1000000;
	t->self_reported = true;
	t->ran[PHASE_RUN] = true;
	o->wall = 4 + draw(m);
	o->cpu = o->wall * 0.97;
	o->memory_peak = (int64_t)(300 + 50 * draw(m)) << 20;
	if (kind < 0.02)
		o->kind = OUTCOME_TIMEOUT;
	else if (kind < 0.04)
		o->kind = OUTCOME_MEMORY;
	else if (kind < 0.07)
		o->exit_code = 1;
	else if (kind < 0.075)
		o->exit_code = 125;
	else if (kind < 0.085) {
		o->kind = OUTCOME_SYSCALL;
		strcpy(o->syscall, "ptrace");
	} else if (kind < 0.095) {
		o->kind = OUTCOME_NETWORK;
		strcpy(o->network, "192.0.2.1:80");
	} else if (kind < 0.16) {
		metrics_set(&t->metrics, r->metric_name, rounded(improved(m)), true);
	} else {
		metrics_set(&t->metrics, r->metric_name,
			    rounded(m->totals.incumbent_metric * (1 + 0.2 * draw(m))), true);
	}
	metrics_set(&t->metrics, "peak_mb", round(300 + 50 * draw(m)), true);
	r->duration = o->wall;
	r->cpu = o->cpu;
	r->memory_peak = o->memory_peak;
}

static void begin(struct maker *m, struct record *r, enum record_type type, int64_t n)
{
	time_t at = 1750000000 + 6 * n;
	struct tm tm;

	r->type = type;
	r->campaign = xstrdup(m->ledger.campaign);
	r->experiment = n;
	r->metric_name = xstrdup(m->config.metric);
	r->host = xstrdup("Linux 6.1, x86_64, cgroup2");
	memset(r->policy, 'a', SHA256_HEX_LEN);
	memset(r->machine, 'b', SHA256_HEX_LEN);
	strftime(r->started, sizeof(r->started), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&at, &tm));
}

static void append(struct maker *m, struct record *r, const char *candidate,
		   const struct strbuf *patch, const char *prompt)
{
	CLEANUP_FREE char *events =
		xstrfmt("{\"v\":1,\"seq\":1,\"act\":\"exec\",\"path\":\"/usr/bin/python3\"}\n"
			"{\"v\":1,\"seq\":2,\"act\":\"exit\",\"at\":%lld}\n",
			(long long)r->experiment);
	CLEANUP_FREE char *log =
		xstrfmt("step 1: loss 4.0\nstep 2: loss 3.1\nexperiment %lld\n",
			(long long)r->experiment);
	struct record_content files[5];
	struct error err = ERROR_INIT;
	char commit[OID_HEX_SIZE];
	size_t nr = 0;
	double from;

	if (r->type == RECORD_EXPERIMENT)
		files[nr++] = (struct record_content){ "patch", patch->buf, patch->len, NULL };
	if (r->asked) {
		files[nr++] = (struct record_content){ PROMPT_FILE_NAME, prompt, strlen(prompt),
						       NULL };
		files[nr++] = (struct record_content){ "reply.md", "ok\n", 3, NULL };
	}
	if (r->trials_nr) {
		files[nr++] = (struct record_content){ "run.log", log, strlen(log), NULL };
		files[nr++] = (struct record_content){ AUDIT_FILE_NAME, events, strlen(events),
						       NULL };
		r->audit = (struct audit_summary){ .level = AUDIT_LEVEL_A, .events = 2 };
		digest_of(events, strlen(events), r->audit.digest);
	}
	totals_advance(&m->totals, r);
	from = now();
	if (ledger_append(&m->ledger, r, candidate, files, nr, commit, &err))
		die_of(&err);
	m->times[m->times_nr++] = now() - from;
	m->totals = r->totals;
	if (r->verdict.kind == VERDICT_ACCEPTED)
		strcpy(m->totals.incumbent, commit);
	if (m->times_nr == BLOCK)
		report(m);
}

static void make_baseline(struct maker *m, struct error *err)
{
	CLEANUP_RECORD struct record r = { 0 };
	char head[OID_HEX_SIZE];

	if (repo_head(m->repo, head, err) || ledger_create_branch(&m->ledger, head, err) ||
	    repo_commit_tree(m->repo, head, r.tree, err))
		die_of(err);
	begin(m, &r, RECORD_BASELINE, 0);
	r.subject = xstrfmt("baseline of %s", m->ledger.campaign);
	r.rationale = xstrdup("");
	r.proposed_by = xstrdup("");
	m->totals.seed = 42;
	m->totals.incumbent_metric = 2.5;
	run(m, &r, 0.5);
	baseline_judge(&m->config, &r);
	append(m, &r, head, NULL, NULL);
}

/* That tree once more, by another way. */
static void repeat(struct maker *m, struct record *r)
{
	const struct tree *same = &m->trees[(size_t)(draw(m) * (double)m->trees_nr)];

	strcpy(r->tree, same->hex);
	verdict_set_same_as(&r->verdict, same->experiment);
}

/* It was held against the scope, and never made into a tree. */
static int refuse(struct maker *m, struct record *r, struct error *err)
{
	verdict_set(&r->verdict, VERDICT_INVALID, "out-of-scope %s", ".autoresearch/config");
	return repo_commit_tree(m->repo, r->base, r->tree, err);
}

static void remember(struct maker *m, const struct record *r)
{
	struct tree *tree = &m->trees[(size_t)r->experiment % ARRAY_SIZE(m->trees)];

	if (m->trees_nr < ARRAY_SIZE(m->trees))
		tree = &m->trees[m->trees_nr++];
	strcpy(tree->hex, r->tree);
	tree->experiment = r->experiment;
}

static void make_experiment(struct maker *m, struct error *err)
{
	CLEANUP_PROPOSAL struct proposal p = PROPOSAL_INIT;
	CLEANUP_STRBUF struct strbuf refused = STRBUF_INIT, patch = STRBUF_INIT;
	CLEANUP_RECORD struct record r = { 0 };
	CLEANUP_FREE char *prompt = NULL;
	int64_t n = m->totals.experiments + 1;
	double kind = draw(m);
	char candidate[OID_HEX_SIZE];

	begin(m, &r, RECORD_EXPERIMENT, n);
	propose(m, n, &p);
	r.subject = xstrdup(p.subject);
	r.rationale = xstrdup(p.rationale);
	r.proposed_by = xstrdup(p.proposed_by);
	r.memory_peak = -1;
	strcpy(r.base, m->totals.incumbent);
	if (!strcmp(r.proposed_by, "endpoint/tiny-coder")) {
		prompt = xstrfmt("=== user\nWhat is experiment %lld to be?\n", (long long)n);
		ask(&r, prompt);
	}
	if (tree_apply_edits(m->repo, r.base, &p, r.tree, &refused, err))
		die_of(err);
	if (kind > 0.97 && m->trees_nr)
		repeat(m, &r);
	if (tree_patch(m->repo, r.base, r.tree, 1 << 20, &patch, err) ||
	    (kind > 0.94 && kind <= 0.97 && refuse(m, &r, err)))
		die_of(err);
	if (r.verdict.kind == VERDICT_NONE) {
		r.incumbent = m->totals.incumbent_metric;
		run(m, &r, kind);
		record_judge(&m->config, &r);
		remember(m, &r);
	}
	if (ledger_commit_candidate(&m->ledger, &r, candidate, err))
		die_of(err);
	append(m, &r, candidate, &patch, prompt);
}

static void open_campaign(struct maker *m, const char *name, struct error *err)
{
	CLEANUP_STRING_LIST struct string_list warnings = STRING_LIST_INIT;
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	CLEANUP_ENTRY struct entry newest = { 0 };
	char head[OID_HEX_SIZE];

	if (repo_open(&m->repo, err) || ledger_open(&m->ledger, m->repo, name, err) ||
	    repo_head(m->repo, head, err) ||
	    repo_read_file(m->repo, head, CONFIG_PATH, 1 << 20, &text, err) ||
	    campaign_config_parse(CONFIG_PATH, text.buf, text.len, &m->config, &warnings, err))
		die_of(err);
	m->random = 88172645463325252ULL;
	if (!*m->ledger.tip) {
		make_baseline(m, err);
		return;
	}
	if (ledger_read(&m->ledger, m->ledger.tip, &newest, err))
		die_of(err);
	m->totals = newest.record.totals;
	m->random ^= (uint64_t)m->totals.experiments << 20;
}

int main(int argc, char **argv)
{
	struct maker m = { 0 };
	struct error err = ERROR_INIT;
	int64_t nr = argc > 2 ? atoll(argv[2]) : 0;

	if (argc < 3 || argc > 4 || nr < 1) {
		fprintf(stderr, "usage: make-ledger CAMPAIGN N [loose]\n");
		return 2;
	}
	is_loose = argc == 4;
	open_campaign(&m, argv[1], &err);
	for (int64_t i = 0; i < nr; i++)
		make_experiment(&m, &err);
	if (m.times_nr)
		report(&m);
	campaign_config_release(&m.config);
	ledger_release(&m.ledger);
	repo_free(m.repo);
	return 0;
}
