#include "loop/promote.h"

#include <stdio.h>
#include <string.h>

#include "base/process.h"
#include "command/delegate.h"
#include "command/options.h"
#include "command/watch.h"
#include "report/line.h"
#include "report/promotion.h"

#define RANGE_DIFF_MAX (64 << 20)

struct arguments {
	const char *campaign;
	struct promote_options options;
	int64_t *numbers;
};

static int parse_numbers(int argc, char **argv, struct arguments *a, struct error *err)
{
	a->numbers = xcalloc((size_t)(argc - optind) + 1, sizeof(*a->numbers));
	for (int i = optind; i < argc; i++)
		if (experiment_number(argv[i], &a->numbers[a->options.nr++], err))
			return -1;
	a->options.numbers = a->numbers;
	return 0;
}

static int parse(int argc, char **argv, struct arguments *a, struct error *err)
{
	static const struct option longs[] = {
		{ "campaign", required_argument, NULL, 'n' },
		{ "squash", no_argument, NULL, PROMOTION_SQUASH },
		{ "split", no_argument, NULL, PROMOTION_SPLIT },
		{ 0 },
	};
	int c;

	while ((c = next_option(argc, argv, ":h", longs)) != -1) {
		if (c == 'n')
			a->campaign = optarg;
		else if ((c == PROMOTION_SQUASH || c == PROMOTION_SPLIT) &&
			 (a->options.form == PROMOTION_COMMITS ||
			  a->options.form == (enum promotion_form)c))
			a->options.form = (enum promotion_form)c;
		else
			return usage(argc, argv);
	}
	return parse_numbers(argc, argv, a, err);
}

/* What stands on another change of the result says so: it cannot be taken by itself. */
static void print_commits(const struct promote *p)
{
	const struct promotion *promotion = p->record.promotion;

	for (size_t k = 0; k < promotion->nr; k++) {
		int64_t needs = 0;

		for (size_t i = 0; promotion->form != PROMOTION_SQUASH && i < p->stack.nr; i++)
			if (!strcmp(p->stack.items[i].commit, promotion->picked[k].from))
				needs = picks_needs(&p->picks, i);
		report_picked(p->search->repo, &p->record, k, needs, stdout);
	}
}

/* What became of the commits that were there before, as git tells it. */
static void print_range_diff(const struct promote *p)
{
	const struct promotion *promotion = p->record.promotion;
	CLEANUP_FREE char *old = xstrfmt("%s..%s", p->results.base, promotion->replaced);
	CLEANUP_FREE char *new = xstrfmt("%s..%s", p->record.base, promotion->result);
	const char *const argv[] = {
		"git", "--no-pager", "range-diff", "--no-color", "--no-notes", old, new, NULL,
	};
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	struct error err = ERROR_INIT;

	if (!*promotion->replaced)
		return;
	/* All is done by now: what cannot be told is no failure. */
	if (process_run(argv, &text, RANGE_DIFF_MAX, &err)) {
		warning("%s", err.message);
		return;
	}
	printf("\nagainst the one before, %.12s:\n", promotion->replaced);
	report_text(text.buf, text.len, "  ", stdout);
}

static void print_push(const struct promote *p)
{
	CLEANUP_STRBUF struct strbuf remote = STRBUF_INIT;
	CLEANUP_FREE char *branch = xstrfmt("results/%s", p->search->campaign);
	char lost[OID_HEX_SIZE];

	results_remote(&p->results, &remote, lost);
	printf("\nto push it:\n  ");
	report_push(remote.buf, branch, lost, false, stdout);
	printf("with all ledgers, before which a server with our hooks takes it into no "
	       "protected branch:\n  ");
	report_push(remote.buf, branch, lost, true, stdout);
}

/* The exit status. */
static int print(const struct promote *p)
{
	const struct record *r = &p->record;

	if (r->verdict.kind != VERDICT_ACCEPTED) {
		report_refusal(r, stdout);
		return EXIT_NEGATIVE;
	}
	printf("results/%s is now %.12s, on %.12s\n", r->campaign, r->promotion->result,
	       r->base);
	print_commits(p);
	report_promoted(r, stdout);
	print_range_diff(p);
	print_push(p);
	return EXIT_DONE;
}

static int promote(struct promote *p, struct search *s, struct repo *repo,
		   const struct arguments *a, struct error *err)
{
	CLEANUP_FREE char *campaign = NULL;
	struct watch watch;
	int ret;

	if (campaign_find(repo, a->campaign, &campaign, err) ||
	    promote_open(p, s, repo, campaign, err) || promote_build(p, &a->options, err) ||
	    watch_begin(&watch, s, err))
		return -1;
	ret = promote_measure(p, err);
	watch_end(&watch);
	if (ret > 0)
		return 128 + (s->signal ? s->signal : 2);
	if (ret || promote_record(p, err))
		return -1;
	return print(p);
}

int cmd_promote(int argc, char **argv, struct error *err)
{
	/* What is first here is freed last: the others need it until then. */
	CLEANUP_REPO struct repo *repo = NULL;
	CLEANUP_SEARCH struct search s;
	CLEANUP_PROMOTE struct promote p;
	struct arguments a = { 0 };
	int ret;

	search_init(&s);
	promote_init(&p);
	ret = parse(argc, argv, &a, err);
	if (!ret) {
		delegate_self(argc, argv, false);
		ret = repo_open(&repo, err) ? -1 : promote(&p, &s, repo, &a, err);
	}
	free(a.numbers);
	return ret;
}
