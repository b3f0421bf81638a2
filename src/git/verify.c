#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "git/internal.h"
#include "git/tree.h"
#include "git/findings.h"
#include "git/verify_base.h"
#include "git/verify_promotion.h"
#include "git/verify_replay.h"
#include "git/verify_vouch.h"
#include "model/trailer.h"

#define FILE_MAX (1 << 30)

struct verify {
	struct ledger *ledger;
	struct findings findings;
	int64_t records;
	struct vouchers vouchers;
	struct overtaken overtaken;
	struct replays replays;
	struct rejudge rejudge;
};

static void verify_release(struct verify *v)
{
	vouchers_release(&v->vouchers);
	overtaken_release(&v->overtaken);
	replays_release(&v->replays);
	rejudge_release(&v->rejudge);
}

struct file_check {
	struct verify *verify;
	const struct entry *entry;
	size_t found;
};

static int check_file(const char *path, unsigned mode, const char *oid, void *data,
		      struct error *err)
{
	struct file_check *check = data;
	const struct record *r = &check->entry->record;
	CLEANUP_STRBUF struct strbuf content = STRBUF_INIT;
	CLEANUP_FREE char *what = NULL;
	git_oid blob;

	if (mode != GIT_FILEMODE_BLOB)
		wrong(&check->verify->findings, check->entry,
		      "its tree holds something else than plain files");
	if (!strcmp(path, RECORD_FILE))
		return 0;
	for (size_t i = 0; i < r->files_nr; i++) {
		if (strcmp(path, r->files[i].name) || strcmp(oid, r->files[i].oid))
			continue;
		check->found++;
		/* What is held against its digest is read there, once; it may be large. */
		if (!strcmp(path, AUDIT_FILE_NAME) ||
		    (r->asked && !strcmp(path, PROMPT_FILE_NAME)))
			return 0;
		if (oid_from_hex(&blob, oid, err) < 0)
			return -1;
		return read_blob(check->verify->ledger->repo, &blob, FILE_MAX, &content, err);
	}
	what = xstrfmt("its file '%s' is not the one that the record names", path);
	wrong(&check->verify->findings, check->entry, what);
	/* Of a tree that somebody made to be endless, the first one says enough. */
	return 1;
}

static int digest_block(const void *block, size_t len, void *data,
			struct error *err __attribute__((unused)))
{
	digest_add(data, block, len);
	return 0;
}

/* A file of which the record has a digest; "" where there must be none. */
static void check_digest(struct verify *v, const struct entry *entry, const char *file,
			 const char *should, const char *what)
{
	char is[DIGEST_HEX_LEN + 1] = "";
	struct error err = ERROR_INIT;
	struct digest digest;
	int missing;

	digest_init(&digest);
	missing = ledger_file_blocks(v->ledger, entry, file, digest_block, &digest, &err);
	if (missing < 0) {
		wrong(&v->findings, entry, err.message);
		return;
	}
	if (!missing)
		digest_hex(&digest, is);
	if (strcmp(is, should))
		wrong(&v->findings, entry, what);
}

static void check_files(struct verify *v, const struct entry *entry)
{
	struct file_check check = { .verify = v, .entry = entry };
	struct error err = ERROR_INIT;
	int r = tree_each_file(v->ledger->repo, entry->oid, check_file, &check, &err);

	if (r < 0)
		wrong(&v->findings, entry, err.message);
	else if (!r && check.found < entry->record.files_nr)
		wrong(&v->findings, entry, "a file that the record names is missing");
}

static void check_title(struct verify *v, const struct entry *entry)
{
	CLEANUP_STRBUF struct strbuf is = STRBUF_INIT, should = STRBUF_INIT;
	struct error err = ERROR_INIT;

	record_title(&entry->record, &should);
	if (repo_commit_message(v->ledger->repo, entry->oid, &is, &err) < 0)
		wrong(&v->findings, entry, err.message);
	else if (strcmp(is.buf, should.buf))
		wrong(&v->findings, entry, "the title of its record's commit does not match");
}

