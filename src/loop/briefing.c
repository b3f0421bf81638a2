#include "loop/briefing.h"

#include <string.h>
#include <unistd.h>

#include "git/tree.h"
#include "loop/model.h"

/* A file larger than this is not read, nor are any beyond so many bytes in all. */
#define READ_MAX (16 << 20)
#define READ_ALL_MAX (64 << 20)

/* --- Files */

struct files {
	const struct briefing *b;
	bool editable; /* those that a candidate may change; else those to know */
	struct prompt_file *items;
	size_t nr, alloc, read;
};

static bool is_wanted(const struct files *files, const char *path, unsigned mode)
{
	const struct campaign_config *config = files->b->config;
	struct change change = { path, mode, mode };

	if (scope_allows(&config->editable, &config->hidden, &change))
		return files->editable;
	/* program.md has a part of its own. */
	return !files->editable && (mode & 0170000) == 0100000 && strcmp(path, PROGRAM_PATH) &&
	       pathspec_match(&config->include, path) && !pathspec_match(&config->hidden, path);
}

static int add_file(const char *path, unsigned mode, const char *oid, void *data,
		    struct error *err)
{
	struct files *files = data;
	struct strbuf content = STRBUF_INIT;
	struct error too_large = ERROR_INIT;
	struct prompt_file *file;

	(void)oid;
	(void)err;
	if (!is_wanted(files, path, mode))
		return 0;
	if (files->nr == files->alloc) {
		files->alloc = files->alloc ? 2 * files->alloc : 16;
		files->items = xrealloc(files->items, files->alloc * sizeof(*files->items));
	}
	file = &files->items[files->nr++];
	*file = (struct prompt_file){ .path = xstrdup(path) };
	if (files->read > READ_ALL_MAX ||
	    repo_read_file(files->b->repo, files->b->footing->base, path, READ_MAX, &content,
			   &too_large)) {
		strbuf_release(&content);
		return 0;
	}
	files->read += content.len;
	file->content = strbuf_detach(&content, &file->len);
	return 0;
}

static int gather_files(const struct briefing *b, bool editable, struct files *ret,
			struct error *err)
{
	*ret = (struct files){ .b = b, .editable = editable };
	if (!editable && !b->config->include.nr)
		return 0;
	return tree_each_file(b->repo, b->footing->base, add_file, ret, err);
}

static void files_release(struct files *files)
{
	for (size_t i = 0; i < files->nr; i++) {
		free((char *)files->items[i].path);
		free((char *)files->items[i].content);
	}
	free(files->items);
}

/* --- History */

/* A record, and what is shown of its files. */
struct tried_before {
	struct entry entry;
	struct strbuf patch, log;
};

struct history {
	struct tried_before *entries;
	struct prompt_experiment *items;
	size_t nr, logs;
};

/* One end of a file of any size. */
struct excerpt {
	struct strbuf *text;
	size_t max, size;
};

static int take_begin(const void *block, size_t len, void *data, struct error *err)
{
	struct excerpt *e = data;
	size_t room = e->max - e->text->len;

	(void)err;
	e->size += len;
	strbuf_add(e->text, block, len < room ? len : room);
	return 0;
}

static int take_end(const void *block, size_t len, void *data, struct error *err)
{
	struct excerpt *e = data;
	struct strbuf *text = e->text;

	(void)err;
	e->size += len;
	strbuf_add(text, block, len);
	if (text->len > e->max) {
		memmove(text->buf, text->buf + text->len - e->max, e->max);
		strbuf_setlen(text, e->max);
	}
	return 0;
}

/* Half a line could hold half a secret, which nobody recognizes any more. */
static void drop_last_line(struct strbuf *text)
{
	const char *newline = memrchr(text->buf, '\n', text->len);

	strbuf_setlen(text, newline ? (size_t)(newline + 1 - text->buf) : 0);
}

static void drop_first_line(struct strbuf *text)
{
	const char *newline = memchr(text->buf, '\n', text->len);
	size_t cut = newline ? (size_t)(newline + 1 - text->buf) : text->len;

	memmove(text->buf, text->buf + cut, text->len - cut);
	strbuf_setlen(text, text->len - cut);
}

static int read_patch(struct ledger *ledger, struct tried_before *t,
		      struct prompt_experiment *item, struct error *err)
{
	struct excerpt e = { .text = &t->patch, .max = BRIEFING_PATCH_MAX };

	if (ledger_file_blocks(ledger, &t->entry, "patch", take_begin, &e, err) < 0)
		return -1;
	if (e.size > t->patch.len)
		drop_last_line(&t->patch);
	item->patch = t->patch.buf;
	item->patch_size = e.size;
	return 0;
}

