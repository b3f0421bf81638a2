#include "git/guard_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "git/internal.h"

#define BRANCH_PREFIX "refs/heads/autoresearch/"
#define LEDGER_PREFIX "refs/autoresearch/"
#define LEDGER_SUFFIX "/ledger"
#define PACKED_MAX (1 << 30)
#define NOTE_MAX (16 << 20)

/* --- Updates */

static int take_id(const char *hex, char ret[OID_HEX_SIZE], struct error *err)
{
	git_oid oid;

	if (oid_from_hex(&oid, hex, err))
		return -1;
	if (!git_oid_is_zero(&oid))
		oid_to_hex(&oid, ret);
	return 0;
}

int ref_updates_add(struct ref_updates *updates, const char *ref, const char *from,
		    const char *to, struct error *err)
{
	struct ref_update update = { .ref = NULL };

	if (take_id(from, update.from, err) || take_id(to, update.to, err))
		return error_context(err, "%s", ref);
	if (updates->nr == updates->alloc) {
		updates->alloc = updates->alloc ? 2 * updates->alloc : 16;
		updates->items =
			xrealloc(updates->items, updates->alloc * sizeof(*updates->items));
	}
	update.ref = xstrdup(ref);
	updates->items[updates->nr++] = update;
	return 0;
}

void ref_updates_release(struct ref_updates *updates)
{
	for (size_t i = 0; i < updates->nr; i++)
		free(updates->items[i].ref);
	free(updates->items);
	*updates = (struct ref_updates){ 0 };
}

void guard_refuse(struct guard *guard, const char *ref, const char *why, const char *hint)
{
	guard->refusals++;
	guard->refused(ref, why, hint, guard->data);
}

/* --- Chains */

static bool is_ledger(const char *ref)
{
	return starts_with(ref, LEDGER_PREFIX) && ends_with(ref, LEDGER_SUFFIX) &&
	       strlen(ref) > strlen(LEDGER_PREFIX LEDGER_SUFFIX);
}

/* Whether the record `old` is in the chain that ends with `tip`. What a record measured is no part
 * of the chain: that may be anything, and so have anything for its history. */
static int chain_holds(struct repo *repo, const char *tip, const char *old, struct error *err)
{
	char oid[OID_HEX_SIZE];

	memcpy(oid, tip, sizeof(oid));
	while (strcmp(oid, old)) {
		CLEANUP_GIT(git_commit) git_commit *commit = NULL;

		if (lookup_commit(repo, oid, &commit, err))
			return -1;
		if (git_commit_parentcount(commit) < 2)
			return 0;
		oid_to_hex(git_commit_parent_id(commit, 0), oid);
	}
	return 1;
}

static int notes_hold(struct repo *repo, const char *tip, const char *old, struct error *err)
{
	git_oid new_oid, old_oid;
	int r;

	if (oid_from_hex(&new_oid, tip, err) || oid_from_hex(&old_oid, old, err))
		return -1;
	/* What a remote has and we have not is in no history of ours. */
	if (git_oid_equal(&new_oid, &old_oid) || !git_odb_exists(repo->odb, &old_oid))
		return git_oid_equal(&new_oid, &old_oid);
	r = git_graph_descendant_of(repo->git, &new_oid, &old_oid);
	return r < 0 ? error_git(err, "cannot follow the history of the notes") : r;
}

/* Why they must not move so, and where to read on. */
static void refuse_chain(struct guard *guard, const char *ref, bool deleted)
{
	const char *why, *hint = "see git-autoresearch-sharing(7)";

	if (is_ledger(ref)) {
		why = deleted ? "it would be deleted, and the only record of its experiments "
				"with it"
			      : "it would be rewritten: the new chain does not hold the records "
				"that are there";
	} else {
		why = deleted ? "it would be deleted, and the notes of all campaigns with it"
			      : "it would be rewritten: the new notes do not go on from those "
				"that are there";
		if (!deleted)
			hint = "fetch them to refs/notes/theirs, and: git notes "
			       "--ref=autoresearch merge -s union theirs";
	}
	guard_refuse(guard, ref, why, hint);
}

