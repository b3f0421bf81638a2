#include <string.h>

#include "base/digest.h"
#include "base/trace.h"
#include "git/internal.h"
#include "model/trailer.h"

static int commit_on_base(struct repo *repo, const struct record *record,
			  const struct strbuf *message, char ret[OID_HEX_SIZE],
			  struct error *err)
{
	const char *parents[] = { record->base };
	char tree[OID_HEX_SIZE];

	memcpy(tree, record->tree, OID_HEX_SIZE);
	/* The tree of `base`, for a proposal that was never made into a candidate. */
	if (record->verdict.kind == VERDICT_INVALID &&
	    repo_commit_tree(repo, record->base, tree, err) < 0)
		return -1;
	return write_commit(repo, tree, parents, 1, message->buf, ret, err);
}

int ledger_commit_candidate(struct ledger *ledger, const struct record *record,
			    char ret[OID_HEX_SIZE], struct error *err)
{
	CLEANUP_STRBUF struct strbuf message = STRBUF_INIT;

	message_candidate(record, &message);
	return commit_on_base(ledger->repo, record, &message, ret, err);
}

/* The commit of the branch that carries the record's digest. */
static int commit_on_branch(struct ledger *ledger, const struct record *record,
			    const char *digest, char ret[OID_HEX_SIZE], struct error *err)
{
	CLEANUP_STRBUF struct strbuf message = STRBUF_INIT;

	message_accepted(record, digest, &message);
	return commit_on_base(ledger->repo, record, &message, ret, err);
}

static int moved(struct error *err, const char *refname)
{
	error_set(err, "'%s' was moved by somebody else", refname);
	return error_hint(err,
			  "run git autoresearch start again: it goes on from what is there");
}

/* What can be known to fail is found before anything is written. */
static int check_refs(struct ledger *ledger, const struct record *record, struct error *err)
{
	char now[OID_HEX_SIZE] = "";

	if (repo_ref(ledger->repo, ledger->ledger_ref, now, err) < 0)
		return -1;
	if (strcmp(now, ledger->tip))
		return moved(err, ledger->ledger_ref);
	if (!record_is_on_branch(record))
		return 0;
	now[0] = '\0';
	if (repo_ref(ledger->repo, ledger->branch_ref, now, err) < 0)
		return -1;
	if (strcmp(now, record->base))
		return moved(err, ledger->branch_ref);
	return branch_must_be_free(ledger->repo, ledger->branch_ref, err);
}

/* Writes the files and names them in the record. */
static int write_files(struct repo *repo, struct record *record, git_treebuilder *bld,
		       const struct record_content *files, size_t nr, struct error *err)
{
	if (nr > ARRAY_SIZE(record->files))
		return error_set(err, "a record cannot hold %zu files", nr);
	record->files_nr = 0;
	for (size_t i = 0; i < nr; i++) {
		struct record_file *file = &record->files[i];
		git_oid oid;

		if (strlen(files[i].name) >= sizeof(file->name) ||
		    !strcmp(files[i].name, RECORD_FILE))
			return error_set(err, "a record cannot hold '%s'", files[i].name);
		if (files[i].file ? write_blob_file(repo, files[i].file, &oid, err)
				  : write_blob(repo, files[i].data, files[i].len, &oid, err))
			return -1;
		if (git_treebuilder_insert(NULL, bld, files[i].name, &oid, GIT_FILEMODE_BLOB) <
		    0)
			return error_git(err, "cannot add '%s' to a record", files[i].name);
		memcpy(file->name, files[i].name, strlen(files[i].name) + 1);
		oid_to_hex(&oid, file->oid);
		record->files_nr++;
	}
	return 0;
}

