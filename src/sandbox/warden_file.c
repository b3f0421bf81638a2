#include "sandbox/warden_file.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/strbuf.h"

/* Beside us, in a build folder below us, or where `make install` puts it. */
static const char *const places[] = { "", "build/", "../libexec/git-autoresearch/" };

/* The group that is proposed where the file still belongs to root's own. */
#define GROUP "autoresearch"

static const char *user_name(void)
{
	struct passwd *user = getpwuid(geteuid());

	return user ? user->pw_name : "USER";
}

/* What root does once. A change of owner takes capabilities away, so they come last. */
static int hint_setcap(const char *path, struct error *err)
{
	struct stat st;
	struct group *group = stat(path, &st) || !st.st_gid ? NULL : getgrgid(st.st_gid);
	const char *name = group ? group->gr_name : GROUP;

	return error_hint(err,
			  "as root: cd '%.*s' && groupadd -f %s && chgrp %s " WARDEN_NAME
			  " && chmod 0750 " WARDEN_NAME " && setcap " WARDEN_CAPABILITIES
			  " " WARDEN_NAME " && usermod -aG %s %s, and log in again",
			  (int)(strrchr(path, '/') - path), path, name, name, name,
			  user_name());
}

static int hint_group(gid_t gid, struct error *err)
{
	struct group *group = getgrgid(gid);

	return group ? error_hint(err, "as root: usermod -aG %s %s, and log in again",
				  group->gr_name, user_name())
		     : error_hint(err, "it is for the members of group %u", gid);
}

char *warden_file_find(struct error *err)
{
	CLEANUP_FREE char *found = NULL;
	char self[4096];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	struct stat st;

	self[len > 0 ? len : 0] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(places) && !found; i++) {
		const char *end = strrchr(self, '/');

		found = xstrfmt("%.*s/%s" WARDEN_NAME, end ? (int)(end - self) : 0, self,
				places[i]);
		if (stat(found, &st))
			free(steal_ptr(found));
	}
	if (!found) {
		error_set(err, "the program " WARDEN_NAME " is not there");
		error_hint(err,
			   "it is built and installed with git-autoresearch: make install");
		return NULL;
	}
	if (!access(found, X_OK))
		return steal_ptr(found);
	error_set(err, "'%s' is not for user '%s' to run", found, user_name());
	hint_group(st.st_gid, err);
	return NULL;
}

int warden_file_hint(const char *path, struct error *err)
{
	struct statvfs fs;

	if (*err->hint)
		return -1;
	if (!geteuid())
		return error_hint(err,
				  "root needs CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN, which a "
				  "container may have taken away");
	if (getxattr(path, "security.capability", NULL, 0) <= 0)
		return hint_setcap(path, err);
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
		return error_hint(err,
				  "no_new_privs is set here, which takes the capabilities of "
				  "its file away: start from a plain login");
	if (!statvfs(path, &fs) && fs.f_flag & ST_NOSUID)
		return error_hint(err, "'%s' lies on a file system that is mounted nosuid",
				  path);
	return -1;
}
