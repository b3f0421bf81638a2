#include <stdio.h>
#include <stdlib.h>

#include "command/delegate.h"
#include "command/options.h"
#include "command/replay.h"
#include "report/replay.h"

struct arguments {
	const char *campaign;
	int64_t rerun; /* accepted experiments that are measured again */
};

static int parse(int argc, char **argv, struct arguments *a, struct error *err)
{
	static const struct option longs[] = {
		{ "campaign", required_argument, NULL, 'n' },
		{ "rerun", required_argument, NULL, 'r' },
		{ 0 },
	};
	int c;

	while ((c = next_option(argc, argv, ":h", longs)) != -1) {
		if (c == 'n')
			a->campaign = optarg;
		else if (c != 'r')
			return usage(argc, argv);
		else if (option_count("rerun", optarg, &a->rerun, err))
			return -1;
	}
	if (optind < argc && !a->campaign)
		a->campaign = argv[optind++];
	return optind < argc ? usage(argc, argv) : 0;
}

static void print_mismatch(const char *line, void *data)
{
	(void)data;
	printf("%s\n", line);
}

/* Numbers of experiments, newest first. */
struct accepted {
	int64_t *items;
	size_t nr;
};

static void accepted_release(struct accepted *a)
{
	free(a->items);
}

static int take_accepted(const struct entry *entry, void *data, struct error *err)
{
	const struct record *r = &entry->record;
	struct accepted *a = data;

	(void)err;
	if (r->type != RECORD_EXPERIMENT || !record_is_on_branch(r))
		return 0;
	if (!(a->nr & (a->nr - 1)))
		a->items = xrealloc(a->items, 2 * (a->nr + 1) * sizeof(*a->items));
	a->items[a->nr++] = r->experiment;
	return 0;
}

/* Replays one of them. 0; 1 where it was not reproduced; the status of a signal; -1. */
static int rerun_one(struct repo *repo, struct ledger *ledger, int64_t number,
		     struct error *err)
{
	CLEANUP_ENTRY struct entry then = { 0 };
	CLEANUP_REPLAYED struct replayed replayed = { 0 };
	int ret = experiment_find(ledger, number, &then, err);

	if (!ret)
		ret = replay_one(repo, &then, 0, &replayed, err);
	if (ret)
		return ret;
	report_replay(&replayed.record, &then.record, stdout);
	fflush(stdout);
	return replayed.record.replay->reproduced ? EXIT_DONE : EXIT_NEGATIVE;
}

/* The newest, which is the best, the first, and what lies between them at even steps. */
static int rerun(struct repo *repo, struct ledger *ledger, int64_t wanted, struct error *err)
{
	CLEANUP(accepted_release) struct accepted accepted = { 0 };
	size_t nr, steps, failed = 0;

	if (ledger_walk(ledger, take_accepted, &accepted, err) < 0)
		return -1;
	nr = (uint64_t)wanted < accepted.nr ? (size_t)wanted : accepted.nr;
	steps = nr > 1 ? nr - 1 : 1;
	for (size_t i = 0; i < nr; i++) {
		size_t at = (i * (accepted.nr - 1) + steps / 2) / steps;
		int ret = rerun_one(repo, ledger, accepted.items[at], err);

		if (ret < 0 || ret > EXIT_NEGATIVE)
			return ret;
		failed += ret == EXIT_NEGATIVE;
	}
	printf("%s: %zu of %zu accepted measured again, %zu not reproduced\n", ledger->campaign,
	       nr, accepted.nr, failed);
	return failed ? EXIT_NEGATIVE : EXIT_DONE;
}

int cmd_verify(int argc, char **argv, struct error *err)
{
	CLEANUP_REPO struct repo *repo = NULL;
	CLEANUP_LEDGER struct ledger ledger = { 0 };
	struct arguments a = { 0 };
	int64_t records, bad;
	int ret = parse(argc, argv, &a, err);

	if (ret)
		return ret;
	if (a.rerun)
		delegate_self(argc, argv, false);
	if (campaign_open(a.campaign, &repo, &ledger, err) ||
	    ledger_verify(&ledger, print_mismatch, NULL, &records, &bad, err))
		return -1;
	if (bad) {
		printf("%s: %lld records, %lld mismatches\n", ledger.campaign,
		       (long long)records, (long long)bad);
		return EXIT_NEGATIVE;
	}
	printf("%s: %lld records, all in order\n", ledger.campaign, (long long)records);
	fflush(stdout);
	return a.rerun ? rerun(repo, &ledger, a.rerun, err) : EXIT_DONE;
}