int write_record_tree(struct repo *repo, struct record *record,
		      const struct record_content *files, size_t nr, char ret[OID_HEX_SIZE],
		      char ret_digest[DIGEST_HEX_LEN + 1], struct error *err)
{
	CLEANUP_GIT(git_treebuilder) git_treebuilder *bld = NULL;
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	git_oid oid;

	if (git_treebuilder_new(&bld, repo->git, NULL) < 0)
		return error_git(err, "cannot build a record");
	if (write_files(repo, record, bld, files, nr, err) < 0)
		return -1;
	record_write(record, &text);
	digest_of(text.buf, text.len, ret_digest);
	if (write_blob(repo, text.buf, text.len, &oid, err) < 0)
		return -1;
	if (git_treebuilder_insert(NULL, bld, RECORD_FILE, &oid, GIT_FILEMODE_BLOB) < 0 ||
	    write_tree(repo, bld, &oid) < 0)
		return error_git(err, "cannot write a record");
	oid_to_hex(&oid, ret);
	return 0;
}

void record_title(const struct record *record, struct strbuf *out)
{
	if (record->type == RECORD_BASELINE) {
		strbuf_addstr(out, "baseline");
		return;
	}
	if (record->type == RECORD_PROMOTION)
		strbuf_addf(out, "promotion: %s ", verdict_name(record->verdict.kind));
	else if (record->type == RECORD_REPLAY)
		strbuf_addf(out, "replay of %lld: %s ", (long long)record->experiment,
			    record->replay->reproduced ? "reproduced" : "not reproduced");
	else
		strbuf_addf(out, "%s %lld: %s ",
			    record->type == RECORD_DECISION ? "decision on" : "experiment",
			    (long long)record->experiment, verdict_name(record->verdict.kind));
	subject_clean(record->subject, record->experiment, out);
}

/*
 * Nobody may move the branch from here on: or there would be a record, and its commit in no place.
 * All objects are written by then, since git waits no longer than a tenth of a second for a ref.
 */
static int hold_branch(struct ledger *ledger, const struct record *record,
		       git_transaction **ret, struct error *err)
{
	char now[OID_HEX_SIZE] = "";

	if (!record_is_on_branch(record))
		return 0;
	if (objects_sync(ledger->repo, err) < 0 ||
	    ref_hold(ledger->repo, ledger->branch_ref, ret, err) < 0 ||
	    repo_ref(ledger->repo, ledger->branch_ref, now, err) < 0)
		return -1;
	return strcmp(now, record->base) ? moved(err, ledger->branch_ref) : 0;
}

/* The record's commit, on top of the chain. No ref moves. */
static int commit_record(struct ledger *ledger, const struct record *record, const char *tree,
			 const char *commit, const char *title, char ret[OID_HEX_SIZE],
			 struct error *err)
{
	const char *parents[2];
	size_t nr = 0;

	if (*ledger->tip)
		parents[nr++] = ledger->tip;
	else if (record->type != RECORD_BASELINE)
		return error_set(err, "the first record of a campaign is its baseline");
	parents[nr++] = commit;
	return write_commit(ledger->repo, tree, parents, nr, title, ret, err);
}

/* `hold` is of ref_hold(); NULL: nobody holds the branch. */
static int move_branch(struct ledger *ledger, const struct record *record, const char *commit,
		       git_transaction *hold, struct error *err)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	int r;

	strbuf_addf(&text, "autoresearch: experiment %lld %s", (long long)record->experiment,
		    verdict_name(record->verdict.kind));
	if (hold)
		r = ref_move_held(ledger->repo, hold, ledger->branch_ref, commit, text.buf,
				  err);
	else
		r = ref_swap(ledger->repo, ledger->branch_ref, record->base, commit, text.buf,
			     err);
	if (r)
		return r == 1 ? moved(err, ledger->branch_ref) : -1;
	memcpy(ledger->branch, commit, OID_HEX_SIZE);
	return 0;
}

const char *ledger_note(const struct record *record, const char *digest, const char *commit,
			struct strbuf *ret)
{
	if (record->type == RECORD_DECISION)
		commit = record->decision->commit;
	else if (record_is_on_branch(record))
		return commit;
	message_note(record, digest, ret);
	return commit;
}

