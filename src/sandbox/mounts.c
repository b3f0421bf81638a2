#include "sandbox/mounts.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/cleanup.h"

int mount_copy(const char *path, bool recursive, struct error *err)
{
	int fd =
		open_tree(AT_FDCWD, path,
			  OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (recursive ? AT_RECURSIVE : 0));

	if (fd < 0)
		return error_errno(err, "cannot copy the mount of '%s'", path);
	return fd;
}

int mount_map_ids(int mount, int userns, struct error *err)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP,
				   .userns_fd = (uint64_t)userns };

	if (mount_setattr(mount, "", AT_EMPTY_PATH, &attr, sizeof(attr)))
		return error_errno(err, "cannot map the owners of files");
	return 0;
}

int mount_restrict(int mount, uint64_t attributes, bool recursive, struct error *err)
{
	struct mount_attr attr = { .attr_set = attributes };

	if (mount_setattr(mount, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &attr,
			  sizeof(attr)))
		return error_errno(err, "cannot restrict a mount");
	return 0;
}

int mount_attach(int mount, const char *target, struct error *err)
{
	if (move_mount(mount, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH))
		return error_errno(err, "cannot mount on '%s'", target);
	return 0;
}

int mount_show(const char *source, const char *target, uint64_t attributes, struct error *err)
{
	CLEANUP_CLOSE int fd = mount_copy(source, true, err);

	if (fd < 0 || (attributes && mount_restrict(fd, attributes, true, err)))
		return -1;
	return mount_attach(fd, target, err);
}

int mount_new(const char *type, const char *target, unsigned long flags, const char *options,
	      struct error *err)
{
	if (mount(type, target, type, flags, options))
		return error_errno(err, "cannot mount %s on '%s'", type, target);
	return 0;
}
