#include <string.h>

#include "git/internal.h"

/* Collects what stands for `*` in the refs that `prefix*suffix` matches. */
static int collect_names(struct repo *repo, const char *prefix, const char *suffix,
			 struct string_list *ret, struct error *err)
{
	CLEANUP_FREE char *glob = xstrfmt("%s*", prefix);
	CLEANUP_GIT(git_reference_iterator) git_reference_iterator *it = NULL;
	const char *name;
	int r;

	if (git_reference_iterator_glob_new(&it, repo->git, glob) < 0)
		return error_git(err, "cannot list the refs");
	while (!(r = git_reference_next_name(&name, it))) {
		CLEANUP_FREE char *campaign = NULL;
		size_t len = strlen(name) - strlen(prefix);

		if (!ends_with(name, suffix) || len <= strlen(suffix))
			continue;
		campaign = xstrndup(name + strlen(prefix), len - strlen(suffix));
		if (!string_list_has(ret, campaign))
			string_list_add(ret, campaign);
	}
	return r == GIT_ITEROVER ? 0 : error_git(err, "cannot list the refs");
}

int ledger_campaigns(struct repo *repo, struct string_list *ret, struct error *err)
{
	if (collect_names(repo, "refs/heads/autoresearch/", "", ret, err) < 0 ||
	    collect_names(repo, "refs/autoresearch/", "/ledger", ret, err) < 0)
		return -1;
	string_list_sort(ret);
	return 0;
}