static int add_note(struct ledger *ledger, const struct record *record, const char *digest,
		    const char *commit, struct error *err)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	commit = ledger_note(record, digest, commit, &text);
	return text.len ? notes_add(ledger->repo, commit, text.buf, err) : 0;
}

/* Whether the record has the note that it needs: 1; 0 where it lacks; 2 where it needs none; -1. */
static int has_note(struct ledger *ledger, const struct entry *entry, struct error *err)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT, note = STRBUF_INIT;
	const char *commit = ledger_note(&entry->record, entry->digest, entry->commit, &text);

	if (!text.len)
		return 2;
	if (notes_read(ledger->repo, commit, &note, err) < 0)
		return -1;
	return note_holds(note.buf, text.buf);
}

/* The notes of these texts, each on the commit of the same place; borrowed. */
static struct note *list_notes(const struct string_list *commits,
			       const struct string_list *texts)
{
	struct note *ret = xcalloc(texts->nr + 1, sizeof(*ret));

	for (size_t i = 0; i < texts->nr; i++)
		ret[i] = (struct note){ commits->items[i], texts->items[i] };
	return ret;
}

/* Notes of records that are not appended yet, so that one sync makes both durable. */
static int draft_notes(struct ledger *ledger, const struct string_list *commits,
		       const struct string_list *texts, struct note_draft *ret,
		       struct error *err)
{
	CLEANUP_FREE struct note *notes = list_notes(commits, texts);

	return notes_write(ledger->repo, notes, texts->nr, ret, err);
}

/* What is to be noted of a record, if anything is. */
static void add_note_of(const struct record *record, const char *digest, const char *commit,
			struct string_list *commits, struct string_list *texts)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	commit = ledger_note(record, digest, commit, &text);
	if (!text.len)
		return;
	string_list_add(commits, commit);
	string_list_add(texts, text.buf);
}

/* From the newest record to the first that has its note. */
static int find_missing_notes(struct ledger *ledger, struct string_list *commits,
			      struct string_list *texts, struct error *err)
{
	char oid[OID_HEX_SIZE];

	memcpy(oid, ledger->tip, sizeof(oid));
	while (*oid) {
		CLEANUP_ENTRY struct entry entry = { 0 };
		int has;

		if (ledger_read(ledger, oid, &entry, err))
			return -1;
		has = has_note(ledger, &entry, err);
		if (has < 0)
			return -1;
		if (has == 1)
			return 0;
		add_note_of(&entry.record, entry.digest, entry.commit, commits, texts);
		memcpy(oid, entry.parent, sizeof(oid));
	}
	return 0;
}

/*
 * `git notes` takes the notes as they were when it began, with an editor minutes ago, and writes
 * all of them over what is there now: what was added meanwhile is gone. Those are the newest, so
 * they are looked for from the end of the chain to the first that is there. They come back all at
 * once: if the newest did first, a crash would hide the others from whoever looks next.
 */
static int restore_notes(struct ledger *ledger, struct error *err)
{
	CLEANUP_STRING_LIST struct string_list commits = STRING_LIST_INIT;
	CLEANUP_STRING_LIST struct string_list texts = STRING_LIST_INIT;
	CLEANUP_FREE struct note *notes = NULL;
	char now[OID_HEX_SIZE] = "";
	SPAN("notes");

	if (repo_ref(ledger->repo, NOTES_REF, now, err) < 0)
		return -1;
	/* They are as we left them, and then all was there. */
	if (*now && !strcmp(now, ledger->notes))
		return 0;
	if (find_missing_notes(ledger, &commits, &texts, err) < 0)
		return -1;
	notes = list_notes(&commits, &texts);
	if (texts.nr && notes_add_all(ledger->repo, notes, texts.nr, err) < 0)
		return -1;
	if (texts.nr)
		*now = '\0';
	memcpy(ledger->notes, now, sizeof(now));
	return 0;
}

/* The notes that were drafted. Where somebody moved the ref since all of ours were there, those are
 * looked for from the newest, so that none may get there before. */
