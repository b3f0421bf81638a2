#include <string.h>

#include "git/internal.h"
#include "git/tree.h"

#define FILE_MAX (16 << 20)

/* Merges what happened to the file between the two versions into what is proposed for it. */
static int merge_file(const struct edit *edit, const struct strbuf *before,
		      const struct strbuf *now, git_merge_file_result *ret, struct error *err)
{
	const git_merge_file_input ancestor = { .version = GIT_MERGE_FILE_INPUT_VERSION,
						.ptr = before->buf,
						.size = before->len };
	const git_merge_file_input ours = { .version = GIT_MERGE_FILE_INPUT_VERSION,
					    .ptr = now->buf,
					    .size = now->len };
	const git_merge_file_input theirs = { .version = GIT_MERGE_FILE_INPUT_VERSION,
					      .ptr = edit->content,
					      .size = edit->len };

	if (git_merge_file(ret, &ancestor, &ours, &theirs, NULL) < 0)
		return error_git(err, "cannot merge '%s'", edit->path);
	return 0;
}

static int carry_edit(struct repo *repo, const char *from, const char *to, struct edit *edit,
		      bool *ret_clean, struct error *err)
{
	CLEANUP_STRBUF struct strbuf before = STRBUF_INIT, now = STRBUF_INIT;
	git_merge_file_result merged = { 0 };
	int missing;

	*ret_clean = true;
	missing = repo_read_file(repo, from, edit->path, FILE_MAX, &before, err);

	if (!missing)
		missing = repo_read_file(repo, to, edit->path, FILE_MAX, &now, err);
	if (missing)
		return missing < 0 ? -1 : 0;
	if (before.len == now.len && !memcmp(before.buf, now.buf, now.len))
		return 0;
	if (merge_file(edit, &before, &now, &merged, err))
		return -1;
	*ret_clean = merged.automergeable;
	if (merged.automergeable) {
		free(edit->content);
		edit->content = xmalloc(merged.len + 1);
		memcpy(edit->content, merged.ptr, merged.len);
		edit->content[merged.len] = '\0';
		edit->len = merged.len;
	}
	git_merge_file_result_free(&merged);
	return 0;
}

int tree_carry(struct repo *repo, const char *from, const char *to, struct proposal *p,
	       bool *ret_clean, struct error *err)
{
	bool clean = true, all = true;

	for (size_t i = 0; i < p->edits_nr && strcmp(from, to); i++) {
		if (!p->edits[i].content)
			continue;
		if (carry_edit(repo, from, to, &p->edits[i], &clean, err))
			return -1;
		all &= clean;
	}
	if (ret_clean)
		*ret_clean = all;
	return 0;
}
