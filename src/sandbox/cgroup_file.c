#include "sandbox/cgroup_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const char *controller_name(enum controller controller)
{
	static const char *const names[] = { "memory", "pids", "cpu" };

	return names[controller];
}

static int control_open(const char *dir, const char *name, int flags)
{
	CLEANUP_FREE char *path = xstrfmt("%s/%s", dir, name);

	return open(path, flags | O_CLOEXEC);
}

int control_write(const char *dir, const char *name, const char *text)
{
	CLEANUP_CLOSE int fd = control_open(dir, name, O_WRONLY);

	if (fd < 0)
		return -1;
	return write(fd, text, strlen(text)) < 0 ? -1 : 0;
}

/* From the beginning of the file. */
static int read_all(int fd, struct strbuf *ret)
{
	strbuf_reset(ret);
	if (strbuf_read_fd(ret, fd, 1 << 20))
		return -1;
	strbuf_rtrim(ret);
	return 0;
}

int control_set(const char *dir, const char *name, const char *text, struct strbuf *ret)
{
	CLEANUP_CLOSE int fd = control_open(dir, name, O_RDWR);

	if (fd < 0 || write(fd, text, strlen(text)) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return -1;
	return read_all(fd, ret);
}

int control_read(const char *dir, const char *name, struct strbuf *ret)
{
	CLEANUP_CLOSE int fd = control_open(dir, name, O_RDONLY);

	return fd < 0 ? -1 : read_all(fd, ret);
}

int64_t control_value(const char *dir, const char *name, const char *key)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	size_t len = key ? strlen(key) : 0;
	char *line, *save;

	if (control_read(dir, name, &text))
		return -1;
	if (!key)
		return text.len ? strtoll(text.buf, NULL, 10) : -1;
	for (line = strtok_r(text.buf, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (!strncmp(line, key, len) && line[len] == ' ')
			return strtoll(line + len + 1, NULL, 10);
	return -1;
}

bool control_has_word(const char *dir, const char *name, const char *word)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	char *w, *save;

	if (control_read(dir, name, &text))
		return false;
	for (w = strtok_r(text.buf, " \n", &save); w; w = strtok_r(NULL, " \n", &save))
		if (!strcmp(w, word))
			return true;
	return false;
}

static bool list_has(const char *list, const char *word, char sep)
{
	size_t len = strlen(word);

	for (const char *p = list; p && *p; p = strchr(p, sep), p = p ? p + 1 : p)
		if (!strncmp(p, word, len) && (!p[len] || p[len] == sep))
			return true;
	return false;
}

/* Undoes the octal escapes of /proc/self/mountinfo. */
static char *unescape(const char *s)
{
	struct strbuf sb = STRBUF_INIT;

	for (; *s; s++) {
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] && s[3]) {
			strbuf_addch(&sb, (s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
			s += 3;
		} else {
			strbuf_addch(&sb, *s);
		}
	}
	return strbuf_detach(&sb, NULL);
}

/* Where the hierarchy is mounted, and which of its folders is the mount's root. */
static bool find_hierarchy(const char *controller, char **ret_root, char **ret_mount)
{
	CLEANUP_FCLOSE FILE *f = fopen("/proc/self/mountinfo", "re");
	CLEANUP_FREE char *line = NULL;
	size_t alloc = 0;

	while (f && getline(&line, &alloc, f) > 0) {
		char root[4096], mount[4096], type[32], options[4096];
		const char *rest = strstr(line, " - ");

		if (!rest || sscanf(line, "%*d %*d %*s %4095s %4095s", root, mount) != 2 ||
		    sscanf(rest, " - %31s %*s %4095s", type, options) != 2)
			continue;
		if (controller ? strcmp(type, "cgroup") || !list_has(options, controller, ',')
			       : strcmp(type, "cgroup2") != 0)
			continue;
		*ret_root = unescape(root);
		*ret_mount = unescape(mount);
		return true;
	}
	return false;
}

/* Our path in the hierarchy, from /proc/self/cgroup: "id:controllers:path". */
static char *own_path(const char *controller)
{
	CLEANUP_FCLOSE FILE *f = fopen("/proc/self/cgroup", "re");
	CLEANUP_FREE char *line = NULL;
	size_t alloc = 0;

	while (f && getline(&line, &alloc, f) > 0) {
		char *controllers = strchr(line, ':'), *path;

		if (!controllers || !(path = strchr(++controllers, ':')))
			continue;
		*path++ = '\0';
		path[strcspn(path, "\n")] = '\0';
		if (controller ? list_has(controllers, controller, ',') : !*controllers)
			return xstrdup(path);
	}
	return NULL;
}

char *own_cgroup(const char *controller)
{
	CLEANUP_FREE char *root = NULL, *mount = NULL, *path = own_path(controller);
	const char *below;

	if (!path || !find_hierarchy(controller, &root, &mount))
		return NULL;
	/* In a container the mount shows a part of the hierarchy, and `path` may be given from
	 * the top or from that part. */
	below = path;
	if (strcmp(root, "/") && starts_with(path, root))
		below = path + strlen(root);
	return xstrfmt("%s%s", mount, strcmp(below, "/") ? below : "");
}

unsigned long long process_start_time(int pid)
{
	CLEANUP_FREE char *path = xstrfmt("/proc/%d/stat", pid);
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	unsigned long long start = 0;
	const char *p;

	if (strbuf_read_file(&text, path, 4096) || !(p = strrchr(text.buf, ')')))
		return 0;
	/* Field 22, counted from 1; the name in parentheses, which may hold anything, is the 2nd. */
	if (sscanf(p + 1,
		   " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
		   &start) != 1)
		return 0;
	return start;
}