static int publish_notes(struct ledger *ledger, const struct note_draft *draft,
			 struct error *err)
{
	char seen[OID_HEX_SIZE];
	int r = 1;

	/* Some are missing until these are there, and for as long as they cannot be written. */
	memcpy(seen, ledger->notes, sizeof(seen));
	*ledger->notes = '\0';
	if (!strcmp(draft->from, seen))
		r = notes_publish(ledger->repo, draft, err);
	if (!r)
		memcpy(ledger->notes, *draft->to ? draft->to : seen, OID_HEX_SIZE);
	return r == 1 ? restore_notes(ledger, err) : r;
}

/* The last step of a record: the branch goes to its commit, or the commit gets its note. */
static int settle(struct ledger *ledger, const struct record *record, const char *commit,
		  const struct note_draft *note, git_transaction *hold, struct error *err)
{
	if (record_is_on_branch(record) && move_branch(ledger, record, commit, hold, err))
		return -1;
	return publish_notes(ledger, note, err);
}

/* A record whose objects are there, but for its note, before any ref knows of it. */
struct fresh {
	char commit[OID_HEX_SIZE]; /* of the candidate, as the ledger will name it */
	char tip[OID_HEX_SIZE];
	char digest[DIGEST_HEX_LEN + 1];
	struct strbuf title;
};

static void fresh_release(struct fresh *fresh)
{
	strbuf_release(&fresh->title);
}

#define CLEANUP_FRESH CLEANUP(fresh_release)

static int write_fresh(struct ledger *ledger, struct record *record, const char *candidate,
		       const struct record_content *files, size_t files_nr, struct fresh *ret,
		       struct error *err)
{
	char tree[OID_HEX_SIZE];
	git_oid checked;

	if (oid_from_hex(&checked, candidate, err) < 0)
		return -1;
	memcpy(ret->commit, candidate, OID_HEX_SIZE);
	memcpy(record->previous, ledger->tip, OID_HEX_SIZE);
	if (record->type == RECORD_BASELINE)
		memcpy(record->totals.incumbent, ret->commit, OID_HEX_SIZE);
	if (write_record_tree(ledger->repo, record, files, files_nr, tree, ret->digest, err) <
	    0)
		return -1;
	if (record_is_on_branch(record) &&
	    commit_on_branch(ledger, record, ret->digest, ret->commit, err) < 0)
		return -1;
	record_title(record, &ret->title);
	return commit_record(ledger, record, tree, ret->commit, ret->title.buf, ret->tip, err);
}

/* The chain goes from `from` to `to`. */
static int move_chain(struct ledger *ledger, const char *from, const char *to,
		      const char *title, struct error *err)
{
	int r = ref_swap(ledger->repo, ledger->ledger_ref, from, to, title, err);

	return r == 1 ? moved(err, ledger->ledger_ref) : r;
}

int ledger_append(struct ledger *ledger, struct record *record, const char *candidate,
		  const struct record_content *files, size_t files_nr,
		  char ret_commit[OID_HEX_SIZE], struct error *err)
{
	CLEANUP_GIT(git_transaction) git_transaction *branch = NULL;
	CLEANUP_FRESH struct fresh fresh = { .title = STRBUF_INIT };
	CLEANUP_HOLD struct repo *hold = ledger->repo;
	CLEANUP_STRING_LIST struct string_list commits = STRING_LIST_INIT;
	CLEANUP_STRING_LIST struct string_list texts = STRING_LIST_INIT;
	struct note_draft note;
	SPAN("append");

	if (ledger_publish(ledger, err) < 0 || check_refs(ledger, record, err) < 0 ||
	    restore_notes(ledger, err) < 0 ||
	    write_fresh(ledger, record, candidate, files, files_nr, &fresh, err) < 0)
		return -1;
	add_note_of(record, fresh.digest, fresh.commit, &commits, &texts);
	if (draft_notes(ledger, &commits, &texts, &note, err) < 0 ||
	    hold_branch(ledger, record, &branch, err) < 0 ||
	    move_chain(ledger, ledger->tip, fresh.tip, fresh.title.buf, err) < 0)
		return -1;
	memcpy(ledger->tip, fresh.tip, OID_HEX_SIZE);
	if (!*record->totals.incumbent)
		memcpy(record->totals.incumbent, fresh.commit, OID_HEX_SIZE);
	if (settle(ledger, record, fresh.commit, &note, branch, err) < 0)
		return -1;
	if (ret_commit)
		memcpy(ret_commit, fresh.commit, OID_HEX_SIZE);
	return 0;
}

