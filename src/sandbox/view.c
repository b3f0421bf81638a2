#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/channel.h"
#include "sandbox/internal.h"
#include "sandbox/mounts.h"
#include "sandbox/outdir.h"

/*
 * What one phase sees. The caller is pid 1 of the phase, in a mount namespace of its own
 * that is a copy of the trial's: the skeleton with the store and the trial's disk in it.
 *
 *     INSIDE_DISK/out             what is left for the next phase
 *     INSIDE_DISK/<phase>/…       upper and work of the overlay, tmp, home, shm, metrics
 *     INSIDE_DISK/<phase>/mask    the topmost lower layer: whiteouts of what must not be seen
 */

static int make(const char *path, mode_t mode, struct error *err)
{
	/* chmod(2) since mkdir(2) minds the umask. */
	if ((mkdir(path, mode) && errno != EEXIST) || chmod(path, mode))
		return error_errno(err, "cannot make '%s'", path);
	return 0;
}

/* An overlay whiteout is a character device 0:0, which any user may make. */
static int whiteout(const char *mask, const char *path, struct error *err)
{
	CLEANUP_FREE char *full = xstrfmt("%s/%s", mask, path);

	for (char *p = strchr(full + strlen(mask) + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		if (mkdir(full, 0755) && errno != EEXIST)
			return error_errno(err, "cannot hide '%s'", path);
		*p = '/';
	}
	if (mknod(full, S_IFCHR, 0) && errno != EEXIST)
		return error_errno(err, "cannot hide '%s'", path);
	return 0;
}

static int build_overlay(const struct trial_command *command, const char *on_disk,
			 const char *base, struct error *err)
{
	CLEANUP_STRBUF struct strbuf options = STRBUF_INIT;
	CLEANUP_FREE char *mask = xstrfmt("%s/mask", base);

	if (make(mask, 0755, err) || whiteout(mask, ".git", err))
		return -1;
	for (size_t i = 0; command->masked && i < command->masked->nr; i++)
		if (whiteout(mask, command->masked->items[i], err))
			return -1;
	strbuf_addf(&options, "userxattr,lowerdir=%s", mask);
	if (command->hidden)
		strbuf_addf(&options, ":%s/%s", INSIDE_STORE, command->hidden);
	strbuf_addf(&options, ":%s/%s", INSIDE_STORE, command->tree);
	if (command->warm)
		strbuf_addf(&options, ":%s/%s", INSIDE_STORE, command->warm);
	if (on_disk)
		strbuf_addf(&options, ",upperdir=%s/%s/upper,workdir=%s/%s/work", INSIDE_STORE,
			    on_disk, INSIDE_STORE, on_disk);
	else
		strbuf_addf(&options, ",upperdir=%s/upper,workdir=%s/work", base, base);
	/* What setup leaves is kept; nothing else needs to be synced. */
	if (!command->upper)
		strbuf_addstr(&options, ",volatile");
	return mount_new("overlay", INSIDE_WORK, MS_NOSUID | MS_NODEV, options.buf, err);
}

static int show(const char *base, const char *name, const char *target, mode_t mode,
		uint64_t attributes, struct error *err)
{
	CLEANUP_FREE char *path = xstrfmt("%s/%s", base, name);

	return make(path, mode, err) || mount_show(path, target, attributes, err) ? -1 : 0;
}

/* A /tmp of its own, with the host's paths in it that the user opened. */
static int build_tmp(const struct sandbox *sandbox, const char *base, struct error *err)
{
	const struct string_list *paths = &sandbox->in_tmp;
	CLEANUP_FREE int *mounts = xcalloc(paths->nr, sizeof(int));

	for (size_t i = 0; i < paths->nr; i++)
		if ((mounts[i] = mount_copy(paths->items[i], true, err)) < 0)
			return -1;
	if (show(base, "tmp", INSIDE_TMP, 01777, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, err))
		return -1;
	for (size_t i = 0; i < paths->nr; i++) {
		if (make_mount_point(mounts[i], paths->items[i], err) ||
		    mount_attach(mounts[i], paths->items[i], err))
			return -1;
		close(mounts[i]);
	}
	return 0;
}

static int build_private(const struct sandbox *sandbox, const struct trial_command *command,
			 const char *base, struct error *err)
{
	const uint64_t plain = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;

	if (build_tmp(sandbox, base, err) || show(base, "shm", "/dev/shm", 01777, plain, err) ||
	    show(INSIDE_DISK, "out", INSIDE_OUT, 0755,
		 plain | (command->out_writable ? 0 : MOUNT_ATTR_RDONLY), err))
		return -1;
	if (command->phase == PHASE_EVALUATE) {
		CLEANUP_CLOSE int fd = -1;

		if (show(base, "metrics", INSIDE_METRICS_DIR, 0755, plain, err))
			return -1;
		fd = open(INSIDE_METRICS, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
		if (fd < 0)
			return error_errno(err, "cannot make '%s'", INSIDE_METRICS);
	}
	if (command->home)
		return show(INSIDE_STORE, command->home, INSIDE_HOME, 0755, plain, err);
	return show(base, "home", INSIDE_HOME, 0755, plain, err);
}

/* Names are found in a file of the phase's own, since no name server can be asked. */
static int build_hosts(const struct network_allow *network, const char *base, struct error *err)
{
	CLEANUP_FREE char *path = xstrfmt("%s/hosts", base);
	CLEANUP_FREE char *target = realpath("/etc/hosts", NULL);
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	CLEANUP_CLOSE int fd = -1;

	if (!target)
		return error_errno(err, "cannot show names in /etc/hosts");
	network_format_hosts(network, &text);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, text.buf, text.len) != (ssize_t)text.len || fchmod(fd, 0644))
		return error_errno(err, "cannot write '%s'", path);
	return mount_show(path, target,
			  MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, err);
}

