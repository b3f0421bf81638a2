#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/durable.h"
#include "command/options.h"
#include "loop/lock.h"
#include "loop/search.h"
#include "loop/state.h"
#include "loop/store.h"
#include "loop/watchdog.h"
#include "report/overview.h"
#include "report/page.h"
#include "report/picture.h"
#include "report/table.h"

#define PAUSE 1.0	/* s between two looks of --watch */
#define SHARE_OF_TIME 5 /* what --watch may take of a processor: one part of so many */

enum format {
	FORMAT_HTML,
	FORMAT_SVG,
	FORMAT_TSV,
	FORMAT_JSON,
};

struct arguments {
	const char *campaign, *output;
	enum format format;
	bool watch;
};

/* What a report was made of; `--watch` makes another where it has changed. */
struct sight {
	char tip[OID_HEX_SIZE], branch[OID_HEX_SIZE];
	enum state state;
	bool runs; /* somebody works on the campaign */
};

static volatile sig_atomic_t asked_to_end;

static void on_signal(int signal)
{
	asked_to_end = signal;
}

/* So that nothing is half-written when a person ends it. */
static void catch_signals(void)
{
	const struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
}

static int write_format(struct ledger *ledger, enum format format,
			const struct survey_place *place, bool live, struct strbuf *out,
			struct error *err)
{
	CLEANUP_SURVEY struct survey survey = { 0 };

	switch (format) {
	case FORMAT_HTML:
		return page_write(ledger, place, live, out, err);
	case FORMAT_TSV:
		return report_table(ledger, TABLE_TSV, out, err);
	case FORMAT_JSON:
		return overview_json(ledger, place, out, err);
	case FORMAT_SVG:
		break;
	}
	if (survey_read(&survey, ledger, place, NULL, NULL, err))
		return -1;
	picture_write(&survey, true, out);
	return 0;
}

/* A file is replaced whole; what is none, as a pipe, is written to; a link keeps leading there. */
static int write_file(const char *path, const struct strbuf *text, struct error *err)
{
	CLEANUP_FREE char *target = realpath(path, NULL);
	CLEANUP_DURABLE struct durable file = { 0 };

	if (durable_begin(&file, target ? target : path, err))
		return -1;
	fwrite(text->buf, 1, text->len, file.file);
	return durable_end(&file, err);
}

static int write_report(struct ledger *ledger, const char *dir, const struct sight *sight,
			const struct arguments *a, struct error *err)
{
	CLEANUP_STRBUF struct strbuf reason = STRBUF_INIT, text = STRBUF_INIT;
	CLEANUP_CAMPAIGN_CONFIG struct campaign_config config = { 0 };
	struct survey_place place = { .state = state_name(sight->state) };
	struct error ignored = ERROR_INIT;

	/* A broken config must not hide what was found. */
	campaign_config_defaults(&config);
	if (*ledger->branch &&
	    !config_of_commit(ledger->repo, ledger->branch, &config, NULL, &ignored))
		place.config = &config;
	if (sight->state == STATE_FAILING)
		watchdog_reason(dir, &reason);
	place.reason = reason.buf;
	if (write_format(ledger, a->format, &place, a->watch && sight->runs, &text, err))
		return -1;
	if (a->output)
		return write_file(a->output, &text, err);
	fwrite(text.buf, 1, text.len, stdout);
	return 0;
}

static void look(const struct ledger *ledger, const char *dir, struct sight *ret)
{
	*ret = (struct sight){ 0 };
	strcpy(ret->tip, ledger->tip);
	strcpy(ret->branch, ledger->branch);
	ret->state = state_read(dir, *ledger->tip);
	ret->runs = lock_holder(dir) && ret->state != STATE_FAILING;
}

static bool sight_is_same(const struct sight *a, const struct sight *b)
{
	return !strcmp(a->tip, b->tip) && !strcmp(a->branch, b->branch) &&
	       a->state == b->state && a->runs == b->runs;
}

