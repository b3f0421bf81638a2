#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "git/internal.h"
#include "git/tree.h"
#include "git/verify_base.h"
#include "git/verify_promotion.h"
#include "git/verify_verdict.h"
#include "model/trailer.h"

#define FILE_MAX (1 << 30)

/*
 * What is remembered of every record: of which experiment it tells, and what vouches for it, a
 * commit of the branch or a note on a commit. A decision may have both: then there are two.
 */
struct numbered {
	int64_t experiment;
	size_t age; /* 1: of the newest record */
	git_oid commit;
	char digest[65]; /* of its record.json */
	bool on_branch, seen;
	enum verdict_kind verdict, was; /* `was` of a decision; VERDICT_NONE */
};

struct verify {
	struct ledger *ledger;
	mismatch_fn report;
	void *data;
	int64_t records, bad;
	struct numbered
		*items; /* newest first; once the chain is read, by number before that */
	size_t nr, alloc;
	struct overtaken overtaken;
	struct taken taken;
	char first[OID_HEX_SIZE]; /* the commit that the first baseline measured; "" */
	struct rejudge rejudge;
};

static void verify_release(struct verify *v)
{
	free(v->items);
	overtaken_release(&v->overtaken);
	taken_release(&v->taken);
	rejudge_release(&v->rejudge);
}

static void mismatch(struct verify *v, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void mismatch(struct verify *v, const char *fmt, ...)
{
	CLEANUP_STRBUF struct strbuf line = STRBUF_INIT, visible = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&line, fmt, ap);
	va_end(ap);
	strbuf_add_visible(&visible, line.buf, line.len);
	v->bad++;
	v->report(visible.buf, v->data);
}

/* "experiment 12: …" */
static void wrong(struct verify *v, const struct entry *entry, const char *what)
{
	if (entry->record.type == RECORD_BASELINE)
		mismatch(v, "baseline (record %.12s): %s", entry->oid, what);
	else if (entry->record.type == RECORD_PROMOTION)
		mismatch(v, "promotion (record %.12s): %s", entry->oid, what);
	else if (entry->record.type == RECORD_DECISION)
		mismatch(v, "decision on %lld: %s", (long long)entry->record.experiment, what);
	else
		mismatch(v, "experiment %lld: %s", (long long)entry->record.experiment, what);
}

struct file_check {
	struct verify *verify;
	const struct entry *entry;
	size_t found;
};

static int check_file(const char *path, unsigned mode __attribute__((unused)), const char *oid,
		      void *data, struct error *err)
{
	struct file_check *check = data;
	const struct record *r = &check->entry->record;
	CLEANUP_STRBUF struct strbuf content = STRBUF_INIT;
	CLEANUP_FREE char *what = NULL;
	git_oid blob;

	if (!strcmp(path, RECORD_FILE))
		return 0;
	for (size_t i = 0; i < r->files_nr; i++) {
		if (strcmp(path, r->files[i].name) || strcmp(oid, r->files[i].oid))
			continue;
		check->found++;
		/* It may be large, and is held against its digest. */
		if (!strcmp(path, AUDIT_FILE_NAME))
			return 0;
		if (oid_from_hex(&blob, oid, err) < 0)
			return -1;
		return read_blob(check->verify->ledger->repo, &blob, FILE_MAX, &content, err);
	}
	what = xstrfmt("its file '%s' is not the one that the record names", path);
	wrong(check->verify, check->entry, what);
	return 0;
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
		wrong(v, entry, err.message);
		return;
	}
	if (!missing)
		digest_hex(&digest, is);
	if (strcmp(is, should))
		wrong(v, entry, what);
}

static void check_files(struct verify *v, const struct entry *entry)
{
	struct file_check check = { .verify = v, .entry = entry };
	struct error err = ERROR_INIT;

	if (tree_each_file(v->ledger->repo, entry->oid, check_file, &check, &err) < 0)
		wrong(v, entry, err.message);
	else if (check.found < entry->record.files_nr)
		wrong(v, entry, "a file that the record names is missing");
}

static void check_title(struct verify *v, const struct entry *entry)
{
	CLEANUP_STRBUF struct strbuf is = STRBUF_INIT, should = STRBUF_INIT;
	struct error err = ERROR_INIT;

	record_title(&entry->record, &should);
	if (repo_commit_message(v->ledger->repo, entry->oid, &is, &err) < 0)
		wrong(v, entry, err.message);
	else if (strcmp(is.buf, should.buf))
		wrong(v, entry, "the title of its record's commit does not match");
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
		wrong(v, entry, err.message);
		return;
	}
	if (r->verdict.kind == VERDICT_INVALID)
		should = base_tree;
	if (strcmp(tree, should))
		wrong(v, entry, "its commit has another tree than the record");
	if (r->type != RECORD_BASELINE && !r->promotion && strcmp(parent, r->base))
		wrong(v, entry, "its commit has another parent than the record's base");
}

