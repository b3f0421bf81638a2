#include "git/repo.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <git2/sys/repository.h>

#include "base/process.h"
#include "git/internal.h"

#define HEAD_MAX 4096

static int refuse_reftable(struct error *err)
{
	error_set(err, "this repository keeps its refs as a reftable, which is not supported");
	return error_hint(err, "git refs migrate --ref-format=files");
}

static int refuse_sha256(struct error *err)
{
	error_set(err, "this repository uses SHA-256 object ids, which is not supported");
	return error_hint(err, "use a repository made with git init --object-format=sha1");
}

/* git's refusal, in one line and with a remedy. */
static int explain_refusal(struct error *err)
{
	char said[sizeof(err->message)];
	const char *command;

	memcpy(said, err->message, sizeof(said));
	if (strstr(said, "refstorage"))
		return refuse_reftable(err);
	if (strstr(said, "objectformat"))
		return refuse_sha256(err);
	command = strstr(said, "git config");
	if (command && strstr(command, "safe.directory")) {
		error_set(err, "this repository belongs to another user");
		return error_hint(err, "%s", command);
	}
	if (strstr(said, "not a git repository")) {
		error_set(err, "not a git repository (nor any of the parent directories)");
		return error_hint(err, "run this inside a repository, or make one: git init");
	}
	return -1;
}

static bool take_line(const char **text, char *ret, size_t size)
{
	const char *end = strchr(*text, '\n');

	if (!end || (size_t)(end - *text) >= size)
		return false;
	memcpy(ret, *text, end - *text);
	ret[end - *text] = '\0';
	*text = end + 1;
	return true;
}

/* Asks git where we are: the worktree's own git directory, and its top. */
static int discover(struct repo *repo, struct error *err)
{
	static const char *const argv[] = { "env",
					    "LC_ALL=C",
					    "git",
					    "rev-parse",
					    "--is-bare-repository",
					    "--is-inside-work-tree",
					    "--show-cdup",
					    "--absolute-git-dir",
					    NULL };
	CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;
	char bare[8], inside[8], top[PATH_MAX] = "";
	const char *p;

	/* Where it refuses it is asked again, for words that are known. */
	if (process_run(argv + 2, &out, 4 * PATH_MAX, err) &&
	    process_run(argv, &out, 4 * PATH_MAX, err))
		return explain_refusal(err);
	p = out.buf;
	if (!take_line(&p, bare, sizeof(bare)) || !take_line(&p, inside, sizeof(inside)) ||
	    (strcmp(bare, "true") && !take_line(&p, top, sizeof(top))))
		return error_set(err, "git rev-parse gave an answer that makes no sense");
	if (out.len && out.buf[out.len - 1] == '\n')
		strbuf_setlen(&out, out.len - 1);
	repo->git_dir = xstrdup(p);
	if (!strcmp(bare, "true"))
		return 0;
	repo->workdir = realpath(*top ? top : ".", NULL);
	if (!repo->workdir)
		return error_errno(err, "cannot find the top of the working tree");
	return 0;
}

/* The directory that a worktree shares with the others, as git finds it. */
static int find_common_dir(struct repo *repo, struct error *err)
{
	CLEANUP_FREE char *file = xstrfmt("%s/commondir", repo->git_dir), *path = NULL;
	CLEANUP_FREE char *real = NULL;
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	const char *env = getenv("GIT_COMMON_DIR");

	if (env && *env) {
		path = xstrdup(env);
	} else if (!strbuf_read_file(&text, file, PATH_MAX)) {
		strbuf_rtrim(&text);
		path = *text.buf == '/' ? xstrdup(text.buf)
					: xstrfmt("%s/%s", repo->git_dir, text.buf);
	} else {
		path = xstrdup(repo->git_dir);
	}
	real = realpath(path, NULL);
	if (!real)
		return error_errno(err, "cannot find the git directory '%s'", path);
	repo->common_dir = xstrfmt("%s/", real);
	return 0;
}

