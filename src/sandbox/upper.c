#include "sandbox/upper.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "sandbox/cgroup_file.h"
#include "sandbox/snapshot.h"

static int make(const char *store, const char *path, const char *name, struct error *err)
{
	CLEANUP_FREE char *full = xstrfmt("%s/%s%s%s", store, path, *name ? "/" : "", name);

	if (mkdir(full, 0755) && errno != EEXIST)
		return error_errno(err, "cannot make '%s'", full);
	return 0;
}

static int make_layers(const char *store, const char *path, struct error *err)
{
	return make(store, path, "", err) || make(store, path, "upper", err) ||
			       make(store, path, "work", err)
		       ? -1
		       : 0;
}

int upper_make(const char *store, char **ret_path, struct error *err)
{
	static unsigned counter;
	CLEANUP_FREE char *path = xstrfmt("upper/%d-%llu-%u", (int)getpid(),
					  process_start_time(getpid()), counter++);

	if (make(store, "upper", "", err) || make_layers(store, path, err))
		return -1;
	*ret_path = steal_ptr(path);
	return 0;
}

static int remove_path(const char *store, const char *path, struct error *err)
{
	CLEANUP_FREE char *parent = xstrfmt("%s/upper", store);

	return store_remove(parent, path + strlen("upper/"), err);
}

int upper_clear(const char *store, const char *path, struct error *err)
{
	return remove_path(store, path, err) || make_layers(store, path, err) ? -1 : 0;
}

void upper_remove(const char *store, const char *path)
{
	struct error ignored = ERROR_INIT;

	/* What cannot be removed now is found by the next upper_sweep(). */
	remove_path(store, path, &ignored);
}

static int64_t counted;

static int count(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)path;
	(void)type;
	(void)ftw;
	counted += st->st_blocks * 512;
	return 0;
}

int64_t store_size(const char *store, const char *path)
{
	CLEANUP_FREE char *full = xstrfmt("%s/%s", store, path);

	counted = 0;
	nftw(full, count, 32, FTW_PHYS);
	return counted;
}

int upper_sweep(const char *store, struct error *err)
{
	CLEANUP_FREE char *all = xstrfmt("%s/upper", store);
	CLEANUP_CLOSEDIR DIR *d = opendir(all);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		unsigned long long start;
		int pid;

		if (sscanf(e->d_name, "%d-%llu-", &pid, &start) == 2 &&
		    process_start_time(pid) != start && store_remove(all, e->d_name, err))
			return -1;
	}
	return 0;
}
