#include "model/proposal.h"

#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"

void proposal_add_edit(struct proposal *p, const char *path, unsigned mode, const char *content,
		       size_t len)
{
	struct edit *edit;

	if (p->edits_nr == p->edits_alloc) {
		p->edits_alloc = p->edits_alloc ? 2 * p->edits_alloc : 4;
		p->edits = xrealloc(p->edits, p->edits_alloc * sizeof(*p->edits));
	}
	edit = &p->edits[p->edits_nr++];
	*edit = (struct edit){ .path = xstrdup(path), .mode = mode };
	if (content) {
		/* Not a string: the content may hold NULs. */
		edit->content = xmalloc(len + 1);
		memcpy(edit->content, content, len);
		edit->content[len] = '\0';
		edit->len = len;
	}
}

void proposal_copy_edits(const struct proposal *from, struct proposal *to)
{
	for (size_t i = 0; i < from->edits_nr; i++) {
		const struct edit *e = &from->edits[i];

		proposal_add_edit(to, e->path, e->mode, e->content, e->len);
	}
}

static void replace(char **field, char *value)
{
	free(*field);
	*field = value;
}

void proposal_describe(struct proposal *p, const char *subject, const char *rationale,
		       const char *proposed_by)
{
	char *copies[] = { xstrdup(subject), xstrdup(rationale), xstrdup(proposed_by) };

	/* All are copied before any is freed: the words may be the proposal's own. */
	replace(&p->subject, copies[0]);
	replace(&p->rationale, copies[1]);
	replace(&p->proposed_by, copies[2]);
}

void proposal_release(struct proposal *p)
{
	for (size_t i = 0; i < p->edits_nr; i++) {
		free(p->edits[i].path);
		free(p->edits[i].content);
	}
	free(p->edits);
	free(p->subject);
	free(p->rationale);
	free(p->proposed_by);
	free(p->refused);
	asked_free(p->asked);
	free(p->prompt);
	free(p->reply);
	*p = (struct proposal)PROPOSAL_INIT;
}
