#include "loop/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/durable.h"
#include "base/number.h"
#include "git/tree.h"
#include "loop/recording.h"
#include "loop/store.h"
#include "model/kept.h"

/* As much of one as is kept: an agent may change files of any size. */
#define KEPT_MAX (256 << 20)

/* Room for a round of ordinary proposals. */
#define RESERVE_SIZE (2 << 20)

/* Less time than that is not worth waiting for the disk. */
#define KEPT_SECONDS 1

/* A proposal that is begun again this often, and never ends, may be what kills us. */
#define TAKEN_MAX 5

struct held {
	int64_t key;
	int64_t times;	/* that it was taken and begun */
	int64_t record; /* the experiment that it is being recorded as; 0: not yet */
	bool waits;	/* for somebody to take it */
	bool taken;	/* by us */
	bool begun;	/* by us as well, and counted for that */
};

struct journal {
	char *dir;
	struct held *entries; /* in order of their keys */
	size_t nr, alloc;
	bool has_reserve;
	char spent_tip[OID_HEX_SIZE]; /* of the ledger, since which `spent` counts */
	int64_t spent;
};

static char *path_of(const struct journal *j, const char *name)
{
	return xstrfmt("%s/%s", j->dir, name);
}

static char *path_of_entry(const struct journal *j, const struct held *e)
{
	long long key = e->key, times = e->times, record = e->record;

	if (record)
		return xstrfmt("%s/%lld.%lld.%lld", j->dir, key, times, record);
	return times ? xstrfmt("%s/%lld.%lld", j->dir, key, times)
		     : xstrfmt("%s/%lld", j->dir, key);
}

static struct held *find(struct journal *j, int64_t key)
{
	for (size_t i = 0; i < j->nr; i++)
		if (j->entries[i].key == key)
			return &j->entries[i];
	return NULL;
}

static struct held *add(struct journal *j, const struct held *entry)
{
	size_t i;

	if (j->nr == j->alloc) {
		j->alloc = 2 * j->alloc + 4;
		j->entries = xrealloc(j->entries, j->alloc * sizeof(*j->entries));
	}
	for (i = j->nr++; i && j->entries[i - 1].key > entry->key; i--)
		j->entries[i] = j->entries[i - 1];
	j->entries[i] = *entry;
	return &j->entries[i];
}

static void forget(struct journal *j, struct held *e)
{
	size_t i = (size_t)(e - j->entries);

	memmove(e, e + 1, (--j->nr - i) * sizeof(*e));
}

static int rename_entry(struct journal *j, struct held *e, int64_t times, int64_t record,
			struct error *err)
{
	struct held renamed = *e;
	CLEANUP_FREE char *from = path_of_entry(j, e);
	CLEANUP_FREE char *to = NULL;

	renamed.times = times;
	renamed.record = record;
	to = path_of_entry(j, &renamed);
	if (strcmp(from, to) && rename(from, to))
		return error_errno(err, "cannot rename '%s'", from);
	*e = renamed;
	return 0;
}

/* --- What was paid for nothing */

/* Durably, with what is `unrecorded`. */
static void write_spent(struct search *s)
{
	struct journal *j = s->journal;
	CLEANUP_FREE char *path = path_of(j, "spent");
	CLEANUP_FREE char *text = xstrfmt("%s %lld %.6f %.9f\n", j->spent_tip,
					  (long long)j->spent, s->unrecorded.time,
					  s->unrecorded.gpu_hours);
	struct error err = ERROR_INIT;

	if (durable_write(path, text, strlen(text), &err))
		warning("%s", err.message);
}

/* Every record has all that was spent before it. */
static void begin_spending(struct search *s)
{
	struct journal *j = s->journal;

	if (strcmp(j->spent_tip, s->ledger.tip))
		j->spent = 0;
	strcpy(j->spent_tip, s->ledger.tip);
}

