#include <stdio.h>
#include <string.h>

#include "command/options.h"
#include "report/experiment.h"
#include "report/line.h"
#include "report/pager.h"
#include "report/patch.h"
#include "report/terminal.h"

#define SHOWN_MAX (64 << 20)
#define TAIL_MAX 4096

static int print_patch(struct ledger *ledger, const struct entry *entry, bool color,
		       struct error *err)
{
	CLEANUP_STRBUF struct strbuf patch = STRBUF_INIT;
	int missing = ledger_file(ledger, entry, "patch", SHOWN_MAX, &patch, err);

	if (missing < 0)
		return -1;
	if (!missing && patch.len) {
		printf("\n");
		report_patch(patch.buf, patch.len, color, stdout);
	}
	return 0;
}

/* The end of a log, from the beginning of a line. */
static int print_tail(struct ledger *ledger, const struct entry *entry, const char *name,
		      struct error *err)
{
	CLEANUP_STRBUF struct strbuf log = STRBUF_INIT;
	int missing = ledger_file(ledger, entry, name, SHOWN_MAX, &log, err);
	const char *from = log.buf;

	if (missing < 0)
		return -1;
	if (missing || !log.len)
		return 0;
	if (log.len > TAIL_MAX) {
		const char *line = memchr(log.buf + log.len - TAIL_MAX, '\n', TAIL_MAX);

		from = line ? line + 1 : log.buf + log.len - TAIL_MAX;
	}
	printf("\n%s%s:\n", from > log.buf ? "the end of " : "", name);
	report_text(from, log.len - (size_t)(from - log.buf), "    ", stdout);
	return 0;
}

static void print_json(const struct entry *entry)
{
	CLEANUP_JSON struct json *object = record_log_json(&entry->record, entry->commit);
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	json_write(object, true, &text);
	printf("%s\n", text.buf);
}

/* What was in force: the config of the commit that it was measured beside. False where
 * that is not to be had. */
static bool read_config(struct ledger *ledger, const struct record *r,
			struct campaign_config *ret)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	CLEANUP_STRING_LIST struct string_list ignored = STRING_LIST_INIT;
	struct error err = ERROR_INIT;

	if (!*r->base ||
	    repo_read_file(ledger->repo, r->base, CONFIG_PATH, SHOWN_MAX, &text, &err) ||
	    campaign_config_parse(CONFIG_PATH, text.buf, text.len, ret, &ignored, &err))
		return false;
	campaign_config_refer(ret, &r->reference);
	return true;
}

static int print_all(struct ledger *ledger, const struct entry *entry, bool color,
		     struct error *err)
{
	CLEANUP_CAMPAIGN_CONFIG struct campaign_config config = { 0 };
	bool is_known = read_config(ledger, &entry->record, &config);
	struct experiment_look look = { .color = color, .config = is_known ? &config : NULL };

	return report_experiment(ledger, entry, &look, stdout, err) ||
			       print_patch(ledger, entry, color, err) ||
			       print_tail(ledger, entry, "run.log", err) ||
			       print_tail(ledger, entry, "evaluate.log", err)
		       ? -1
		       : EXIT_DONE;
}

/* The number of the newest; 0, the baseline, where there is no other. */
static int find_newest(struct ledger *ledger, int64_t *ret, struct error *err)
{
	CLEANUP_ENTRY struct entry tip = { 0 };

	if (*ledger->tip && ledger_read(ledger, ledger->tip, &tip, err))
		return -1;
	*ret = tip.record.totals.experiments;
	return 0;
}

int cmd_show(int argc, char **argv, struct error *err)
{
	static const struct option longs[] = {
		{ "campaign", required_argument, NULL, 'n' },
		{ "json", no_argument, NULL, 'j' },
		{ "color", optional_argument, NULL, 'C' },
		{ "no-color", no_argument, NULL, 'N' },
		{ 0 },
	};
	CLEANUP_REPO struct repo *repo = NULL;
	CLEANUP_LEDGER struct ledger ledger = { 0 };
	CLEANUP_ENTRY struct entry entry = { 0 };
	const char *campaign = NULL;
	enum color_when color = COLOR_UNSAID;
	bool json = false;
	int64_t number;
	int c;

	while ((c = next_option(argc, argv, ":h", longs)) != -1) {
		if (c == 'n')
			campaign = optarg;
		else if (c == 'j')
			json = true;
		else if (c == 'N')
			color = COLOR_NEVER;
		else if (c != 'C')
			return usage(argc, argv);
		else if (color_parse(optarg, &color, err))
			return -1;
	}
	if (optind < argc - 1)
		return usage(argc, argv);
	if ((optind < argc && experiment_number(argv[optind], &number, err)) ||
	    campaign_open(campaign, &repo, &ledger, err) ||
	    (optind == argc && find_newest(&ledger, &number, err)) ||
	    experiment_find(&ledger, number, &entry, err))
		return -1;
	pager_start();
	if (json) {
		print_json(&entry);
		return EXIT_DONE;
	}
	return print_all(&ledger, &entry, color_wanted(STDOUT_FILENO, color_said(repo, color)),
			 err);
}
