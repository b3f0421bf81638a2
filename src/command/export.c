#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/durable.h"
#include "base/tar.h"
#include "command/options.h"
#include "git/settings.h"
#include "loop/model.h"
#include "report/evidence.h"
#include "report/table.h"

#define FOLDER "evidence/"

struct arguments {
	const char *campaign, *output, *format;
	bool evidence, allow_secrets;
};

static int read_arguments(int argc, char **argv, struct arguments *a)
{
	static const struct option longs[] = {
		{ "campaign", required_argument, NULL, 'n' },
		{ "format", required_argument, NULL, 'f' },
		{ "output", required_argument, NULL, 'o' },
		{ "evidence", no_argument, NULL, 'e' },
		{ "allow-secrets", no_argument, NULL, 's' },
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
		case 'e':
			a->evidence = true;
			break;
		case 's':
			a->allow_secrets = true;
			break;
		default:
			return -1;
		}
	}
	/* A bundle on a terminal is nobody's wish. */
	return optind < argc || (a->evidence ? a->format || !a->output : a->allow_secrets) ? -1
											   : 0;
}

static bool is_stdout(const char *output)
{
	return !output || !strcmp(output, "-");
}

static int must_have_record(const struct ledger *ledger, struct error *err)
{
	CLEANUP_FREE char *name = shell_word(ledger->campaign);

	if (*ledger->tip)
		return 0;
	error_set(err, "campaign '%s' has no records yet", ledger->campaign);
	return error_hint(err, "git autoresearch start %s", name);
}

static int export_table(struct ledger *ledger, const struct arguments *a, struct error *err)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	CLEANUP_DURABLE struct durable file = { 0 };
	enum table_format format = TABLE_TSV;

	if (a->format && table_format_parse(a->format, &format)) {
		error_set(err, "--format='%s' is none of tsv, csv, jsonl", a->format);
		return error_status(err, EXIT_USAGE);
	}
	if (report_table(ledger, format, &text, err))
		return -1;
	if (is_stdout(a->output)) {
		fwrite(text.buf, 1, text.len, stdout);
		return 0;
	}
	if (durable_begin(&file, a->output, err))
		return -1;
	fwrite(text.buf, 1, text.len, file.file);
	return durable_end(&file, err);
}

/* What would leave with the bundle and should not. */
static int look_for_secrets(struct ledger *ledger, bool allowed, struct evidence *evidence,
			    struct error *err)
{
	CLEANUP_SETTINGS struct settings settings = { 0 };
	CLEANUP_SECRETS struct secrets secrets = { 0 };
	const struct string_list *found = &evidence->suspects;
	const char *key;

	if (settings_read(&settings, err))
		return -1;
	secrets_of_environment(&secrets, (const char *const *)environ);
	key = model_key_of_environment(&settings);
	if (key)
		secrets_add(&secrets, key);
	if (evidence_suspect(ledger, &secrets, evidence, err))
		return -1;
	if (!found->nr || allowed)
		return 0;
	for (size_t i = 1; i < found->nr; i++)
		warning("%s holds what looks like a secret", found->items[i]);
	error_set(err, "%s holds what looks like a secret", found->items[0]);
	return error_hint(err,
			  "a ledger cannot be altered: have the secret replaced where it is "
			  "valid; if it is none, --allow-secrets");
}

static void add_sum(struct strbuf *sums, const char *digest, const char *name)
{
	strbuf_addf(sums, "%s  %s\n", digest, name);
}

static int sum_of_file(FILE *file, struct strbuf *sums, const char *name, struct error *err)
{
	char block[1 << 16], hex[DIGEST_HEX_LEN + 1];
	struct digest digest;
	size_t len;

	digest_init(&digest);
	rewind(file);
	while ((len = fread(block, 1, sizeof(block), file)))
		digest_add(&digest, block, len);
	if (ferror(file))
		return error_errno(err, "cannot read the bundle back");
	digest_hex(&digest, hex);
	add_sum(sums, hex, name);
	return 0;
}

static void pack_text(FILE *out, struct strbuf *sums, const char *name,
		      const struct strbuf *text)
{
	CLEANUP_FREE char *path = xstrfmt(FOLDER "%s", name);
	char hex[DIGEST_HEX_LEN + 1];

	digest_of(text->buf, text->len, hex);
	add_sum(sums, hex, name);
	tar_add(out, path, text->buf, text->len);
}

/* The page comes first: whoever opens the archive sees it. */
static int pack(struct ledger *ledger, struct evidence *evidence, FILE *out, struct error *err)
{
	CLEANUP_STRBUF struct strbuf page = STRBUF_INIT, rows = STRBUF_INIT, sums = STRBUF_INIT;
	CLEANUP_FCLOSE FILE *bundle = tmpfile();

	if (!bundle)
		return error_errno(err, "cannot make a temporary file");
	if (evidence_bundle(ledger, bundle, evidence, err))
		return -1;
	if (fflush(bundle) || ferror(bundle))
		return error_errno(err, "cannot write a temporary file");
	if (report_evidence(ledger, evidence, &page, err) ||
	    report_table(ledger, TABLE_CSV, &rows, err))
		return -1;
	pack_text(out, &sums, "README.html", &page);
	pack_text(out, &sums, "experiments.csv", &rows);
	if (sum_of_file(bundle, &sums, EVIDENCE_BUNDLE, err) ||
	    tar_add_file(out, FOLDER EVIDENCE_BUNDLE, bundle, err))
		return -1;
	tar_add(out, FOLDER "SHA256SUMS", sums.buf, sums.len);
	tar_end(out);
	return 0;
}

static int export_evidence(struct ledger *ledger, const struct arguments *a, struct error *err)
{
	CLEANUP_EVIDENCE struct evidence evidence = { 0 };
	CLEANUP_DURABLE struct durable file = { 0 };

	if (look_for_secrets(ledger, a->allow_secrets, &evidence, err))
		return -1;
	if (is_stdout(a->output))
		return pack(ledger, &evidence, stdout, err);
	return durable_begin(&file, a->output, err) ||
			       pack(ledger, &evidence, file.file, err) ||
			       durable_end(&file, err)
		       ? -1
		       : 0;
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
	if (a.evidence ? export_evidence(&ledger, &a, err) : export_table(&ledger, &a, err))
		return -1;
	return EXIT_DONE;
}
