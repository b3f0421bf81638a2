#include "loop/scratch.h"

#include <string.h>
#include <sys/stat.h>

#include "git/tree.h"
#include "sandbox/harvest.h"

/* The proposal that a scratch copy turns into. */
struct harvesting {
	struct lane *lane;
	struct search *s;
	const char *base;
	struct proposal *proposal;
	const char *folder; /* whose files go */
	const struct string_list *leavings;
};

static int remove_below(const char *path, unsigned mode, const char *oid, void *data,
			struct error *err)
{
	struct harvesting *h = data;
	size_t len = strlen(h->folder);

	(void)mode;
	(void)oid;
	(void)err;
	if (!strncmp(path, h->folder, len) && (!path[len] || path[len] == '/') &&
	    !pathspec_match(&h->s->config.hidden, path))
		proposal_add_edit(h->proposal, path, 0, NULL, 0);
	return 0;
}

/* A folder that is gone, or was made anew, takes all of its files with it. */
static int remove_folder(struct harvesting *h, const char *folder, struct error *err)
{
	h->folder = folder;
	return tree_each_file(h->s->repo, h->base, remove_below, h, err);
}

/* An overlay shows a file that took a folder's place, and not that the folder went. */
static bool was_folder(const struct lane *lane, const char *path)
{
	CLEANUP_FREE char *full = xstrfmt("%s/%s", slot_tree_dir(lane->slot), path);
	struct stat st;

	return !lstat(full, &st) && S_ISDIR(st.st_mode);
}

/* What it was given is no leaving: a change of it is never dropped in silence. */
static bool is_leaving(const char *path, void *data)
{
	const struct harvesting *h = data;
	CLEANUP_FREE char *full = NULL;
	struct stat st;

	if (!h->leavings || !pathspec_match(h->leavings, path))
		return false;
	/* The slot has one of ours there, which no commit can have and nobody sees. */
	if (!strcmp(path, ".git"))
		return true;
	full = xstrfmt("%s/%s", slot_tree_dir(h->lane->slot), path);
	return lstat(full, &st) != 0;
}

static int take_change(const struct harvest *change, void *data, struct error *err)
{
	struct harvesting *h = data;
	unsigned mode = change->executable ? 0100755 : 0100644;

	switch (change->kind) {
	case HARVEST_REMOVED:
	case HARVEST_OPAQUE:
		return remove_folder(h, change->path, err);
	case HARVEST_OTHER:
	case HARVEST_LINK:
	case HARVEST_FILE:
		break;
	}
	/* Also where the new file is ignored: what went is never dropped in silence. */
	if (was_folder(h->lane, change->path) && remove_folder(h, change->path, err))
		return -1;
	if (slot_ignores(h->lane->slot, change->path))
		return 0;
	if (change->kind == HARVEST_LINK)
		mode = 0120000;
	/* No mode that git has, so that the scope refuses the whole of it by this path. */
	if (change->kind == HARVEST_OTHER)
		mode = 0010000;
	proposal_add_edit(h->proposal, change->path, mode,
			  change->content ? change->content : "", change->len);
	return 0;
}

int scratch_read(struct lane *lane, const char *base, struct trial *trial,
		 const struct string_list *leavings, struct proposal *ret, struct error *err)
{
	struct harvesting h = { .lane = lane,
				.s = lane->search,
				.base = base,
				.proposal = ret,
				.leavings = leavings };
	CLEANUP_CLOSE int upper = trial_upper_fd(trial);

	if (upper < 0)
		return error_errno(err, "cannot open the scratch copy");
	return harvest_upper(upper, is_leaving, take_change, &h, err);
}
