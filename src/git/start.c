#include <dlfcn.h>

#include "git/internal.h"

/*
 * A libgit2 that can speak TLS and SSH, as Debian's does by mbed TLS and libssh2, gets ready for that
 * when it is started: it reads all certificates of the system, gathers entropy, has OpenSSL load its
 * words. That is more work than all else that most commands do, and we never let it talk to
 * anybody. So these, which it calls, are ours while it starts and ends, and do nothing; whoever else
 * calls them gets what they asked for.
 */
static bool ours;

typedef int (*parse_fn)(void *chain, const char *path);
typedef int (*entropy_fn)(void *data, unsigned char *ret, size_t len);

int mbedtls_x509_crt_parse_path(void *chain, const char *path);
int mbedtls_x509_crt_parse_file(void *chain, const char *path);
void mbedtls_entropy_init(void *entropy);
void mbedtls_entropy_free(void *entropy);
int mbedtls_ctr_drbg_seed(void *generator, entropy_fn entropy, void *data,
			  const unsigned char *more, size_t len);
int libssh2_init(int flags);

static void *theirs(const char *name)
{
	return ours ? NULL : dlsym(RTLD_NEXT, name);
}

int mbedtls_x509_crt_parse_path(void *chain, const char *path)
{
	parse_fn next = (parse_fn)theirs(__func__);

	return next ? next(chain, path) : 0;
}

int mbedtls_x509_crt_parse_file(void *chain, const char *path)
{
	parse_fn next = (parse_fn)theirs(__func__);

	return next ? next(chain, path) : 0;
}

void mbedtls_entropy_init(void *entropy)
{
	void (*next)(void *) = (void (*)(void *))theirs(__func__);

	if (next)
		next(entropy);
}

void mbedtls_entropy_free(void *entropy)
{
	void (*next)(void *) = (void (*)(void *))theirs(__func__);

	if (next)
		next(entropy);
}

int mbedtls_ctr_drbg_seed(void *generator, entropy_fn entropy, void *data,
			  const unsigned char *more, size_t len)
{
	int (*next)(void *, entropy_fn, void *, const unsigned char *, size_t) = (int (*)(
		void *, entropy_fn, void *, const unsigned char *, size_t))theirs(__func__);

	return next ? next(generator, entropy, data, more, len) : 0;
}

int libssh2_init(int flags)
{
	int (*next)(int) = (int (*)(int))theirs(__func__);

	return next ? next(flags) : 0;
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

	ours = true;
	r = git_libgit2_init();
	ours = false;
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

void end_libgit2(void)
{
	ours = true;
	git_libgit2_shutdown();
	ours = false;
}