static int check_chain(struct guard *guard, const struct ref_update *update, struct error *err)
{
	bool ledger = is_ledger(update->ref);
	char from[OID_HEX_SIZE];
	int holds = 0;

	if (!ledger && strcmp(update->ref, NOTES_REF))
		return 0;
	memcpy(from, update->from, sizeof(from));
	if (!guard->remote) {
		from[0] = '\0';
		if (repo_ref(guard->repo, update->ref, from, err) < 0)
			return -1;
	}
	if (!*from)
		return 0;
	if (*update->to)
		holds = ledger ? chain_holds(guard->repo, update->to, from, err)
			       : notes_hold(guard->repo, update->to, from, err);
	if (!holds)
		refuse_chain(guard, update->ref, !*update->to);
	return holds < 0 ? -1 : 0;
}

static int check_chains(struct guard *guard, const struct ref_updates *updates,
			struct error *err)
{
	for (size_t i = 0; i < updates->nr; i++)
		if (check_chain(guard, &updates->items[i], err))
			return error_context(err, "%s", updates->items[i].ref);
	return 0;
}

/*
 * `git pack-refs` writes a ref to `packed-refs`, and then deletes the file that it had: to a hook it
 * looks as if the ref were deleted. Who deletes it indeed has `packed-refs` locked by then, where the
 * ref is in that.
 */
static int is_packed(struct repo *repo, const char *ref, bool *ret, struct error *err)
{
	CLEANUP_FREE char *path = xstrfmt("%spacked-refs", repo->common_dir);
	CLEANUP_FREE char *lock = xstrfmt("%s.lock", path), *line = NULL;
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	char oid[OID_HEX_SIZE] = "";

	*ret = false;
	if (repo_ref(repo, ref, oid, err) < 0)
		return -1;
	if (!access(lock, F_OK))
		return 0;
	if (strbuf_read_file(&text, path, PACKED_MAX))
		return errno == ENOENT ? 0 : error_errno(err, "cannot read '%s'", path);
	line = xstrfmt("\n%s %s\n", oid, ref);
	*ret = *oid && strstr(text.buf, line);
	return 0;
}

int guard_transaction(struct guard *guard, const struct ref_updates *updates, struct error *err)
{
	for (size_t i = 0; i < updates->nr; i++) {
		const struct ref_update *update = &updates->items[i];
		bool packed = false;

		if (!*update->to && is_packed(guard->repo, update->ref, &packed, err))
			return -1;
		if (!packed && check_chain(guard, update, err))
			return error_context(err, "%s", update->ref);
	}
	return 0;
}

/* --- Campaigns */

/* What is touched of which campaign: the first ref that was met stands for it. */
struct touched {
	struct repo *repo;
	const char *ref;
	struct string_list campaigns, refs;
};

static void touched_release(struct touched *t)
{
	string_list_release(&t->campaigns);
	string_list_release(&t->refs);
}

static void touch(struct touched *t, const char *campaign)
{
	if (string_list_has(&t->campaigns, campaign))
		return;
	string_list_add(&t->campaigns, campaign);
	string_list_add(&t->refs, t->ref);
}

/* Every campaign that a note speaks of. */
static int touch_noted(struct touched *t, const git_oid *blob, struct error *err)
{
	static const char key[] = "Experiment: ";
	CLEANUP_STRBUF struct strbuf note = STRBUF_INIT;
	const char *line, *end, *slash;

	if (!blob)
		return 0;
	if (read_blob(t->repo, blob, NOTE_MAX, &note, err))
		return -1;
	for (line = note.buf; *line; line = *end ? end + 1 : end) {
		CLEANUP_FREE char *campaign = NULL;

		end = strchrnul(line, '\n');
		if (!starts_with(line, key))
			continue;
		line += strlen(key);
		slash = memrchr(line, '/', (size_t)(end - line));
		campaign = slash ? xstrndup(line, (size_t)(slash - line)) : NULL;
		if (campaign)
			touch(t, campaign);
	}
	return 0;
}

static int touch_note(const struct tree_change *change, void *data, struct error *err)
{
	if (touch_noted(data, change->old_oid, err) || touch_noted(data, change->new_oid, err))
		return -1;
	return 0;
}

