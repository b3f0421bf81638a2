#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/number.h"
#include "command/live.h"
#include "command/options.h"
#include "command/standing.h"
#include "model/budget.h"
#include "report/date.h"
#include "report/summary.h"

static void add_metric(struct json *object, const char *key, bool has, double value)
{
	if (has)
		json_add_double(object, key, value);
	else
		json_add_null(object, key);
}

/* Of each that is bounded: what is used, and of how much. */
static void add_budget(struct json *object, const struct standing *st)
{
	struct json *budget = json_add_object(object, "budget");

	for (enum budget_key key = 0; key < BUDGET_NR; key++) {
		double limit = budget_limit(&st->config.budget, key);
		struct json *o;

		if (!limit)
			continue;
		o = json_add_object(budget, budget_name(key));
		json_add_double(o, "used", budget_used(&st->newest.record.totals, key));
		json_add_double(o, "limit", limit);
	}
}

/* Of several that share the campaign; of one there is nothing to say. */
static void add_proposers(struct json *object, const struct scores *scores)
{
	struct json *list = json_add_array(object, "proposers");

	for (size_t i = 0; i < scores->nr; i++) {
		const struct score *score = &scores->items[i];
		struct json *o = json_add_object(list, NULL);

		json_add_string(o, "name", score->name);
		json_add_double(o, "score", score_value(score));
		json_add_int(o, "experiments", score->experiments);
		json_add_int(o, "accepted", score->accepted);
	}
}

static void print_proposers(const struct scores *scores)
{
	for (size_t i = 0; i < scores->nr; i++) {
		const struct score *score = &scores->items[i];
		CLEANUP_STRBUF struct strbuf name = STRBUF_INIT;

		strbuf_add_visible(&name, score->name, strlen(score->name));
		printf("%-11s %s: %lld of %lld accepted, score %.2f\n", i ? "" : "proposers",
		       name.buf, (long long)score->accepted, (long long)score->experiments,
		       score_value(score));
	}
}

static void print_json(const struct standing *st)
{
	CLEANUP_JSON struct json *object = json_new_object();
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	const struct totals *t = &st->newest.record.totals;
	struct json *verdicts;

	json_add_string(object, "campaign", st->ledger.campaign);
	json_add_string(object, "state", state_name(st->state));
	json_add_string(object, "reason", st->reason.len ? st->reason.buf : NULL);
	add_metric(object, "pid", st->pid, st->pid);
	json_add_string(object, "log", st->log);
	json_add_string(object, "branch", st->ledger.branch_ref);
	json_add_string(object, "incumbent", *st->ledger.branch ? st->ledger.branch : NULL);
	json_add_string(object, "metric",
			st->has_record ? st->newest.record.metric_name : st->config.metric);
	json_add_string(object, "direction",
			!st->has_config			   ? NULL
			: st->config.direction == MINIMIZE ? "minimize"
							   : "maximize");
	add_metric(object, "baseline", *t->incumbent, t->baseline_metric);
	add_metric(object, "best", st->is_measured, t->incumbent_metric);
	add_metric(object, "trials", t->measured.trials, t->measured.trials);
	add_metric(object, "noise", t->measured.has_noise, t->measured.noise);
	json_add_int(object, "experiments", t->experiments);
	if (t->imported)
		json_add_int(object, "imported", t->imported);
	json_add_int(object, "tokens", t->tokens);
	json_add_double(object, "gpuHours", t->gpu_hours);
	add_budget(object, st);
	verdicts = json_add_object(object, "verdicts");
	for (enum verdict_kind v = VERDICT_ACCEPTED; v < VERDICT_NR; v++)
		json_add_int(verdicts, verdict_name(v), t->verdicts[v]);
	add_proposers(object, &t->scores);
	json_write(object, false, &text);
	printf("%s\n", text.buf);
}

static void print_budget(const struct standing *st)
{
	const struct totals *t = &st->newest.record.totals;
	const char *label = "budget";

	for (enum budget_key key = 0; key < BUDGET_NR; key++) {
		CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
		double share = budget_share(&st->config.budget, t, key);

		if (!budget_limit(&st->config.budget, key))
			continue;
		budget_describe(&st->config.budget, t, key, &text);
		printf("%-11s %s (%.0f%%)%s\n", label, text.buf, 100 * share,
		       share >= 1	     ? ": used up"
		       : share >= BUDGET_LOW ? ": running out"
					     : "");
		label = "";
	}
}

static void print_place(const struct standing *st)
{
	printf("campaign    %s, %s\n", st->ledger.campaign, state_name(st->state));
	if (st->reason.len)
		printf("reason      %s\n", st->reason.buf);
	if (st->pid)
		printf("process     %d\n", (int)st->pid);
	if (st->log)
		printf("log         %s\n", st->log);
	if (*st->ledger.branch)
		printf("branch      autoresearch/%s at %.12s\n", st->ledger.campaign,
		       st->ledger.branch);
	else
		printf("branch      none yet: its baseline is to be measured\n");
}

