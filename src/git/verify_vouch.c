#include "git/verify_vouch.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/digest.h"
#include "base/number.h"
#include "model/trailer.h"

void vouchers_release(struct vouchers *v)
{
	free(v->items);
	taken_release(&v->taken);
}

/* --- What is remembered */

/* The text that its note is to hold, by its digest. */
static void remember_note(const struct entry *entry, struct voucher *item)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	message_note(&entry->record, entry->digest, &text);
	strbuf_rtrim(&text);
	item->note_len = text.len;
	digest_of(text.buf, text.len, item->note);
}

static void remember(struct vouchers *v, const struct entry *entry, size_t age, bool on_branch)
{
	const struct record *r = &entry->record;
	const char *commit = on_branch ? entry->commit : entry_candidate(entry);
	struct voucher *item;
	struct error err = ERROR_INIT;

	if (v->nr == v->alloc) {
		v->alloc = v->alloc ? 2 * v->alloc : 256;
		v->items = xrealloc(v->items, v->alloc * sizeof(*v->items));
	}
	item = &v->items[v->nr++];
	*item = (struct voucher){ .experiment = r->experiment,
				  .age = age,
				  .type = r->type,
				  .on_branch = on_branch,
				  .verdict = r->verdict.kind,
				  .was = r->decision ? r->decision->was : VERDICT_NONE,
				  .other = r->beaten_by ? r->beaten_by
							: verdict_same_as(&r->verdict),
				  .metric = r->has_metric ? r->metric : NAN,
				  .against = r->has_incumbent ? r->incumbent : NAN };
	memcpy(item->digest, entry->digest, sizeof(item->digest));
	oid_from_hex(&item->record, entry->oid, &err);
	oid_from_hex(&item->commit, commit, &err);
	if (*r->tree)
		oid_from_hex(&item->tree, r->tree, &err);
	if (!on_branch)
		remember_note(entry, item);
}

void vouchers_take(struct vouchers *v, const struct entry *entry, size_t age)
{
	bool on_branch = record_is_on_branch(&entry->record);

	if (on_branch)
		remember(v, entry, age, true);
	if (!on_branch || entry->record.decision)
		remember(v, entry, age, false);
	if (!entry->record.imported)
		memcpy(v->first, entry->commit, OID_HEX_SIZE);
}

static int compare_numbers(const void *a, const void *b)
{
	const struct voucher *x = a, *y = b;

	if (x->experiment != y->experiment)
		return x->experiment < y->experiment ? -1 : 1;
	return x->age < y->age ? -1 : x->age > y->age;
}

/* The first that is remembered of a number, which is its newest. NULL where there is none. */
static struct voucher *find_first(struct vouchers *v, int64_t experiment)
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
static struct voucher *find_numbered(struct vouchers *v, int64_t experiment,
				     const git_oid *commit, bool on_branch, const char *digest)
{
	struct voucher *item = find_first(v, experiment);

	for (; item && item < v->items + v->nr && item->experiment == experiment; item++)
		if (item->on_branch == on_branch && git_oid_equal(&item->commit, commit) &&
		    (!digest || !strcmp(item->digest, digest)))
			return item;
	return NULL;
}

/* --- What records say of each other */

/* What a decision overruled is what the record before it says, about the same candidate. */
static void check_decision(struct vouchers *v, const struct voucher *decision)
{
	const struct voucher *end = v->items + v->nr, *before = decision, *first = decision;

	while (before < end && (before->age == decision->age || before->type == RECORD_REPLAY))
		before++;
	while (first + 1 < end && first[1].experiment == decision->experiment)
		first++;
	if (before == end || before->experiment != decision->experiment) {
		mismatch(v->findings, "decision on %lld: no such experiment came before it",
			 (long long)decision->experiment);
		return;
	}
	if (before->verdict != decision->was)
		mismatch(v->findings, "decision on %lld: what it overruled is not what was",
			 (long long)decision->experiment);
	if (!git_oid_equal(&first->commit, &decision->commit))
		mismatch(v->findings, "decision on %lld: its candidate is not the experiment's",
			 (long long)decision->experiment);
}

/* Whether it is of an experiment or a baseline, and not about one. */
static bool is_measured(const struct voucher *item)
{
	return item->type == RECORD_EXPERIMENT || item->type == RECORD_BASELINE;
}

/* An earlier experiment, or a baseline, of which there may be several, has that tree. */
static void check_duplicate(struct vouchers *v, const struct voucher *item)
{
	const struct voucher *same = find_first(v, item->other), *end = v->items + v->nr;
	bool found = false;

	for (; same && same < end && same->experiment == item->other; same++)
		found = found || (is_measured(same) && same->age > item->age &&
				  git_oid_equal(&same->tree, &item->tree));
	if (!found)
		mismatch(v->findings, "experiment %lld: it is not the same as %lld",
			 (long long)item->experiment, (long long)item->other);
}

