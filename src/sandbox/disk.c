#include "sandbox/disk.h"

#include <sys/vfs.h>

#include "sandbox/upper.h"

bool disk_is_out(int disk)
{
	struct statfs fs;

	return !fstatfs(disk, &fs) && (!fs.f_bavail || !fs.f_ffree);
}

int64_t disk_written(int disk, const char *store, const char *const *on_host, size_t nr)
{
	int64_t size = 0;
	struct statfs fs;

	for (size_t i = 0; i < nr; i++)
		if (on_host[i])
			size += store_size(store, on_host[i]);
	if (!fstatfs(disk, &fs))
		size += (int64_t)(fs.f_blocks - fs.f_bfree) * fs.f_bsize;
	return size;
}