/* Of failures alone, and never what the evaluator printed, which knows what is hidden. */
static bool log_is_shown(const struct verdict *v)
{
	return v->kind == VERDICT_FAILED || v->kind == VERDICT_VIOLATION ||
	       (v->kind == VERDICT_REJECTED && v->reason && !strcmp(v->reason, "check-failed"));
}

static int read_log(struct ledger *ledger, struct tried_before *t,
		    struct prompt_experiment *item, struct error *err)
{
	struct excerpt e = { .text = &t->log, .max = BRIEFING_LOG_MAX };

	if (ledger_file_blocks(ledger, &t->entry, "run.log", take_end, &e, err) < 0)
		return -1;
	if (e.size > t->log.len)
		drop_first_line(&t->log);
	item->log = t->log.buf;
	item->log_len = t->log.len;
	return 0;
}

/*
 * A diff also shows what it takes away: one that touches what is hidden, or what was hidden
 * since, would tell it. So a diff is shown where it is in scope by today's rules.
 */
static int patch_is_shown(const struct briefing *b, const struct record *r, struct error *err)
{
	CLEANUP_STRBUF struct strbuf path = STRBUF_INIT;
	int outside;

	/* Of what was imported the change may not be known. */
	if (r->verdict.kind == VERDICT_ACCEPTED || r->verdict.kind == VERDICT_INVALID ||
	    !*r->base)
		return 0;
	outside = tree_check_scope(b->repo, r->base, r->tree, &b->config->editable,
				   &b->config->hidden, &path, err);
	return outside < 0 ? -1 : !outside;
}

static int add_record(const struct briefing *b, struct history *h, struct error *err)
{
	struct tried_before *t = &h->entries[h->nr];
	struct prompt_experiment *item = &h->items[h->nr];
	const struct verdict *verdict = &t->entry.record.verdict;
	int shown;

	*item = (struct prompt_experiment){ .record = &t->entry.record, .patch = "" };
	h->nr++;
	shown = patch_is_shown(b, &t->entry.record, err);
	if (shown < 0 || (shown && read_patch(b->ledger, t, item, err)))
		return -1;
	if (log_is_shown(verdict) && h->logs++ < BRIEFING_LOGS)
		return read_log(b->ledger, t, item, err);
	return 0;
}

static int gather_history(const struct briefing *b, size_t max, struct history *h,
			  struct error *err)
{
	CLEANUP_RULINGS struct rulings rulings = { 0 };
	char next[OID_HEX_SIZE];

	*h = (struct history){ .entries = xcalloc(max, sizeof(*h->entries)),
			       .items = xcalloc(max, sizeof(*h->items)) };
	strcpy(next, b->ledger->tip);
	while (*next && h->nr < max) {
		struct tried_before *t = &h->entries[h->nr];

		*t = (struct tried_before){ .patch = STRBUF_INIT, .log = STRBUF_INIT };
		if (ledger_read(b->ledger, next, &t->entry, err))
			return -1;
		strcpy(next, t->entry.parent);
		if (rulings_apply(&rulings, b->ledger, &t->entry, err)) {
			entry_release(&t->entry);
			return -1;
		}
		if (t->entry.record.type != RECORD_EXPERIMENT)
			entry_release(&t->entry);
		else if (add_record(b, h, err))
			return -1;
	}
	return 0;
}

static void history_release(struct history *h)
{
	for (size_t i = 0; i < h->nr; i++) {
		entry_release(&h->entries[i].entry);
		strbuf_release(&h->entries[i].patch);
		strbuf_release(&h->entries[i].log);
	}
	free(h->entries);
	free(h->items);
}

/* --- All together */

static int build(const struct briefing *b, const struct files *context,
		 const struct files *editable, const struct history *history, bool model,
		 struct prompt *ret, struct error *err)
{
	CLEANUP_SECRETS struct secrets secrets;
	const struct totals *totals = b->totals;
	struct prompt_input input = {
		.campaign = b->ledger->campaign,
		.config = b->config,
		.network = &b->settings->network[NETWORK_TRIAL],
		.secrets = &secrets,
		.seed = totals->seed,
		.program = b->program,
		.experiment = b->experiment,
		/* A model is asked for all of a round at once, a program for one by one. */
		.proposal = model ? (b->experiment - 1) % b->config->candidates + 1 : 1,
		.proposals = model ? b->config->candidates : 1,
		.base = b->footing->base,
		.earlier = strcmp(b->footing->base, b->incumbent) != 0,
		.stalled = b->footing->stage.rung != LADDER_GREEDY,
		.in_vain = totals->stalled,
		.baseline = totals->baseline_metric,
		.incumbent = totals->incumbent_metric,
		.incumbent_experiment = totals->incumbent_experiment,
		.context = context->items,
		.context_nr = context->nr,
		.editable = editable->items,
		.editable_nr = editable->nr,
		.history = history->items,
		.history_nr = history->nr,
		.history_older = totals->experiments - (int64_t)history->nr,
		.window = b->settings->context_window,
	};