/*
 * The winner was accepted, by the rules or by a person, and what the other was held against in
 * the end is its metric, or what a baseline has measured of it since.
 */
static void check_beaten(struct vouchers *v, const struct voucher *item)
{
	const struct voucher *end = v->items + v->nr;
	bool won = false, held = false;

	for (int side = 0; side < 2; side++) {
		int64_t number = side ? 0 : item->other;
		const struct voucher *by = find_first(v, number);

		for (; by && by < end && by->experiment == number; by++) {
			if (!is_measured(by) && by->type != RECORD_DECISION)
				continue;
			won = won || by->verdict == VERDICT_ACCEPTED;
			held = held || number_is_close(by->metric, item->against);
		}
	}
	if (!won || !held)
		mismatch(v->findings, "experiment %lld: it was not beaten by %lld",
			 (long long)item->experiment, (long long)item->other);
}

/* What was promoted was accepted. */
static void check_taken(struct vouchers *v)
{
	struct error err = ERROR_INIT;
	git_oid from;

	for (size_t i = 0; i < v->taken.nr; i++) {
		const struct taken_commit *item = &v->taken.items[i];

		if (oid_from_hex(&from, item->from, &err) ||
		    !find_numbered(v, item->experiment, &from, true, NULL))
			mismatch(v->findings,
				 "promotion: %.12s is not the commit of experiment %lld on the "
				 "branch",
				 item->from, (long long)item->experiment);
	}
}

static void check_others(struct vouchers *v)
{
	for (size_t i = 0; i < v->nr; i++) {
		const struct voucher *item = &v->items[i];

		if (item->type == RECORD_DECISION && !item->on_branch)
			check_decision(v, item);
		if (item->type != RECORD_EXPERIMENT || item->other < 0)
			continue;
		if (item->verdict == VERDICT_DUPLICATE)
			check_duplicate(v, item);
		else
			check_beaten(v, item);
	}
	check_taken(v);
}

/* --- The branch */

/* The number in "<campaign>/<n>", where that is this campaign; -1. */
static int64_t own_number(const struct vouchers *v, const char *value)
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
static void check_claim(struct vouchers *v, const git_commit *commit, size_t *age)
{
	CLEANUP_STRBUF struct strbuf value = STRBUF_INIT;
	const git_oid *oid = git_commit_id(commit);
	struct voucher *item;
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
		mismatch(v->findings,
			 "commit %.12s on the branch says that it is experiment %lld, and no "
			 "record does",
			 hex, (long long)n);
		return;
	}
	if (item->age <= *age)
		mismatch(v->findings,
			 "experiment %lld: its commit is out of order on the branch",
			 (long long)n);
	item->seen = true;
	*age = item->age;
}

static void check_branch(struct vouchers *v)
{
	char oid[OID_HEX_SIZE];
	size_t age = 0; /* records count from 1 */

	memcpy(oid, v->ledger->branch, sizeof(oid));
	if (!*oid && *v->first)
		mismatch(v->findings, "the branch 'autoresearch/%s' is missing",
			 v->ledger->campaign);
	while (*oid && strcmp(oid, v->first)) {
		CLEANUP_GIT(git_commit) git_commit *commit = NULL;
		struct error err = ERROR_INIT;

		if (lookup_commit(v->ledger->repo, oid, &commit, &err) < 0) {
			mismatch(v->findings, "%s", err.message);
			break;
		}
		check_claim(v, commit, &age);
		oid[0] = '\0';
		if (git_commit_parentcount(commit))
			oid_to_hex(git_commit_parent_id(commit, 0), oid);
	}
	for (size_t i = 0; *v->ledger->branch && i < v->nr; i++)
		if (v->items[i].on_branch && !v->items[i].seen)
			mismatch(v->findings, "%s %lld: its commit is not on the branch",
				 about_what(v->items[i].type),
				 (long long)v->items[i].experiment);
}

/* --- The notes */

/* What a paragraph of a note claims by trailers. */
struct claim {
	bool is_one;
	bool foreign; /* of another campaign */
	bool promotion;
	int64_t experiment; /* -1: it does not say; 0 for a promotion */
	char digest[65];
};

/* The value behind `key` and a colon, however it is written: git cares as little. NULL. */
static const char *value_of(const char *line, const char *key)
{
	size_t len = strlen(key);

	return !strncasecmp(line, key, len) && line[len] == ':' ? line + len + 1 : NULL;
}

/* Whether the rest of the line is the name of this campaign. */
static bool is_own_name(const struct vouchers *v, const char *value)
{
	size_t len = strlen(v->ledger->campaign);

	return !strncmp(value, v->ledger->campaign, len) && strchr("\n", value[len]);
}

