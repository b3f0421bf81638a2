#include <stdio.h>
#include <string.h>

#include "command/options.h"
#include "report/line.h"

#define SHOWN_MAX (64 << 20)
#define TAIL_MAX 4096

static int print_patch(struct ledger *ledger, const struct entry *entry, struct error *err)
{
	CLEANUP_STRBUF struct strbuf patch = STRBUF_INIT;
	int missing = ledger_file(ledger, entry, "patch", SHOWN_MAX, &patch, err);

	if (missing < 0)
		return -1;
	if (!missing && patch.len) {
		printf("\n");
		report_text(patch.buf, patch.len, "", stdout);
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

int cmd_show(int argc, char **argv, struct error *err)
{
	CLEANUP_REPO struct repo *repo = NULL;
	CLEANUP_LEDGER struct ledger ledger = { 0 };
	CLEANUP_ENTRY struct entry entry = { 0 };
	const char *campaign;
	bool json;
	int64_t number;

	if (!look_options(argc, argv, &campaign, &json) || optind != argc - 1)
		return usage(argc, argv);
	if (experiment_number(argv[optind], &number, err) ||
	    campaign_open(campaign, &repo, &ledger, err) ||
	    experiment_find(&ledger, number, &entry, err))
		return -1;
	if (json) {
		print_json(&entry);
		return EXIT_DONE;
	}
	report_experiment(&entry, stdout);
	return print_patch(&ledger, &entry, err) ||
			       print_tail(&ledger, &entry, "run.log", err) ||
			       print_tail(&ledger, &entry, "evaluate.log", err)
		       ? -1
		       : EXIT_DONE;
}
