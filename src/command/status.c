#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "command/options.h"
#include "loop/search.h"
#include "loop/state.h"
#include "loop/store.h"

/* What `status` says: from two refs and the newest record, however long the ledger is. */
struct standing {
	struct ledger ledger;
	struct entry newest;
	struct campaign_config config;
	bool has_record, has_config;
	bool is_measured; /* the tip of the branch; people may have moved it since */
	enum state state;
};

static void standing_release(struct standing *st)
{
	entry_release(&st->newest);
	campaign_config_release(&st->config);
	ledger_release(&st->ledger);
}

static int standing_read(struct repo *repo, struct standing *st, struct error *err)
{
	CLEANUP_FREE char *store = NULL, *path = NULL, *dir = NULL;
	struct error ignored = ERROR_INIT;

	campaign_config_defaults(&st->config);
	if (*st->ledger.tip && ledger_read(&st->ledger, st->ledger.tip, &st->newest, err))
		return -1;
	st->has_record = *st->ledger.tip;
	st->is_measured = st->has_record &&
			  (!*st->ledger.branch ||
			   !strcmp(st->newest.record.totals.incumbent, st->ledger.branch));
	/* The direction is in the config alone; a broken one must not hide where things stand. */
	st->has_config = *st->ledger.branch && !config_of_commit(repo, st->ledger.branch,
								 &st->config, NULL, &ignored);
	if (store_open(repo, &store, err))
		return -1;
	path = store_campaign_path(st->ledger.campaign);
	dir = xstrfmt("%s/%s", store, path);
	st->state = state_read(dir, st->has_record);
	return 0;
}

static void add_metric(struct json *object, const char *key, bool has, double value)
{
	if (has)
		json_add_double(object, key, value);
	else
		json_add_null(object, key);
}

static void print_json(const struct standing *st)
{
	CLEANUP_JSON struct json *object = json_new_object();
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	const struct totals *t = &st->newest.record.totals;
	struct json *verdicts;

	json_add_string(object, "campaign", st->ledger.campaign);
	json_add_string(object, "state", state_name(st->state));
	json_add_string(object, "branch", st->ledger.branch_ref);
	json_add_string(object, "incumbent", *st->ledger.branch ? st->ledger.branch : NULL);
	json_add_string(object, "metric",
			st->has_record ? st->newest.record.metric_name : st->config.metric);
	json_add_string(object, "direction",
			!st->has_config			   ? NULL
			: st->config.direction == MINIMIZE ? "minimize"
							   : "maximize");
	add_metric(object, "baseline", st->has_record, t->baseline_metric);
	add_metric(object, "best", st->is_measured, t->incumbent_metric);
	json_add_int(object, "experiments", t->experiments);
	json_add_int(object, "tokens", t->tokens);
	verdicts = json_add_object(object, "verdicts");
	for (enum verdict_kind v = VERDICT_ACCEPTED; v < VERDICT_NR; v++)
		json_add_int(verdicts, verdict_name(v), t->verdicts[v]);
	json_write(object, false, &text);
	printf("%s\n", text.buf);
}

static void print_text(const struct standing *st)
{
	const struct totals *t = &st->newest.record.totals;
	CLEANUP_STRBUF struct strbuf best = STRBUF_INIT, first = STRBUF_INIT,
				     spent = STRBUF_INIT;
	const char *between = "";

	printf("campaign    %s, %s\n", st->ledger.campaign, state_name(st->state));
	printf("branch      autoresearch/%s at %.12s\n", st->ledger.campaign,
	       st->ledger.branch);
	if (!st->has_record)
		return;
	strbuf_add_number(&best, t->incumbent_metric);
	strbuf_add_number(&first, t->baseline_metric);
	strbuf_add_duration(&spent, t->time);
	printf("%-11s %s, baseline %s", st->newest.record.metric_name,
	       st->is_measured ? best.buf : "to be measured", first.buf);
	if (st->is_measured && t->baseline_metric != 0 &&
	    t->incumbent_metric != t->baseline_metric)
		printf(" (%+.2f%%)", 100 * (t->incumbent_metric - t->baseline_metric) /
					     (t->baseline_metric < 0 ? -t->baseline_metric
								     : t->baseline_metric));
	printf("\nexperiments %lld in %s: ", (long long)t->experiments, spent.buf);
	for (enum verdict_kind v = VERDICT_ACCEPTED; v < VERDICT_NR; v++)
		if (t->verdicts[v]) {
			printf("%s%lld %s", between, (long long)t->verdicts[v],
			       verdict_name(v));
			between = ", ";
		}
	printf("\n");
	if (t->tokens)
		printf("tokens      %lld\n", (long long)t->tokens);
}

int cmd_status(int argc, char **argv, struct error *err)
{
	CLEANUP_REPO struct repo *repo = NULL;
	struct standing st = { 0 };
	const char *campaign;
	bool json;
	int ret;

	if (!look_options(argc, argv, &campaign, &json) || optind < argc)
		return usage(argc, argv);
	ret = campaign_open(campaign, &repo, &st.ledger, err) || standing_read(repo, &st, err)
		      ? -1
		      : 0;
	if (!ret && json)
		print_json(&st);
	else if (!ret)
		print_text(&st);
	standing_release(&st);
	return ret;
}