static void read_claim(const struct vouchers *v, const char *line, struct claim *claim)
{
	static const char *const keys[] = { "Verdict", "Metric", "Replay" };
	static const char sha256[] = " sha256:";
	const char *value = value_of(line, "Experiment");

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		claim->is_one = claim->is_one || value_of(line, keys[i]);
	if (value) {
		claim->is_one = true;
		claim->experiment = own_number(v, value + strspn(value, " "));
		claim->foreign = claim->experiment < 0;
	}
	value = value_of(line, "Promotion");
	if (value) {
		claim->is_one = claim->promotion = true;
		claim->foreign = !is_own_name(v, value + strspn(value, " "));
		claim->experiment = 0;
	}
	value = value_of(line, "Record");
	if (!value)
		return;
	claim->is_one = true;
	if (starts_with(value, sha256) &&
	    strspn(value + strlen(sha256), "0123456789abcdef") == 64)
		memcpy(claim->digest, value + strlen(sha256), 64);
}

/* Whether the note has the text of that record, with `end` at its end. */
static bool has_text(const struct voucher *item, const struct strbuf *note, const char *end)
{
	char digest[DIGEST_HEX_LEN + 1];
	const char *begin;

	if ((size_t)(end - note->buf) < item->note_len)
		return false;
	begin = end - item->note_len;
	if (begin != note->buf &&
	    (begin < note->buf + 2 || begin[-1] != '\n' || begin[-2] != '\n'))
		return false;
	digest_of(begin, item->note_len, digest);
	return !strcmp(digest, item->note);
}

/* Holds a paragraph, which ends at `end`, against the record that it has the digest of. */
static void check_claim_of_note(struct vouchers *v, const char *commit, const git_oid *oid,
				const struct strbuf *note, const char *end,
				const struct claim *claim)
{
	CLEANUP_FREE char *what = NULL;
	struct voucher *item = NULL;

	if (!claim->is_one || claim->foreign)
		return;
	if (claim->experiment < 0) {
		mismatch(v->findings, "the note on %.12s has trailers of no record", commit);
		return;
	}
	what = claim->promotion ? xstrdup("a promotion")
				: xstrfmt("experiment %lld", (long long)claim->experiment);
	if (*claim->digest)
		item = find_numbered(v, claim->experiment, oid, false, claim->digest);
	if (!item)
		mismatch(v->findings, "the note on %.12s speaks of %s, and no record does",
			 commit, what);
	else if (has_text(item, note, end))
		item->seen = true;
	else
		mismatch(v->findings,
			 "the note on %.12s speaks of %s in other words than its record",
			 commit, what);
}

/*
 * A note that speaks of an experiment outlives a record that was cut off the chain; and a person
 * may add what they like to a note, but nothing that is read as if it were of a record.
 */
static int check_note(const char *commit, const struct strbuf *note, void *data,
		      struct error *err)
{
	struct vouchers *v = data;
	struct claim claim = { .experiment = -1 };
	const char *line = note->buf, *last = line; /* the end of the newest line with words */
	git_oid oid;

	if (oid_from_hex(&oid, commit, err) < 0)
		return -1;
	while (*line) {
		const char *end = strchrnul(line, '\n');

		if (end == line) {
			check_claim_of_note(v, commit, &oid, note, last, &claim);
			claim = (struct claim){ .experiment = -1 };
		} else {
			read_claim(v, line, &claim);
			last = end;
		}
		line = *end ? end + 1 : end;
	}
	check_claim_of_note(v, commit, &oid, note, last, &claim);
	return 0;
}

/* What is amiss with the note of a record that was not met among all notes. */
static void explain_note(struct vouchers *v, const struct voucher *item)
{
	CLEANUP_STRBUF struct strbuf is = STRBUF_INIT, should = STRBUF_INIT;
	CLEANUP_ENTRY struct entry entry = { 0 };
	struct error err = ERROR_INIT;
	char hex[OID_HEX_SIZE];
	int missing;

	oid_to_hex(&item->record, hex);
	if (ledger_read(v->ledger, hex, &entry, &err)) {
		mismatch(v->findings, "%s", err.message);
		return;
	}
	message_note(&entry.record, entry.digest, &should);
	missing = notes_read(v->ledger->repo, entry_candidate(&entry), &is, &err);
	if (missing < 0)
		wrong(v->findings, &entry, err.message);
	else if (missing)
		wrong(v->findings, &entry, "its commit has no note");
	else if (!strstr(is.buf, entry.digest))
		wrong(v->findings, &entry, "its note does not carry the digest of its record");
	else if (!note_holds(is.buf, should.buf))
		wrong(v->findings, &entry, "its note does not match the record");
}

static void check_notes(struct vouchers *v)
{
	struct error err = ERROR_INIT;

	if (notes_each(v->ledger->repo, check_note, v, &err) < 0)
		mismatch(v->findings, "%s", err.message);
	for (size_t i = 0; i < v->nr; i++)
		if (!v->items[i].on_branch && !v->items[i].seen)
			explain_note(v, &v->items[i]);
}

void vouchers_check(struct vouchers *v)
{
	if (v->nr)
		qsort(v->items, v->nr, sizeof(*v->items), compare_numbers);
	check_others(v);
	check_branch(v);
	check_notes(v);
}
