#include "sandbox/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "sandbox/cgroup_file.h"

#define CPU_PERIOD_US 100000
/* Looks, half a millisecond apart, at a leaf whose last process is just leaving. */
#define GRACE 100
/* Where the processes go that stood in the cgroup that was given to us. */
#define ASIDE "/autoresearch-main"

#define DELEGATE                                                                        \
	"start from a cgroup that is yours: systemd-run %s--scope -p Delegate=yes git " \
	"autoresearch …"

static int controller_missing(enum controller controller, struct error *err)
{
	error_set(err,
		  "the %s controller of cgroups cannot be used here, so no limit would hold",
		  controller_name(controller));
	return error_hint(err, DELEGATE, geteuid() ? "--user " : "");
}

/* True where systemd, or whoever made it, has given this cgroup away. */
static bool is_delegated(const char *dir)
{
	struct stat st;
	char mark;

	/* Root owns every cgroup, so for root only the mark that systemd leaves tells. */
	if (geteuid())
		return !stat(dir, &st) && st.st_uid == geteuid();
	return getxattr(dir, "trusted.delegate", &mark, 1) == 1 ||
	       getxattr(dir, "user.delegate", &mark, 1) == 1;
}

/*
 * In v2 a cgroup that hands controllers to its children may hold no process itself. In a
 * delegated one the processes that are there (we, and whoever started us) move to a child.
 */
static int step_aside(const char *dir)
{
	CLEANUP_STRBUF struct strbuf pids = STRBUF_INIT;
	CLEANUP_FREE char *child = xstrfmt("%s" ASIDE, dir);
	char *pid, *save;

	if (mkdir(child, 0755) && errno != EEXIST)
		return -1;
	if (control_read(dir, "cgroup.procs", &pids))
		return -1;
	for (pid = strtok_r(pids.buf, "\n", &save); pid; pid = strtok_r(NULL, "\n", &save))
		if (control_write(child, "cgroup.procs", pid) && errno != ESRCH)
			return -1;
	return 0;
}

static int enable(const char *dir, enum controller controller)
{
	CLEANUP_FREE char *word = xstrfmt("+%s", controller_name(controller));

	if (control_has_word(dir, "cgroup.subtree_control", controller_name(controller)))
		return 0;
	if (!control_write(dir, "cgroup.subtree_control", word))
		return 0;
	if (errno == EBUSY && is_delegated(dir) && !step_aside(dir))
		return control_write(dir, "cgroup.subtree_control", word);
	return -1;
}

/* `store`/cgroups holds a folder a line; every change is made under a lock of the file. */
static int note_group(const char *store, const char *dir, struct error *err)
{
	CLEANUP_FREE char *path = xstrfmt("%s/cgroups", store);
	CLEANUP_FREE char *line = xstrfmt("%s\n", dir);
	CLEANUP_CLOSE int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);

	if (fd < 0 || flock(fd, LOCK_EX) || write(fd, line, strlen(line)) < 0)
		return error_errno(err, "cannot write '%s'", path);
	return 0;
}

static int make_group(const char *parent, const char *name, bool legacy, const char *store,
		      char **ret, struct error *err)
{
	CLEANUP_FREE char *dir = xstrfmt("%s/%s", parent, name);

	if (access(parent, W_OK) && (errno == EACCES || errno == EPERM)) {
		error_set(err, "the cgroup '%s' is not yours, so no limit would hold", parent);
		/* systemd gives no v1 controller away. */
		return legacy ? error_hint(err,
					   "ask root for a folder below it, and below yours of "
					   "the other controllers: mkdir DIR; chown USER DIR "
					   "DIR/cgroup.procs; and start from a shell in them")
			      : error_hint(err, DELEGATE, "--user ");
	}

	if (note_group(store, dir, err))
		return -1;
	if (mkdir(dir, 0755) && errno != EEXIST) {
		error_errno(err, "cannot make the cgroup '%s'", dir);
		return error_hint(err, "see: git autoresearch doctor");
	}
	*ret = steal_ptr(dir);
	return 0;
}

/* The one that our group goes into. A command before us made whoever starts us step aside: no need
 * to go deeper each time. */
static char *own_cgroup_divided(void)
{
	char *own = own_cgroup(NULL);

	if (own && ends_with(own, ASIDE))
		own[strlen(own) - strlen(ASIDE)] = '\0';
	return own;
}

