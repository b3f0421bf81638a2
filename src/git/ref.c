#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <git2/sys/repository.h>

#include "base/trace.h"
#include "git/internal.h"

/* git holds the lock of a ref for milliseconds. */
#define LOCK_PATIENCE_MS 2000
#define LOCK_STALE_MS 3000
#define LOCK_POLL_MS 20

static void nap(void)
{
	struct timespec ts = { .tv_nsec = LOCK_POLL_MS * 1000000L };

	nanosleep(&ts, NULL);
}

void repo_suppose(struct repo *repo, const char *refname, const char *oid)
{
	struct ref_update *update;

	repo->supposed =
		xrealloc(repo->supposed, (repo->supposed_nr + 1) * sizeof(*repo->supposed));
	update = &repo->supposed[repo->supposed_nr++];
	*update = (struct ref_update){ .ref = xstrdup(refname) };
	strcpy(update->to, oid);
}

int repo_ref(struct repo *repo, const char *refname, char ret[OID_HEX_SIZE], struct error *err)
{
	git_oid oid;
	int r;

	for (size_t i = repo->supposed_nr; i-- > 0;) {
		if (strcmp(repo->supposed[i].ref, refname))
			continue;
		if (!*repo->supposed[i].to)
			return 1;
		memcpy(ret, repo->supposed[i].to, OID_HEX_SIZE);
		return 0;
	}
	r = git_reference_name_to_id(&oid, repo->git, refname);
	if (r == GIT_ENOTFOUND)
		return 1;
	if (r < 0)
		return error_git(err, "cannot read the ref '%s'", refname);
	oid_to_hex(&oid, ret);
	return 0;
}

static int explain_failure(struct repo *repo, const char *name, int r, struct error *err)
{
	error_git(err, "cannot write the ref '%s'", name);
	if (r == GIT_ELOCKED)
		return error_hint(err,
				  "another git process holds it; if none runs: rm '%s%s.lock'",
				  repo->common_dir, name);
	if (strstr(err->message, "fsync"))
		return -1; /* also of a directory */
	if (r == GIT_EEXISTS || strstr(err->message, "directory") ||
	    strstr(err->message, "collides") || strstr(err->message, "beneath"))
		return error_hint(err,
				  "a ref with a part of that name stands in the way: see git "
				  "for-each-ref, or choose another campaign name");
	return -1;
}

int ref_swap(struct repo *repo, const char *name, const char *from, const char *to,
	     const char *log, struct error *err)
{
	git_oid old_oid = { 0 }, new_oid; /* the null id: there must be no such ref */
	int r, waited = 0;
	SPAN("ref");

	if ((*from && oid_from_hex(&old_oid, from, err) < 0) ||
	    oid_from_hex(&new_oid, to, err) < 0 || objects_sync(repo, err) < 0)
		return -1;
	for (;;) {
		CLEANUP_GIT(git_reference) git_reference *ref = NULL;

		r = git_reference_create_matching(&ref, repo->git, name, &new_oid, 1, &old_oid,
						  log);
		if (r != GIT_ELOCKED || waited >= LOCK_PATIENCE_MS)
			break;
		nap();
		waited += LOCK_POLL_MS;
	}
	if (r == GIT_EMODIFIED || (*from && r == GIT_ENOTFOUND))
		return 1;
	return r < 0 ? explain_failure(repo, name, r, err) : 0;
}

int ref_swap_hastily(struct repo *repo, const char *name, const char *from, const char *to,
		     const char *log, struct error *err)
{
	int r;

	git_repository_set_refdb(repo->git, repo->hasty_refs);
	r = ref_swap(repo, name, from, to, log, err);
	git_repository_set_refdb(repo->git, repo->refs);
	return r;
}

void ref_drop_torn(struct repo *repo, const char *name)
{
	CLEANUP_FREE char *path = xstrfmt("%s%s", repo->common_dir, name);
	struct stat st;

	if (!lstat(path, &st) && S_ISREG(st.st_mode) && !st.st_size)
		unlink(path);
}

int ref_hold(struct repo *repo, const char *name, git_transaction **ret, struct error *err)
{
	CLEANUP_GIT(git_transaction) git_transaction *hold = NULL;
	int r, waited = 0;

	if (git_transaction_new(&hold, repo->git) < 0)
		return error_git(err, "cannot hold the ref '%s'", name);
	while ((r = git_transaction_lock_ref(hold, name)) == GIT_ELOCKED &&
	       waited < LOCK_PATIENCE_MS) {
		nap();
		waited += LOCK_POLL_MS;
	}
	if (r < 0)
		return explain_failure(repo, name, r, err);
	*ret = steal_ptr(hold);
	return 0;
}

int ref_move_held(struct repo *repo, git_transaction *hold, const char *name, const char *to,
		  const char *log, struct error *err)
{
	git_oid oid;
	int r;
	SPAN("ref");

	if (oid_from_hex(&oid, to, err) < 0 || objects_sync(repo, err) < 0)
		return -1;
	r = git_transaction_set_target(hold, name, &oid, NULL, log);
	if (!r)
		r = git_transaction_commit(hold);
	return r < 0 ? explain_failure(repo, name, r, err) : 0;
}

/*
 * A process of ours that was killed while it moved a ref leaves the lock behind, and no ref
 * of the campaign could ever move again. A lock that stands for seconds is nobody's. The wait
 * is counted, so that a clock that was set back cannot make it long.
 */
void ref_unlock_stale(struct repo *repo, const char *name)
{
	CLEANUP_FREE char *path = xstrfmt("%s%s.lock", repo->common_dir, name);
	struct stat st;

	for (int waited = 0; waited < LOCK_STALE_MS; waited += LOCK_POLL_MS) {
		if (lstat(path, &st) < 0)
			return;
		if (time(NULL) - st.st_mtime > LOCK_STALE_MS / 1000)
			break;
		nap();
	}
	unlink(path);
}

int branch_must_be_free(struct repo *repo, const char *refname, struct error *err)
{
	CLEANUP_FREE char *place = NULL;

	if (repo_checked_out_at(repo, refname, &place, err) < 0)
		return -1;
	if (!place)
		return 0;
	error_set(err, "the branch '%s' is checked out at '%s', so it cannot be moved",
		  refname + strlen("refs/heads/"), place);
	return error_hint(err, "git -C '%s' switch --detach", place);
}
