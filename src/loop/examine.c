#include "loop/examine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "loop/agent.h"
#include "loop/model.h"
#include "loop/store.h"
#include "sandbox/snapshot.h"

/* Outside a repository a folder of its own stands in for the store. */
static int find_store(char **ret, char **ret_temporary, struct error *err)
{
	CLEANUP_REPO struct repo *repo = NULL;
	struct error ignored = ERROR_INIT;
	char dir[] = "/tmp/autoresearch-doctor-XXXXXX";

	if (!repo_open(&repo, &ignored))
		return store_open(repo, ret, err);
	if (!mkdtemp(dir))
		return error_errno(err, "cannot make a folder in /tmp");
	*ret = xstrdup(dir);
	*ret_temporary = xstrdup(dir + 5);
	return 0;
}

static bool is_first_of_kind(const struct settings *settings, size_t i, const char *kind)
{
	for (size_t j = 0; j < i; j++) {
		CLEANUP_FREE char *other = NULL, *rest = NULL;

		proposer_name_split(settings->proposers.items[j], &other, &rest);
		if (!strcmp(other, kind))
			return false;
	}
	return true;
}

static void examine_proposer(const struct settings *settings, size_t i, struct probes *ret)
{
	CLEANUP_FREE char *kind = NULL, *rest = NULL;

	proposer_name_split(settings->proposers.items[i], &kind, &rest);
	if (!is_first_of_kind(settings, i, kind))
		return;
	if (proposer_is_model(kind))
		model_examine(settings, rest ? rest : settings->model, ret);
	else if (proposer_is_told(kind) && strcmp(kind, "command"))
		agent_examine(settings, kind, ret);
}

int examine(struct probes *ret, struct error *err)
{
	CLEANUP_FREE char *store = NULL, *temporary = NULL;
	CLEANUP_SETTINGS struct settings settings = { 0 };

	if (settings_read(&settings, err) || find_store(&store, &temporary, err) ||
	    store_make(store, "doctor/tree", NULL, err))
		return -1;
	probe_machine(store, ret);
	for (size_t i = 0; i < settings.proposers.nr; i++)
		examine_proposer(&settings, i, ret);
	return temporary ? store_remove("/tmp", temporary, err)
			 : store_remove(store, "doctor", err);
}
