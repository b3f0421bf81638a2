#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "base/process.h"
#include "command/options.h"
#include "report/line.h"
#include "report/pager.h"
#include "report/patch.h"
#include "report/terminal.h"

#define DIFF_MAX (64 << 20)

/*
 * git makes the diff, so that the user's own settings are in force. Candidates are hostile: no
 * attribute may start a program. What goes to a terminal is looked at first, and where that
 * would take it for more than text it is printed as `show` prints a patch.
 */

struct arguments {
	const char *campaign;
	enum color_when color;
	struct string_list options; /* that git is given as they are */
	int64_t numbers[2];
	int numbers_nr;
	char **paths; /* NULL ends them */
};

/* The commits on both sides of the diff. */
struct sides {
	char from[OID_HEX_SIZE], to[OID_HEX_SIZE];
};

/* NULL: git decides, by color.diff too. */
static const char *color_option(enum color_when when)
{
	bool wanted = color_wanted(STDOUT_FILENO, when);

	if (!wanted)
		return "--no-color";
	return when == COLOR_UNSAID && people_read() ? NULL : "--color";
}

static void add_command(struct string_list *argv, const struct arguments *a,
			const struct sides *sides, const char *color)
{
	static const char *const begin[] = { "git", "diff", "--no-ext-diff", "--no-textconv" };

	for (size_t i = 0; i < ARRAY_SIZE(begin); i++)
		string_list_add(argv, begin[i]);
	if (color)
		string_list_add(argv, color);
	for (size_t i = 0; i < a->options.nr; i++)
		string_list_add(argv, a->options.items[i]);
	string_list_add(argv, sides->from);
	string_list_add(argv, sides->to);
	string_list_add(argv, "--");
	for (char **path = a->paths; *path; path++)
		string_list_add(argv, *path);
}

/* As an argument vector: with a NULL behind it. Borrowed from `list`. */
static const char **as_argv(struct string_list *list)
{
	const char **argv = xcalloc(list->nr + 1, sizeof(*argv));

	for (size_t i = 0; i < list->nr; i++)
		argv[i] = list->items[i];
	return argv;
}

static int pass(const struct arguments *a, const struct sides *sides, struct error *err)
{
	CLEANUP_STRING_LIST struct string_list list = STRING_LIST_INIT;
	CLEANUP_FREE const char **argv = NULL;
	int status;

	add_command(&list, a, sides, color_option(a->color));
	argv = as_argv(&list);
	fflush(stdout);
	status = process_pass(argv, err);
	if (status < 0)
		return -1;
	/* A reader that has seen enough ends it, which is no error. */
	if (status && status != 128 + SIGPIPE)
		return error_set(err, "git diff ended with %d", status);
	return EXIT_DONE;
}

/* Whether a terminal takes all of it for text. A line may end as in DOS. */
static bool is_plain(const char *text, size_t len)
{
	while (len) {
		const char *end = memchr(text, '\n', len);
		size_t n = end ? (size_t)(end - text) : len;
		size_t shown = n && text[n - 1] == '\r' ? n - 1 : n;
		CLEANUP_STRBUF struct strbuf visible = STRBUF_INIT;

		report_add_text(text, shown, &visible);
		if (visible.len != shown)
			return false;
		text += n + (end ? 1 : 0);
		len -= n + (end ? 1 : 0);
	}
	return true;
}

static int print_diff(const struct arguments *a, const struct sides *sides, struct error *err)
{
	CLEANUP_STRING_LIST struct string_list list = STRING_LIST_INIT;
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	CLEANUP_FREE const char **argv = NULL;

	pager_start();
	if (!people_read())
		return pass(a, sides, err);
	add_command(&list, a, sides, "--no-color");
	argv = as_argv(&list);
	if (process_run(argv, &text, DIFF_MAX, err))
		return -1;
	if (is_plain(text.buf, text.len))
		return pass(a, sides, err);
	report_patch(text.buf, text.len,
		     !a->options.nr && color_wanted(STDOUT_FILENO, a->color), stdout);
	return EXIT_DONE;
}

/* What was proposed never became a tree: it is just what stands in the record. */
static int print_proposed(const struct arguments *a, struct ledger *ledger,
			  const struct entry *entry, struct error *err)
{
	CLEANUP_STRBUF struct strbuf patch = STRBUF_INIT;
	long long n = (long long)entry->record.experiment;

	if (a->options.nr || *a->paths) {
		error_set(err, "experiment %lld is invalid: there is no tree of it", n);
		return error_hint(err, "git autoresearch diff %lld prints what was proposed",
				  n);
	}
	if (ledger_file(ledger, entry, "patch", DIFF_MAX, &patch, err) < 0)
		return -1;
	if (!patch.len) {
		error_set(err, "experiment %lld is invalid (%s): it has no patch", n,
			  entry->record.verdict.reason);
		return error_hint(err, "git autoresearch show %lld", n);
	}
	warning("experiment %lld is invalid: this is what was proposed, and no tree of it "
		"was made",
		n);
	pager_start();
	if (people_read())
		report_patch(patch.buf, patch.len, color_wanted(STDOUT_FILENO, a->color),
			     stdout);
	else
		fwrite(patch.buf, 1, patch.len, stdout);
	return EXIT_DONE;
}