static int read_changed(const struct tree_change *change, void *data, struct error *err)
{
	CLEANUP_STRBUF struct strbuf content = STRBUF_INIT;
	bool is_file = change->new_mode && change->new_mode != GIT_FILEMODE_COMMIT;

	return is_file ? read_blob(data, change->new_oid, FILE_MAX, &content, err) : 0;
}

/* What it changes can be read, and is what its id says. */
static void check_changes(struct verify *v, const struct entry *entry)
{
	CLEANUP_GIT(git_tree) git_tree *base = NULL;
	CLEANUP_GIT(git_tree) git_tree *tree = NULL;
	struct repo *repo = v->ledger->repo;
	struct error err = ERROR_INIT;

	if (lookup_tree(repo, entry->record.base, &base, &err) ||
	    lookup_tree(repo, entry->commit, &tree, &err) ||
	    tree_diff(repo, base, tree, read_changed, repo, &err))
		wrong(&v->findings, entry, err.message);
}

/* The commit's tree and parent. An invalid proposal was never made into a tree. */
static void check_candidate(struct verify *v, const struct entry *entry)
{
	const struct record *r = &entry->record;
	struct repo *repo = v->ledger->repo;
	struct error err = ERROR_INIT;
	char tree[OID_HEX_SIZE], base_tree[OID_HEX_SIZE], parent[OID_HEX_SIZE] = "";
	const char *should = r->tree;

	if (repo_commit_tree(repo, entry->commit, tree, &err) < 0 ||
	    repo_commit_parent(repo, entry->commit, 0, parent, &err) < 0 ||
	    (r->verdict.kind == VERDICT_INVALID &&
	     repo_commit_tree(repo, r->base, base_tree, &err) < 0)) {
		wrong(&v->findings, entry, err.message);
		return;
	}
	if (r->verdict.kind == VERDICT_INVALID)
		should = base_tree;
	if (strcmp(tree, should))
		wrong(&v->findings, entry, "its commit has another tree than the record");
	if (r->experiment && strcmp(parent, r->base))
		wrong(&v->findings, entry,
		      "its commit has another parent than the record's base");
	else if (*r->base)
		check_changes(v, entry);
}

static void check_message(struct verify *v, const struct entry *entry)
{
	CLEANUP_STRBUF struct strbuf is = STRBUF_INIT, should = STRBUF_INIT;
	struct error err = ERROR_INIT;

	message_accepted(&entry->record, entry->digest, &should);
	if (repo_commit_message(v->ledger->repo, entry->commit, &is, &err) < 0)
		wrong(&v->findings, entry, err.message);
	else if (!strstr(is.buf, entry->digest))
		wrong(&v->findings, entry,
		      "its commit does not carry the digest of its record");
	else if (strcmp(is.buf, should.buf))
		wrong(&v->findings, entry,
		      "the message of its commit does not match the record");
}

/* How a record goes on from the one before it, which is NULL for the first. */
static void check_link(struct verify *v, const struct entry *older, struct entry *newer)
{
	struct record *r = &newer->record;
	struct totals before = { 0 }, is = r->totals;

	if (*r->previous ? strcmp(r->previous, newer->parent)
			 : older && *older->record.previous)
		wrong(&v->findings, newer, "it was made after another record than this one");
	if (older)
		before = older->record.totals;
	else if (r->type != RECORD_BASELINE && !r->imported)
		wrong(&v->findings, newer, "the chain does not begin with a baseline");
	if (!*before.incumbent)
		before.seed = is.seed; /* the first baseline draws it */
	if (r->imported && *before.incumbent)
		wrong(&v->findings, newer, "it was imported behind what was measured");
	if (r->type == RECORD_EXPERIMENT && r->experiment != before.experiments + 1)
		wrong(&v->findings, newer, "its number does not follow the one before");
	if (older && !r->imported && !overtaken_take(&v->overtaken, r, before.incumbent))
		wrong(&v->findings, newer, "its base was not the incumbent");
	totals_advance(&before, r);
	if (r->type == RECORD_BASELINE || (!*r->totals.incumbent && !r->imported))
		memcpy(r->totals.incumbent, newer->commit, OID_HEX_SIZE);
	if (!totals_follow(&is, &r->totals) || is.time < before.time ||
	    is.tokens < r->totals.tokens || is.gpu_hours < before.gpu_hours)
		wrong(&v->findings, newer, "its totals do not follow from the record before");
	r->totals = is;
}

