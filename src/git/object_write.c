#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <git2/sys/odb_backend.h>

#include "base/process.h"
#include "base/trace.h"
#include "git/internal.h"

#define BACKENDS 16 /* of a repository and its alternates, as far as they are quietened */
#define TRIES 10    /* to write an object; see write_object() */

bool failed_for_folder(void)
{
	const git_error *last = git_error_last();

	return last && last->message && strstr(last->message, strerror(ENOENT));
}

/*
 * Before it writes an object libgit2 looks whether it is there already, and where it is not, reads the
 * folder of packs for new ones: for each of the dozen objects of a record, none of which was ever seen
 * before. While one is written, no backend looks for more than it knows.
 */
struct quiet {
	git_odb_backend *backend;
	int (*refresh)(git_odb_backend *backend);
};

static size_t be_quiet(git_odb *odb, struct quiet ret[BACKENDS])
{
	size_t nr = git_odb_num_backends(odb);

	if (nr > BACKENDS)
		nr = BACKENDS;
	for (size_t i = 0; i < nr; i++) {
		if (git_odb_get_backend(&ret[i].backend, odb, i) < 0)
			return i;
		ret[i].refresh = ret[i].backend->refresh;
		ret[i].backend->refresh = NULL;
	}
	return nr;
}

static void be_loud(const struct quiet *quiet, size_t nr)
{
	while (nr-- > 0)
		quiet[nr].backend->refresh = quiet[nr].refresh;
}

int write_object(struct repo *repo, const void *data, size_t len, git_object_t type,
		 git_oid *ret)
{
	struct quiet quiet[BACKENDS];
	size_t nr = be_quiet(repo->odb, quiet);
	int r, tries = 0;

	do
		r = git_odb_write(ret, repo->odb, data, len, type);
	while (r < 0 && failed_for_folder() && ++tries < TRIES);
	be_loud(quiet, nr);
	return r;
}

int write_tree(struct repo *repo, git_treebuilder *bld, git_oid *ret)
{
	struct quiet quiet[BACKENDS];
	size_t nr = be_quiet(repo->odb, quiet);
	int r, tries = 0;

	do
		r = git_treebuilder_write(ret, bld);
	while (r < 0 && failed_for_folder() && ++tries < TRIES);
	be_loud(quiet, nr);
	return r;
}

int write_blob(struct repo *repo, const void *data, size_t len, git_oid *ret, struct error *err)
{
	objects_hold(repo);
	repo->unsynced = true;
	if (write_object(repo, data, len, GIT_OBJECT_BLOB, ret) < 0)
		return error_git(err, "cannot write an object");
	return 0;
}

int objects_sync(struct repo *repo, struct error *err)
{
	CLEANUP_FREE char *path = xstrfmt("%sobjects", repo->common_dir);
	CLEANUP_CLOSE int fd = -1;
	SPAN("sync");

	if (!repo->unsynced)
		return 0;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || syncfs(fd) < 0)
		return error_errno(err, "cannot sync '%s'", path);
	repo->unsynced = false;
	return 0;
}

/* Takes "Name <email> seconds zone" apart. */
static void keep_identity(struct repo *repo, const char *ident)
{
	const char *open = strchr(ident, '<'), *close = open ? strchr(open, '>') : NULL;

	if (!close || open == ident || close == open + 1)
		return;
	repo->user_name = xstrndup(ident, open - ident);
	repo->user_email = xstrndup(open + 1, close - open - 1);
}

/* libgit2 does not see `git -c user.name=…` nor GIT_AUTHOR_NAME, so git is asked. */
static int sign(struct repo *repo, git_signature **ret, struct error *err)
{
	static const char *const argv[] = { "git", "var", "GIT_AUTHOR_IDENT", NULL };
	CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;
	struct error none = ERROR_INIT;

	if (!repo->user_name && !process_run(argv, &out, 4096, &none))
		keep_identity(repo, out.buf);
	if (repo->user_name && !git_signature_now(ret, repo->user_name, repo->user_email))
		return 0;
	free(repo->user_name);
	free(repo->user_email);
	repo->user_name = xstrdup("autoresearch");
	repo->user_email = xstrdup("autoresearch@localhost");
	if (git_signature_now(ret, repo->user_name, repo->user_email) < 0)
		return error_git(err, "cannot sign a commit");
	return 0;
}

static void add_signature(const char *role, const git_signature *who, struct strbuf *text)
{
	int offset = who->when.offset;
	int minutes = offset < 0 ? -offset : offset;

	strbuf_addf(text, "%s %s <%s> %lld %c%02d%02d\n", role, who->name, who->email,
		    (long long)who->when.time, offset < 0 ? '-' : '+', minutes / 60,
		    minutes % 60);
}

/* A commit that leads nowhere is never written. */
static int add_link(struct repo *repo, const char *role, const char *hex, struct strbuf *text,
		    struct error *err)
{
	git_oid oid;

	if (oid_from_hex(&oid, hex, err) < 0)
		return -1;
	if (!git_odb_exists(repo->odb, &oid))
		return error_set(err, "the %s %s of a new commit is not there", role, hex);
	strbuf_addf(text, "%s %s\n", role, hex);
	return 0;
}

int write_commit(struct repo *repo, const char *tree, const char *const *parents,
		 size_t parents_nr, const char *message, char ret[OID_HEX_SIZE],
		 struct error *err)
{
	CLEANUP_GIT(git_signature) git_signature *signature = NULL;
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	git_oid oid;

	objects_hold(repo);
	if (sign(repo, &signature, err) < 0 || add_link(repo, "tree", tree, &text, err))
		return -1;
	for (size_t i = 0; i < parents_nr; i++)
		if (add_link(repo, "parent", parents[i], &text, err))
			return -1;
	add_signature("author", signature, &text);
	add_signature("committer", signature, &text);
	strbuf_addf(&text, "\n%s", message);
	repo->unsynced = true;
	if (write_object(repo, text.buf, text.len, GIT_OBJECT_COMMIT, &oid) < 0)
		return error_git(err, "cannot write a commit");
	oid_to_hex(&oid, ret);
	return 0;
}