static void check_message(struct verify *v, const struct entry *entry)
{
	CLEANUP_STRBUF struct strbuf is = STRBUF_INIT, should = STRBUF_INIT;
	struct error err = ERROR_INIT;

	message_accepted(&entry->record, entry->digest, &should);
	if (repo_commit_message(v->ledger->repo, entry->commit, &is, &err) < 0)
		wrong(v, entry, err.message);
	else if (!strstr(is.buf, entry->digest))
		wrong(v, entry, "its commit does not carry the digest of its record");
	else if (strcmp(is.buf, should.buf))
		wrong(v, entry, "the message of its commit does not match the record");
}

static void check_its_note(struct verify *v, const struct entry *entry)
{
	CLEANUP_STRBUF struct strbuf is = STRBUF_INIT, should = STRBUF_INIT;
	struct error err = ERROR_INIT;
	int found;

	message_note(&entry->record, entry->digest, &should);
	found = notes_read(v->ledger->repo, entry_candidate(entry), &is, &err);
	if (found < 0)
		wrong(v, entry, err.message);
	else if (found)
		wrong(v, entry, "its commit has no note");
	else if (!strstr(is.buf, entry->digest))
		wrong(v, entry, "its note does not carry the digest of its record");
	else if (!note_holds(is.buf, should.buf))
		wrong(v, entry, "its note does not match the record");
}

/* The commit or the note that vouches for the record, by its digest and word for word. */
static void check_voucher(struct verify *v, const struct entry *entry)
{
	if (record_is_on_branch(&entry->record))
		check_message(v, entry);
	if (!record_is_on_branch(&entry->record) || entry->record.decision)
		check_its_note(v, entry);
}

/* How a record goes on from the one before it, which is NULL for the first. */
static void check_link(struct verify *v, const struct entry *older, struct entry *newer)
{
	struct record *r = &newer->record;
	struct totals before = { 0 }, is = r->totals;

	if (older)
		before = older->record.totals;
	else if (r->type != RECORD_BASELINE && !r->imported)
		wrong(v, newer, "the chain does not begin with a baseline");
	if (!*before.incumbent)
		before.seed = is.seed; /* the first baseline draws it */
	if (r->imported && *before.incumbent)
		wrong(v, newer, "it was imported behind what was measured");
	if (r->type == RECORD_EXPERIMENT && r->experiment != before.experiments + 1)
		wrong(v, newer, "its number does not follow the one before");
	if (older && !r->imported && !overtaken_take(&v->overtaken, r, before.incumbent))
		wrong(v, newer, "its base was not the incumbent");
	totals_advance(&before, r);
	if (r->type == RECORD_BASELINE || (!*r->totals.incumbent && !r->imported))
		memcpy(r->totals.incumbent, newer->commit, OID_HEX_SIZE);
	if (!totals_follow(&is, &r->totals) || is.time < before.time ||
	    is.tokens < r->totals.tokens || is.gpu_hours < before.gpu_hours)
		wrong(v, newer, "its totals do not follow from the record before");
	r->totals = is;
}

static void remember(struct verify *v, const struct entry *entry, const char *commit,
		     bool on_branch)
{
	const struct record *r = &entry->record;
	struct numbered *item;
	struct error err = ERROR_INIT;

	if (v->nr == v->alloc) {
		v->alloc = v->alloc ? 2 * v->alloc : 256;
		v->items = xrealloc(v->items, v->alloc * sizeof(*v->items));
	}
	item = &v->items[v->nr++];
	*item = (struct numbered){ .experiment = r->experiment,
				   .age = (size_t)v->records,
				   .on_branch = on_branch,
				   .verdict = r->verdict.kind,
				   .was = r->decision ? r->decision->was : VERDICT_NONE };
	memcpy(item->digest, entry->digest, sizeof(item->digest));
	oid_from_hex(&item->commit, commit, &err);
}

static void remember_vouchers(struct verify *v, const struct entry *entry)
{
	if (record_is_on_branch(&entry->record))
		remember(v, entry, entry->commit, true);
	if (!record_is_on_branch(&entry->record) || entry->record.decision)
		remember(v, entry, entry_candidate(entry), false);
	if (!entry->record.imported)
		memcpy(v->first, entry->commit, OID_HEX_SIZE);
}

static void check_entry(struct verify *v, const struct entry *entry)
{
	const struct record *r = &entry->record;
	struct error err = ERROR_INIT;

	if (strcmp(r->campaign, v->ledger->campaign))
		wrong(v, entry, "its record is of another campaign");
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
		wrong(v, entry, "its commit is not the experiment's");
	if (r->promotion && verify_promotion(&v->taken, v->ledger, entry, &err))
		wrong(v, entry, err.message);
	check_voucher(v, entry);
	if (rejudge_record(&v->rejudge, entry, &err))
		wrong(v, entry, err.message);
	remember_vouchers(v, entry);
}

