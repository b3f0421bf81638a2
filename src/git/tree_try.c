#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/process.h"
#include "git/internal.h"
#include "git/tree.h"

#define INDEX_MAX (1L << 30)

static int conflict(struct error *err, const char *path)
{
	CLEANUP_STRBUF struct strbuf quoted = STRBUF_INIT;

	strbuf_add_quoted_path(&quoted, path);
	return error_set(err, "the change does not apply to the incumbent: conflict in %s",
			 quoted.buf);
}

static int report_conflict(git_index *index, struct error *err)
{
	git_index_conflict_iterator *it = NULL;
	const git_index_entry *ancestor, *ours, *theirs;
	const char *path = "a file";

	if (git_index_conflict_iterator_new(&it, index) < 0)
		return error_git(err, "cannot read the conflicts");
	if (!git_index_conflict_next(&ancestor, &ours, &theirs, it))
		path = ours ? ours->path : theirs ? theirs->path : ancestor->path;
	conflict(err, path);
	git_index_conflict_iterator_free(it);
	return -1;
}

static int write_index(struct repo *repo, git_index *index, char ret[OID_HEX_SIZE],
		       struct error *err)
{
	git_oid oid;

	if (git_index_write_tree_to(&oid, index, repo->git) < 0)
		return error_git(err, "cannot write the candidate's tree");
	oid_to_hex(&oid, ret);
	return 0;
}

/* What was changed from `before` (NULL: nothing was there) to `after`, on the incumbent. */
static int merge_change(struct repo *repo, const char *incumbent, git_tree *before,
			git_tree *after, char ret[OID_HEX_SIZE], struct error *err)
{
	git_merge_options options;
	CLEANUP_GIT(git_tree) git_tree *ours = NULL;
	CLEANUP_GIT(git_index) git_index *index = NULL;

	if (lookup_tree(repo, incumbent, &ours, err) < 0)
		return -1;
	if (before && git_oid_equal(git_tree_id(before), git_tree_id(ours))) {
		oid_to_hex(git_tree_id(after), ret);
		return 0;
	}
	git_merge_options_init(&options, GIT_MERGE_OPTIONS_VERSION);
	if (git_merge_trees(&index, repo->git, before, ours, after, &options) < 0)
		return error_git(err, "cannot apply the change to the incumbent");
	if (git_index_has_conflicts(index))
		return report_conflict(index, err);
	return write_index(repo, index, ret, err);
}

int tree_from_commit(struct repo *repo, const char *incumbent, const char *commit,
		     char ret_tree[OID_HEX_SIZE], struct error *err)
{
	CLEANUP_GIT(git_tree) git_tree *before = NULL;
	CLEANUP_GIT(git_tree) git_tree *after = NULL;
	char parent[OID_HEX_SIZE];
	int r = repo_commit_parent(repo, commit, 0, parent, err);

	if (r < 0 || lookup_tree(repo, commit, &after, err) < 0 ||
	    (!r && lookup_tree(repo, parent, &before, err) < 0))
		return -1;
	return merge_change(repo, incumbent, before, after, ret_tree, err);
}

int tree_without_commit(struct repo *repo, const char *incumbent, const char *commit,
			char ret_tree[OID_HEX_SIZE], struct error *err)
{
	CLEANUP_GIT(git_tree) git_tree *before = NULL;
	CLEANUP_GIT(git_tree) git_tree *after = NULL;
	char parent[OID_HEX_SIZE] = "";

	if (repo_commit_parent(repo, commit, 0, parent, err) < 0 ||
	    lookup_tree(repo, commit, &before, err) < 0 ||
	    lookup_tree(repo, parent, &after, err) < 0)
		return -1;
	return merge_change(repo, incumbent, before, after, ret_tree, err);
}

/* A folder in which the real git works for us, with an index that is not the user's. */
struct scratch {
	struct repo *repo;
	char *folder, *index;
};

static void scratch_remove(struct scratch *s)
{
	struct error ignored = ERROR_INIT;

	if (s->index)
		remove_all(AT_FDCWD, s->folder, &ignored);
	free(s->folder);
	free(s->index);
}
#define CLEANUP_SCRATCH CLEANUP(scratch_remove)

static int scratch_make(struct scratch *s, struct repo *repo, struct error *err)
{
	objects_hold(repo);
	s->repo = repo;
	s->folder = xstrfmt("%s/autoresearch-try.XXXXXX", repo->git_dir);
	if (!mkdtemp(s->folder))
		return error_errno(err, "cannot make a folder in '%s'", repo->git_dir);
	s->index = xstrfmt("%s/index", s->folder);
	return 0;
}

