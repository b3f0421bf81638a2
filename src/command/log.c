#include <stdio.h>

#include "command/options.h"
#include "report/line.h"

struct arguments {
	const char *campaign;
	bool json, accepted, rejected;
	int64_t left; /* how many more to print; -1: all */
};

static int print_entry(const struct entry *entry, void *data, struct error *err)
{
	const struct record *r = &entry->record;
	struct arguments *a = data;

	(void)err;
	if (r->type != RECORD_EXPERIMENT ||
	    (a->accepted && r->verdict.kind != VERDICT_ACCEPTED) ||
	    (a->rejected && r->verdict.kind != VERDICT_REJECTED))
		return 0;
	if (a->json) {
		CLEANUP_JSON struct json *object = record_log_json(r, entry->commit);
		CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

		json_write(object, false, &text);
		printf("%s\n", text.buf);
	} else {
		report_line(r, stdout);
	}
	if (ferror(stdout))
		return 1;
	return a->left > 0 && !--a->left;
}

int cmd_log(int argc, char **argv, struct error *err)
{
	static const struct option longs[] = {
		{ "campaign", required_argument, NULL, 'c' },
		{ "json", no_argument, NULL, 'j' },
		{ "accepted", no_argument, NULL, 'a' },
		{ "rejected", no_argument, NULL, 'r' },
		{ 0 },
	};
	CLEANUP_REPO struct repo *repo = NULL;
	CLEANUP_LEDGER struct ledger ledger = { 0 };
	struct arguments a = { .left = -1 };
	int c;

	while ((c = next_option(argc, argv, ":hn:", longs)) != -1) {
		switch (c) {
		case 'c':
			a.campaign = optarg;
			break;
		case 'j':
			a.json = true;
			break;
		case 'a':
			a.accepted = true;
			break;
		case 'r':
			a.rejected = true;
			break;
		case 'n':
			if (option_count("n", optarg, &a.left, err))
				return -1;
			break;
		default:
			return usage(argc, argv);
		}
	}
	if (optind < argc || (a.accepted && a.rejected))
		return usage(argc, argv);
	if (campaign_open(a.campaign, &repo, &ledger, err) ||
	    ledger_walk(&ledger, print_entry, &a, err) < 0)
		return -1;
	return EXIT_DONE;
}