void journal_spend(struct search *s, int64_t tokens)
{
	struct error ignored = ERROR_INIT;

	s->totals.tokens += tokens;
	if (!tokens || !s->journal)
		return;
	/* It is counted from a record that is there. */
	search_publish(s, &ignored);
	begin_spending(s);
	s->journal->spent += tokens;
	write_spent(s);
}

void journal_keep_spent(struct search *s)
{
	if (!s->journal || (s->unrecorded.time < KEPT_SECONDS && !s->unrecorded.gpu_hours))
		return;
	begin_spending(s);
	write_spent(s);
}

static void read_spent(struct search *s)
{
	CLEANUP_FREE char *path = path_of(s->journal, "spent");
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	struct journal *j = s->journal;
	size_t len = strlen(s->ledger.tip);
	double time = 0, gpu_hours = 0;
	long long tokens;

	if (strbuf_read_file(&text, path, 256) || !starts_with(text.buf, s->ledger.tip) ||
	    text.buf[len] != ' ')
		return;
	/* An earlier version wrote tokens alone. */
	if (sscanf(text.buf + len, "%lld %lf %lf", &tokens, &time, &gpu_hours) < 1 ||
	    tokens < 0 || !(time >= 0) || !(gpu_hours >= 0) || isinf(time) || isinf(gpu_hours))
		return;
	strcpy(j->spent_tip, s->ledger.tip);
	j->spent = tokens;
	s->totals.tokens += tokens;
	s->totals.time += time;
	s->unrecorded.time += time;
	search_spend_gpus(s, gpu_hours);
}

/* --- Room for the next */

static void find_reserve(struct journal *j)
{
	CLEANUP_FREE char *path = path_of(j, "reserve");
	struct stat st;

	j->has_reserve = !stat(path, &st) && st.st_size >= RESERVE_SIZE;
}

int journal_ready(struct search *s, struct error *err)
{
	CLEANUP_FREE char *path = path_of(s->journal, "reserve");
	CLEANUP_CLOSE int fd = -1;

	if (s->journal->has_reserve)
		return 0;
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	/* A file system that knows no such thing has none. */
	if (fd < 0 || (fallocate(fd, 0, 0, RESERVE_SIZE) && errno != EOPNOTSUPP)) {
		error_errno(err, "no room to keep a proposal in '%s'", s->journal->dir);
		return error_hint(err,
				  "nobody is asked for what could be lost: make room there, "
				  "and start again");
	}
	s->journal->has_reserve = true;
	return 0;
}

static void use_reserve(struct journal *j)
{
	CLEANUP_FREE char *path = path_of(j, "reserve");

	unlink(path);
	j->has_reserve = false;
}

/* --- Keeping */

/* Numbers of experiments under way change, keys never do. Mostly they are the same. */
static struct held *claim(struct journal *j, int64_t number)
{
	while (find(j, number))
		number++;
	return add(j, &(struct held){ .key = number });
}

static int write_entry(struct journal *j, const struct held *e, const struct strbuf *text,
		       struct error *err)
{
	CLEANUP_FREE char *path = path_of_entry(j, e);

	if (text->len > KEPT_MAX)
		return error_set(err, "it is too large to be kept in '%s'", path);
	if (!durable_write(path, text->buf, text->len, err))
		return 0;
	if ((errno != ENOSPC && errno != EDQUOT) || !j->has_reserve)
		return -1;
	use_reserve(j);
	return durable_write(path, text->buf, text->len, err);
}

void journal_put(struct proposer *p, int64_t number, const struct footing *footing,
		 struct proposal *proposal)
{
	struct search *s = p->s;
	struct held *e = find(s->journal, proposal->key);
	struct kept kept = { .number = number, .seed = s->totals.seed };
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	struct error err = ERROR_INIT;
	CLEANUP_FREE char *path = NULL;

