#include <dlfcn.h>

#include "git/internal.h"

/*
 * A libgit2 that speaks TLS by mbed TLS, as Debian's does, reads all certificates of the system when it
 * is started: that is more work than all else that most commands do, and we never let it talk to
 * anybody. So these two, which it calls, are ours while it starts; whoever else calls them gets
 * what they asked for.
 */
static bool starting;

typedef int (*parse_fn)(void *chain, const char *path);

int mbedtls_x509_crt_parse_path(void *chain, const char *path);
int mbedtls_x509_crt_parse_file(void *chain, const char *path);

static int parse(const char *name, void *chain, const char *path)
{
	parse_fn next = starting ? NULL : (parse_fn)dlsym(RTLD_NEXT, name);

	return next ? next(chain, path) : 0;
}

int mbedtls_x509_crt_parse_path(void *chain, const char *path)
{
	return parse(__func__, chain, path);
}

int mbedtls_x509_crt_parse_file(void *chain, const char *path)
{
	return parse(__func__, chain, path);
}

/*
 * Few large windows are worse than many small ones: whoever reads all of a long ledger jumps between
 * its records and their notes, and would map and unmap a large one with each jump.
 */
#define WINDOW ((size_t)256 << 10)

void use_windows(size_t all)
{
	git_libgit2_opts(GIT_OPT_SET_MWINDOW_SIZE, WINDOW);
	git_libgit2_opts(GIT_OPT_SET_MWINDOW_MAPPED_LIMIT, all);
}

/*
 * libgit2's caches are sized for servers. A pack's pages count as ours while they are
 * mapped, so small windows keep a big repository from making a big process.
 */
int start_libgit2(struct error *err)
{
	static const char *const extensions[] = { "worktreeconfig", "preciousobjects" };
	int r;

	starting = true;
	r = git_libgit2_init();
	starting = false;
	if (r < 0)
		return error_git(err, "cannot start libgit2");
	git_libgit2_opts(GIT_OPT_SET_CACHE_MAX_SIZE, (ssize_t)(4 << 20));
	/* The tree of all notes has 256 folders, and is looked into for each. */
	git_libgit2_opts(GIT_OPT_SET_CACHE_OBJECT_LIMIT, GIT_OBJECT_TREE, (size_t)(16 << 10));
	use_windows(8 << 20);
	/* What a tree or a ref is to name was written, or read, a moment before: libgit2 would read
	 * all of it again. Of a commit write_commit() looks itself. */
	git_libgit2_opts(GIT_OPT_ENABLE_STRICT_OBJECT_CREATION, 0);
	git_libgit2_opts(GIT_OPT_SET_EXTENSIONS, extensions, ARRAY_SIZE(extensions));
	/* git itself has just decided, by safe.directory and all of its exceptions. */
	git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
	return 0;
}
