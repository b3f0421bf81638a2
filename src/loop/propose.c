#include "loop/propose.h"

#include <string.h>

#include "git/tree.h"
#include "loop/agent.h"
#include "propose/sweep.h"

struct sweep_input {
	struct search *s;
	struct sweep_file *files;
	struct strbuf *contents;
	size_t nr;
};

#define SWEEP_FILE_MAX (1 << 20)

static int add_sweep_file(const char *path, unsigned mode, const char *oid, void *data,
			  struct error *err)
{
	struct sweep_input *input = data;
	const struct campaign_config *config = &input->s->config;
	struct change change = { path, mode, mode };
	struct strbuf content = STRBUF_INIT;
	struct error too_large = ERROR_INIT;
	struct sweep_file *file;

	(void)oid;
	(void)err;
	if (!scope_allows(&config->editable, &config->hidden, &change))
		return 0;
	/* A file too large to hold has no place for a sweep to begin. */
	if (repo_read_file(input->s->repo, search_incumbent(input->s), path, SWEEP_FILE_MAX,
			   &content, &too_large)) {
		strbuf_release(&content);
		return 0;
	}
	input->files = xrealloc(input->files, (input->nr + 1) * sizeof(*input->files));
	file = &input->files[input->nr++];
	*file = (struct sweep_file){ .path = xstrdup(path), .mode = mode };
	file->content = strbuf_detach(&content, &file->len);
	return 0;
}

/* A sweep has its centre in one incumbent: a new one needs a new sweep. */
static int sweep_renew(struct search *s, struct error *err)
{
	struct sweep_input input = { .s = s };
	int failed;

	if (s->sweep && !strcmp(s->sweep_base, search_incumbent(s)))
		return 0;
	sweep_free(s->sweep);
	s->sweep = NULL;
	failed = tree_each_file(s->repo, search_incumbent(s), add_sweep_file, &input, err);
	if (!failed) {
		s->sweep = sweep_new(input.files, input.nr, s->totals.seed);
		strcpy(s->sweep_base, search_incumbent(s));
	}
	for (size_t i = 0; i < input.nr; i++) {
		free((char *)input.files[i].path);
		free((char *)input.files[i].content);
	}
	free(input.files);
	return failed;
}

static int was_tried(const struct proposal *proposal, void *data, struct error *err)
{
	CLEANUP_STRBUF struct strbuf refused = STRBUF_INIT;
	struct search *s = data;
	char tree[OID_HEX_SIZE];
	int ret = tree_apply_edits(s->repo, search_incumbent(s), proposal, tree, &refused, err);

	return ret ? ret : tried_find(s->tried, tree) >= 0;
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

int propose(struct search *s, int64_t number, struct proposal *ret, enum proposed *ret_how,
	    struct error *err)
{
	if (!strcmp(s->settings.proposer, "command"))
		return agent_propose(s, number, ret, ret_how, err);
	return propose_sweep(s, ret, ret_how, err);
}

int propose_check(struct search *s, struct error *err)
{
	if (strcmp(s->settings.proposer, "command"))
		return 0;
	return agent_find(s, err);
}
