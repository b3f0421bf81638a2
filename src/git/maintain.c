#include <dirent.h>
#include <string.h>

#include "base/process.h"
#include "git/internal.h"

/*
 * git packs loose objects by the way, when somebody commits or fetches; in a night nobody does, and
 * a record makes a dozen. So it is told to, as often as it would have done so itself. Of its tasks
 * this one takes nothing away: what no ref names yet is packed like the rest.
 */

#define EVERY 100	   /* records between two looks */
#define LOOSE_DEFAULT 6700 /* git's */
#define SECONDS 10	   /* that starting it may take */

/* gc.auto, as git reads it: so many objects are too many; 0: never. */
static int loose_at_most(struct repo *repo)
{
	CLEANUP_GIT(git_config) git_config *config = NULL;
	int at_most = LOOSE_DEFAULT, automatic = 1;

	if (git_repository_config_snapshot(&config, repo->git) < 0)
		return 0;
	git_config_get_int32(&at_most, config, "gc.auto");
	git_config_get_bool(&automatic, config, "maintenance.auto");
	return automatic ? at_most : 0;
}

/* By one folder of the 256, as git does. */
static bool is_crowded(struct repo *repo, int at_most)
{
	CLEANUP_FREE char *path = xstrfmt("%sobjects/17", repo->common_dir);
	CLEANUP_CLOSEDIR DIR *dir = opendir(path);
	int left = (at_most + 255) / 256;

	for (struct dirent *e = dir ? readdir(dir) : NULL; e; e = readdir(dir))
		if (strlen(e->d_name) == OID_HEX_LEN - 2 && left-- == 0)
			return true;
	return false;
}

void repo_maintain(struct repo *repo)
{
	CLEANUP_FREE char *git_dir = xstrfmt("--git-dir=%s", repo->common_dir);
	const char *argv[] = { "sh",
			       "-c",
			       "nice git \"$1\" maintenance run --task=loose-objects --quiet "
			       "</dev/null >/dev/null 2>&1 &",
			       "sh",
			       git_dir,
			       NULL };
	struct error ignored = ERROR_INIT;
	int at_most;

	if (repo->recorded++ % EVERY)
		return;
	at_most = loose_at_most(repo);
	if (at_most > 0 && is_crowded(repo, at_most))
		process_tell(argv, "", 0, NULL, SECONDS, &ignored);
}
