#include "loop/leftovers.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>

#include "git/slot.h"
#include "loop/lock.h"
#include "loop/store.h"
#include "sandbox/cgroup.h"
#include "sandbox/snapshot.h"

struct leftovers {
	struct repo *repo;
	const char *store;
	bool dry_run;
	bool any_runs;
	leftover_fn fn;
	void *data;
};

static int list_folder(const char *dir, struct string_list *ret)
{
	CLEANUP_CLOSEDIR DIR *d = opendir(dir);
	struct dirent *e;

	while (d && (e = readdir(d)))
		if (strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
			string_list_add(ret, e->d_name);
	string_list_sort(ret);
	return 0;
}

static void tell(struct leftovers *l, const char *kind, const char *path)
{
	CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;

	strbuf_addf(&line, "%s ", kind);
	strbuf_add_visible(&line, path, strlen(path));
	l->fn(line.buf, l->data);
}

/* The slots of one folder, unless whoever works in it is alive. */
static int remove_slots(struct leftovers *l, const char *dir, struct error *err)
{
	CLEANUP_STRING_LIST struct string_list slots = STRING_LIST_INIT;
	CLEANUP_FREE char *all = xstrfmt("%s/slots", dir);
	CLEANUP_CLOSE int lock = -1;
	pid_t holder;
	int taken = lock_take(dir, &lock, &holder, err);

	if (taken) {
		l->any_runs = true;
		return taken < 0 ? -1 : 0;
	}
	list_folder(all, &slots);
	for (size_t i = 0; i < slots.nr; i++) {
		CLEANUP_FREE char *slot = xstrfmt("%s/%s", all, slots.items[i]);

		tell(l, "slot", slot);
		if (!l->dry_run &&
		    slot_remove(l->repo, dir, (int)strtol(slots.items[i], NULL, 10), err))
			return -1;
	}
	return 0;
}

static int each_folder(struct leftovers *l, const char *kind, struct error *err)
{
	CLEANUP_STRING_LIST struct string_list names = STRING_LIST_INIT;
	CLEANUP_FREE char *all = xstrfmt("%s/%s", l->store, kind);

	list_folder(all, &names);
	for (size_t i = 0; i < names.nr; i++) {
		CLEANUP_FREE char *dir = xstrfmt("%s/%s", all, names.items[i]);

		if (remove_slots(l, dir, err))
			return -1;
	}
	return 0;
}

/* Any run may stand on a snapshot, so they stay while there is one. */
static int remove_snapshots(struct leftovers *l, struct error *err)
{
	CLEANUP_STRING_LIST struct string_list names = STRING_LIST_INIT;
	CLEANUP_FREE char *all = xstrfmt("%s/warm", l->store);

	if (l->any_runs)
		return 0;
	list_folder(all, &names);
	for (size_t i = 0; i < names.nr; i++) {
		CLEANUP_FREE char *dir = xstrfmt("%s/%s", all, names.items[i]);

		tell(l, "snapshot", dir);
		if (!l->dry_run && store_remove(all, names.items[i], err))
			return -1;
	}
	return 0;
}

int leftovers_remove(struct repo *repo, bool dry_run, leftover_fn fn, void *data,
		     struct error *err)
{
	struct leftovers l = { .repo = repo, .dry_run = dry_run, .fn = fn, .data = data };
	CLEANUP_STRING_LIST struct string_list groups = STRING_LIST_INIT;
	CLEANUP_FREE char *store = NULL;

	if (store_open(repo, &store, err))
		return -1;
	l.store = store;
	if (cgroup_sweep(store, dry_run, &groups, err))
		return -1;
	for (size_t i = 0; i < groups.nr; i++)
		tell(&l, "cgroup", groups.items[i]);
	return each_folder(&l, "campaigns", err) || each_folder(&l, "sandbox", err) ||
			       remove_snapshots(&l, err)
		       ? -1
		       : 0;
}
