#include "git/ledger.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "git/internal.h"

#define RECORD_MAX (16 << 20)

static bool ref_is_valid(const char *name)
{
	int valid = 0;

	return !git_reference_name_is_valid(&valid, name) && valid;
}

int ledger_open(struct ledger *ret, struct repo *repo, const char *campaign, struct error *err)
{
	CLEANUP_LEDGER struct ledger ledger = { .repo = repo };

	ledger.campaign = xstrdup(campaign);
	ledger.branch_ref = xstrfmt("refs/heads/autoresearch/%s", campaign);
	ledger.ledger_ref = xstrfmt("refs/autoresearch/%s/ledger", campaign);
	if (*campaign == '-' || !ref_is_valid(ledger.branch_ref) ||
	    !ref_is_valid(ledger.ledger_ref)) {
		error_set(err, "'%s' cannot be the name of a campaign", campaign);
		return error_hint(err, "it becomes part of a branch's name: see "
				       "git-check-ref-format(1)");
	}
	if (repo_ref(repo, ledger.branch_ref, ledger.branch, err) < 0 ||
	    repo_ref(repo, ledger.ledger_ref, ledger.tip, err) < 0)
		return -1;
	*ret = ledger;
	ledger = (struct ledger){ 0 };
	return 0;
}

void ledger_release(struct ledger *ledger)
{
	free(ledger->campaign);
	free(ledger->branch_ref);
	free(ledger->ledger_ref);
	free(ledger->later.title);
	string_list_release(&ledger->later.commits);
	string_list_release(&ledger->later.notes);
	*ledger = (struct ledger){ 0 };
}

int ledger_create_branch(struct ledger *ledger, const char *commit, struct error *err)
{
	int r = ref_swap(ledger->repo, ledger->branch_ref, "", commit,
			 "autoresearch: campaign created", err);

	if (r == 1)
		return error_set(err, "the branch 'autoresearch/%s' exists already",
				 ledger->campaign);
	if (!r)
		memcpy(ledger->branch, commit, OID_HEX_SIZE);
	return r;
}

void entry_release(struct entry *entry)
{
	record_release(&entry->record);
	*entry = (struct entry){ 0 };
}

/* The first record has one parent, what was measured; all others the previous one before. */
static int read_parents(const git_commit *commit, struct entry *entry, struct error *err)
{
	unsigned nr = git_commit_parentcount(commit);

	if (nr < 1 || nr > 2)
		return error_set(err, "the record %s has %u parents", entry->oid, nr);
	if (nr == 2)
		oid_to_hex(git_commit_parent_id(commit, 0), entry->parent);
	oid_to_hex(git_commit_parent_id(commit, nr - 1), entry->commit);
	return 0;
}

/* As repo_read_file(), but that the commit need not be looked up by its name once more. */
static int read_json(struct repo *repo, const git_commit *commit, struct strbuf *ret,
		     struct error *err)
{
	CLEANUP_GIT(git_tree) git_tree *tree = NULL;
	const git_tree_entry *file;

	if (git_commit_tree(&tree, commit) < 0)
		return error_git(err, "cannot read its tree");
	file = git_tree_entry_byname(tree, RECORD_FILE);
	if (!file || git_tree_entry_type(file) != GIT_OBJECT_BLOB)
		return error_set(err, "it holds no " RECORD_FILE);
	return read_blob(repo, git_tree_entry_id(file), RECORD_MAX, ret, err);
}

int ledger_read(struct ledger *ledger, const char *oid, struct entry *ret, struct error *err)
{
	CLEANUP_ENTRY struct entry entry = { 0 };
	CLEANUP_GIT(git_commit) git_commit *commit = NULL;
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	struct record *r = &entry.record;

	if (lookup_commit(ledger->repo, oid, &commit, err) < 0)
		return -1;
	memcpy(entry.oid, oid, OID_HEX_SIZE);
	if (read_parents(commit, &entry, err) < 0)
		return -1;
	if (read_json(ledger->repo, commit, &text, err))
		return error_context(err, "the record %s", oid);
	digest_of(text.buf, text.len, entry.digest);
	if (record_parse(text.buf, text.len, r, err) < 0)
		return error_context(err, "the record %s", oid);
	/* It could not name its own commit, since that carries its digest. */
	if (!*r->totals.incumbent && !r->imported)
		memcpy(r->totals.incumbent, entry.commit, OID_HEX_SIZE);
	*ret = entry;
	entry = (struct entry){ 0 };
	return 0;
}

static int overrule(struct ledger *ledger, const char *decision, struct entry *entry,
		    struct error *err)
{
	CLEANUP_ENTRY struct entry by = { 0 };

	if (ledger_read(ledger, decision, &by, err))
		return -1;
	if (!by.record.decision || by.record.experiment != entry->record.experiment)
		return error_set(err, "the record %s is not the decision that its title says",
				 decision);
	record_overrule(&entry->record, &by.record);
	if (by.record.verdict.kind == VERDICT_ACCEPTED)
		memcpy(entry->commit, by.commit, OID_HEX_SIZE);
	return 0;
}

void rulings_release(struct rulings *rulings)
{
	free(rulings->items);
	*rulings = (struct rulings){ 0 };
}

int rulings_apply(struct rulings *rulings, struct ledger *ledger, struct entry *entry,
		  struct error *err)
{
	size_t i = 0;

