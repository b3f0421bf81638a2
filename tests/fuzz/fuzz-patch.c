/*
 * Hostile patches for tree_from_patch(): whatever comes in, the program lives, and a tree that
 * comes out holds no path that git refuses, and is judged by the scope and shown as a patch
 * without an error. The repository is a temporary one; git runs for each input, so it is slow.
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "git/tree.h"

static struct repo *repo;
static char head[OID_HEX_SIZE];
static char top[] = "/tmp/autoresearch-fuzz.XXXXXX";

static void remove_top(void)
{
	CLEANUP_FREE char *command = xstrfmt("rm -rf '%s'", top);

	repo_free(repo);
	if (chdir("/") || system(command))
		fprintf(stderr, "cannot remove %s\n", top);
}

static void die(const char *what, const struct error *err)
{
	fprintf(stderr, "%s: %s\n", what, err->message);
	abort();
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct error err = ERROR_INIT;

	(void)argc;
	(void)argv;
	unsetenv("GIT_DIR");
	setenv("GIT_CONFIG_NOSYSTEM", "1", 1);
	if (!mkdtemp(top) || chdir(top))
		abort();
	setenv("HOME", top, 1);
	if (system("git init -q -b main . && mkdir src && "
		   "printf 'one\\ntwo\\nthree\\n' >src/a && "
		   "printf '\\0bin' >bin && ln -s src/a link && git add . && "
		   "git -c user.name=f -c user.email=f@example.com commit -q -m first"))
		abort();
	if (repo_open(&repo, &err) < 0 || repo_head(repo, head, &err) < 0)
		die("cannot make a repository", &err);
	atexit(remove_top);
	return 0;
}

static int check_path(const char *path, unsigned mode, const char *oid, void *data,
		      struct error *err)
{
	(void)oid;
	(void)data;
	(void)err;
	if (*path == '/' || strstr(path, "//") || starts_with(path, "../") ||
	    strstr(path, "/../") || ends_with(path, "/..") || !strncasecmp(path, ".git/", 5) ||
	    strcasestr(path, "/.git/") || !strcasecmp(path, ".git") ||
	    (mode != 0100644 && mode != 0100755 && mode != 0120000 && mode != 0160000)) {
		fprintf(stderr, "a tree with '%s', mode %06o\n", path, mode);
		abort();
	}
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP_STRING_LIST struct string_list editable = STRING_LIST_INIT;
	CLEANUP_STRING_LIST struct string_list hidden = STRING_LIST_INIT;
	CLEANUP_STRBUF struct strbuf path = STRBUF_INIT, patch = STRBUF_INIT;
	struct error err = ERROR_INIT;
	char tree[OID_HEX_SIZE];

	if (tree_from_patch(repo, head, (const char *)data, size, tree, &err) < 0)
		return 0;
	string_list_add(&editable, "src");
	if (tree_each_file(repo, tree, check_path, NULL, &err) ||
	    tree_check_scope(repo, head, tree, &editable, &hidden, &path, &err) < 0 ||
	    tree_patch(repo, head, tree, 1 << 16, &patch, &err) < 0)
		die("a tree that cannot be read", &err);
	return 0;
}
