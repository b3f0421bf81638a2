#include <stdlib.h>
#include <string.h>

#include "git/internal.h"
#include "git/settings.h"

/* Of what git reads, libgit2 knows neither a worktree's own file, nor all conditions on which
 * another file is included, nor all ways to name that. */
static bool git_knows_more(const git_config_entry *entry)
{
	if (!strcmp(entry->name, "include.path"))
		return !entry->value || starts_with(entry->value, "%(") ||
		       (starts_with(entry->value, "~") && entry->value[1] != '/');
	return starts_with(entry->name, "includeif.") ||
	       !strcmp(entry->name, "extensions.worktreeconfig");
}

static bool environment_says(void)
{
	static const char *const says[] = { "GIT_CONFIG", "GIT_CONFIG_PARAMETERS",
					    "GIT_CONFIG_COUNT", "GIT_CONFIG_GLOBAL",
					    "GIT_CONFIG_SYSTEM" };
	const char *xdg = getenv("XDG_CONFIG_HOME");

	for (size_t i = 0; i < ARRAY_SIZE(says); i++)
		if (getenv(says[i]))
			return true;
	/* Empty, git takes it for unset. */
	return xdg && !*xdg;
}

static int may_be_one(const git_config_entry *entry, void *data)
{
	for (const char *const *key = data; *key; key++)
		if (!strcmp(entry->name, *key))
			return 1;
	return git_knows_more(entry);
}

bool settings_unsaid(struct repo *repo, const char *const *keys)
{
	CLEANUP_GIT(git_config) git_config *config = NULL;

	return !environment_says() && !git_repository_config_snapshot(&config, repo->git) &&
	       !git_config_foreach(config, may_be_one, (void *)keys);
}