/* A proc of our own pid namespace, without what tells of the host or could change it. */
int view_prepare(struct error *err)
{
	static const char *const read_only[] = { "/proc/sys", "/proc/bus", "/proc/fs",
						 "/proc/irq", "/proc/sysrq-trigger" };
	static const char *const blank[] = { "/proc/kcore",	  "/proc/keys",
					     "/proc/key-users",	  "/proc/timer_list",
					     "/proc/sched_debug", "/proc/latency_stats",
					     "/proc/kallsyms",	  "/proc/kmsg" };
	static const char *const empty[] = { "/proc/acpi", "/proc/scsi", "/proc/pressure" };
	const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;

	if (mount_new("proc", "/proc", flags, NULL, err))
		return error_hint(err,
				  "where /proc is partly hidden, as in most containers, no "
				  "sandbox can be made");
	for (size_t i = 0; i < ARRAY_SIZE(read_only); i++)
		if (!access(read_only[i], F_OK) &&
		    mount_show(read_only[i], read_only[i],
			       MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
				       MOUNT_ATTR_NOEXEC,
			       err))
			return -1;
	for (size_t i = 0; i < ARRAY_SIZE(blank); i++)
		if (!access(blank[i], F_OK) && mount_show("/dev/null", blank[i], 0, err))
			return -1;
	for (size_t i = 0; i < ARRAY_SIZE(empty); i++)
		if (!access(empty[i], F_OK) &&
		    mount_new("tmpfs", empty[i], flags | MS_RDONLY, "size=4k", err))
			return -1;
	return 0;
}

static void tell_removed(const char *path, void *data)
{
	channel_send(*(int *)data, MESSAGE_REMOVED, path, strnlen(path, 4096), NULL, 0);
}

/* The leavings of earlier phases go, save OUT; and OUT holds only files and folders after. */
static int clear_disk(const struct trial_command *command, int control, struct error *err)
{
	CLEANUP_CLOSE int disk = open(INSIDE_DISK, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CLEANUP_CLOSE int out = -1;

	if (disk < 0)
		return error_errno(err, "cannot open '%s'", INSIDE_DISK);
	for (enum phase p = 0; p < command->phase; p++)
		if (tree_remove(disk, phase_name(p), err))
			return -1;
	if (command->out_writable)
		return 0;
	out = openat(disk, "out", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (out < 0)
		return errno == ENOENT ? 0 : error_errno(err, "cannot open OUT");
	return outdir_clean(out, tell_removed, &control, err);
}

int view_build(const struct phase_launch *launch, const struct trial_command *command,
	       struct error *err)
{
	const struct network_allow *network = launch->network;
	const char *on_disk = command->upper ? command->upper : launch->upper;
	CLEANUP_FREE char *base = xstrfmt("%s/%s", INSIDE_DISK, phase_name(command->phase));
	CLEANUP_FREE char *upper = xstrfmt("%s/upper", base);
	CLEANUP_FREE char *work = xstrfmt("%s/work", base);

	if (clear_disk(command, launch->control, err) || make(base, 0755, err) ||
	    make(upper, 0755, err) || make(work, 0755, err) ||
	    build_overlay(command, on_disk, base, err) ||
	    build_private(launch->sandbox, command, base, err))
		return -1;
	if (network && network->nr && !network->open && build_hosts(network, base, err))
		return -1;
	/* From here on the store and the raw disk are out of everybody's reach. */
	if (umount2(INSIDE_BELOW, MNT_DETACH))
		return error_errno(err, "cannot put the store out of reach");
	if (chdir(INSIDE_WORK))
		return error_errno(err, "cannot enter '%s'", INSIDE_WORK);
	return 0;
}
