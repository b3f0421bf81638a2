#include "loop/sweeping.h"

#include <string.h>

#include "git/tree.h"
#include "loop/candidate.h"
#include "loop/footing.h"
#include "propose/sweep.h"

#define SWEEP_FILE_MAX (1 << 20)

struct sweeping {
	struct search *s;
	struct sweep *sweep; /* over the files of its footing; NULL: to be made */
	char incumbent[OID_HEX_SIZE];
	int64_t stage;
	struct footing footing;
	struct sweep_file *files; /* the editable ones, without their content */
	size_t files_nr;
	bool told; /* of the marks that it cannot read */
};

static void forget_files(struct sweeping *w)
{
	for (size_t i = 0; i < w->files_nr; i++)
		free((char *)w->files[i].path);
	free(steal_ptr(w->files));
	w->files_nr = 0;
}

void sweeping_free(struct sweeping *w)
{
	if (!w)
		return;
	sweep_free(w->sweep);
	forget_files(w);
	free(w);
}

/* Notes an editable file, without its content. */
static int add_file(const char *path, unsigned mode, const char *oid, void *data,
		    struct error *err)
{
	struct sweeping *w = data;
	const struct campaign_config *config = &w->s->config;
	struct change change = { path, mode, mode };

	(void)oid;
	(void)err;
	if (!scope_allows(&config->editable, &config->hidden, &change))
		return 0;
	w->files = xrealloc(w->files, (w->files_nr + 1) * sizeof(*w->files));
	w->files[w->files_nr++] = (struct sweep_file){ .path = xstrdup(path), .mode = mode };
	return 0;
}

/* The files as they are there. One too large to hold has no place to begin. */
static void read_files(struct sweeping *w)
{
	for (size_t i = 0; i < w->files_nr; i++) {
		struct sweep_file *file = &w->files[i];
		struct strbuf content = STRBUF_INIT;
		struct error ignored = ERROR_INIT;

		if (repo_read_file(w->s->repo, w->footing.base, file->path, SWEEP_FILE_MAX,
				   &content, &ignored))
			strbuf_reset(&content);
		file->content = strbuf_detach(&content, &file->len);
	}
}

static void drop_contents(struct sweeping *w)
{
	for (size_t i = 0; i < w->files_nr; i++) {
		free((char *)w->files[i].content);
		w->files[i].content = NULL;
	}
}

static void tell_problems(struct sweeping *w)
{
	CLEANUP_STRING_LIST struct string_list problems = STRING_LIST_INIT;

	if (w->told)
		return;
	sweep_problems(w->sweep, &problems);
	for (size_t i = 0; i < problems.nr; i++)
		warning("%s", problems.items[i]);
	w->told = true;
}

/* A sweep adds and removes no file: where it is alone, the whole tree is walked once a start,
 * and not once for each that is accepted. */
static int begin(struct sweeping *w, struct error *err)
{
	bool alone = w->s->team->nr == 1;

	if (!alone)
		forget_files(w);
	if (!w->files_nr && tree_each_file(w->s->repo, w->footing.base, add_file, w, err))
		return -1;
	read_files(w);
	w->sweep =
		sweep_new(w->files, w->files_nr, w->footing.stage.widen > 1, w->s->totals.seed);
	drop_contents(w);
	tell_problems(w);
	return 0;
}

/* A sweep has its centre in one commit: a new incumbent needs a new one, at the ladder's foot. */
static int renew(struct sweeping *w, struct error *err)
{
	if (strcmp(w->incumbent, search_incumbent(w->s))) {
		sweep_free(steal_ptr(w->sweep));
		strcpy(w->incumbent, search_incumbent(w->s));
		w->stage = 0;
		if (footing_of(w->s, 0, &w->footing, err))
			return -1;
	}
	return w->sweep ? 0 : begin(w, err);
}

/* To the next stage that is another search. 1 where there is none; 0; -1. */
static int climb(struct sweeping *w, struct error *err)
{
	struct ladder_stage before = w->footing.stage;

	sweep_free(steal_ptr(w->sweep));
	while (w->s->config.patience && w->stage < LADDER_STAGES) {
		w->stage++;
		if (footing_of(w->s, w->stage, &w->footing, err))
			return -1;
		if (!ladder_is_same(&before, &w->footing.stage))
			return w->footing.stage.rung == LADDER_EXHAUSTED;
	}
	return 1;
}

static int was_tried(const struct proposal *proposal, void *data, struct error *err)
{
	CLEANUP_STRBUF struct strbuf refused = STRBUF_INIT;
	struct sweeping *w = data;
	char tree[OID_HEX_SIZE];
	int ret = tree_id_of_edits(w->s->repo, w->footing.base, proposal, tree, &refused, err);

	return ret ? ret : candidate_find(w->s, tree, NULL) >= 0;
}

static int nothing_to_vary(struct error *err)
{
	error_set(err, "the sweep finds no number and no marked word in the editable files");
	return error_hint(err,
			  "mark one with a comment such as 'autoresearch: 0.001..0.1 log', "
			  "or configure another proposer");
}

/* The next step, on this stage or a later one. 0; 1 where there is none; -1. */
static int next(struct sweeping *w, struct proposal *ret, struct error *err)
{
	int done;

	for (;;) {
		if (!w->sweep && begin(w, err))
			return -1;
		done = sweep_next(w->sweep, was_tried, w, ret, err);
		if (done <= 0)
			return done;
		done = climb(w, err);
		if (done)
			return done;
	}
}

int sweeping_propose(struct proposer *p, struct proposal *ret, enum proposed *ret_how,
		     struct error *err)
{
	struct sweeping *w = p->sweeping;
	int done;

	if (!w) {
		w = p->sweeping = xcalloc(1, sizeof(*w));
		w->s = p->s;
	}
	if (renew(w, err))
		return -1;
	if (!w->stage && !sweep_parameters(w->sweep))
		return nothing_to_vary(err);
	done = next(w, ret, err);
	if (done < 0)
		return -1;
	*ret_how = done ? PROPOSED_NOTHING : PROPOSED;
	if (done)
		return 0;
	return footing_tell(w->s, &w->footing, ret, err);
}