int cgroup_base_open(struct cgroup_base *ret, const char *store, struct error *err)
{
	CLEANUP_FREE char *own = own_cgroup_divided();
	CLEANUP_FREE char *name =
		xstrfmt("autoresearch-%d-%llu", (int)getpid(), process_start_time(getpid()));
	struct cgroup_base base = { 0 };

	if (!own)
		return error_set(err, "no cgroup v2 hierarchy is mounted");
	if (cgroup_sweep(store, false, NULL, err))
		return -1;
	for (enum controller c = 0; c < CONTROLLER_NR; c++) {
		CLEANUP_FREE char *legacy = NULL;

		if (control_has_word(own, "cgroup.controllers", controller_name(c))) {
			if (enable(own, c)) {
				cgroup_base_close(&base);
				return controller_missing(c, err);
			}
			continue;
		}
		legacy = own_cgroup(controller_name(c));
		if (!legacy || make_group(legacy, name, true, store, &base.legacy[c], err)) {
			cgroup_base_close(&base);
			return legacy ? -1 : controller_missing(c, err);
		}
	}
	if (make_group(own, name, false, store, &base.unified, err)) {
		cgroup_base_close(&base);
		return -1;
	}
	for (enum controller c = 0; c < CONTROLLER_NR; c++)
		if (!base.legacy[c] && enable(base.unified, c)) {
			cgroup_base_close(&base);
			return controller_missing(c, err);
		}
	*ret = base;
	return 0;
}

/* As enable() would, but for trying. The top of the hierarchy has no type, and may hold processes. */
static bool can_enable(const char *dir, enum controller controller)
{
	CLEANUP_FREE char *type = xstrfmt("%s/cgroup.type", dir);

	if (!control_has_word(dir, "cgroup.controllers", controller_name(controller)))
		return false;
	return control_has_word(dir, "cgroup.subtree_control", controller_name(controller)) ||
	       is_delegated(dir) || (!geteuid() && access(type, F_OK));
}

bool cgroup_is_ours(bool *ret_unified)
{
	CLEANUP_FREE char *own = own_cgroup_divided();
	bool ours = own && !access(own, W_OK);

	*ret_unified = own != NULL;
	for (enum controller c = 0; c < CONTROLLER_NR && own; c++) {
		CLEANUP_FREE char *legacy = own_cgroup(controller_name(c));

		*ret_unified = *ret_unified && !legacy;
		ours = ours && (legacy ? !access(legacy, W_OK) : can_enable(own, c));
	}
	return ours;
}

const char *cgroup_layout(const struct cgroup_base *base)
{
	for (enum controller c = 0; c < CONTROLLER_NR; c++)
		if (base->legacy[c])
			return "v1+v2";
	return "v2";
}

static void remove_leaf_dir(const char *dir)
{
	const struct timespec pause = { .tv_nsec = 1000000 };

	/* A v1 folder stays busy for a moment after its last process is gone. */
	for (int i = 0; i < 100 && rmdir(dir) && errno == EBUSY; i++)
		nanosleep(&pause, NULL);
}

/* Removes the group's leaves, which are empty by now, and the group. */
static void remove_group(const char *dir)
{
	CLEANUP_CLOSEDIR DIR *d = opendir(dir);
	struct dirent *e;

	while (d && (e = readdir(d)))
		if (e->d_type == DT_DIR && e->d_name[0] == 't') {
			CLEANUP_FREE char *leaf = xstrfmt("%s/%s", dir, e->d_name);

			remove_leaf_dir(leaf);
		}
	remove_leaf_dir(dir);
}

void cgroup_base_close(struct cgroup_base *base)
{
	if (base->unified)
		remove_group(base->unified);
	free(base->unified);
	for (enum controller c = 0; c < CONTROLLER_NR; c++) {
		if (base->legacy[c])
			remove_group(base->legacy[c]);
		free(base->legacy[c]);
	}
	*base = (struct cgroup_base){ 0 };
}

static int set_limit(const char *dir, const char *name, const char *value, bool *ret_absent,
		     struct error *err)
{
	CLEANUP_STRBUF struct strbuf back = STRBUF_INIT;

	if (ret_absent)
		*ret_absent = false;
	if (control_set(dir, name, value, &back)) {
		if (ret_absent && errno == ENOENT) {
			*ret_absent = true;
			return 0;
		}
		return error_errno(err, "cannot write %s to '%s/%s'", value, dir, name);
	}
	if (strcmp(back.buf, value))
		return error_set(err, "the limit %s in '%s/%s' reads back as %s", value, dir,
				 name, back.buf);
	return 0;
}

