#include "git/results.h"

#include <string.h>

#include "base/process.h"
#include "git/internal.h"

void results_release(struct results *results)
{
	free(results->ref);
	*results = (struct results){ 0 };
}

/* --- The branch */

/* Goes back by the commits' titles, and reads the promotions alone. */
int ledger_find_promotion(struct ledger *ledger, const char *result, struct entry *ret,
			  struct error *err)
{
	char oid[OID_HEX_SIZE];

	memcpy(oid, ledger->tip, sizeof(oid));
	while (*oid) {
		CLEANUP_ENTRY struct entry entry = { 0 };
		CLEANUP_GIT(git_commit) git_commit *commit = NULL;

		if (lookup_commit(ledger->repo, oid, &commit, err))
			return -1;
		if (starts_with(git_commit_message_raw(commit), "promotion: ")) {
			if (ledger_read(ledger, oid, &entry, err))
				return -1;
			if (entry.record.promotion &&
			    (!result || !strcmp(entry.record.promotion->result, result))) {
				*ret = entry;
				entry = (struct entry){ 0 };
				return 0;
			}
		}
		oid[0] = '\0';
		if (git_commit_parentcount(commit) > 1)
			oid_to_hex(git_commit_parent_id(commit, 0), oid);
	}
	return 1;
}

static int refuse_foreign(const struct results *r, struct error *err)
{
	const char *name = r->ref + strlen("refs/heads/");

	error_set(err, "the branch '%s' holds what no promotion made, at %.12s", name, r->tip);
	return error_hint(err, "keep it by another name: git branch -m '%s' <name>", name);
}

/* Whether a ref of that name can be: told before anything is measured for it. */
static int try_name(const struct results *r, struct error *err)
{
	CLEANUP_GIT(git_transaction) git_transaction *hold = NULL;

	return ref_hold(r->ledger->repo, r->ref, &hold, err);
}

static bool wants_signature(struct repo *repo)
{
	CLEANUP_FREE char *git_dir = xstrfmt("--git-dir=%s", repo->git_dir);
	const char *argv[] = { "git",	git_dir,	  "config", "--type=bool",
			       "--get", "commit.gpgSign", NULL };
	CLEANUP_STRBUF struct strbuf value = STRBUF_INIT;
	struct error ignored = ERROR_INIT;

	return !process_run(argv, &value, 16, &ignored) && starts_with(value.buf, "true");
}

int results_open(struct results *ret, struct ledger *ledger, struct error *err)
{
	CLEANUP_RESULTS struct results r = { .ledger = ledger };
	CLEANUP_ENTRY struct entry entry = { 0 };
	int missing;

	r.ref = xstrfmt("refs/heads/results/%s", ledger->campaign);
	ref_unlock_stale(ledger->repo, r.ref);
	if (repo_ref(ledger->repo, r.ref, r.tip, err) < 0 ||
	    branch_must_be_free(ledger->repo, r.ref, err) || try_name(&r, err))
		return -1;
	missing = *r.tip ? ledger_find_promotion(ledger, r.tip, &entry, err) : 0;
	if (missing)
		return missing < 0 ? -1 : refuse_foreign(&r, err);
	r.signs = wants_signature(ledger->repo);
	if (*r.tip)
		memcpy(r.base, entry.record.base, sizeof(r.base));
	*ret = r;
	r = (struct results){ 0 };
	return 0;
}

/* --- Its commits */

