#include <stdio.h>

#include "command/options.h"

static void print_mismatch(const char *line, void *data)
{
	(void)data;
	printf("%s\n", line);
}

int cmd_verify(int argc, char **argv, struct error *err)
{
	static const struct option longs[] = {
		{ "campaign", required_argument, NULL, 'n' },
		{ 0 },
	};
	CLEANUP_REPO struct repo *repo = NULL;
	CLEANUP_LEDGER struct ledger ledger = { 0 };
	const char *campaign = NULL;
	int64_t records, bad;
	int c;

	while ((c = next_option(argc, argv, ":h", longs)) != -1) {
		if (c != 'n')
			return usage(argc, argv);
		campaign = optarg;
	}
	if (optind < argc && !campaign)
		campaign = argv[optind++];
	if (optind < argc)
		return usage(argc, argv);
	if (campaign_open(campaign, &repo, &ledger, err) ||
	    ledger_verify(&ledger, print_mismatch, NULL, &records, &bad, err))
		return -1;
	if (bad) {
		printf("%s: %lld records, %lld mismatches\n", ledger.campaign,
		       (long long)records, (long long)bad);
		return EXIT_NEGATIVE;
	}
	printf("%s: %lld records, all in order\n", ledger.campaign, (long long)records);
	return EXIT_DONE;
}