int ledger_append_later(struct ledger *ledger, struct record *record, const char *candidate,
			const struct record_content *files, size_t files_nr, struct error *err)
{
	CLEANUP_FRESH struct fresh fresh = { .title = STRBUF_INIT };
	CLEANUP_HOLD struct repo *hold = ledger->repo;
	bool first = !ledger->later.title;
	SPAN("append");

	if ((first &&
	     (check_refs(ledger, record, err) < 0 || restore_notes(ledger, err) < 0)) ||
	    write_fresh(ledger, record, candidate, files, files_nr, &fresh, err) < 0)
		return -1;
	if (first) {
		repo_keep_objects(ledger->repo);
		memcpy(ledger->later.tip, ledger->tip, OID_HEX_SIZE);
	}
	free(ledger->later.title);
	ledger->later.title = strbuf_detach(&fresh.title, NULL);
	add_note_of(record, fresh.digest, fresh.commit, &ledger->later.commits,
		    &ledger->later.notes);
	memcpy(ledger->tip, fresh.tip, OID_HEX_SIZE);
	return 0;
}

int ledger_publish(struct ledger *ledger, struct error *err)
{
	CLEANUP_FREE char *title = steal_ptr(ledger->later.title);
	struct note_draft draft;
	int r;
	SPAN("publish");

	if (!title)
		return 0;
	r = draft_notes(ledger, &ledger->later.commits, &ledger->later.notes, &draft, err);
	if (!r)
		r = move_chain(ledger, ledger->later.tip, ledger->tip, title, err);
	if (r < 0)
		memcpy(ledger->tip, ledger->later.tip, OID_HEX_SIZE);
	else
		r = publish_notes(ledger, &draft, err);
	string_list_release(&ledger->later.commits);
	string_list_release(&ledger->later.notes);
	repo_keep_no_more(ledger->repo);
	return r;
}

int ledger_mend(struct ledger *ledger, struct error *err)
{
	CLEANUP_ENTRY struct entry entry = { 0 };
	CLEANUP_HOLD struct repo *hold = ledger->repo;
	const struct record *r = &entry.record;
	char branch[OID_HEX_SIZE] = "";

	ref_unlock_stale(ledger->repo, ledger->ledger_ref);
	ref_unlock_stale(ledger->repo, ledger->branch_ref);
	ref_unlock_stale(ledger->repo, NOTES_REF);
	ref_drop_torn(ledger->repo, NOTES_REF);
	if (!*ledger->tip)
		return 0;
	if (restore_notes(ledger, err) < 0)
		return -1;
	if (ledger_read(ledger, ledger->tip, &entry, err) < 0)
		return -1;
	if (record_is_on_branch(r)) {
		if (repo_ref(ledger->repo, ledger->branch_ref, branch, err) < 0)
			return -1;
		memcpy(ledger->branch, branch, OID_HEX_SIZE);
		/* Anywhere else it has been moved already, by us or by a person. */
		if (strcmp(branch, r->base))
			return add_note(ledger, r, entry.digest, entry.commit, err);
		if (branch_must_be_free(ledger->repo, ledger->branch_ref, err) < 0 ||
		    move_branch(ledger, r, entry.commit, NULL, err))
			return -1;
	}
	return add_note(ledger, r, entry.digest, entry.commit, err);
}
