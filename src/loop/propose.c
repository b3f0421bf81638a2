#include "loop/propose.h"

#include <string.h>

#include "git/tree.h"
#include "loop/agent.h"
#include "loop/candidate.h"
#include "loop/model.h"
#include "propose/sweep.h"

#define SWEEP_FILE_MAX (1 << 20)

/* Notes an editable file, without its content. */
static int add_sweep_file(const char *path, unsigned mode, const char *oid, void *data,
			  struct error *err)
{
	struct search *s = data;
	struct change change = { path, mode, mode };

	(void)oid;
	(void)err;
	if (!scope_allows(&s->config.editable, &s->config.hidden, &change))
		return 0;
	s->sweep_files =
		xrealloc(s->sweep_files, (s->sweep_files_nr + 1) * sizeof(*s->sweep_files));
	s->sweep_files[s->sweep_files_nr++] =
		(struct sweep_file){ .path = xstrdup(path), .mode = mode };
	return 0;
}

/* The files that the incumbent has now. One too large to hold has no place to begin. */
static void read_sweep_files(struct search *s)
{
	for (size_t i = 0; i < s->sweep_files_nr; i++) {
		struct sweep_file *file = &s->sweep_files[i];
		struct strbuf content = STRBUF_INIT;
		struct error ignored = ERROR_INIT;

		if (repo_read_file(s->repo, search_incumbent(s), file->path, SWEEP_FILE_MAX,
				   &content, &ignored))
			strbuf_reset(&content);
		file->content = strbuf_detach(&content, &file->len);
	}
}

/*
 * A sweep has its centre in one incumbent: a new one needs a new sweep. It adds and removes no
 * file, so the whole tree is walked once a start, and not once for each that is accepted.
 */
static int sweep_renew(struct search *s, struct error *err)
{
	CLEANUP_STRING_LIST struct string_list problems = STRING_LIST_INIT;
	bool first = !s->sweep;

	if (s->sweep && !strcmp(s->sweep_base, search_incumbent(s)))
		return 0;
	if (!s->sweep && tree_each_file(s->repo, search_incumbent(s), add_sweep_file, s, err))
		return -1;
	sweep_free(s->sweep);
	read_sweep_files(s);
	s->sweep = sweep_new(s->sweep_files, s->sweep_files_nr, s->totals.seed);
	strcpy(s->sweep_base, search_incumbent(s));
	for (size_t i = 0; i < s->sweep_files_nr; i++) {
		free((char *)s->sweep_files[i].content);
		s->sweep_files[i].content = NULL;
	}
	if (first)
		sweep_problems(s->sweep, &problems);
	for (size_t i = 0; i < problems.nr; i++)
		warning("%s", problems.items[i]);
	return 0;
}

void propose_release(struct search *s)
{
	sweep_free(s->sweep);
	model_free(s->model);
	for (size_t i = 0; i < s->sweep_files_nr; i++)
		free((char *)s->sweep_files[i].path);
	free(s->sweep_files);
	agent_release(s);
}

static int was_tried(const struct proposal *proposal, void *data, struct error *err)
{
	CLEANUP_STRBUF struct strbuf refused = STRBUF_INIT;
	struct search *s = data;
	char tree[OID_HEX_SIZE];
	int ret = tree_apply_edits(s->repo, search_incumbent(s), proposal, tree, &refused, err);

	return ret ? ret : candidate_find(s, tree, NULL) >= 0;
}

static int propose_sweep(struct search *s, struct proposal *ret, enum proposed *ret_how,
			 struct error *err)
{
	int done;

	if (sweep_renew(s, err))
		return -1;
	if (!sweep_parameters(s->sweep)) {
		error_set(err,
			  "the sweep finds no number and no marked word in the editable files");
		return error_hint(
			err, "mark one with a comment such as 'autoresearch: 0.001..0.1 log', "
			     "or configure another proposer");
	}
	done = sweep_next(s->sweep, was_tried, s, ret, err);
	if (done < 0)
		return -1;
	*ret_how = done ? PROPOSED_NOTHING : PROPOSED;
	return 0;
}

int propose(struct lane *lane, int64_t number, struct proposal *ret, enum proposed *ret_how,
	    struct error *err)
{
	struct search *s = lane->search;

	if (!strcmp(s->settings.proposer, "sweep"))
		return propose_sweep(s, ret, ret_how, err);
	if (!strcmp(s->settings.proposer, "endpoint"))
		return model_propose(lane, number, ret, ret_how, err);
	return agent_propose(lane, number, ret, ret_how, err);
}

int propose_check(struct search *s, struct error *err)
{
	if (!strcmp(s->settings.proposer, "sweep"))
		return 0;
	if (!strcmp(s->settings.proposer, "endpoint"))
		return model_open(s, err);
	return agent_find(s, err);
}
