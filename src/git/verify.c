#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "git/internal.h"
#include "git/tree.h"
#include "model/trailer.h"

#define FILE_MAX (1 << 30)

/* What is remembered of every record: which commit has which number. */
struct numbered {
	int64_t experiment;
	git_oid commit;
	bool accepted, seen;
};

/* One that was measured beside an incumbent that another had replaced when it was recorded. */
struct overtaken {
	int64_t experiment;
	char base[OID_HEX_SIZE];
};

struct verify {
	struct ledger *ledger;
	mismatch_fn report;
	void *data;
	int64_t records, bad;
	struct numbered *items; /* newest first, and by number once the chain is read */
	size_t nr, alloc;
	struct overtaken *overtaken; /* whose base was not met yet, on the way back */
	size_t overtaken_nr;
	char first[OID_HEX_SIZE]; /* the commit that the first record measured */
};

static void verify_release(struct verify *v)
{
	free(v->items);
	free(v->overtaken);
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
	if (r->type == RECORD_EXPERIMENT && strcmp(parent, r->base))
		wrong(v, entry, "its commit has another parent than the record's base");
}

/* The commit or the note that vouches for the record, by its digest and word for word. */
static void check_voucher(struct verify *v, const struct entry *entry)
{
	const struct record *r = &entry->record;
	CLEANUP_STRBUF struct strbuf is = STRBUF_INIT, should = STRBUF_INIT;
	struct error err = ERROR_INIT;
	int found;

	if (r->verdict.kind == VERDICT_ACCEPTED) {
		message_accepted(r, entry->digest, &should);
		if (repo_commit_message(v->ledger->repo, entry->commit, &is, &err) < 0)
			wrong(v, entry, err.message);
		else if (!strstr(is.buf, entry->digest))
			wrong(v, entry, "its commit does not carry the digest of its record");
		else if (strcmp(is.buf, should.buf))
			wrong(v, entry, "the message of its commit does not match the record");
		return;
	}
	message_note(r, entry->digest, &should);
	found = notes_read(v->ledger->repo, entry->commit, &is, &err);
	if (found < 0)
		wrong(v, entry, err.message);
	else if (found)
		wrong(v, entry, "its commit has no note");
	else if (!strstr(is.buf, entry->digest))
		wrong(v, entry, "its note does not carry the digest of its record");
	else if (!note_holds(is.buf, should.buf))
		wrong(v, entry, "its note does not match the record");
}

static bool totals_follow(const struct totals *is, const struct totals *should)
{
	for (int i = 0; i < VERDICT_NR; i++)
		if (is->verdicts[i] != should->verdicts[i])
			return false;
	return is->experiments == should->experiments &&
	       is->failures_in_a_row == should->failures_in_a_row &&
	       is->rejections_in_a_row == should->rejections_in_a_row &&
	       is->seed == should->seed && !strcmp(is->incumbent, should->incumbent) &&
	       is->incumbent_metric == should->incumbent_metric &&
	       is->incumbent_experiment == should->incumbent_experiment &&
	       is->baseline_metric == should->baseline_metric;
}

/*
 * Experiments run side by side, so one may be recorded when its base is no longer the incumbent;
 * but it has to have been, and an accepted one goes on top of what is.
 */
static void check_base(struct verify *v, const struct entry *older, const struct entry *newer)
{
	const struct record *r = &newer->record;
	const char *incumbent = older->record.totals.incumbent;
	size_t kept = 0;

	if (r->type == RECORD_EXPERIMENT && strcmp(r->base, incumbent)) {
		if (r->verdict.kind == VERDICT_ACCEPTED)
			wrong(v, newer, "its base was not the incumbent");
		v->overtaken =
			xrealloc(v->overtaken, (v->overtaken_nr + 1) * sizeof(*v->overtaken));
		v->overtaken[v->overtaken_nr].experiment = r->experiment;
		memcpy(v->overtaken[v->overtaken_nr++].base, r->base, OID_HEX_SIZE);
	}
	for (size_t i = 0; i < v->overtaken_nr; i++)
		if (strcmp(v->overtaken[i].base, incumbent))
			v->overtaken[kept++] = v->overtaken[i];
	v->overtaken_nr = kept;
}

/* How a record goes on from the one before it, which is NULL for the first. */
static void check_link(struct verify *v, const struct entry *older, struct entry *newer)
{
	struct record *r = &newer->record;
	struct totals before = { .seed = r->totals.seed }, is = r->totals;

	if (older)
		before = older->record.totals;
	else if (r->type != RECORD_BASELINE)
		wrong(v, newer, "the chain does not begin with a baseline");
	if (r->type == RECORD_EXPERIMENT && r->experiment != before.experiments + 1)
		wrong(v, newer, "its number does not follow the one before");
	if (older)
		check_base(v, older, newer);
	totals_advance(&before, r);
	if (r->type == RECORD_BASELINE || r->verdict.kind == VERDICT_ACCEPTED)
		memcpy(r->totals.incumbent, newer->commit, OID_HEX_SIZE);
	if (!totals_follow(&is, &r->totals) || is.time < before.time ||
	    is.tokens < r->totals.tokens || is.gpu_hours < before.gpu_hours)
		wrong(v, newer, "its totals do not follow from the record before");
	r->totals = is;
}

