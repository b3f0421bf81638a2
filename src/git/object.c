#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/process.h"
#include "git/internal.h"

#define MESSAGE_MAX (1 << 20)

int error_git(struct error *err, const char *fmt, ...)
{
	const git_error *last = git_error_last();
	char context[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(context, sizeof(context), fmt, ap);
	va_end(ap);
	return error_set(err, "%s: %s", context,
			 last && last->message ? last->message : "libgit2 gave no reason");
}

int error_of_git(struct error *err)
{
	static const char *const prefixes[] = { "env: ", "git: ", "fatal: ", "error: " };
	const char *said = err->message;

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (starts_with(said, prefixes[i]))
			said += strlen(prefixes[i]);
	memmove(err->message, said, strlen(said) + 1);
	return -1;
}

int oid_from_hex(git_oid *ret, const char *hex, struct error *err)
{
	if (strlen(hex) != OID_HEX_LEN || git_oid_fromstr(ret, hex) < 0)
		return error_set(err, "not an object id: '%.60s'", hex);
	return 0;
}

int lookup_commit(struct repo *repo, const char *hex, git_commit **ret, struct error *err)
{
	git_oid oid;

	if (oid_from_hex(&oid, hex, err) < 0)
		return -1;
	if (git_commit_lookup(ret, repo->git, &oid) < 0)
		return error_git(err, "cannot read the commit %s", hex);
	return 0;
}

int lookup_tree(struct repo *repo, const char *hex, git_tree **ret, struct error *err)
{
	CLEANUP_GIT(git_object) git_object *object = NULL;
	git_oid oid;

	if (oid_from_hex(&oid, hex, err) < 0)
		return -1;
	if (git_object_lookup(&object, repo->git, &oid, GIT_OBJECT_ANY) < 0 ||
	    git_object_peel((git_object **)ret, object, GIT_OBJECT_TREE) < 0)
		return error_git(err, "cannot read the tree of %s", hex);
	return 0;
}

int read_blob(struct repo *repo, const git_oid *oid, size_t cap, struct strbuf *ret,
	      struct error *err)
{
	CLEANUP_GIT(git_odb_object) git_odb_object *object = NULL;
	char hex[OID_HEX_SIZE];
	git_object_t type;
	size_t size;

	oid_to_hex(oid, hex);
	if (git_odb_read_header(&size, &type, repo->odb, oid) < 0)
		return error_git(err, "cannot read the object %s", hex);
	if (type != GIT_OBJECT_BLOB)
		return error_set(err, "the object %s is no blob", hex);
	if (size > cap)
		return error_set(err, "the object %s is larger than %zu bytes", hex, cap);
	if (git_odb_read(&object, repo->odb, oid) < 0)
		return error_git(err, "cannot read the object %s", hex);
	strbuf_add(ret, git_odb_object_data(object), git_odb_object_size(object));
	return 0;
}

int repo_resolve_commit(struct repo *repo, const char *rev, char ret[OID_HEX_SIZE],
			struct error *err)
{
	CLEANUP_FREE char *git_dir = xstrfmt("--git-dir=%s", repo->git_dir);
	const char *argv[] = { "git",	   git_dir,   "rev-parse",
			       "--verify", "--quiet", "--end-of-options",
			       rev,	   NULL };
	CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;
	CLEANUP_GIT(git_object) git_object *object = NULL;
	CLEANUP_GIT(git_object) git_object *commit = NULL;
	git_oid oid;

	if (!*rev || process_run(argv, &out, 256, err) < 0)
		return error_set(err, "not a commit: %s", rev);
	strbuf_rtrim(&out);
	if (oid_from_hex(&oid, out.buf, err) < 0 ||
	    git_object_lookup(&object, repo->git, &oid, GIT_OBJECT_ANY) < 0 ||
	    git_object_peel(&commit, object, GIT_OBJECT_COMMIT) < 0)
		return error_set(err, "not a commit: %s", rev);
	oid_to_hex(git_object_id(commit), ret);
	return 0;
}

int repo_commit_tree(struct repo *repo, const char *commit, char ret[OID_HEX_SIZE],
		     struct error *err)
{
	CLEANUP_GIT(git_commit) git_commit *object = NULL;

	if (lookup_commit(repo, commit, &object, err) < 0)
		return -1;
	oid_to_hex(git_commit_tree_id(object), ret);
	return 0;
}

int repo_commit_parent(struct repo *repo, const char *commit, unsigned i,
		       char ret[OID_HEX_SIZE], struct error *err)
{
	CLEANUP_GIT(git_commit) git_commit *object = NULL;

	if (lookup_commit(repo, commit, &object, err) < 0)
		return -1;
	if (i >= git_commit_parentcount(object))
		return 1;
	oid_to_hex(git_commit_parent_id(object, i), ret);
	return 0;
}

int repo_commit_message(struct repo *repo, const char *commit, struct strbuf *ret,
			struct error *err)
{
	CLEANUP_GIT(git_commit) git_commit *object = NULL;
	const char *message;

	if (lookup_commit(repo, commit, &object, err) < 0)
		return -1;
	message = git_commit_message_raw(object);
	strbuf_add(ret, message, strnlen(message, MESSAGE_MAX));
	return 0;
}

int repo_commit_author(struct repo *repo, const char *commit, struct strbuf *ret,
		       struct error *err)
{
	CLEANUP_GIT(git_commit) git_commit *object = NULL;
	const git_signature *author;

	if (lookup_commit(repo, commit, &object, err) < 0)
		return -1;
	author = git_commit_author(object);
	strbuf_addf(ret, "%s <%s>", author->name, author->email);
	return 0;
}

int repo_commit_time(struct repo *repo, const char *commit, time_t *ret, struct error *err)
{
	CLEANUP_GIT(git_commit) git_commit *object = NULL;

	if (lookup_commit(repo, commit, &object, err) < 0)
		return -1;
	*ret = git_commit_time(object);
	return 0;
}

/* The entry of a regular file. 0; 1 where there is none. */
static int lookup_file(struct repo *repo, const char *treeish, const char *path,
		       git_tree_entry **ret, struct error *err)
{
	CLEANUP_GIT(git_tree) git_tree *tree = NULL;
	git_filemode_t mode;
	int r;

	if (lookup_tree(repo, treeish, &tree, err) < 0)
		return -1;
	r = git_tree_entry_bypath(ret, tree, path);
	if (r == GIT_ENOTFOUND)
		return 1;
	if (r < 0)
		return error_git(err, "cannot look up '%s'", path);
	mode = git_tree_entry_filemode(*ret);
	return mode != GIT_FILEMODE_BLOB && mode != GIT_FILEMODE_BLOB_EXECUTABLE;
}

int repo_file_mode(struct repo *repo, const char *treeish, const char *path, unsigned *ret,
		   struct error *err)
{
	CLEANUP_GIT(git_tree_entry) git_tree_entry *entry = NULL;
	int r = lookup_file(repo, treeish, path, &entry, err);

	if (!r)
		*ret = git_tree_entry_filemode(entry);
	return r;
}

int repo_read_file(struct repo *repo, const char *treeish, const char *path, size_t cap,
		   struct strbuf *ret, struct error *err)
{
	CLEANUP_GIT(git_tree_entry) git_tree_entry *entry = NULL;
	int r = lookup_file(repo, treeish, path, &entry, err);

	if (r)
		return r;
	if (read_blob(repo, git_tree_entry_id(entry), cap, ret, err) < 0)
		return error_context(err, "%s", path);
	return 0;
}

int repo_author(char **ret, struct error *err)
{
	static const char *const argv[] = { "git", "var", "GIT_AUTHOR_IDENT", NULL };
	CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;
	struct error none = ERROR_INIT;
	const char *close = NULL;

	if (!process_run(argv, &out, 4096, &none))
		close = strrchr(out.buf, '>');
	if (!close) {
		error_set(err, "git does not know who you are, and this is recorded as yours");
		return error_hint(err, "git config user.name and user.email");
	}
	*ret = xstrndup(out.buf, (size_t)(close + 1 - out.buf));
	return 0;
}
