#include "loop/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/durable.h"

int store_make(const char *store, const char *path, char **ret, struct error *err)
{
	CLEANUP_FREE char *full = xstrfmt("%s/%s", store, path);

	for (char *p = full + strlen(store); p; p = strchr(p + 1, '/')) {
		char kept = *p;

		*p = '\0';
		if (mkdir(full, 0755) && errno != EEXIST)
			return error_errno(err, "cannot make '%s'", full);
		*p = kept;
	}
	if (mkdir(full, 0755) && errno != EEXIST)
		return error_errno(err, "cannot make '%s'", full);
	if (ret)
		*ret = steal_ptr(full);
	return 0;
}

int store_write(const char *dir, const char *name, const char *text, struct error *err)
{
	CLEANUP_FREE char *path = xstrfmt("%s/%s", dir, name);

	return durable_write(path, text, strlen(text), err);
}

int store_open(struct repo *repo, char **ret, struct error *err)
{
	CLEANUP_STRBUF struct strbuf dir = STRBUF_INIT;
	struct stat st;

	strbuf_addstr(&dir, repo_common_dir(repo));
	while (dir.len > 1 && dir.buf[dir.len - 1] == '/')
		strbuf_setlen(&dir, dir.len - 1);
	strbuf_addstr(&dir, "/autoresearch");
	/* What a proposer keeps there belongs to us on the disk, setuid bits and all: nobody else
	 * gets near it. */
	if ((mkdir(dir.buf, 0700) && errno != EEXIST) || stat(dir.buf, &st) ||
	    (st.st_mode & 077 && chmod(dir.buf, 0700)))
		return error_errno(err, "cannot make '%s'", dir.buf);
	/* Paths below it are compared as text. */
	*ret = realpath(dir.buf, NULL);
	return *ret ? 0 : error_errno(err, "cannot open '%s'", dir.buf);
}

char *store_campaign_path(const char *campaign)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
	struct strbuf path = STRBUF_INIT;

	strbuf_addstr(&path, "campaigns/");
	for (const char *p = campaign; *p; p++) {
		/* A leading dot would make `.` and `..` possible. */
		if (strchr(plain, *p) && (p != campaign || *p != '.'))
			strbuf_addch(&path, *p);
		else
			strbuf_addf(&path, "%%%02x", (unsigned char)*p);
	}
	return strbuf_detach(&path, NULL);
}