	footing_mark(footing, proposal);
	if (s->team->nr > 1)
		strcpy(proposal->searched.proposer, p->name);
	strcpy(kept.base, footing->base);
	kept_write(&kept, proposal, &text);
	if (!e)
		e = claim(s->journal, number);
	proposal->key = e->key;
	if (!write_entry(s->journal, e, &text, &err))
		return;
	warning("%s: a crash would lose the proposal of experiment %lld", err.message,
		(long long)number);
	/* It may be there, and not for certain. */
	path = path_of_entry(s->journal, e);
	if (access(path, F_OK)) {
		proposal->key = 0;
		forget(s->journal, e);
	}
}

int journal_settle(struct search *s, int64_t key, int64_t number, struct error *err)
{
	struct journal *j = s->journal;
	struct held *e = find(j, key);

	if (!e)
		return 0;
	return rename_entry(j, e, e->times, number, err) || durable_folder(j->dir, err) ? -1
											: 0;
}

void journal_drop(struct search *s, int64_t key)
{
	struct held *e = find(s->journal, key);
	CLEANUP_FREE char *path = NULL;

	if (!e)
		return;
	/* Where that fails, or is undone by a power cut, its name and the record tell that it is
	 * done with. */
	path = path_of_entry(s->journal, e);
	unlink(path);
	forget(s->journal, e);
}

/* --- What is left */

static int read_entry(const struct journal *j, const struct held *e, struct kept *ret,
		      struct error *err)
{
	CLEANUP_FREE char *path = path_of_entry(j, e);
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	if (strbuf_read_file(&text, path, KEPT_MAX))
		return error_errno(err, "cannot read '%s'", path);
	return kept_parse(text.buf, text.len, ret, err);
}

/* Brings it to the incumbent of now. One that was made on an earlier commit stays on that, but
 * where people changed since then what a candidate may not. */
static int carry(struct search *s, struct kept *kept, struct error *err)
{
	CLEANUP_STRBUF struct strbuf path = STRBUF_INIT;
	struct proposal *p = &kept->proposal;
	char tree[OID_HEX_SIZE];
	int differs;

	if (*p->base) {
		if (repo_commit_tree(s->repo, p->base, tree, err))
			return -1;
		differs = tree_check_scope(s->repo, search_incumbent(s), tree,
					   &s->config.editable, &s->config.hidden, &path, err);
		if (differs <= 0)
			return differs;
		*p->base = '\0';
	}
	return tree_carry(s->repo, kept->base, search_incumbent(s), p, NULL, err);
}

int journal_take(struct search *s, struct proposal *ret, struct error *err)
{
	CLEANUP_KEPT struct kept kept = { .proposal = PROPOSAL_INIT };
	struct journal *j = s->journal;
	struct held *e = j->entries;

	while (e < j->entries + j->nr && !e->waits)
		e++;
	if (e == j->entries + j->nr)
		return 1;
	if (read_entry(j, e, &kept, err) || carry(s, &kept, err) ||
	    rename_entry(j, e, e->times, 0, err))
		return error_context(err, "the proposal kept for experiment %lld",
				     (long long)e->key);
	e->waits = false;
	e->taken = true;
	*ret = kept.proposal;
	ret->key = e->key;
	kept.proposal = (struct proposal)PROPOSAL_INIT;
	return 0;
}

int journal_begin(struct search *s, int64_t key, struct error *err)
{
	struct held *e = find(s->journal, key);

	if (!e || !e->taken || e->begun)
		return 0;
	if (rename_entry(s->journal, e, e->times + 1, e->record, err))
		return -1;
	e->begun = true;
	return 0;
}

/* Nothing that was said against it made it end. */
static void untake(struct journal *j, struct held *e)
{
	struct error ignored = ERROR_INIT;

	if (e->begun)
		rename_entry(j, e, e->times - 1, e->record, &ignored);
	e->taken = e->begun = false;
}

void journal_give_back(struct search *s, int64_t key)
{
	struct held *e = find(s->journal, key);

	if (!e)
		return;
	untake(s->journal, e);
	e->waits = true;
}

/* --- Opening */