static int refuse_formats(const struct repo *repo, struct error *err)
{
	CLEANUP_FREE char *path = xstrfmt("%sconfig", repo->common_dir);
	CLEANUP_GIT(git_config) git_config *config = NULL;
	git_buf value = GIT_BUF_INIT;
	bool sha256 = false, reftable = false;

	if (git_config_open_ondisk(&config, path) < 0)
		return error_git(err, "cannot read '%s'", path);
	if (!git_config_get_string_buf(&value, config, "extensions.objectformat"))
		sha256 = strcmp(value.ptr, "sha1");
	git_buf_dispose(&value);
	if (!git_config_get_string_buf(&value, config, "extensions.refstorage"))
		reftable = strcmp(value.ptr, "files");
	git_buf_dispose(&value);
	if (reftable)
		return refuse_reftable(err);
	return sha256 ? refuse_sha256(err) : 0;
}

/* What libgit2 remembers of objects, in bytes: a campaign looks at few of them twice. */
#define CACHE_MAX (512 << 10)

/* Records between two times that it is made to forget what it knows of packs. */
#define FORGET_EVERY 1000

/*
 * libgit2 asks once, when it opens the refs, whether they are to be written with fsync, and of
 * objects each time: those are made durable all at once, by objects_sync().
 */
static int open_refs(struct repo *repo)
{
	int r;

	git_libgit2_opts(GIT_OPT_SET_CACHE_MAX_SIZE, (ssize_t)CACHE_MAX);
	git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, 1);
	r = git_repository_refdb(&repo->refs, repo->git);
	git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, 0);
	return r ? r : git_refdb_open(&repo->hasty_refs, repo->git);
}

int use_no_index(git_repository *git)
{
	CLEANUP_GIT(git_index) git_index *none = NULL;

	return git_index_new(&none) ? -1 : git_repository_set_index(git, none);
}

static int open_objects(struct repo *repo, struct error *err)
{
	/* Where git keeps what is pushed until the hooks have seen it. */
	const char *quarantine = getenv("GIT_QUARANTINE_PATH");

	if (git_repository_odb(&repo->odb, repo->git) < 0 || newest_open(repo) < 0 ||
	    open_refs(repo) < 0 || use_no_index(repo->git) < 0)
		return error_git(err, "cannot open the repository '%s'", repo->common_dir);
	if (quarantine && git_odb_add_disk_alternate(repo->odb, quarantine) < 0)
		return error_git(err, "cannot open the objects in '%s'", quarantine);
	return 0;
}

int objects_pass(struct repo *repo, struct error *err)
{
	if (++repo->passed % FORGET_EVERY)
		return 0;
	git_odb_free(steal_ptr(repo->odb));
	git_refdb_free(steal_ptr(repo->refs));
	git_refdb_free(steal_ptr(repo->hasty_refs));
	git_repository__cleanup(repo->git);
	use_windows(16 << 20);
	return open_objects(repo, err);
}

int repo_open(struct repo **ret, struct error *err)
{
	CLEANUP_REPO struct repo *repo = NULL;

	if (start_libgit2(err) < 0)
		return -1;
	repo = xcalloc(1, sizeof(*repo));
	if (discover(repo, err) < 0 || find_common_dir(repo, err) < 0 ||
	    refuse_formats(repo, err) < 0)
		return -1;
	if (git_repository_open_ext(&repo->git, repo->common_dir, GIT_REPOSITORY_OPEN_NO_SEARCH,
				    NULL) < 0)
		return error_git(err, "cannot open the repository '%s'", repo->common_dir);
	if (open_objects(repo, err))
		return -1;
	*ret = steal_ptr(repo);
	return 0;
}

void repo_free(struct repo *repo)
{
	if (!repo)
		return;
	objects_let_go(repo);
	git_odb_free(repo->odb);
	git_refdb_free(repo->refs);
	git_refdb_free(repo->hasty_refs);
	git_repository_free(repo->git);
	free(repo->git_dir);
	free(repo->common_dir);
	free(repo->workdir);
	free(repo->user_name);
	free(repo->user_email);
	for (size_t i = 0; i < repo->supposed_nr; i++)
		free(repo->supposed[i].ref);
	free(repo->supposed);
	free(repo);
	end_libgit2();
}

const char *repo_common_dir(const struct repo *repo)
{
	return repo->common_dir;
}

const char *repo_workdir(const struct repo *repo)
{
	return repo->workdir;
}

