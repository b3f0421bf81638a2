#include "command/options.h"

#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "git/settings.h"
#include "loop/lock.h"
#include "loop/store.h"

int next_option(int argc, char **argv, const char *shorts, const struct option *longs)
{
	int c;

	opterr = 0;
	c = getopt_long(argc, argv, shorts, longs, NULL);
	return c == ':' || c == '?' ? OPTION_USAGE : c;
}

bool look_options(int argc, char **argv, const char **ret_campaign, bool *ret_json)
{
	static const struct option longs[] = {
		{ "campaign", required_argument, NULL, 'n' },
		{ "json", no_argument, NULL, 'j' },
		{ 0 },
	};
	int c;

	*ret_campaign = NULL;
	*ret_json = false;
	while ((c = next_option(argc, argv, ":h", longs)) != -1) {
		if (c == 'n')
			*ret_campaign = optarg;
		else if (c == 'j')
			*ret_json = true;
		else
			return false;
	}
	return true;
}

int usage(int argc, char **argv)
{
	const struct command *c = commands;
	bool asked = false;

	for (int i = 1; i < argc; i++)
		asked |= !strcmp(argv[i], "-h") && (i == 1 || !asked);
	while (c->name && strcmp(c->name, argv[0]))
		c++;
	if (!asked && optind > 1 && optind <= argc)
		fprintf(stderr, "error: cannot understand '%s'\n", argv[optind - 1]);
	fprintf(asked ? stdout : stderr, "usage: git autoresearch %s\n", c->synopsis);
	return EXIT_USAGE;
}

enum color_when color_said(struct repo *repo, enum color_when when)
{
	static const char *const keys[] = { "color.autoresearch", "color.ui", NULL };

	return when == COLOR_UNSAID && settings_unsaid(repo, keys) ? COLOR_AUTO : when;
}

static int bad_option(const char *name, const char *value, const char *what, struct error *err)
{
	error_set(err, "--%s takes %s, not '%s'", name, what, value);
	return error_status(err, EXIT_USAGE);
}

int option_count(const char *name, const char *value, int64_t *ret, struct error *err)
{
	if (number_parse_count(value, ret) || *ret < 1)
		return bad_option(name, value, "a number from 1 up", err);
	return 0;
}

int option_duration(const char *name, const char *value, double *ret, struct error *err)
{
	if (number_parse_duration(value, ret) || *ret <= 0)
		return bad_option(name, value, "a time such as 90s or 8h", err);
	return 0;
}

const char *campaign_of_branch(const char *branch)
{
	return starts_with(branch, "autoresearch/") ? branch + strlen("autoresearch/") : branch;
}

int campaign_find(struct repo *repo, const char *name, char **ret, struct error *err)
{
	CLEANUP_STRING_LIST struct string_list all = STRING_LIST_INIT;
	CLEANUP_FREE char *branch = repo_current_branch(repo);

	if (ledger_campaigns(repo, &all, err))
		return -1;
	if (!name && branch && string_list_has(&all, campaign_of_branch(branch)))
		name = campaign_of_branch(branch);
	if (!name && all.nr == 1)
		name = all.items[0];
	if (!name) {
		error_set(err, all.nr ? "which campaign? There are several"
				      : "there is no campaign in this repository");
		return error_hint(err, "%s",
				  all.nr ? "--campaign=<name>" : "git autoresearch start");
	}
	if (!string_list_has(&all, name)) {
		CLEANUP_FREE char *word = shell_word(name);

		error_set(err, "there is no campaign '%s'", name);
		return error_hint(err, "git autoresearch start %s", word);
	}
	*ret = xstrdup(name);
	return 0;
}

int campaign_find_at_work(struct repo *repo, const char *name, char **ret, struct error *err)
{
	CLEANUP_FREE char *store = NULL, *path = NULL, *dir = NULL;
	CLEANUP_FREE char *branch = repo_current_branch(repo);
	const char *likely = name ? name : branch ? campaign_of_branch(branch) : NULL;

	if (store_open(repo, &store, err))
		return -1;
	if (likely) {
		path = store_campaign_path(likely);
		dir = xstrfmt("%s/%s", store, path);
		if (lock_holder(dir)) {
			*ret = xstrdup(likely);
			return 0;
		}
	}
	return campaign_find(repo, name, ret, err);
}

int campaign_expect(struct repo *repo, const char *name, char **ret, struct error *err)
{
	CLEANUP_STRING_LIST struct string_list all = STRING_LIST_INIT;
	CLEANUP_FREE char *branch = NULL;
	struct error late = ERROR_INIT;

	if (!campaign_find_at_work(repo, name, ret, err))
		return 0;
	branch = repo_current_branch(repo);
	if (!name && branch && !ledger_campaigns(repo, &all, &late) && !all.nr)
		name = campaign_of_branch(branch);
	if (!name)
		return -1;
	*ret = xstrdup(name);
	return 0;
}

int campaign_open(const char *name, struct repo **ret_repo, struct ledger *ret,
		  struct error *err)
{
	CLEANUP_FREE char *campaign = NULL;
	CLEANUP_REPO struct repo *repo = NULL;

	if (repo_open(&repo, err) || campaign_find(repo, name, &campaign, err) ||
	    ledger_open(ret, repo, campaign, err))
		return -1;
	*ret_repo = steal_ptr(repo);
	return 0;
}

int experiment_number(const char *arg, int64_t *ret, struct error *err)
{
	if (number_parse_count(arg, ret)) {
		error_set(err, "'%s' is no number of an experiment", arg);
		return error_status(err, EXIT_USAGE);
	}
	return 0;
}

int experiment_find(struct ledger *ledger, int64_t number, struct entry *ret, struct error *err)
{
	int missing = ledger_find(ledger, number, ret, err);

	if (missing <= 0)
		return missing;
	error_set(err, "campaign '%s' has no experiment %lld", ledger->campaign,
		  (long long)number);
	return error_hint(err, "git autoresearch log");
}