/* "<key>", "<key>.<times>" or "<key>.<times>.<record>". */
static bool parse_name(const char *name, struct held *ret)
{
	CLEANUP_FREE char *copy = xstrdup(name);
	char *rest = copy, *part;
	int64_t *const numbers[] = { &ret->key, &ret->times, &ret->record };

	*ret = (struct held){ .waits = true };
	for (size_t i = 0; rest; i++) {
		part = strsep(&rest, ".");
		if (i == ARRAY_SIZE(numbers) || strspn(part, "0123456789") != strlen(part) ||
		    number_parse_count(part, numbers[i]))
			return false;
	}
	return ret->key > 0;
}

static int list(struct journal *j, struct error *err)
{
	CLEANUP_CLOSEDIR DIR *dir = opendir(j->dir);
	struct dirent *file;
	struct held entry;

	if (!dir)
		return error_errno(err, "cannot read the folder '%s'", j->dir);
	while ((file = readdir(dir))) {
		if (ends_with(file->d_name, ".new"))
			unlinkat(dirfd(dir), file->d_name, 0);
		else if (parse_name(file->d_name, &entry))
			add(j, &entry);
	}
	return 0;
}

static int set_aside(struct journal *j, struct held *e, const char *why, struct error *err)
{
	CLEANUP_FREE char *from = path_of_entry(j, e);
	CLEANUP_FREE char *to = xstrfmt("%s.aside", from);

	if (rename(from, to))
		return error_errno(err, "cannot rename '%s'", from);
	warning("the proposal kept for experiment %lld is not used: %s; it is set aside as '%s'",
		(long long)e->key, why, to);
	forget(j, e);
	return 0;
}

/* What was paid for it is counted, whatever becomes of it. */
static int set_aside_paid(struct search *s, struct held *e, const struct kept *kept,
			  struct error *err)
{
	if (set_aside(s->journal, e, "it was begun six times and never finished", err))
		return -1;
	journal_spend(s, asked_tokens(kept->proposal.asked));
	return 0;
}

/* Keeps what can be used: it has no record, and its base is there. */
static int examine(struct search *s, struct held *e, struct error *err)
{
	CLEANUP_KEPT struct kept kept = { .proposal = PROPOSAL_INIT };
	struct error why = ERROR_INIT;
	char tree[OID_HEX_SIZE];

	if (e->record && e->record <= s->totals.experiments) {
		journal_drop(s, e->key);
		return 0;
	}
	if (rename_entry(s->journal, e, e->times, 0, err))
		return -1;
	if (read_entry(s->journal, e, &kept, &why))
		return set_aside(s->journal, e, why.message, err);
	if (kept.seed != s->totals.seed || repo_commit_tree(s->repo, kept.base, tree, &why) ||
	    (*kept.proposal.base && repo_commit_tree(s->repo, kept.proposal.base, tree, &why)))
		return set_aside(s->journal, e, "it was made for another campaign", err);
	if (e->times >= TAKEN_MAX)
		return set_aside_paid(s, e, &kept, err);
	return 0;
}

static int sort_out(struct search *s, struct error *err)
{
	struct journal *j = s->journal;
	size_t before;

	for (size_t i = 0; i < j->nr; i += j->nr == before) {
		before = j->nr;
		if (examine(s, &j->entries[i], err))
			return -1;
	}
	/* Before anything else gets the number that one of them was to be recorded as. */
	return durable_folder(j->dir, err);
}

int journal_open(struct search *s, struct error *err)
{
	CLEANUP_FREE char *path = xstrfmt("%s/proposals", s->path);

	s->journal = xcalloc(1, sizeof(*s->journal));
	if (store_make(s->store, path, &s->journal->dir, err) || list(s->journal, err))
		return -1;
	find_reserve(s->journal);
	read_spent(s);
	return sort_out(s, err);
}

void journal_close(struct search *s)
{
	struct journal *j = s->journal;

	if (!j)
		return;
	/* A person who stops it says nothing against what is being tried. */
	for (size_t i = 0; s->stop != STOP_NO && i < j->nr; i++)
		untake(j, &j->entries[i]);
	free(j->dir);
	free(j->entries);
	free(steal_ptr(s->journal));
}