static int limit_memory(const struct cgroup_leaf *leaf, int64_t memory, struct error *err)
{
	const char *legacy = leaf->legacy[CONTROLLER_MEMORY];
	/* The kernel counts whole pages. */
	CLEANUP_FREE char *bytes = xstrfmt("%lld", (long long)(memory / 4096 * 4096));
	bool absent;

	if (legacy)
		/* memsw may not be below the limit, so the limit goes first. */
		return set_limit(legacy, "memory.limit_in_bytes", bytes, NULL, err) ||
				       set_limit(legacy, "memory.memsw.limit_in_bytes", bytes,
						 &absent, err)
			       ? -1
			       : 0;
	if (set_limit(leaf->unified, "memory.max", bytes, NULL, err) ||
	    set_limit(leaf->unified, "memory.swap.max", "0", &absent, err))
		return -1;
	return set_limit(leaf->unified, "memory.oom.group", "1", NULL, err);
}

static int limit_cpus(const struct cgroup_leaf *leaf, double cpus, struct error *err)
{
	const char *legacy = leaf->legacy[CONTROLLER_CPU];
	CLEANUP_FREE char *quota = NULL;

	if (cpus <= 0)
		return 0;
	if (legacy) {
		CLEANUP_FREE char *period = xstrfmt("%d", CPU_PERIOD_US);

		quota = xstrfmt("%.0f", ceil(cpus * CPU_PERIOD_US));
		return set_limit(legacy, "cpu.cfs_period_us", period, NULL, err) ||
				       set_limit(legacy, "cpu.cfs_quota_us", quota, NULL, err)
			       ? -1
			       : 0;
	}
	quota = xstrfmt("%.0f %d", ceil(cpus * CPU_PERIOD_US), CPU_PERIOD_US);
	return set_limit(leaf->unified, "cpu.max", quota, NULL, err);
}

/* Beside one that does not it has a tenth of what it would have. */
static int yield_cpus(const struct cgroup_leaf *leaf, struct error *err)
{
	const char *legacy = leaf->legacy[CONTROLLER_CPU];
	bool absent; /* where groups have no shares, and every process is on its own */

	return legacy ? set_limit(legacy, "cpu.shares", "102", &absent, err)
		      : set_limit(leaf->unified, "cpu.weight", "10", &absent, err);
}

static const char *home_of(const struct cgroup_leaf *leaf, enum controller controller)
{
	return leaf->legacy[controller] ? leaf->legacy[controller] : leaf->unified;
}

int cgroup_leaf_make(struct cgroup_base *base, const struct limits *limits, int extra_pids,
		     struct cgroup_leaf *ret, struct error *err)
{
	CLEANUP_FREE char *pids = xstrfmt("%lld", (long long)limits->pids + extra_pids);
	struct cgroup_leaf leaf = { 0 };
	unsigned n = base->next++;
	int failed = 0;

	leaf.unified = xstrfmt("%s/t%u", base->unified, n);
	failed = mkdir(leaf.unified, 0755);
	for (enum controller c = 0; c < CONTROLLER_NR && !failed; c++)
		if (base->legacy[c]) {
			leaf.legacy[c] = xstrfmt("%s/t%u", base->legacy[c], n);
			failed = mkdir(leaf.legacy[c], 0755);
		}
	if (failed)
		error_errno(err, "cannot make the cgroup leaf t%u", n);
	else
		failed =
			limit_memory(&leaf, limits->memory, err) ||
			limit_cpus(&leaf, limits->cpus, err) ||
			(limits->yields && yield_cpus(&leaf, err)) ||
			set_limit(home_of(&leaf, CONTROLLER_PIDS), "pids.max", pids, NULL, err);
	if (failed) {
		cgroup_leaf_remove(&leaf);
		return -1;
	}
	*ret = leaf;
	return 0;
}

