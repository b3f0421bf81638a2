#include <stdio.h>
#include <string.h>

#include "base/durable.h"
#include "command/options.h"
#include "report/table.h"

struct arguments {
	const char *campaign, *output, *format;
};

static int read_arguments(int argc, char **argv, struct arguments *a)
{
	static const struct option longs[] = {
		{ "campaign", required_argument, NULL, 'n' },
		{ "format", required_argument, NULL, 'f' },
		{ 0 },
	};
	int c;

	while ((c = next_option(argc, argv, ":ho:", longs)) != -1) {
		switch (c) {
		case 'n':
			a->campaign = optarg;
			break;
		case 'f':
			a->format = optarg;
			break;
		case 'o':
			a->output = optarg;
			break;
		default:
			return -1;
		}
	}
	return optind < argc ? -1 : 0;
}

static bool is_stdout(const char *output)
{
	return !output || !strcmp(output, "-");
}

static int must_have_record(const struct ledger *ledger, struct error *err)
{
	if (*ledger->tip)
		return 0;
	error_set(err, "campaign '%s' has no records yet", ledger->campaign);
	return error_hint(err, "git autoresearch start %s", ledger->campaign);
}

static int export_table(struct ledger *ledger, const struct arguments *a, struct error *err)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	enum table_format format = TABLE_TSV;

	if (a->format && table_format_parse(a->format, &format)) {
		error_set(err, "--format='%s' is none of tsv, csv, jsonl", a->format);
		return error_status(err, EXIT_USAGE);
	}
	if (report_table(ledger, format, &text, err))
		return -1;
	if (!is_stdout(a->output))
		return durable_write(a->output, text.buf, text.len, err);
	fwrite(text.buf, 1, text.len, stdout);
	return 0;
}

int cmd_export(int argc, char **argv, struct error *err)
{
	CLEANUP_REPO struct repo *repo = NULL;
	CLEANUP_LEDGER struct ledger ledger = { 0 };
	struct arguments a = { 0 };

	if (read_arguments(argc, argv, &a))
		return usage(argc, argv);
	if (campaign_open(a.campaign, &repo, &ledger, err) || must_have_record(&ledger, err))
		return -1;
	return export_table(&ledger, &a, err) ? -1 : EXIT_DONE;
}
