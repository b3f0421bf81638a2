#include "sandbox/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/process.h"
#include "sandbox/internal.h"
#include "sandbox/mounts.h"
#include "sandbox/nursery.h"
#include "sandbox/upper.h"

/* What of the host every command sees, read-only. */
static const char *const system_dirs[] = { "/usr",   "/bin",   "/sbin",	  "/lib",
					   "/lib32", "/lib64", "/libx32", "/etc" };

static const char *const devices[] = { "/dev/null",   "/dev/zero",    "/dev/full",
				       "/dev/random", "/dev/urandom", "/dev/tty" };

static const char *const folders[] = { INSIDE_WORK, INSIDE_OUT, INSIDE_HOME, INSIDE_METRICS_DIR,
				       INSIDE_TMP,  "/proc",	"/dev/pts",  "/dev/shm",
				       "/run",	    "/var",	INSIDE_BELOW };

pid_t clone_process(unsigned long long flags, int cgroup, int *ret_pidfd)
{
	int pidfd = -1;
	struct clone_args args = {
		.flags = flags | (cgroup >= 0 ? CLONE_INTO_CGROUP : 0) |
			 (ret_pidfd ? CLONE_PIDFD : 0),
		.exit_signal = flags & CLONE_PARENT ? 0 : SIGCHLD,
		.cgroup = cgroup >= 0 ? (unsigned long long)cgroup : 0,
		.pidfd = (unsigned long long)(uintptr_t)&pidfd,
	};
	pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));

	if (pid > 0 && ret_pidfd)
		*ret_pidfd = pidfd;
	return pid;
}

static int write_proc(pid_t pid, const char *name, const char *text, struct error *err)
{
	CLEANUP_FREE char *path = xstrfmt("/proc/%d/%s", (int)pid, name);
	CLEANUP_CLOSE int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		return error_errno(err, "cannot write '%s'", path);
	return 0;
}

/* A user namespace lives as long as its descriptor; the process that made it need not. */
static int userns_make(int *ret, struct error *err)
{
	uid_t outside = geteuid() ? geteuid() : NOBODY;
	gid_t outside_group = geteuid() ? getegid() : NOBODY;
	CLEANUP_FREE char *users = xstrfmt("0 %u 1", outside);
	CLEANUP_FREE char *groups = xstrfmt("0 %u 1", outside_group);
	pid_t parent = getpid();
	pid_t pid = clone_process(CLONE_NEWUSER, -1, NULL);
	int failed;

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* It may have died before that. */
		while (getppid() == parent)
			pause();
		_exit(1);
	}
	if (pid < 0) {
		error_errno(err, "cannot make a user namespace");
		return error_hint(err, "see: git autoresearch doctor");
	}
	failed = write_proc(pid, "uid_map", users, err) ||
		 (geteuid() && write_proc(pid, "setgroups", "deny", err)) ||
		 write_proc(pid, "gid_map", groups, err);
	if (!failed) {
		CLEANUP_FREE char *path = xstrfmt("/proc/%d/ns/user", (int)pid);

		*ret = open(path, O_RDONLY | O_CLOEXEC);
		if (*ret < 0)
			failed = error_errno(err, "cannot open '%s'", path);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return failed ? -1 : 0;
}

int enter_user(const struct sandbox *sandbox, struct error *err)
{
	/* Root's own groups go; a user's cannot, and are without power inside. */
	if (!geteuid() && setgroups(0, NULL))
		return error_errno(err, "cannot drop the groups");
	if (setns(sandbox->userns, CLONE_NEWUSER))
		return error_errno(err, "cannot enter the user namespace");
	if (setresgid(0, 0, 0) || setresuid(0, 0, 0))
		return error_errno(err, "cannot become the sandbox's user");
	return 0;
}