int cgroup_leaf_fd(const struct cgroup_leaf *leaf, struct error *err)
{
	int fd = open(leaf->unified, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return error_errno(err, "cannot open '%s'", leaf->unified);
	return fd;
}

int cgroup_leaf_doors(const struct cgroup_leaf *leaf, int ret[CONTROLLER_NR], struct error *err)
{
	for (enum controller c = 0; c < CONTROLLER_NR; c++) {
		CLEANUP_FREE char *path = NULL;

		ret[c] = -1;
		if (!leaf->legacy[c])
			continue;
		path = xstrfmt("%s/cgroup.procs", leaf->legacy[c]);
		ret[c] = open(path, O_WRONLY | O_CLOEXEC);
		if (ret[c] < 0)
			return error_errno(err, "cannot open '%s'", path);
	}
	return 0;
}

int cgroup_admit(const int doors[CONTROLLER_NR], int pid, struct error *err)
{
	for (enum controller c = 0; c < CONTROLLER_NR; c++)
		if (doors[c] >= 0 && dprintf(doors[c], "%d", pid) < 0)
			return error_errno(err, "cannot put a process in the %s cgroup",
					   controller_name(c));
	return 0;
}

int cgroup_leaf_kill(struct cgroup_leaf *leaf, struct error *err)
{
	leaf->killed = true;
	if (control_write(leaf->unified, "cgroup.kill", "1"))
		return error_errno(err, "cannot kill the cgroup '%s'", leaf->unified);
	return 0;
}

bool cgroup_leaf_is_empty(const struct cgroup_leaf *leaf)
{
	return control_value(leaf->unified, "cgroup.events", "populated") == 0;
}

int cgroup_leaf_clear(struct cgroup_leaf *leaf, struct error *err)
{
	const struct timespec pause = { .tv_nsec = 500000 };

	for (int i = 0; i < 20000; i++) {
		if (cgroup_leaf_is_empty(leaf))
			return 0;
		/* Again each time: a fork may have been under way. */
		if (i >= GRACE && cgroup_leaf_kill(leaf, err))
			return -1;
		nanosleep(&pause, NULL);
	}
	return error_set(err, "processes in '%s' do not die", leaf->unified);
}

void cgroup_leaf_events(const struct cgroup_leaf *leaf, struct cgroup_events *ret)
{
	const char *memory = home_of(leaf, CONTROLLER_MEMORY);
	const char *file = leaf->legacy[CONTROLLER_MEMORY] ? "memory.oom_control"
							   : "memory.events";

	ret->oom = control_value(memory, file, "oom_kill") > 0;
	ret->pids_hit = control_value(home_of(leaf, CONTROLLER_PIDS), "pids.events", "max") > 0;
}

void cgroup_leaf_usage(const struct cgroup_leaf *leaf, struct cgroup_usage *ret)
{
	const char *memory = home_of(leaf, CONTROLLER_MEMORY);
	int64_t usec = control_value(leaf->unified, "cpu.stat", "usage_usec");

	ret->cpu = usec > 0 ? (double)usec / 1e6 : 0;
	ret->memory_peak = control_value(
		memory,
		leaf->legacy[CONTROLLER_MEMORY] ? "memory.max_usage_in_bytes" : "memory.peak",
		NULL);
}

void cgroup_leaf_remove(struct cgroup_leaf *leaf)
{
	if (leaf->unified)
		remove_leaf_dir(leaf->unified);
	free(leaf->unified);
	for (enum controller c = 0; c < CONTROLLER_NR; c++) {
		if (leaf->legacy[c])
			remove_leaf_dir(leaf->legacy[c]);
		free(leaf->legacy[c]);
	}
	*leaf = (struct cgroup_leaf){ 0 };
}

/* True where the process that a group is named after still runs. */
static bool group_is_owned(const char *dir)
{
	unsigned long long start;
	int pid;

	return sscanf(strrchr(dir, '/') + 1, "autoresearch-%d-%llu", &pid, &start) == 2 &&
	       process_start_time(pid) == start;
}

static void kill_group(const char *dir)
{
	CLEANUP_CLOSEDIR DIR *d = opendir(dir);
	struct error ignored = ERROR_INIT;
	struct dirent *e;

	while (d && (e = readdir(d))) {
		CLEANUP_FREE char *path = xstrfmt("%s/%s", dir, e->d_name);
		struct cgroup_leaf leaf = { .unified = path };

		/* Only the v2 folder can kill; its v1 twins are empty once it is. */
		if (e->d_type == DT_DIR && e->d_name[0] == 't' && !access(path, F_OK) &&
		    control_value(path, "cgroup.events", "populated") > 0)
			cgroup_leaf_clear(&leaf, &ignored);
	}
}

int cgroup_sweep(const char *store, bool dry_run, struct string_list *ret, struct error *err)
{
	CLEANUP_FREE char *path = xstrfmt("%s/cgroups", store);
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT, kept = STRBUF_INIT;
	CLEANUP_CLOSE int fd = open(path, O_RDWR | O_CLOEXEC);
	char *line, *save;

	if (fd < 0)
		return errno == ENOENT ? 0 : error_errno(err, "cannot open '%s'", path);
	if (flock(fd, LOCK_EX) || strbuf_read_fd(&text, fd, 1 << 20))
		return error_errno(err, "cannot read '%s'", path);
	for (line = strtok_r(text.buf, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		struct stat st;
		bool there = !stat(line, &st), owned = line[0] == '/' && group_is_owned(line);

		if (there && !owned) {
			if (ret)
				string_list_add(ret, line);
			if (!dry_run) {
				kill_group(line);
				remove_group(line);
				there = !stat(line, &st);
			}
		}
		if (there || owned)
			strbuf_addf(&kept, "%s\n", line);
	}
	if (dry_run)
		return 0;
	if (ftruncate(fd, 0) || pwrite(fd, kept.buf, kept.len, 0) != (ssize_t)kept.len)
		return error_errno(err, "cannot write '%s'", path);
	return 0;
}