/* As git reads a date in its own format: seconds and an offset. */
static char *author_date(const git_signature *author)
{
	int offset = author->when.offset, minutes = offset < 0 ? -offset : offset;

	return xstrfmt("GIT_AUTHOR_DATE=@%lld %c%02d%02d", (long long)author->when.time,
		       offset < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

int results_commit(const struct results *results, const char *tree, const char *parent,
		   const char *from, const char *message, char ret[OID_HEX_SIZE],
		   struct error *err)
{
	struct repo *repo = results->ledger->repo;
	CLEANUP_GIT(git_commit) git_commit *like = NULL;
	CLEANUP_FREE char *name = NULL, *email = NULL, *date = NULL, *encoding = NULL;
	CLEANUP_FREE char *git_dir = xstrfmt("--git-dir=%s", repo->git_dir);
	CLEANUP_FREE char *common = xstrfmt("GIT_COMMON_DIR=%s", repo->common_dir);
	CLEANUP_STRBUF struct strbuf hex = STRBUF_INIT;
	const char *argv[24] = { "env", "LC_ALL=C", common };
	size_t nr = 3;
	git_oid oid;

	if (from) {
		const git_signature *author;

		if (lookup_commit(repo, from, &like, err))
			return -1;
		author = git_commit_author(like);
		argv[nr++] = name = xstrfmt("GIT_AUTHOR_NAME=%s", author->name);
		argv[nr++] = email = xstrfmt("GIT_AUTHOR_EMAIL=%s", author->email);
		argv[nr++] = date = author_date(author);
		message = git_commit_message_raw(like);
	}
	encoding = xstrfmt("i18n.commitEncoding=%s", like && git_commit_message_encoding(like)
							     ? git_commit_message_encoding(like)
							     : "UTF-8");
	argv[nr++] = "git";
	argv[nr++] = git_dir;
	argv[nr++] = "-c";
	argv[nr++] = "core.fsync=none";
	argv[nr++] = "-c";
	argv[nr++] = encoding;
	argv[nr++] = "commit-tree";
	if (results->signs)
		argv[nr++] = "-S";
	argv[nr++] = "-p";
	argv[nr++] = parent;
	argv[nr++] = tree;
	objects_hold(repo);
	/* All of them are made durable at once, before a ref names them. */
	repo->unsynced = true;
	if (process_ask(argv, message, strlen(message), &hex, 256, err)) {
		error_of_git(err);
		return error_context(err, "cannot commit to the result");
	}
	strbuf_rtrim(&hex);
	if (oid_from_hex(&oid, hex.buf, err))
		return -1;
	oid_to_hex(&oid, ret);
	return 0;
}

/* --- The record, and the branch behind it */

static int moved(const struct results *r, struct error *err)
{
	error_set(err, "'%s' was moved by somebody else", r->ref);
	return error_hint(err, "git autoresearch promote, again");
}

int results_publish(struct results *results, struct record *record,
		    const struct record_content *files, size_t files_nr, struct error *err)
{
	struct repo *repo = results->ledger->repo;
	CLEANUP_GIT(git_transaction) git_transaction *hold = NULL;
	const char *result = record->promotion->result;
	char now[OID_HEX_SIZE] = "";

	memcpy(record->promotion->replaced, results->tip, OID_HEX_SIZE);
	if (record->verdict.kind != VERDICT_ACCEPTED)
		return ledger_append(results->ledger, record, result, files, files_nr, NULL,
				     err);
	if (objects_sync(repo, err) || branch_must_be_free(repo, results->ref, err) ||
	    ref_hold(repo, results->ref, &hold, err) ||
	    repo_ref(repo, results->ref, now, err) < 0)
		return -1;
	if (strcmp(now, results->tip))
		return moved(results, err);
	if (ledger_append(results->ledger, record, result, files, files_nr, NULL, err))
		return -1;
	return ref_move_held(repo, hold, results->ref, result, "autoresearch: promotion", err);
}

/* --- Where it would be pushed */

/* A value of git's configuration, or the one line that a command prints. False where there is none. */
static bool ask_git(const char *const *argv, struct strbuf *ret)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	struct error ignored = ERROR_INIT;

	if (process_run(argv, &text, 4096, &ignored))
		return false;
	strbuf_rtrim(&text);
	if (!text.len || strchr(text.buf, '\n'))
		return false;
	strbuf_add(ret, text.buf, text.len);
	return true;
}

static bool configured(const char *key, struct strbuf *ret)
{
	const char *const argv[] = { "git", "config", "--get", key, NULL };

	return ask_git(argv, ret);
}

/* In the order of git-push(1). */
static void find_remote(struct repo *repo, struct strbuf *ret)
{
	static const char *const all[] = { "git", "remote", NULL };
	CLEANUP_FREE char *branch = repo_current_branch(repo), *push = NULL, *fetch = NULL;

	push = xstrfmt("branch.%s.pushRemote", branch ? branch : "");
	fetch = xstrfmt("branch.%s.remote", branch ? branch : "");
	if (!(branch && configured(push, ret)) && !configured("remote.pushDefault", ret) &&
	    !(branch && configured(fetch, ret)))
		ask_git(all, ret);
}

void results_remote(const struct results *results, struct strbuf *ret_name,
		    char ret_lost[OID_HEX_SIZE])
{
	struct repo *repo = results->ledger->repo;
	CLEANUP_FREE char *tracking = NULL;
	struct error ignored = ERROR_INIT;
	char there[OID_HEX_SIZE], here[OID_HEX_SIZE];
	git_oid a, b;

	*ret_lost = '\0';
	find_remote(repo, ret_name);
	tracking =
		xstrfmt("refs/remotes/%s/results/%s", ret_name->buf, results->ledger->campaign);
	/* A remote may be a URL, which is no part of a ref. */
	if (!ret_name->len || repo_ref(repo, tracking, there, &ignored) ||
	    repo_ref(repo, results->ref, here, &ignored) || !strcmp(there, here) ||
	    oid_from_hex(&a, here, &ignored) || oid_from_hex(&b, there, &ignored))
		return;
	if (!git_graph_descendant_of(repo->git, &a, &b))
		memcpy(ret_lost, there, sizeof(there));
}