/*
 * From the newest record back, with never more than two in memory. A record that cannot be
 * read is passed over where its commit still tells what came before it.
 */
static void check_chain(struct verify *v)
{
	CLEANUP_ENTRY struct entry newer = { 0 };
	char oid[OID_HEX_SIZE];
	bool linked = false; /* `newer` is the record right above */

	memcpy(oid, v->ledger->tip, sizeof(oid));
	while (*oid) {
		struct entry entry = { 0 };
		struct error err = ERROR_INIT;
		char above[OID_HEX_SIZE];

		v->records++;
		memcpy(above, oid, sizeof(above));
		if (ledger_read(v->ledger, oid, &entry, &err) < 0) {
			mismatch(v, "%s", err.message);
			linked = false;
			oid[0] = '\0';
			if (repo_commit_parent(v->ledger->repo, above, 1, oid, &err) ||
			    repo_commit_parent(v->ledger->repo, above, 0, oid, &err))
				return;
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
}

static int compare_numbers(const void *a, const void *b)
{
	const struct numbered *x = a, *y = b;

	if (x->experiment != y->experiment)
		return x->experiment < y->experiment ? -1 : 1;
	return x->age < y->age ? -1 : x->age > y->age;
}

/* The first that is remembered of a number, which is its newest. NULL where there is none. */
static struct numbered *find_first(struct verify *v, int64_t experiment)
{
	size_t low = 0, high = v->nr;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (v->items[middle].experiment < experiment)
			low = middle + 1;
		else
			high = middle;
	}
	return low < v->nr && v->items[low].experiment == experiment ? &v->items[low] : NULL;
}

/* What that number has on that commit: on the branch, or in the note that holds `digest` (NULL:
 * any), of which there may be several. */
static struct numbered *find_numbered(struct verify *v, int64_t experiment,
				      const git_oid *commit, bool on_branch, const char *digest)
{
	struct numbered *item = find_first(v, experiment);

	for (; item && item < v->items + v->nr && item->experiment == experiment; item++)
		if (item->on_branch == on_branch && git_oid_equal(&item->commit, commit) &&
		    (!digest || !strcmp(item->digest, digest)))
			return item;
	return NULL;
}

static bool is_decision(const struct numbered *item)
{
	return item->was != VERDICT_NONE;
}

/* What a decision overruled is what the record before it says, about the same candidate. */
static void check_decision(struct verify *v, const struct numbered *decision)
{
	const struct numbered *end = v->items + v->nr, *before = decision, *first = decision;

	while (before < end && before->age == decision->age)
		before++;
	while (first + 1 < end && first[1].experiment == decision->experiment)
		first++;
	if (before == end || before->experiment != decision->experiment) {
		mismatch(v, "decision on %lld: no such experiment came before it",
			 (long long)decision->experiment);
		return;
	}
	if (before->verdict != decision->was)
		mismatch(v, "decision on %lld: what it overruled is not what was",
			 (long long)decision->experiment);
	if (!git_oid_equal(&first->commit, &decision->commit))
		mismatch(v, "decision on %lld: its candidate is not the experiment's",
			 (long long)decision->experiment);
}

static void check_decisions(struct verify *v)
{
	for (size_t i = 0; i < v->nr; i++)
		if (is_decision(&v->items[i]) && !v->items[i].on_branch)
			check_decision(v, &v->items[i]);
}

/* What was promoted was accepted. */
static void check_taken(struct verify *v)
{
	struct error err = ERROR_INIT;
	git_oid from;

	for (size_t i = 0; i < v->taken.nr; i++) {
		const struct taken_commit *item = &v->taken.items[i];

		if (oid_from_hex(&from, item->from, &err) ||
		    !find_numbered(v, item->experiment, &from, true, NULL))
			mismatch(v,
				 "promotion: %.12s is not the commit of experiment %lld on the "
				 "branch",
				 item->from, (long long)item->experiment);
	}
}

/* The number in "<campaign>/<n>", where that is this campaign; -1. */
static int64_t own_number(const struct verify *v, const char *value)
{
	size_t len = strlen(v->ledger->campaign);
	char *end;
	long long n;

	if (strncmp(value, v->ledger->campaign, len) || value[len] != '/' ||
	    value[len + 1] < '0' || value[len + 1] > '9')
		return -1;
	n = strtoll(value + len + 1, &end, 10);
	return *end && *end != '\n' ? -1 : n;
}

/* A commit of the branch that says it is an experiment must be an accepted one, or a decision's,
 * and no newer than those on top of it. */
static void check_claim(struct verify *v, const git_commit *commit, size_t *age)
{
	CLEANUP_STRBUF struct strbuf value = STRBUF_INIT;
	const git_oid *oid = git_commit_id(commit);
	struct numbered *item;
	char hex[OID_HEX_SIZE];
	int64_t n;

	if (!trailer_find(git_commit_message_raw(commit), "Experiment", &value))
		return;
	n = own_number(v, value.buf);
	if (n < 0)
		return;
	item = find_numbered(v, n, oid, true, NULL);
	oid_to_hex(oid, hex);
	if (!item) {
		mismatch(v,
			 "commit %.12s on the branch says that it is experiment %lld, and no "
			 "record does",
			 hex, (long long)n);
		return;
	}
	if (item->age <= *age)
		mismatch(v, "experiment %lld: its commit is out of order on the branch",
			 (long long)n);
	item->seen = true;
	*age = item->age;
}

static void check_branch(struct verify *v)
{
	char oid[OID_HEX_SIZE];
	size_t age = 0; /* records count from 1 */

	memcpy(oid, v->ledger->branch, sizeof(oid));
	if (!*oid && *v->first)
		mismatch(v, "the branch 'autoresearch/%s' is missing", v->ledger->campaign);
	while (*oid && strcmp(oid, v->first)) {
		CLEANUP_GIT(git_commit) git_commit *commit = NULL;
		struct error err = ERROR_INIT;

		if (lookup_commit(v->ledger->repo, oid, &commit, &err) < 0) {
			mismatch(v, "%s", err.message);
			break;
		}
		check_claim(v, commit, &age);
		oid[0] = '\0';
		if (git_commit_parentcount(commit))
			oid_to_hex(git_commit_parent_id(commit, 0), oid);
	}
	for (size_t i = 0; *v->ledger->branch && i < v->nr; i++)
		if (v->items[i].on_branch && !v->items[i].seen)
			mismatch(v, "%s %lld: its commit is not on the branch",
				 is_decision(&v->items[i]) ? "decision on" : "experiment",
				 (long long)v->items[i].experiment);
}

/* The digest in a note's line, where it is that. */
static bool read_record_line(const char *line, char ret[65])
{
	static const char key[] = "Record: sha256:";

	if (!starts_with(line, key) || strspn(line + strlen(key), "0123456789abcdef") != 64)
		return false;
	memcpy(ret, line + strlen(key), 64);
	ret[64] = '\0';
	return true;
}

/* A note that speaks of an experiment outlives a record that was cut off the chain: by its number,
 * or, where a decision was, by the digest of its record. */
static int check_note(const char *commit, const struct strbuf *note, void *data,
		      struct error *err)
{
	static const char key[] = "Experiment: ";
	struct verify *v = data;
	const char *line, *next;
	int64_t n = -1;
	char digest[65];
	git_oid oid;

	if (oid_from_hex(&oid, commit, err) < 0)
		return -1;
	for (line = note->buf; line; line = next ? next + 1 : NULL) {
		bool begins = starts_with(line, key);

		next = strchr(line, '\n');
		if (begins)
			n = own_number(v, line + strlen(key));
		else if (starts_with(line, PROMOTION_KEY))
			n = is_promotion_of(line, v->ledger->campaign) ? 0 : -1;
		if (n < 0 || (!begins && !read_record_line(line, digest)) ||
		    find_numbered(v, n, &oid, false, begins ? NULL : digest))
			continue;
		if (n || begins)
			mismatch(v,
				 "the note on %.12s speaks of experiment %lld, and no record "
				 "does",
				 commit, (long long)n);
		else
			mismatch(v,
				 "the note on %.12s speaks of a promotion, and no record does",
				 commit);
		n = -1;
	}
	return 0;
}

int ledger_verify(struct ledger *ledger, mismatch_fn report, void *data, int64_t *ret_records,
		  int64_t *ret_bad, struct error *err)
{
	CLEANUP(verify_release)
	struct verify v = {
		.ledger = ledger,
		.rejudge = { .repo = ledger->repo },
		.report = report,
		.data = data,
	};
	struct error broken = ERROR_INIT;

	if (!*ledger->tip && !*ledger->branch)
		return error_set(err, "there is no campaign '%s'", ledger->campaign);
	check_chain(&v);
	for (size_t i = 0; i < v.overtaken.nr; i++)
		mismatch(&v, "experiment %lld: its base was never the incumbent",
			 (long long)v.overtaken.items[i].experiment);
	if (v.nr)
		qsort(v.items, v.nr, sizeof(*v.items), compare_numbers);
	check_decisions(&v);
	check_taken(&v);
	check_branch(&v);
	if (notes_each(ledger->repo, check_note, &v, &broken) < 0)
		mismatch(&v, "%s", broken.message);
	*ret_records = v.records;
	*ret_bad = v.bad;
	return 0;
}