/* Where `promote` has left what was accepted: the ledger would say more, but not at once. */
static void print_promoted(const struct standing *st)
{
	CLEANUP_FREE char *ref = xstrfmt("refs/heads/results/%s", st->ledger.campaign);
	CLEANUP_STRBUF struct strbuf when = STRBUF_INIT;
	struct error ignored = ERROR_INIT;
	char commit[OID_HEX_SIZE];
	time_t date;

	if (repo_ref(st->ledger.repo, ref, commit, &ignored) ||
	    repo_commit_time(st->ledger.repo, commit, &date, &ignored))
		return;
	date_write(date, 'i', date, &when);
	printf("promoted    results/%s at %.12s, %s\n", st->ledger.campaign, commit, when.buf);
}

/* How far the search is up its ladder, where it is not at the foot. */
static void print_stall(const struct standing *st)
{
	const struct record *newest = &st->newest.record;
	const struct campaign_config *c = &st->config;
	int64_t stalled = newest->totals.stalled;
	enum ladder_rung rung = newest->searched.rung;

	if (!stalled ||
	    (rung == LADDER_GREEDY && !ladder_stage(stalled, c->patience, c->candidates)))
		return;
	printf("stalled     nothing accepted in %lld experiments; the last one: %s\n",
	       (long long)stalled, ladder_rung_name(rung));
}

/* How often a candidate is measured, and how noisy one sample is. */
static void print_trials(const struct measured *m)
{
	if (m->trials > 1)
		printf("trials      %d of a candidate, in pairs with the incumbent\n",
		       m->trials);
	if (m->has_noise)
		printf("noise       %.4g, the standard deviation of a sample\n", m->noise);
}

static void print_text(const struct standing *st)
{
	const struct totals *t = &st->newest.record.totals;
	CLEANUP_STRBUF struct strbuf best = STRBUF_INIT, spent = STRBUF_INIT,
				     verdicts = STRBUF_INIT;

	print_place(st);
	if (!st->has_record)
		return;
	if (t->imported)
		printf("imported    %lld experiments, which were not measured here\n",
		       (long long)t->imported);
	if (!*t->incumbent)
		return;
	report_best(t, st->is_measured, &best);
	strbuf_add_duration(&spent, t->time);
	report_verdicts(t, &verdicts);
	printf("%-11s %s\n", st->newest.record.metric_name, best.buf);
	print_trials(&t->measured);
	printf("experiments %lld in %s: %s\n", (long long)(t->experiments - t->imported),
	       spent.buf, verdicts.buf);
	if (t->tokens)
		printf("tokens      %lld\n", (long long)t->tokens);
	if (t->gpu_hours > 0)
		printf("GPU hours   %.2f\n", t->gpu_hours);
	print_budget(st);
	print_stall(st);
	print_promoted(st);
	print_proposers(&t->scores);
}

/* What was told last; `--watch` tells again where it has changed. */
struct told {
	bool anything;
	char tip[OID_HEX_SIZE], branch[OID_HEX_SIZE];
	enum state state;
	pid_t pid;
};

static bool has_changed(struct told *told, const struct standing *st)
{
	bool same = told->anything && !strcmp(told->tip, st->ledger.tip) &&
		    !strcmp(told->branch, st->ledger.branch) && told->state == st->state &&
		    told->pid == st->pid;

	told->anything = true;
	strcpy(told->tip, st->ledger.tip);
	strcpy(told->branch, st->ledger.branch);
	told->state = st->state;
	told->pid = st->pid;
	return !same;
}

/* Below what was told before. */
static void print(const struct standing *st, bool json, bool again)
{
	if (json) {
		print_json(st);
	} else {
		if (again)
			putchar('\n');
		print_text(st);
	}
	fflush(stdout);
}

static int look(struct repo *repo, const char *campaign, bool json, struct told *told,
		struct error *err)
{
	CLEANUP_STANDING struct standing st = STANDING_INIT;
	bool again = told->anything;

	if (standing_read(&st, repo, campaign, err))
		return -1;
	if (has_changed(told, &st))
		print(&st, json, again);
	return 0;
}

/* Once, or whenever it has changed until nobody works on it any more. */
static int tell(struct repo *repo, const char *campaign, bool json, bool watch,
		struct error *err)
{
	const struct timespec pause = { .tv_nsec = 200000000 };
	struct told told = { 0 };

	do {
		if (look(repo, campaign, json, &told, err))
			return -1;
	} while (watch && told.pid && told.state != STATE_FAILING && !ferror(stdout) &&
		 !nanosleep(&pause, NULL));
	return EXIT_DONE;
}

int cmd_status(int argc, char **argv, struct error *err)
{
	static const struct option longs[] = {
		{ "campaign", required_argument, NULL, 'n' },
		{ "json", no_argument, NULL, 'j' },
		{ "watch", no_argument, NULL, 'w' },
		{ 0 },
	};
	CLEANUP_REPO struct repo *repo = NULL;
	CLEANUP_FREE char *campaign = NULL;
	const char *named = NULL;
	bool json = false, watch = false;
	int c;

	while ((c = next_option(argc, argv, ":h", longs)) != -1) {
		if (c == 'n')
			named = optarg;
		else if (c == 'j')
			json = true;
		else if (c == 'w')
			watch = true;
		else
			return usage(argc, argv);
	}
	if (optind < argc)
		return usage(argc, argv);
	if (repo_open(&repo, err))
		return -1;
	if (watch && !json && live_is_possible())
		return campaign_expect(repo, named, &campaign, err)
			       ? -1
			       : live_watch(repo, campaign, err);
	if (campaign_find_at_work(repo, named, &campaign, err))
		return -1;
	return tell(repo, campaign, json, watch, err);
}
