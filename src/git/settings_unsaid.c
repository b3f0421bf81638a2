#include <stdlib.h>
#include <string.h>

#include "git/internal.h"
#include "git/settings.h"

/* Of what git reads, libgit2 knows neither these nor a worktree's own file, and not all conditions
 * on which another file is included. */
static bool git_knows_more(const char *key)
{
	return starts_with(key, "includeif.") || !strcmp(key, "extensions.worktreeconfig");
}

static bool environment_says(void)
{
	static const char *const says[] = { "GIT_CONFIG_PARAMETERS", "GIT_CONFIG_COUNT",
					    "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM" };

	for (size_t i = 0; i < ARRAY_SIZE(says); i++)
		if (getenv(says[i]))
			return true;
	return false;
}

static int may_be_one(const git_config_entry *entry, void *data)
{
	for (const char *const *key = data; *key; key++)
		if (!strcmp(entry->name, *key))
			return 1;
	return git_knows_more(entry->name);
}

bool settings_unsaid(struct repo *repo, const char *const *keys)
{
	CLEANUP_GIT(git_config) git_config *config = NULL;

	return !environment_says() && !git_repository_config_snapshot(&config, repo->git) &&
	       !git_config_foreach(config, may_be_one, (void *)keys);
}