static int no_record(const struct ledger *ledger, struct error *err)
{
	CLEANUP_FREE char *name = shell_word(ledger->campaign);

	error_set(err, "campaign '%s' has no record yet", ledger->campaign);
	return error_hint(err, "git autoresearch status --campaign=%s", name);
}

/* Writes what there is now; with --watch only where it is not as it was `last` time. */
static int report_once(struct repo *repo, const char *campaign, const char *dir,
		       const struct arguments *a, struct sight *last, struct error *err)
{
	CLEANUP_LEDGER struct ledger ledger = { 0 };
	struct sight now;

	if (ledger_open(&ledger, repo, campaign, err))
		return -1;
	look(&ledger, dir, &now);
	if (!*ledger.tip && !(a->watch && now.runs))
		return no_record(&ledger, err);
	if (*ledger.tip && !sight_is_same(&now, last) &&
	    write_report(&ledger, dir, &now, a, err))
		return -1;
	*last = now;
	return 0;
}

static double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void nap(double seconds)
{
	struct timespec time = { .tv_sec = (time_t)seconds };

	time.tv_nsec = (long)((seconds - floor(seconds)) * 1e9);
	nanosleep(&time, NULL);
}

/* A report of a long campaign takes its time, which the trials have a better use for. */
static int report_watch(struct repo *repo, const char *campaign, const char *dir,
			const struct arguments *a, struct error *err)
{
	struct sight last = { .state = STATE_NR };
	double began;

	catch_signals();
	do {
		began = seconds_now();
		if (report_once(repo, campaign, dir, a, &last, err))
			return -1;
		if (last.runs && !asked_to_end)
			nap(fmax(PAUSE, SHARE_OF_TIME * (seconds_now() - began)));
	} while (last.runs && !asked_to_end);
	return asked_to_end ? 128 + asked_to_end : EXIT_DONE;
}

static int read_arguments(int argc, char **argv, struct arguments *a)
{
	static const struct option longs[] = {
		{ "campaign", required_argument, NULL, 'n' },
		{ "output", required_argument, NULL, 'o' },
		{ "svg", no_argument, NULL, FORMAT_SVG },
		{ "tsv", no_argument, NULL, FORMAT_TSV },
		{ "json", no_argument, NULL, FORMAT_JSON },
		{ "watch", no_argument, NULL, 'w' },
		{ 0 },
	};
	int c;

	while ((c = next_option(argc, argv, ":ho:", longs)) != -1) {
		if (c == 'n')
			a->campaign = optarg;
		else if (c == 'o')
			a->output = optarg;
		else if (c == 'w')
			a->watch = true;
		else if (c == OPTION_USAGE || c == 'h' || (a->format && (int)a->format != c))
			return -1;
		else
			a->format = (enum format)c;
	}
	return optind < argc ? -1 : 0;
}

int cmd_report(int argc, char **argv, struct error *err)
{
	CLEANUP_REPO struct repo *repo = NULL;
	CLEANUP_FREE char *campaign = NULL, *store = NULL, *path = NULL, *dir = NULL;
	struct sight none = { .state = STATE_NR };
	struct arguments a = { 0 };

	if (read_arguments(argc, argv, &a))
		return usage(argc, argv);
	if (a.output && !strcmp(a.output, "-"))
		a.output = NULL;
	if (a.watch && !a.output) {
		error_set(err, "--watch needs a file to write again and again");
		error_hint(err, "git autoresearch report --watch -o report.html");
		return error_status(err, EXIT_USAGE);
	}
	if (repo_open(&repo, err) || campaign_find_at_work(repo, a.campaign, &campaign, err) ||
	    store_open(repo, &store, err))
		return -1;
	path = store_campaign_path(campaign);
	dir = xstrfmt("%s/%s", store, path);
	if (a.watch)
		return report_watch(repo, campaign, dir, &a, err);
	return report_once(repo, campaign, dir, &a, &none, err) ? -1 : EXIT_DONE;
}