static int make_folder(const char *path, struct error *err)
{
	CLEANUP_FREE char *copy = xstrdup(path);

	for (char *p = strchr(copy + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		if (mkdir(copy, 0755) && errno != EEXIST)
			return error_errno(err, "cannot make '%s'", copy);
		*p = '/';
	}
	if (mkdir(copy, 0755) && errno != EEXIST)
		return error_errno(err, "cannot make '%s'", copy);
	return 0;
}

int make_mount_point(int mount, const char *path, struct error *err)
{
	CLEANUP_FREE char *parent = xstrdup(path);
	CLEANUP_CLOSE int fd = -1;
	struct stat st;

	if (fstat(mount, &st))
		return error_errno(err, "cannot look at '%s'", path);
	if (S_ISDIR(st.st_mode))
		return make_folder(path, err);
	*strrchr(parent, '/') = '\0';
	if (*parent && make_folder(parent, err))
		return -1;
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		return error_errno(err, "cannot make '%s'", path);
	return 0;
}

/* A piece of the host and where it will be. */
struct piece {
	const char *path;
	int fd;	    /* its detached mount; -1: none */
	char *link; /* it is a symbolic link on the host: made anew */
	uint64_t attributes;
};

struct pieces {
	struct piece *items;
	size_t nr;
};

static struct piece *piece_add(struct pieces *pieces, const char *path, uint64_t attributes)
{
	struct piece *p;

	pieces->items = xrealloc(pieces->items, (pieces->nr + 1) * sizeof(*pieces->items));
	p = &pieces->items[pieces->nr++];
	*p = (struct piece){ .path = path, .fd = -1, .attributes = attributes };
	return p;
}

static void pieces_release(struct pieces *pieces)
{
	for (size_t i = 0; i < pieces->nr; i++) {
		if (pieces->items[i].fd >= 0)
			close(pieces->items[i].fd);
		free(pieces->items[i].link);
	}
	free(pieces->items);
}

#define READ_ONLY (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID)

static void list_pieces(struct pieces *pieces, const struct sandbox_options *options)
{
	for (size_t i = 0; i < ARRAY_SIZE(system_dirs); i++) {
		char target[4096];
		ssize_t len = readlink(system_dirs[i], target, sizeof(target) - 1);
		struct piece *p;

		if (access(system_dirs[i], F_OK))
			continue;
		p = piece_add(pieces, system_dirs[i], READ_ONLY | MOUNT_ATTR_NODEV);
		if (len > 0)
			p->link = xstrndup(target, (size_t)len);
	}
	for (size_t i = 0; i < ARRAY_SIZE(devices); i++)
		if (!access(devices[i], F_OK))
			piece_add(pieces, devices[i], MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
	for (size_t i = 0; options->devices && i < options->devices->nr; i++)
		piece_add(pieces, options->devices->items[i],
			  MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
	for (size_t i = 0; options->binds && i < options->binds->nr; i++)
		piece_add(pieces, options->binds->items[i], READ_ONLY | MOUNT_ATTR_NODEV);
}

/*
 * Root copies what its sandbox could not reach as nobody while it still can: the store,
 * whose owners must be mapped, and the paths that the user opened, whose owners are mapped
 * where their file system can.
 */
static int copy_as_root(const struct sandbox *sandbox, const struct sandbox_options *options,
			struct pieces *pieces, int *ret_store, struct error *err)
{
	CLEANUP_CLOSE int store = -1;

	if (geteuid())
		return 0;
	store = mount_copy(options->store, false, err);
	if (store < 0)
		return -1;
	if (mount_map_ids(store, sandbox->userns, err)) {
		error_context(err, "'%s'", options->store);
		return error_hint(err,
				  "root needs a file system with mapped ids (ext4, xfs, btrfs) "
				  "there, or run it as an ordinary user");
	}
	for (size_t i = 0; i < pieces->nr; i++) {
		struct piece *p = &pieces->items[i];
		struct error ignored = ERROR_INIT;

		if (!options->binds || !string_list_has(options->binds, p->path))
			continue;
		p->fd = mount_copy(p->path, false, err);
		if (p->fd < 0)
			return -1;
		if (mount_map_ids(p->fd, sandbox->userns, &ignored)) {
			close(p->fd);
			p->fd = mount_copy(p->path, true, err);
			if (p->fd < 0)
				return -1;
		}
	}
	*ret_store = steal_fd(&store);
	return 0;
}

static int place_pieces(struct pieces *pieces, const char *root, struct error *err)
{
	for (size_t i = 0; i < pieces->nr; i++) {
		struct piece *p = &pieces->items[i];
		CLEANUP_FREE char *target = xstrfmt("%s%s", root, p->path);

		if (p->link) {
			if (symlink(p->link, target))
				return error_errno(err, "cannot make the link '%s'", target);
			continue;
		}
		if (make_mount_point(p->fd, target, err) ||
		    mount_restrict(p->fd, p->attributes, true, err) ||
		    mount_attach(p->fd, target, err))
			return error_context(err, "'%s'", p->path);
	}
	return 0;
}

static int make_dev(const char *root, struct error *err)
{
	static const char *const links[][2] = {
		{ "/proc/self/fd", "/dev/fd" },	      { "/proc/self/fd/0", "/dev/stdin" },
		{ "/proc/self/fd/1", "/dev/stdout" }, { "/proc/self/fd/2", "/dev/stderr" },
		{ "pts/ptmx", "/dev/ptmx" },	      { "/tmp", "/var/tmp" },
	};
	CLEANUP_FREE char *pts = xstrfmt("%s/dev/pts", root);

	for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
		CLEANUP_FREE char *path = xstrfmt("%s%s", root, links[i][1]);

		if (symlink(links[i][0], path))
			return error_errno(err, "cannot make the link '%s'", links[i][1]);
	}
	return mount_new("devpts", pts, MS_NOSUID | MS_NOEXEC,
			 "newinstance,ptmxmode=0666,mode=620", err);
}

static int make_below(const char *root, struct error *err)
{
	CLEANUP_FREE char *below = xstrfmt("%s" INSIDE_BELOW, root);
	CLEANUP_FREE char *store = xstrfmt("%s" INSIDE_STORE, root);
	CLEANUP_FREE char *disk = xstrfmt("%s" INSIDE_DISK, root);

	return mount_new("tmpfs", below, MS_NOSUID | MS_NODEV, "mode=0755,size=4k", err) ||
			       make_folder(store, err) || make_folder(disk, err)
		       ? -1
		       : 0;
}

/* Any folder that every host has will do: it is covered in our own namespace alone. */
#define STAGE "/tmp"

/* What the child that builds the skeleton says. */
struct skeleton_report {
	struct error error; /* no message: it is done */
	bool upper_on_disk;
};

/* In a child with the new user namespace: builds the skeleton and makes it the root. */
static int skeleton_build(struct pieces *pieces, int store, const char *store_path,
			  struct skeleton_report *report)
{
	struct error *err = &report->error;
	CLEANUP_CLOSE int proc = -1;

	if (unshare(CLONE_NEWNS))
		return error_errno(err, "cannot make a mount namespace");
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return error_errno(err, "cannot make the mounts private");
	if (store < 0 && (store = mount_copy(store_path, false, err)) < 0)
		return -1;
	for (size_t i = 0; i < pieces->nr; i++) {
		struct piece *p = &pieces->items[i];

		if (!p->link && p->fd < 0 && (p->fd = mount_copy(p->path, true, err)) < 0)
			return -1;
	}
	/* The kernel lets a user namespace mount a proc where one is in full view. */
	proc = mount_copy("/proc", true, err);
	if (proc < 0 ||
	    mount_new("tmpfs", STAGE, MS_NOSUID | MS_NODEV, "mode=0755,size=1m", err))
		return -1;
	report->upper_on_disk = setxattr(STAGE, "user.overlay.test", "y", 1, 0) != 0;
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		CLEANUP_FREE char *path = xstrfmt("%s%s", STAGE, folders[i]);

		if (make_folder(path, err))
			return -1;
	}
	if (make_below(STAGE, err) || place_pieces(pieces, STAGE, err) ||
	    make_dev(STAGE, err) || mount_attach(store, STAGE INSIDE_STORE, err) ||
	    mount_attach(proc, STAGE "/proc", err))
		return -1;
	if (mount(NULL, STAGE, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV,
		  NULL))
		return error_errno(err, "cannot make the root read-only");
	if (chdir(STAGE) || syscall(SYS_pivot_root, ".", ".") || umount2(".", MNT_DETACH) ||
	    chdir("/"))
		return error_errno(err, "cannot leave the host's root");
	return 0;
}

/* Runs skeleton_build() in a child and takes its mount namespace over. */
static int skeleton_make(struct sandbox *sandbox, const struct sandbox_options *options,
			 struct error *err)
{
	struct pieces pieces = { 0 };
	CLEANUP_CLOSE int store = -1, reader = -1;
	CLEANUP_FREE char *path = NULL;
	struct skeleton_report report = { .error = ERROR_INIT };
	int pipe_fds[2], failed = 0;
	pid_t pid, parent = getpid();

	list_pieces(&pieces, options);
	if (copy_as_root(sandbox, options, &pieces, &store, err)) {
		pieces_release(&pieces);
		return -1;
	}
	if (pipe2(pipe_fds, O_CLOEXEC)) {
		pieces_release(&pieces);
		return error_errno(err, "cannot make a pipe");
	}
	reader = pipe_fds[0];
	pid = fork_bare();
	if (!pid) {
		close(pipe_fds[0]);
		/* After the change of user, which clears it. */
		if (!enter_user(sandbox, &report.error) && !prctl(PR_SET_PDEATHSIG, SIGKILL) &&
		    getppid() == parent &&
		    !skeleton_build(&pieces, store, options->store, &report))
			report.error.message[0] = '\0';
		if (write(pipe_fds[1], &report, sizeof(report)) < 0)
			_exit(1);
		for (;;)
			pause();
	}
	close(pipe_fds[1]);
	pieces_release(&pieces);
	if (pid < 0)
		return error_errno(err, "cannot fork");
	if (read(reader, &report, sizeof(report)) != (ssize_t)sizeof(report))
		failed = error_set(err, "the sandbox's skeleton was not finished");
	else if (report.error.message[0]) {
		*err = report.error;
		failed = error_context(err, "cannot build the sandbox");
		error_hint(err, "see: git autoresearch doctor");
	} else {
		sandbox->upper_on_disk = report.upper_on_disk;
		path = xstrfmt("/proc/%d/ns/mnt", (int)pid);
		sandbox->skeleton = open(path, O_RDONLY | O_CLOEXEC);
		if (sandbox->skeleton < 0)
			failed = error_errno(err, "cannot open '%s'", path);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return failed ? -1 : 0;
}

int sandbox_open(struct sandbox **ret, const struct sandbox_options *options, struct error *err)
{
	struct sandbox *sandbox = xcalloc(1, sizeof(*sandbox));

	sandbox->userns = sandbox->skeleton = -1;
	sandbox->store = xstrdup(options->store);
	sandbox->nursery = nursery_new();
	for (size_t i = 0; options->binds && i < options->binds->nr; i++)
		if (starts_with(options->binds->items[i], INSIDE_TMP "/"))
			string_list_add(&sandbox->in_tmp, options->binds->items[i]);
	if (userns_make(&sandbox->userns, err) || skeleton_make(sandbox, options, err) ||
	    (sandbox->upper_on_disk && upper_sweep(sandbox->store, err))) {
		sandbox_free(sandbox);
		return -1;
	}
	*ret = sandbox;
	return 0;
}

void sandbox_free(struct sandbox *sandbox)
{
	if (!sandbox)
		return;
	nursery_free(sandbox->nursery);
	if (sandbox->skeleton >= 0)
		close(sandbox->skeleton);
	if (sandbox->userns >= 0)
		close(sandbox->userns);
	string_list_release(&sandbox->in_tmp);
	free(sandbox->store);
	free(sandbox);
}

bool sandbox_measures_disk(const struct sandbox *sandbox)
{
	return sandbox->upper_on_disk;
}
