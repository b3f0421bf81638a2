#include "command/replay.h"

#include <stdio.h>

#include "command/delegate.h"
#include "command/options.h"
#include "command/watch.h"
#include "report/replay.h"

struct arguments {
	const char *campaign;
	int64_t number, trials;
	bool json;
};

static int read_trials(const char *value, int64_t *ret, struct error *err)
{
	if (option_count("trials", value, ret, err))
		return -1;
	if (*ret <= REPLAY_TRIALS_MAX)
		return 0;
	error_set(err, "--trials=%s: it can be %d at most", value, REPLAY_TRIALS_MAX);
	return error_status(err, EXIT_USAGE);
}

static int parse(int argc, char **argv, struct arguments *a, struct error *err)
{
	static const struct option longs[] = {
		{ "campaign", required_argument, NULL, 'n' },
		{ "json", no_argument, NULL, 'j' },
		{ "trials", required_argument, NULL, 't' },
		{ 0 },
	};
	int c;

	while ((c = next_option(argc, argv, ":h", longs)) != -1) {
		if (c == 'n')
			a->campaign = optarg;
		else if (c == 'j')
			a->json = true;
		else if (c != 't')
			return usage(argc, argv);
		else if (read_trials(optarg, &a->trials, err))
			return -1;
	}
	if (optind != argc - 1)
		return usage(argc, argv);
	return experiment_number(argv[optind], &a->number, err);
}

int replay_one(struct repo *repo, const struct entry *then, size_t trials, struct replayed *ret,
	       struct error *err)
{
	CLEANUP_SEARCH struct search s;
	struct watch watch;
	int failed;

	search_init(&s);
	if (replay_open(&s, repo, then, err) || watch_begin(&watch, &s, err))
		return -1;
	failed = replay(&s, trials, ret, err);
	watch_end(&watch);
	if (failed)
		return -1;
	return ret->cancelled ? 128 + (s.signal ? s.signal : 2) : EXIT_DONE;
}

static void print(const struct replayed *replayed, const struct entry *then, bool json)
{
	CLEANUP_JSON struct json *object = NULL;
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	if (!json) {
		report_replay(&replayed->record, &then->record, stdout);
		return;
	}
	object = replay_json(&replayed->record, &then->record, entry_candidate(then));
	json_write(object, false, &text);
	printf("%s\n", text.buf);
}

int cmd_replay(int argc, char **argv, struct error *err)
{
	CLEANUP_REPO struct repo *repo = NULL;
	CLEANUP_LEDGER struct ledger ledger = { 0 };
	CLEANUP_ENTRY struct entry then = { 0 };
	CLEANUP_REPLAYED struct replayed replayed = { 0 };
	struct arguments a = { 0 };
	int ret = parse(argc, argv, &a, err);

	if (ret)
		return ret;
	delegate_self(argc, argv, false);
	if (campaign_open(a.campaign, &repo, &ledger, err) ||
	    experiment_find(&ledger, a.number, &then, err))
		return -1;
	ret = replay_one(repo, &then, (size_t)a.trials, &replayed, err);
	if (ret)
		return ret;
	print(&replayed, &then, a.json);
	return replayed.record.replay->reproduced ? EXIT_DONE : EXIT_NEGATIVE;
}