/* The campaigns whose notes an update changes. */
static int touch_notes(struct touched *t, const struct ref_update *update, struct error *err)
{
	CLEANUP_GIT(git_tree) git_tree *old_tree = NULL;
	CLEANUP_GIT(git_tree) git_tree *new_tree = NULL;
	git_oid from;

	if (*update->from && oid_from_hex(&from, update->from, err))
		return -1;
	if (*update->from && git_odb_exists(t->repo->odb, &from) &&
	    lookup_tree(t->repo, update->from, &old_tree, err))
		return -1;
	if (lookup_tree(t->repo, update->to, &new_tree, err))
		return -1;
	return tree_diff(t->repo, old_tree, new_tree, touch_note, t, err);
}

static int touch_by(struct touched *t, const struct ref_update *update, bool remote,
		    struct error *err)
{
	CLEANUP_FREE char *campaign = NULL;

	t->ref = update->ref;
	if (!strcmp(update->ref, NOTES_REF))
		return *update->to ? touch_notes(t, update, err) : 0;
	if (is_ledger(update->ref))
		campaign = xstrndup(update->ref + strlen(LEDGER_PREFIX),
				    strlen(update->ref) - strlen(LEDGER_PREFIX LEDGER_SUFFIX));
	/* A branch may be deleted where there is no ledger; at a remote we do not know. */
	else if (starts_with(update->ref, BRANCH_PREFIX) && (*update->to || !remote))
		campaign = xstrdup(update->ref + strlen(BRANCH_PREFIX));
	if (campaign)
		touch(t, campaign);
	return 0;
}

struct first_mismatch {
	struct strbuf line;
	size_t nr;
};

static void keep_first(const char *line, void *data)
{
	struct first_mismatch *first = data;

	if (!first->nr++)
		strbuf_addstr(&first->line, line);
}

static int check_campaign(struct guard *guard, const char *ref, const char *campaign,
			  struct error *err)
{
	CLEANUP_LEDGER struct ledger ledger = { 0 };
	struct first_mismatch first = { .line = STRBUF_INIT };
	CLEANUP_FREE char *hint = NULL, *word = shell_word(campaign);
	struct error name = ERROR_INIT;
	int64_t records, bad;
	int r;

	/* A note may speak of what is no campaign, and a campaign's branch may have no record yet. */
	if (ledger_open(&ledger, guard->repo, campaign, &name)) {
		if (strcmp(ref, NOTES_REF))
			guard_refuse(guard, ref, name.message, name.hint);
		return 0;
	}
	if (!*ledger.tip && (!*ledger.branch || !strcmp(ref, NOTES_REF)))
		return 0;
	r = ledger_verify(&ledger, keep_first, &first, &records, &bad, err);
	if (!r && bad) {
		if (bad > 1)
			strbuf_addf(&first.line, " (the first of %lld mismatches)",
				    (long long)bad);
		if (guard->remote)
			hint = xstrfmt("git autoresearch verify %s; where that is in order the "
				       "campaign has just moved on, so push again",
				       word);
		guard_refuse(guard, ref, first.line.buf,
			     hint ? hint
				  : "branch, ledger and notes are pushed together: see "
				    "git-autoresearch-sharing(7)");
	}
	strbuf_release(&first.line);
	return r;
}

static int check_campaigns(struct guard *guard, const struct ref_updates *updates,
			   struct error *err)
{
	CLEANUP(touched_release) struct touched t = { .repo = guard->repo };

	for (size_t i = 0; i < updates->nr; i++)
		if (touch_by(&t, &updates->items[i], guard->remote, err))
			return error_context(err, "%s", updates->items[i].ref);
	for (size_t i = 0; i < t.campaigns.nr; i++)
		if (check_campaign(guard, t.refs.items[i], t.campaigns.items[i], err))
			return -1;
	return 0;
}

int guard_pushed(struct guard *guard, const struct ref_updates *updates, struct error *err)
{
	if (check_chains(guard, updates, err))
		return -1;
	for (size_t i = 0; i < updates->nr; i++)
		repo_suppose(guard->repo, updates->items[i].ref, updates->items[i].to);
	if (guard_protected(guard, updates, err))
		return -1;
	/* What was told above would be told once more. */
	return guard->refusals ? 0 : check_campaigns(guard, updates, err);
}
