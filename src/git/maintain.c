#include <dirent.h>
#include <string.h>

#include "base/process.h"
#include "git/internal.h"

/*
 * git packs loose objects by the way, when somebody commits or fetches; in a night nobody does, and
 * a record makes a dozen. So it is told to, as often as it would have done so itself. Of its tasks
 * this one takes nothing away: what no ref names yet is packed like the rest. So it is in what comes
 * then: packs are rolled up until each is twice as large as the next, and a hundred thousand records
 * are in a handful, and not in hundreds that are all looked into for whatever is in the last.
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

/* In a partial clone some packs are not to be mixed with others, which git could not keep apart where
 * it rolls them up, until 2026. */
static bool is_partial(const char *packs)
{
	CLEANUP_CLOSEDIR DIR *dir = opendir(packs);

	for (struct dirent *e = dir ? readdir(dir) : NULL; e; e = readdir(dir))
		if (ends_with(e->d_name, ".promisor"))
			return true;
	return false;
}

/* The folder is locked, not a file in it: rolling up may take long, and another may begin. */
static void pack(struct repo *repo)
{
	CLEANUP_FREE char *git_dir = xstrfmt("--git-dir=%s", repo->common_dir);
	CLEANUP_FREE char *packs = xstrfmt("%sobjects/pack", repo->common_dir);
	const char *argv[] = {
		"sh",
		"-c",
		"{ nice git \"$1\" maintenance run --task=loose-objects --quiet && "
		"[ -n \"$2\" ] && "
		"nice flock -n \"$2\" git \"$1\" repack -d -l -n -q --geometric=2; "
		"} </dev/null >/dev/null 2>&1 &",
		"sh",
		git_dir,
		is_partial(packs) ? "" : packs,
		NULL
	};
	struct error ignored = ERROR_INIT;

	process_tell(argv, "", 0, NULL, SECONDS, &ignored);
}

void repo_maintain(struct repo *repo)
{
	int at_most;

	if (repo->recorded++ % EVERY)
		return;
	at_most = loose_at_most(repo);
	if (at_most > 0 && is_crowded(repo, at_most))
		pack(repo);
}