static void remember(struct verify *v, const struct entry *entry)
{
	struct numbered *item;
	struct error err = ERROR_INIT;

	if (v->nr == v->alloc) {
		v->alloc = v->alloc ? 2 * v->alloc : 256;
		v->items = xrealloc(v->items, v->alloc * sizeof(*v->items));
	}
	item = &v->items[v->nr++];
	*item = (struct numbered){ .experiment = entry->record.experiment };
	item->accepted = entry->record.verdict.kind == VERDICT_ACCEPTED;
	oid_from_hex(&item->commit, entry->commit, &err);
	memcpy(v->first, entry->commit, OID_HEX_SIZE);
}

static void check_entry(struct verify *v, const struct entry *entry)
{
	const struct record *r = &entry->record;

	if (strcmp(r->campaign, v->ledger->campaign))
		wrong(v, entry, "its record is of another campaign");
	check_title(v, entry);
	check_files(v, entry);
	check_digest(v, entry, AUDIT_FILE_NAME, r->audit.digest,
		     "its audit is not the one that the record vouches for");
	if (r->asked)
		check_digest(v, entry, PROMPT_FILE_NAME, r->asked->digest,
			     "its prompt is not the one that the record vouches for");
	check_candidate(v, entry);
	check_voucher(v, entry);
	remember(v, entry);
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

	return x->experiment < y->experiment ? -1 : x->experiment > y->experiment;
}

/* The record of that number whose commit it is; there may be several baselines. */
static struct numbered *find_numbered(struct verify *v, int64_t experiment,
				      const git_oid *commit)
{
	struct numbered key = { .experiment = experiment };
	struct numbered *item = NULL;

	if (v->nr)
		item = bsearch(&key, v->items, v->nr, sizeof(key), compare_numbers);
	while (item && item > v->items && item[-1].experiment == experiment)
		item--;
	for (; item && item < v->items + v->nr && item->experiment == experiment; item++)
		if (git_oid_equal(&item->commit, commit))
			return item;
	return NULL;
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

/* A commit of the branch that says it is an experiment must be an accepted one. */
static void check_claim(struct verify *v, const git_commit *commit, int64_t *last)
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
	item = find_numbered(v, n, oid);
	oid_to_hex(oid, hex);
	if (!item || !item->accepted) {
		mismatch(v,
			 "commit %.12s on the branch says that it is experiment %lld, and no "
			 "record does",
			 hex, (long long)n);
		return;
	}
	if (*last >= 0 && n >= *last)
		mismatch(v, "experiment %lld: its commit is out of order on the branch",
			 (long long)n);
	item->seen = true;
	*last = n;
}

static void check_branch(struct verify *v)
{
	char oid[OID_HEX_SIZE];
	int64_t last = -1;

	memcpy(oid, v->ledger->branch, sizeof(oid));
	if (!*oid)
		mismatch(v, "the branch 'autoresearch/%s' is missing", v->ledger->campaign);
	while (*oid && strcmp(oid, v->first)) {
		CLEANUP_GIT(git_commit) git_commit *commit = NULL;
		struct error err = ERROR_INIT;

		if (lookup_commit(v->ledger->repo, oid, &commit, &err) < 0) {
			mismatch(v, "%s", err.message);
			break;
		}
		check_claim(v, commit, &last);
		oid[0] = '\0';
		if (git_commit_parentcount(commit))
			oid_to_hex(git_commit_parent_id(commit, 0), oid);
	}
	for (size_t i = 0; *v->ledger->branch && i < v->nr; i++)
		if (v->items[i].accepted && !v->items[i].seen)
			mismatch(v, "experiment %lld: its commit is not on the branch",
				 (long long)v->items[i].experiment);
}

/* A note that speaks of an experiment outlives a record that was cut off the chain. */
static int check_note(const char *commit, const struct strbuf *note, void *data,
		      struct error *err)
{
	static const char key[] = "Experiment: ";
	struct verify *v = data;
	const char *line, *next;
	git_oid oid;
	int64_t n;

	if (oid_from_hex(&oid, commit, err) < 0)
		return -1;
	for (line = note->buf; line; line = next ? next + 1 : NULL) {
		const struct numbered *item;

		next = strchr(line, '\n');
		n = starts_with(line, key) ? own_number(v, line + strlen(key)) : -1;
		if (n < 0)
			continue;
		item = find_numbered(v, n, &oid);
		if (!item || item->accepted)
			mismatch(v,
				 "the note on %.12s speaks of experiment %lld, and no record "
				 "does",
				 commit, (long long)n);
	}
	return 0;
}

int ledger_verify(struct ledger *ledger, mismatch_fn report, void *data, int64_t *ret_records,
		  int64_t *ret_bad, struct error *err)
{
	CLEANUP(verify_release)
	struct verify v = {
		.ledger = ledger,
		.report = report,
		.data = data,
	};
	struct error broken = ERROR_INIT;

	if (!*ledger->tip && !*ledger->branch)
		return error_set(err, "there is no campaign '%s'", ledger->campaign);
	check_chain(&v);
	for (size_t i = 0; i < v.overtaken_nr; i++)
		mismatch(&v, "experiment %lld: its base was never the incumbent",
			 (long long)v.overtaken[i].experiment);
	if (v.nr)
		qsort(v.items, v.nr, sizeof(*v.items), compare_numbers);
	check_branch(&v);
	if (notes_each(ledger->repo, check_note, &v, &broken) < 0)
		mismatch(&v, "%s", broken.message);
	*ret_records = v.records;
	*ret_bad = v.bad;
	return 0;
}
