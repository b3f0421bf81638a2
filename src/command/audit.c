#include <stdio.h>

#include "command/options.h"
#include "report/pager.h"

static int print_block(const void *block, size_t len, void *data, struct error *err)
{
	(void)data;
	if (fwrite(block, 1, len, stdout) == len)
		return 0;
	return error_errno(err, "cannot write to stdout");
}

/* Why there is nothing to print. */
static int nothing(const struct record *r, struct error *err)
{
	error_set(err, "nothing is on record of experiment %lld: %s%s",
		  (long long)r->experiment,
		  r->trials_nr ? "its audit was of level " : "it was not run",
		  r->trials_nr ? audit_level_name(r->audit.level) : "");
	return r->trials_nr ? error_hint(err, "git autoresearch doctor") : -1;
}

int cmd_audit(int argc, char **argv, struct error *err)
{
	static const struct option longs[] = {
		{ "campaign", required_argument, NULL, 'n' },
		{ 0 },
	};
	CLEANUP_REPO struct repo *repo = NULL;
	CLEANUP_LEDGER struct ledger ledger = { 0 };
	CLEANUP_ENTRY struct entry entry = { 0 };
	const char *campaign = NULL;
	int64_t number;
	int c, missing;

	while ((c = next_option(argc, argv, ":h", longs)) != -1) {
		if (c != 'n')
			return usage(argc, argv);
		campaign = optarg;
	}
	if (optind != argc - 1)
		return usage(argc, argv);
	if (experiment_number(argv[optind], &number, err) ||
	    campaign_open(campaign, &repo, &ledger, err) ||
	    experiment_find(&ledger, number, &entry, err))
		return -1;
	pager_start();
	missing = ledger_file_blocks(&ledger, &entry, AUDIT_FILE_NAME, print_block, NULL, err);
	if (missing > 0)
		return nothing(&entry.record, err);
	/* Of stdout main() judges: a reader that has seen enough is no error. */
	return missing < 0 && !ferror(stdout) ? -1 : EXIT_DONE;
}