/* What the HEAD of a git directory says: a ref's full name in `ret_ref`, or an id. */
static int read_head(const char *git_dir, char **ret_ref, struct strbuf *ret_id)
{
	CLEANUP_FREE char *path = xstrfmt("%s/HEAD", git_dir);
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	const char *ref;

	*ret_ref = NULL;
	if (strbuf_read_file(&text, path, HEAD_MAX) < 0)
		return -1;
	strbuf_rtrim(&text);
	if (!starts_with(text.buf, "ref:")) {
		strbuf_addstr(ret_id, text.buf);
		return 0;
	}
	ref = text.buf + strlen("ref:");
	while (*ref == ' ' || *ref == '\t')
		ref++;
	*ret_ref = xstrdup(ref);
	return 0;
}

int repo_head(struct repo *repo, char ret[OID_HEX_SIZE], struct error *err)
{
	CLEANUP_FREE char *ref = NULL;
	CLEANUP_STRBUF struct strbuf id = STRBUF_INIT;
	CLEANUP_GIT(git_commit) git_commit *commit = NULL;
	int r;

	if (read_head(repo->git_dir, &ref, &id) < 0)
		return error_errno(err, "cannot read HEAD");
	if (ref) {
		r = repo_ref(repo, ref, ret, err);
		if (r == 1) {
			error_set(err, "the branch of HEAD has no commit yet");
			return error_hint(err, "commit something first");
		}
		return r;
	}
	if (lookup_commit(repo, id.buf, &commit, err) < 0)
		return error_context(err, "HEAD");
	oid_to_hex(git_commit_id(commit), ret);
	return 0;
}

char *repo_current_branch(struct repo *repo)
{
	CLEANUP_FREE char *ref = NULL;
	CLEANUP_STRBUF struct strbuf id = STRBUF_INIT;

	if (read_head(repo->git_dir, &ref, &id) < 0 || !ref || !starts_with(ref, "refs/heads/"))
		return NULL;
	return xstrdup(ref + strlen("refs/heads/"));
}

/* Whether the repository has no main worktree, wherever git keeps that setting. */
static bool common_is_bare(const struct repo *repo)
{
	static const char *const files[] = { "config", "config.worktree" };
	int bare = !ends_with(repo->common_dir, "/.git/");

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		CLEANUP_FREE char *path = xstrfmt("%s%s", repo->common_dir, files[i]);
		CLEANUP_GIT(git_config) git_config *config = NULL;

		if (!access(path, R_OK) && !git_config_open_ondisk(&config, path))
			git_config_get_bool(&bare, config, "core.bare");
	}
	return bare;
}

char *worktree_path(const char *admin)
{
	CLEANUP_FREE char *file = xstrfmt("%s/gitdir", admin);
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	if (strbuf_read_file(&text, file, PATH_MAX) < 0)
		return NULL;
	while (text.len && text.buf[text.len - 1] == '\n')
		strbuf_setlen(&text, text.len - 1);
	if (ends_with(text.buf, "/.git"))
		strbuf_setlen(&text, text.len - strlen("/.git"));
	return *text.buf == '/' ? strbuf_detach(&text, NULL)
				: xstrfmt("%s/%s", admin, text.buf);
}

static bool head_is_on(const char *git_dir, const char *refname)
{
	CLEANUP_FREE char *ref = NULL;
	CLEANUP_STRBUF struct strbuf id = STRBUF_INIT;

	return !read_head(git_dir, &ref, &id) && ref && !strcmp(ref, refname);
}

int repo_checked_out_at(struct repo *repo, const char *refname, char **ret, struct error *err)
{
	CLEANUP_FREE char *folder = xstrfmt("%sworktrees", repo->common_dir);
	CLEANUP_CLOSEDIR DIR *dir = NULL;
	struct dirent *entry;

	*ret = NULL;
	if (head_is_on(repo->common_dir, refname) && !common_is_bare(repo)) {
		*ret = xstrdup(repo->common_dir);
		(*ret)[strlen(*ret) - 1] = '\0';
		if (ends_with(*ret, "/.git"))
			(*ret)[strlen(*ret) - strlen("/.git")] = '\0';
		return 0;
	}
	dir = opendir(folder);
	if (!dir)
		return errno == ENOENT ? 0 : error_errno(err, "cannot read '%s'", folder);
	while (!*ret && (entry = readdir(dir))) {
		CLEANUP_FREE char *admin = xstrfmt("%s/%s", folder, entry->d_name);

		if (entry->d_name[0] != '.' && head_is_on(admin, refname))
			*ret = worktree_path(admin);
	}
	return 0;
}