static void check_entry(struct verify *v, const struct entry *entry)
{
	const struct record *r = &entry->record;
	struct error err = ERROR_INIT;

	if (strcmp(r->campaign, v->ledger->campaign))
		wrong(&v->findings, entry, "its record is of another campaign");
	check_title(v, entry);
	check_files(v, entry);
	check_digest(v, entry, AUDIT_FILE_NAME, r->audit.digest,
		     "its audit is not the one that the record vouches for");
	if (r->asked)
		check_digest(v, entry, PROMPT_FILE_NAME, r->asked->digest,
			     "its prompt is not the one that the record vouches for");
	/* A decision that leaves the branch where it is has the experiment's candidate. */
	if (r->type != RECORD_DECISION || record_is_on_branch(r))
		check_candidate(v, entry);
	else if (strcmp(entry->commit, r->decision->commit))
		wrong(&v->findings, entry, "its commit is not the experiment's");
	if (r->promotion && verify_promotion(&v->vouchers.taken, v->ledger, entry, &err))
		wrong(&v->findings, entry, err.message);
	if (record_is_on_branch(r))
		check_message(v, entry);
	if (rejudge_record(&v->rejudge, entry, &err))
		wrong(&v->findings, entry, err.message);
	replays_take(&v->replays, v->ledger, entry, &v->rejudge, &v->findings);
	vouchers_take(&v->vouchers, entry, (size_t)v->records);
}

/*
 * From the newest record back, with never more than two in memory. A record that cannot be
 * read is passed over where its commit still tells what came before it.
 */
static int check_chain(struct verify *v, struct error *failed)
{
	CLEANUP_ENTRY struct entry newer = { 0 };
	char oid[OID_HEX_SIZE];
	bool linked = false; /* `newer` is the record right above */

	memcpy(oid, v->ledger->tip, sizeof(oid));
	while (*oid) {
		struct entry entry = { 0 };
		struct error err = ERROR_INIT;
		char above[OID_HEX_SIZE];

		if (objects_pass(v->ledger->repo, failed))
			return -1;
		v->records++;
		memcpy(above, oid, sizeof(above));
		if (ledger_read(v->ledger, oid, &entry, &err) < 0) {
			mismatch(&v->findings, "%s", err.message);
			linked = false;
			oid[0] = '\0';
			if (repo_commit_parent(v->ledger->repo, above, 1, oid, &err) ||
			    repo_commit_parent(v->ledger->repo, above, 0, oid, &err))
				return 0;
			continue;
		}
		check_entry(v, &entry);
		if (linked)
			check_link(v, &entry, &newer);
		linked = true;
		memcpy(oid, entry.parent, sizeof(oid));
		entry_release(&newer);
		newer = entry;
	}
	if (linked)
		check_link(v, NULL, &newer);
	return 0;
}

int ledger_verify(struct ledger *ledger, mismatch_fn report, void *data, int64_t *ret_records,
		  int64_t *ret_bad, struct error *err)
{
	CLEANUP(verify_release)
	struct verify v = {
		.ledger = ledger,
		.findings = { .report = report, .data = data },
		.rejudge = { .repo = ledger->repo },
	};

	if (!*ledger->tip && !*ledger->branch)
		return error_set(err, "there is no campaign '%s'", ledger->campaign);
	v.vouchers.ledger = ledger;
	v.vouchers.findings = &v.findings;
	if (check_chain(&v, err))
		return -1;
	for (size_t i = 0; i < v.overtaken.nr; i++)
		mismatch(&v.findings, "experiment %lld: its base was never the incumbent",
			 (long long)v.overtaken.items[i].experiment);
	replays_end(&v.replays, &v.findings);
	vouchers_check(&v.vouchers);
	*ret_records = v.records;
	*ret_bad = v.findings.nr;
	return 0;
}
