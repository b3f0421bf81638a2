#include "loop/decide.h"

#include <stdio.h>

#include "base/number.h"
#include "command/options.h"

struct arguments {
	const char *campaign;
	struct strbuf why;
	int64_t number;
};

/* As git commit has it: each -m is a paragraph. */
static void add_reason(struct strbuf *why, const char *text)
{
	if (why->len)
		strbuf_addstr(why, "\n\n");
	strbuf_addstr(why, text);
}

static int parse(int argc, char **argv, struct arguments *a, struct error *err)
{
	static const struct option longs[] = {
		{ "campaign", required_argument, NULL, 'n' },
		{ 0 },
	};
	int c;

	while ((c = next_option(argc, argv, ":hm:", longs)) != -1) {
		if (c == 'n')
			a->campaign = optarg;
		else if (c == 'm')
			add_reason(&a->why, optarg);
		else
			return usage(argc, argv);
	}
	if (optind != argc - 1)
		return usage(argc, argv);
	if (experiment_number(argv[optind], &a->number, err))
		return -1;
	strbuf_rtrim(&a->why);
	if (a->why.len)
		return 0;
	error_set(err, "a decision is kept with its reason, and there is none");
	error_hint(err, "git autoresearch %s %s -m <why>", argv[0], argv[optind]);
	return error_status(err, EXIT_USAGE);
}

/* "main/3: accepted; autoresearch/main is now 0123456789ab, loss 45" */
static void print(const struct record *r, const char *commit)
{
	CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;

	strbuf_addf(&line, "%s/%lld: %s", r->campaign, (long long)r->experiment,
		    verdict_name(r->verdict.kind));
	if (*commit)
		strbuf_addf(&line, "; autoresearch/%s is now %.12s", r->campaign, commit);
	if (*commit && r->has_metric) {
		strbuf_addf(&line, ", %s ", r->metric_name);
		strbuf_add_number(&line, r->metric);
	} else if (*commit) {
		strbuf_addstr(&line, ", which the next start measures");
	}
	printf("%s\n", line.buf);
}

static int run(int argc, char **argv, enum verdict_kind kind, struct error *err)
{
	CLEANUP_REPO struct repo *repo = NULL;
	CLEANUP_RECORD struct record record = { 0 };
	CLEANUP_FREE char *campaign = NULL;
	struct arguments a = { .why = STRBUF_INIT };
	char commit[OID_HEX_SIZE];
	int ret = parse(argc, argv, &a, err);

	if (!ret)
		ret = repo_open(&repo, err) ||
				      campaign_find(repo, a.campaign, &campaign, err) ||
				      decide(repo, campaign, a.number, kind, a.why.buf, &record,
					     commit, err)
			      ? -1
			      : 0;
	strbuf_release(&a.why);
	if (ret)
		return ret;
	print(&record, commit);
	return EXIT_DONE;
}

int cmd_accept(int argc, char **argv, struct error *err)
{
	return run(argc, argv, VERDICT_ACCEPTED, err);
}

int cmd_reject(int argc, char **argv, struct error *err)
{
	return run(argc, argv, VERDICT_REJECTED, err);
}