static int diff_one(const struct arguments *a, struct ledger *ledger, struct error *err)
{
	CLEANUP_ENTRY struct entry entry = { 0 };
	struct sides sides;

	if (experiment_find(ledger, a->numbers[0], &entry, err))
		return -1;
	if (entry.record.type == RECORD_BASELINE) {
		error_set(err, "the baseline changes nothing");
		return error_hint(err, "git autoresearch diff 0 <n>, to compare with it");
	}
	if (entry.record.verdict.kind == VERDICT_INVALID)
		return print_proposed(a, ledger, &entry, err);
	if (entry.record.imported && !entry.record.files_nr)
		return error_set(err,
				 "experiment %lld was imported, and its change is not known",
				 (long long)entry.record.experiment);
	memcpy(sides.from, entry.record.base, OID_HEX_SIZE);
	memcpy(sides.to, entry_candidate(&entry), OID_HEX_SIZE);
	return print_diff(a, &sides, err);
}

/* The commit that has the tree of an experiment. */
static int find_side(struct ledger *ledger, int64_t number, char ret[OID_HEX_SIZE],
		     struct error *err)
{
	CLEANUP_ENTRY struct entry entry = { 0 };

	if (experiment_find(ledger, number, &entry, err))
		return -1;
	if (entry.record.verdict.kind == VERDICT_INVALID) {
		error_set(err, "experiment %lld is invalid: there is no tree of it",
			  (long long)number);
		return error_hint(err, "git autoresearch diff %lld", (long long)number);
	}
	memcpy(ret, entry_candidate(&entry), OID_HEX_SIZE);
	return 0;
}

static int diff_two(const struct arguments *a, struct ledger *ledger, struct error *err)
{
	struct sides sides;

	if (find_side(ledger, a->numbers[0], sides.from, err) ||
	    find_side(ledger, a->numbers[1], sides.to, err))
		return -1;
	return print_diff(a, &sides, err);
}

/* An option that git is given: 0; -1 with an error. */
static int keep_option(struct arguments *a, const char *option, const char *value,
		       struct error *err)
{
	CLEANUP_FREE char *word = xstrfmt("%s%s", option, value ? value : "");
	int64_t lines;

	if (value && number_parse_count(value, &lines)) {
		error_set(err, "-U takes a number of lines, not '%s'", value);
		return error_status(err, EXIT_USAGE);
	}
	string_list_add(&a->options, word);
	return 0;
}

/* 0; -1 with an error; 1 where it is none of them. */
static int take_option(int c, struct arguments *a, struct error *err)
{
	switch (c) {
	case 'n':
		a->campaign = optarg;
		return 0;
	case 'C':
		return color_parse(optarg, &a->color, err);
	case 'N':
		a->color = COLOR_NEVER;
		return 0;
	case 's':
		return keep_option(a, "--stat", NULL, err);
	case 'm':
		return keep_option(a, "--numstat", NULL, err);
	case 'o':
		return keep_option(a, "--name-only", NULL, err);
	case 't':
		return keep_option(a, "--name-status", NULL, err);
	case 'W':
		return keep_option(a, "--word-diff", NULL, err);
	case 'w':
		return keep_option(a, "-w", NULL, err);
	case 'U':
		return keep_option(a, "-U", optarg, err);
	}
	return 1;
}

/* What stands in front of `--`, where getopt would mix up numbers and paths. */
static int words_before_paths(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], "--"))
			return i;
	return argc;
}

static int run(struct arguments *a, struct error *err)
{
	CLEANUP_REPO struct repo *repo = NULL;
	CLEANUP_LEDGER struct ledger ledger = { 0 };

	if (campaign_open(a->campaign, &repo, &ledger, err))
		return -1;
	return a->numbers_nr == 1 ? diff_one(a, &ledger, err) : diff_two(a, &ledger, err);
}

int cmd_diff(int argc, char **argv, struct error *err)
{
	static const struct option longs[] = {
		{ "campaign", required_argument, NULL, 'n' },
		{ "stat", no_argument, NULL, 's' },
		{ "numstat", no_argument, NULL, 'm' },
		{ "name-only", no_argument, NULL, 'o' },
		{ "name-status", no_argument, NULL, 't' },
		{ "word-diff", no_argument, NULL, 'W' },
		{ "color", optional_argument, NULL, 'C' },
		{ "no-color", no_argument, NULL, 'N' },
		{ 0 },
	};
	struct arguments a = { .options = STRING_LIST_INIT };
	int c, status = 0, words = words_before_paths(argc, argv);

	a.paths = argv + words + (words < argc);
	while (!status && (c = next_option(words, argv, ":hwU:", longs)) != -1)
		status = take_option(c, &a, err);
	for (; !status && optind < words && a.numbers_nr < 2; optind++)
		status = experiment_number(argv[optind], &a.numbers[a.numbers_nr++], err);
	if (!status && optind < words) {
		optind++; /* the one that there is no room for */
		status = 1;
	}
	if (status > 0 || (!status && !a.numbers_nr))
		status = usage(argc, argv);
	else if (!status)
		status = run(&a, err);
	string_list_release(&a.options);
	return status;
}
