#include "loop/briefing.h"

#include <string.h>

#include "git/tree.h"
#include "propose/prompt.h"

/* A file too large to show is still named with its size; one too large to read is not. */
#define READ_MAX (16 << 20)

struct files {
	struct search *s;
	const struct string_list *specs;
	struct prompt_file *items;
	size_t nr;
};

static int add_file(const char *path, unsigned mode, const char *oid, void *data,
		    struct error *err)
{
	struct files *files = data;
	struct strbuf content = STRBUF_INIT;
	struct error too_large = ERROR_INIT;
	struct prompt_file *file;

	(void)oid;
	(void)err;
	if ((mode & 0170000) != 0100000 || !pathspec_match(files->specs, path) ||
	    pathspec_match(&files->s->config.hidden, path))
		return 0;
	if (repo_read_file(files->s->repo, search_incumbent(files->s), path, READ_MAX, &content,
			   &too_large)) {
		strbuf_release(&content);
		return 0;
	}
	files->items = xrealloc(files->items, (files->nr + 1) * sizeof(*files->items));
	file = &files->items[files->nr++];
	file->path = xstrdup(path);
	file->content = strbuf_detach(&content, &file->len);
	return 0;
}

static int gather(struct search *s, const struct string_list *specs, struct files *ret,
		  struct error *err)
{
	*ret = (struct files){ .s = s, .specs = specs };
	if (!specs->nr)
		return 0;
	return tree_each_file(s->repo, search_incumbent(s), add_file, ret, err);
}

static void files_release(struct files *files)
{
	for (size_t i = 0; i < files->nr; i++) {
		free((char *)files->items[i].path);
		free((char *)files->items[i].content);
	}
	free(files->items);
}

struct history {
	struct entry entries[BRIEFING_HISTORY];
	struct strbuf patches[BRIEFING_HISTORY];
	struct prompt_experiment items[BRIEFING_HISTORY];
	size_t nr;
};

static int gather_history(struct search *s, struct history *h, struct error *err)
{
	char next[OID_HEX_SIZE];

	strcpy(next, s->ledger.tip);
	while (*next && h->nr < BRIEFING_HISTORY) {
		struct entry *entry = &h->entries[h->nr];
		struct strbuf *patch = &h->patches[h->nr];

		if (ledger_read(&s->ledger, next, entry, err))
			return -1;
		strcpy(next, entry->parent);
		if (entry->record.type != RECORD_EXPERIMENT) {
			entry_release(entry);
			continue;
		}
		*patch = (struct strbuf)STRBUF_INIT;
		h->items[h->nr].record = &entry->record;
		h->nr++;
		if (entry->record.verdict.kind != VERDICT_ACCEPTED &&
		    ledger_file(&s->ledger, entry, "patch", BRIEFING_PATCH_MAX, patch, err) < 0)
			strbuf_reset(patch); /* too large to show */
		h->items[h->nr - 1].patch = patch->buf;
	}
	return 0;
}

static void history_release(struct history *h)
{
	for (size_t i = 0; i < h->nr; i++) {
		entry_release(&h->entries[i]);
		strbuf_release(&h->patches[i]);
	}
}

int briefing_build(struct search *s, int64_t number, struct strbuf *out, struct error *err)
{
	struct files context = { 0 }, editable = { 0 };
	struct history history = { .nr = 0 };
	int failed = gather(s, &s->config.include, &context, err) ||
		     gather(s, &s->config.editable, &editable, err) ||
		     gather_history(s, &history, err);

	if (!failed) {
		struct prompt_input input = {
			.campaign = s->campaign,
			.config = &s->config,
			.network = &s->settings.network[NETWORK_TRIAL],
			.program = s->program,
			.experiment = number,
			.baseline = s->totals.baseline_metric,
			.incumbent = s->totals.incumbent_metric,
			.context = context.items,
			.context_nr = context.nr,
			.editable = editable.items,
			.editable_nr = editable.nr,
			.history = history.items,
			.history_nr = history.nr,
		};

		prompt_build(&input, out);
	}
	files_release(&context);
	files_release(&editable);
	history_release(&history);
	return failed ? -1 : 0;
}