	secrets_of_environment(&secrets, (const char *const *)environ);
	if (b->key)
		secrets_add(&secrets, b->key);
	if (model)
		return prompt_build(&input, ret, err);
	prompt_build_text(&input, ret);
	return 0;
}

static int gather(const struct briefing *b, bool model, struct prompt *ret, struct error *err)
{
	size_t max = model ? BRIEFING_HISTORY_MAX : BRIEFING_HISTORY;
	struct files context = { 0 }, editable = { 0 };
	struct history history = { 0 };
	int failed = gather_files(b, false, &context, err) ||
		     gather_files(b, true, &editable, err) ||
		     gather_history(b, max, &history, err) ||
		     build(b, &context, &editable, &history, model, ret, err);

	files_release(&context);
	files_release(&editable);
	history_release(&history);
	return failed ? -1 : 0;
}

int briefing_for_model(const struct briefing *b, struct prompt *ret, struct error *err)
{
	return gather(b, true, ret, err);
}

int briefing_for_program(const struct briefing *b, struct prompt *ret, struct error *err)
{
	return gather(b, false, ret, err);
}

void briefing_of(struct search *s, int64_t number, const struct footing *footing,
		 struct briefing *ret)
{
	*ret = (struct briefing){ .repo = s->repo,
				  .ledger = &s->ledger,
				  .incumbent = search_incumbent(s),
				  .footing = footing,
				  .config = &s->config,
				  .settings = &s->settings,
				  .totals = &s->totals,
				  .program = s->program,
				  .experiment = number };
}

/* Reads what a start would hold open. */
static int read_standing(struct repo *repo, struct ledger *ledger, struct entry *newest,
			 struct campaign_config *config, char **program,
			 struct settings *settings, struct error *err)
{
	if (!*ledger->branch || !*ledger->tip) {
		CLEANUP_FREE char *name = shell_word(ledger->campaign);

		error_set(err, "campaign '%s' has no baseline yet", ledger->campaign);
		return error_hint(err, "git autoresearch start %s", name);
	}
	if (settings_read(settings, err) || ledger_read(ledger, ledger->tip, newest, err) ||
	    config_of_commit(repo, ledger->branch, config, program, err))
		return -1;
	if (strcmp(newest->record.totals.incumbent, ledger->branch))
		warning("people have committed to the ledger branch: the next start measures the "
			"baseline first");
	return 0;
}

/* A program and an agent look at the files themselves. */
static bool is_for_model(const struct settings *settings)
{
	for (size_t i = 0; i < settings->proposers.nr; i++) {
		CLEANUP_FREE char *kind = NULL, *rest = NULL;

		proposer_name_split(settings->proposers.items[i], &kind, &rest);
		if (proposer_is_told(kind))
			return proposer_is_model(kind);
	}
	return true;
}

int briefing_next(struct repo *repo, struct ledger *ledger, struct prompt *ret,
		  struct error *err)
{
	CLEANUP_CAMPAIGN_CONFIG struct campaign_config config;
	CLEANUP_SETTINGS struct settings settings = { 0 };
	CLEANUP_ENTRY struct entry newest = { 0 };
	CLEANUP_FREE char *program = NULL;
	struct footing footing;
	struct briefing b = { .repo = repo,
			      .ledger = ledger,
			      .incumbent = ledger->branch,
			      .footing = &footing,
			      .config = &config,
			      .settings = &settings,
			      .totals = &newest.record.totals };

	campaign_config_defaults(&config);
	if (read_standing(repo, ledger, &newest, &config, &program, &settings, err))
		return -1;
	if (footing_find(repo, &config, ledger->branch, b.totals,
			 ladder_stage(b.totals->stalled, config.patience, config.candidates),
			 &footing, err))
		return -1;
	b.program = program;
	b.key = model_key_of_environment(&settings);
	b.experiment = b.totals->experiments + 1;
	return gather(&b, is_for_model(&settings), ret, err);
}
