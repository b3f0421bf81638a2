#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/digest.h"
#include "command/options.h"
#include "loop/lock.h"
#include "loop/search.h"
#include "loop/store.h"
#include "model/import.h"

struct arguments {
	const char *format, *campaign, *metric, *file;
};

static int read_arguments(int argc, char **argv, struct arguments *a, struct error *err)
{
	static const struct option longs[] = {
		{ "format", required_argument, NULL, 'f' },
		{ "campaign", required_argument, NULL, 'n' },
		{ "metric", required_argument, NULL, 'm' },
		{ 0 },
	};
	static const char *const formats[] = { "tsv", "csv", "jsonl" };
	bool known = false;
	int c;

	while ((c = next_option(argc, argv, ":h", longs)) != -1) {
		if (c == 'f')
			a->format = optarg;
		else if (c == 'n')
			a->campaign = optarg;
		else if (c == 'm')
			a->metric = optarg;
		else
			return 1;
	}
	if (optind != argc - 1)
		return 1;
	a->file = argv[optind];
	for (size_t i = 0; a->format && i < ARRAY_SIZE(formats); i++)
		known = known || !strcmp(a->format, formats[i]);
	if (a->format && !known) {
		error_set(err, "--format='%s' is none of tsv, csv, jsonl", a->format);
		return error_status(err, EXIT_USAGE);
	}
	return 0;
}

static int read_text(const char *file, struct strbuf *ret, struct error *err)
{
	int failed = !strcmp(file, "-") ? strbuf_read_fd(ret, 0, IMPORT_FILE_MAX)
					: strbuf_read_file(ret, file, IMPORT_FILE_MAX);

	if (failed)
		return error_errno(err, "cannot read '%s'", file);
	if (strlen(ret->buf) != ret->len)
		return error_set(err, "'%s' holds a NUL byte: it is no text", file);
	return 0;
}

/* The config's metric, which a column may be named by; NULL where HEAD has no config. */
static char *config_metric(struct repo *repo)
{
	CLEANUP_CAMPAIGN_CONFIG struct campaign_config config;
	struct error ignored = ERROR_INIT;
	char head[OID_HEX_SIZE];

	campaign_config_defaults(&config);
	if (repo_head(repo, head, &ignored) ||
	    config_of_commit(repo, head, &config, NULL, &ignored) || !config.metric)
		return NULL;
	return xstrdup(config.metric);
}

static int parse(const struct arguments *a, const struct strbuf *text, struct import *import,
		 struct error *err)
{
	bool json = a->format ? !strcmp(a->format, "jsonl") : import_is_json(text->buf);
	char digest[DIGEST_HEX_LEN + 1];

	if (json ? import_pi(import, text->buf, err) : import_table(import, text->buf, err))
		return error_context(err, "%s", strcmp(a->file, "-") ? a->file : "stdin");
	digest_of(text->buf, text->len, digest);
	for (size_t i = 0; i < import->nr; i++)
		memcpy(import->records[i].imported->source, digest, sizeof(digest));
	return 0;
}

/* Under the campaign's lock: a start may be about to measure its baseline. */
static int append(struct repo *repo, struct import *import, struct error *err)
{
	CLEANUP_FREE char *store = NULL, *path = store_campaign_path(import->campaign);
	CLEANUP_FREE char *dir = NULL;
	CLEANUP_LEDGER struct ledger ledger = { 0 };
	CLEANUP_CLOSE int lock = -1;

	if (ledger_open(&ledger, repo, import->campaign, err) ||
	    store_open(repo, &store, err) || store_make(store, path, &dir, err) ||
	    lock_campaign(dir, import->campaign, &lock, err))
		return -1;
	ledger_release(&ledger);
	return ledger_open(&ledger, repo, import->campaign, err) ||
			       ledger_import(&ledger, import->records, import->nr, err)
		       ? -1
		       : 0;
}

static int choose_campaign(struct repo *repo, const char *name, char **ret, struct error *err)
{
	CLEANUP_FREE char *branch = repo_current_branch(repo);

	if (name || branch) {
		*ret = xstrdup(name ? name : campaign_of_branch(branch));
		return 0;
	}
	error_set(err, "which campaign? HEAD is on no branch");
	return error_hint(err, "--campaign=<name>");
}

static void tell(const struct import *import)
{
	printf("%s: %zu experiment%s imported, not measured here", import->campaign, import->nr,
	       import->nr == 1 ? "" : "s");
	if (import->skipped)
		printf("; of something else: %zu line%s", import->skipped,
		       import->skipped == 1 ? "" : "s");
	printf("\n");
}

int cmd_import(int argc, char **argv, struct error *err)
{
	CLEANUP_REPO struct repo *repo = NULL;
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	CLEANUP_IMPORT struct import import = { 0 };
	CLEANUP_FREE char *campaign = NULL, *metric = NULL;
	struct arguments a = { 0 };
	time_t now = time(NULL);
	char when[32];
	int r = read_arguments(argc, argv, &a, err);

	if (r)
		return r < 0 ? -1 : usage(argc, argv);
	if (repo_open(&repo, err) || choose_campaign(repo, a.campaign, &campaign, err) ||
	    read_text(a.file, &text, err))
		return -1;
	metric = a.metric ? NULL : config_metric(repo);
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
	import.campaign = campaign;
	import.metric = a.metric ? a.metric : metric;
	import.now = when;
	if (parse(&a, &text, &import, err) || append(repo, &import, err))
		return -1;
	tell(&import);
	return EXIT_DONE;
}