	if (entry->record.type != RECORD_EXPERIMENT && entry->record.type != RECORD_DECISION)
		return 0;
	while (i < rulings->nr && rulings->items[i].experiment != entry->record.experiment)
		i++;
	if (entry->record.type == RECORD_EXPERIMENT)
		return i < rulings->nr ? overrule(ledger, rulings->items[i].oid, entry, err)
				       : 0;
	/* The newest one counts. */
	if (i < rulings->nr)
		return 0;
	rulings->items = xrealloc(rulings->items, (i + 1) * sizeof(*rulings->items));
	rulings->items[i].experiment = entry->record.experiment;
	memcpy(rulings->items[i].oid, entry->oid, OID_HEX_SIZE);
	rulings->nr++;
	return 0;
}

const char *entry_candidate(const struct entry *entry)
{
	return entry->record.decision ? entry->record.decision->commit : entry->commit;
}

int ledger_walk(struct ledger *ledger, entry_fn fn, void *data, struct error *err)
{
	CLEANUP_RULINGS struct rulings rulings = { 0 };
	char oid[OID_HEX_SIZE];
	int r = 0;

	memcpy(oid, ledger->tip, sizeof(oid));
	newest_first(ledger->repo);
	while (!r && *oid) {
		CLEANUP_ENTRY struct entry entry = { 0 };

		if (objects_pass(ledger->repo, err) ||
		    ledger_read(ledger, oid, &entry, err) < 0 ||
		    rulings_apply(&rulings, ledger, &entry, err))
			return -1;
		r = fn(&entry, data, err);
		memcpy(oid, entry.parent, sizeof(oid));
	}
	return r;
}

/* The number behind `what` in the title of a record's commit; -1 where it is of another kind. */
static int64_t title_number(const git_commit *commit, const char *what)
{
	const char *message = git_commit_message_raw(commit), *digits;
	char *end;
	long long n;

	if (!starts_with(message, what))
		return -1;
	digits = message + strlen(what);
	errno = 0;
	n = strtoll(digits, &end, 10);
	return end == digits || *end != ':' || errno || n < 1 ? -1 : n;
}

static int64_t subject_number(const git_commit *commit)
{
	const char *message = git_commit_message_raw(commit);

	if (!strncmp(message, "baseline", 8) && (!message[8] || message[8] == '\n'))
		return 0;
	return title_number(commit, "experiment ");
}

/* Goes back by the commits' subjects, and reads the one record that is wanted. */
int ledger_find(struct ledger *ledger, int64_t n, struct entry *ret, struct error *err)
{
	char oid[OID_HEX_SIZE], decision[OID_HEX_SIZE] = "";

	memcpy(oid, ledger->tip, sizeof(oid));
	while (*oid) {
		CLEANUP_GIT(git_commit) git_commit *commit = NULL;
		CLEANUP_ENTRY struct entry step = { 0 };
		int64_t number;

		if (lookup_commit(ledger->repo, oid, &commit, err) < 0)
			return -1;
		number = subject_number(commit);
		if (number == n) {
			if (ledger_read(ledger, oid, &step, err) < 0)
				return -1;
			if (step.record.experiment != n)
				return error_set(err,
						 "the record %s is not the experiment that its "
						 "subject says",
						 oid);
			if (*decision && overrule(ledger, decision, &step, err))
				return -1;
			*ret = step;
			step = (struct entry){ 0 };
			return 0;
		}
		if (!*decision && title_number(commit, "decision on ") == n)
			memcpy(decision, oid, sizeof(decision));
		if (number > 0 && number < n)
			return 1;
		memcpy(step.oid, oid, sizeof(oid));
		if (read_parents(commit, &step, err) < 0)
			return -1;
		memcpy(oid, step.parent, sizeof(oid));
	}
	return 1;
}

/* Goes back in the same way, over the decisions on it to the experiment itself. */
int ledger_find_digest(struct ledger *ledger, int64_t n, const char *digest, struct entry *ret,
		       struct error *err)
{
	char oid[OID_HEX_SIZE];
	int64_t number = -1;

	memcpy(oid, ledger->tip, sizeof(oid));
	while (*oid && (number < 1 || number > n)) {
		CLEANUP_GIT(git_commit) git_commit *commit = NULL;
		CLEANUP_ENTRY struct entry step = { 0 };

		if (lookup_commit(ledger->repo, oid, &commit, err) < 0)
			return -1;
		number = subject_number(commit);
		if (number == n || title_number(commit, "decision on ") == n) {
			if (ledger_read(ledger, oid, &step, err) < 0)
				return -1;
			if (!strcmp(step.digest, digest)) {
				*ret = step;
				step = (struct entry){ 0 };
				return 0;
			}
		}
		memcpy(step.oid, oid, sizeof(oid));
		if (read_parents(commit, &step, err) < 0)
			return -1;
		memcpy(oid, step.parent, sizeof(oid));
	}
	return 1;
}

int ledger_file(struct ledger *ledger, const struct entry *entry, const char *name, size_t cap,
		struct strbuf *ret, struct error *err)
{
	int r = repo_read_file(ledger->repo, entry->oid, name, cap, ret, err);

	return r < 0 ? error_context(err, "the record %s", entry->oid) : r;
}

/* The record names the ids of its files, and its own digest is vouched for. */
int ledger_file_blocks(struct ledger *ledger, const struct entry *entry, const char *name,
		       block_fn fn, void *data, struct error *err)
{
	const struct record *r = &entry->record;
	git_oid oid;

	for (size_t i = 0; i < r->files_nr; i++) {
		if (strcmp(r->files[i].name, name))
			continue;
		if (oid_from_hex(&oid, r->files[i].oid, err) < 0 ||
		    read_blob_blocks(ledger->repo, &oid, fn, data, err))
			return error_context(err, "the record %s", entry->oid);
		return 0;
	}
	return 1;
}