/* Runs a git command from `top`, on the scratch's index. */
static int scratch_git(const struct scratch *s, const char *top, const char *const *args,
		       struct strbuf *out, struct error *err)
{
	CLEANUP_FREE char *index = xstrfmt("GIT_INDEX_FILE=%s", s->index);
	CLEANUP_FREE char *common = xstrfmt("GIT_COMMON_DIR=%s", s->repo->common_dir);
	CLEANUP_FREE char *git_dir = xstrfmt("--git-dir=%s", s->repo->git_dir);
	CLEANUP_FREE char *work_tree = xstrfmt("--work-tree=%s", top);
	const char *argv[24] = { "env",
				 "LC_ALL=C",
				 index,
				 common,
				 "git",
				 "-C",
				 top,
				 git_dir,
				 work_tree,
				 "-c",
				 "core.fsync=committed" };
	size_t nr = 11;

	while (*args && nr < ARRAY_SIZE(argv) - 1)
		argv[nr++] = *args++;
	if (process_run(argv, out, 1 << 16, err) < 0)
		return error_of_git(err);
	return 0;
}

static int scratch_tree(const struct scratch *s, const char *top, char ret[OID_HEX_SIZE],
			struct error *err)
{
	static const char *const args[] = { "write-tree", NULL };
	CLEANUP_STRBUF struct strbuf hex = STRBUF_INIT;
	git_oid oid;

	if (scratch_git(s, top, args, &hex, err) < 0)
		return -1;
	strbuf_rtrim(&hex);
	if (oid_from_hex(&oid, hex.buf, err) < 0)
		return -1;
	oid_to_hex(&oid, ret);
	return 0;
}

/*
 * A copy of the user's index for git to work on: it spares reading what is unchanged. It is as
 * old as the user's: by that git knows which files may have changed since without showing it,
 * in the same second and with the same size.
 */
static int copy_index(const struct scratch *s, struct error *err)
{
	static const char *const argv[] = { "git", "rev-parse", "--git-path", "index", NULL };
	CLEANUP_STRBUF struct strbuf path = STRBUF_INIT, index = STRBUF_INIT;
	struct stat st;

	if (process_run(argv, &path, PATH_MAX, err) < 0)
		return -1;
	strbuf_setlen(&path, path.len - 1);
	if (stat(path.buf, &st) || strbuf_read_file(&index, path.buf, INDEX_MAX)) {
		if (errno == ENOENT)
			return 0;
		return error_errno(err, "cannot read the index '%s'", path.buf);
	}
	if (replace_file(s->index, index.buf, index.len, err))
		return -1;
	if (utimensat(AT_FDCWD, s->index, (struct timespec[]){ st.st_atim, st.st_mtim }, 0))
		return error_errno(err, "cannot date the index '%s'", s->index);
	return 0;
}

/*
 * git itself adds: the filters of .gitattributes are the user's programs, and nobody knows
 * its rules for untracked and ignored files better.
 */
static int add_worktree(struct repo *repo, char ret[OID_HEX_SIZE], struct error *err)
{
	static const char *const args[] = { "add", "--all", NULL };
	CLEANUP_SCRATCH struct scratch s = { 0 };

	if (scratch_make(&s, repo, err) < 0 || copy_index(&s, err) < 0 ||
	    scratch_git(&s, repo->workdir, args, NULL, err) < 0 ||
	    scratch_tree(&s, repo->workdir, ret, err) < 0)
		return error_context(err, "cannot read the working tree");
	return 0;
}

int tree_from_worktree(struct repo *repo, const char *incumbent, char ret_tree[OID_HEX_SIZE],
		       struct error *err)
{
	CLEANUP_GIT(git_tree) git_tree *before = NULL;
	CLEANUP_GIT(git_tree) git_tree *after = NULL;
	char head[OID_HEX_SIZE], tree[OID_HEX_SIZE];

	if (!repo->workdir)
		return error_set(err, "this needs a working tree, and the repository is bare");
	if (repo_head(repo, head, err) < 0 || lookup_tree(repo, head, &before, err) < 0 ||
	    add_worktree(repo, tree, err) < 0 || lookup_tree(repo, tree, &after, err) < 0)
		return -1;
	return merge_change(repo, incumbent, before, after, ret_tree, err);
}

/* git itself applies, for the same reasons, and since its parser has seen worse patches. */
int tree_from_patch(struct repo *repo, const char *incumbent, const char *patch, size_t len,
		    char ret_tree[OID_HEX_SIZE], struct error *err)
{
	CLEANUP_SCRATCH struct scratch s = { 0 };
	CLEANUP_FREE char *file = NULL;
	const char *const read_tree[] = { "read-tree", incumbent, NULL };
	const char *apply[] = { "apply", "--cached", "--whitespace=nowarn", "--", NULL, NULL };
	git_oid checked;

	if (oid_from_hex(&checked, incumbent, err) < 0 || scratch_make(&s, repo, err) < 0)
		return -1;
	file = xstrfmt("%s/patch", s.folder);
	apply[4] = file;
	if (replace_file(file, patch, len, err) < 0 ||
	    scratch_git(&s, s.folder, read_tree, NULL, err) < 0)
		return -1;
	if (scratch_git(&s, s.folder, apply, NULL, err) < 0)
		return error_context(err, "the patch does not apply to the incumbent");
	return scratch_tree(&s, s.folder, ret_tree, err);
}
