#include "git/tree.h"

#include <string.h>

#include "base/digest.h"
#include "git/internal.h"

#define ATTRIBUTES_MAX (1 << 20)

struct scope_check {
	const struct string_list *editable, *hidden;
	struct strbuf *ret;
};

static int check_change(const struct tree_change *tree_change, void *data,
			struct error *err __attribute__((unused)))
{
	struct scope_check *check = data;
	struct change change = {
		.path = tree_change->path,
		.old_mode = tree_change->old_mode,
		.new_mode = tree_change->new_mode,
	};

	if (scope_allows(check->editable, check->hidden, &change))
		return 0;
	strbuf_addstr(check->ret, change.path);
	return 1;
}

int tree_check_scope(struct repo *repo, const char *base, const char *tree,
		     const struct string_list *editable, const struct string_list *hidden,
		     struct strbuf *ret, struct error *err)
{
	struct scope_check check = { .editable = editable, .hidden = hidden, .ret = ret };
	CLEANUP_GIT(git_tree) git_tree *old_tree = NULL;
	CLEANUP_GIT(git_tree) git_tree *new_tree = NULL;

	if (lookup_tree(repo, base, &old_tree, err) < 0 ||
	    lookup_tree(repo, tree, &new_tree, err) < 0)
		return -1;
	return tree_diff(repo, old_tree, new_tree, check_change, &check, err);
}

struct patch_text {
	struct strbuf *out;
	size_t cap;
};

static int add_patch_line(const git_diff_delta *delta __attribute__((unused)),
			  const git_diff_hunk *hunk __attribute__((unused)),
			  const git_diff_line *line, void *data)
{
	struct patch_text *text = data;
	size_t room = text->cap - text->out->len, len = line->content_len;
	bool sign = line->origin == GIT_DIFF_LINE_CONTEXT ||
		    line->origin == GIT_DIFF_LINE_ADDITION ||
		    line->origin == GIT_DIFF_LINE_DELETION;

	if (sign && room) {
		strbuf_addch(text->out, line->origin);
		room--;
	}
	strbuf_add(text->out, line->content, len < room ? len : room);
	return len > room;
}

static int note_path(const struct tree_change *change, void *data,
		     struct error *err __attribute__((unused)))
{
	string_list_add(data, change->path);
	return 0;
}

int tree_patch(struct repo *repo, const char *base, const char *tree, size_t cap,
	       struct strbuf *ret, struct error *err)
{
	git_diff_options options;
	CLEANUP_GIT(git_tree) git_tree *old_tree = NULL;
	CLEANUP_GIT(git_tree) git_tree *new_tree = NULL;
	CLEANUP_GIT(git_diff) git_diff *diff = NULL;
	CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;
	CLEANUP_STRING_LIST struct string_list paths = STRING_LIST_INIT;
	struct patch_text text = { .out = &out, .cap = cap };
	int r;

	if (lookup_tree(repo, base, &old_tree, err) < 0 ||
	    lookup_tree(repo, tree, &new_tree, err) < 0)
		return -1;
	git_diff_options_init(&options, GIT_DIFF_OPTIONS_VERSION);
	options.flags = GIT_DIFF_SHOW_BINARY;
	options.ignore_submodules = GIT_SUBMODULE_IGNORE_NONE;
	options.id_abbrev = OID_HEX_LEN;
	options.old_prefix = "a";
	options.new_prefix = "b";
	/* Told where to look, libgit2 need not read all of both trees, as it otherwise does. */
	if (tree_diff(repo, old_tree, new_tree, note_path, &paths, err) < 0)
		return -1;
	if (!paths.nr)
		return 0;
	options.flags |= GIT_DIFF_DISABLE_PATHSPEC_MATCH;
	options.pathspec = (git_strarray){ .strings = paths.items, .count = paths.nr };
	if (git_diff_tree_to_tree(&diff, repo->git, old_tree, new_tree, &options) < 0)
		return error_git(err, "cannot compare two trees");
	r = git_diff_print(diff, GIT_DIFF_FORMAT_PATCH, add_patch_line, &text);
	if (r < 0)
		return error_git(err, "cannot write a patch");
	if (r)
		strbuf_addf(&out, "%s[cut at %zu bytes]\n",
			    out.len && out.buf[out.len - 1] != '\n' ? "\n" : "", cap);
	strbuf_add(ret, out.buf, out.len);
	return 0;
}

struct each_file {
	tree_file_fn fn;
	void *data;
};

static int give_file(const struct tree_change *change, void *data, struct error *err)
{
	struct each_file *each = data;
	char hex[OID_HEX_SIZE];

	oid_to_hex(change->new_oid, hex);
	return each->fn(change->path, change->new_mode, hex, each->data, err);
}

int tree_each_file(struct repo *repo, const char *treeish, tree_file_fn fn, void *data,
		   struct error *err)
{
	struct each_file each = { .fn = fn, .data = data };
	CLEANUP_GIT(git_tree) git_tree *tree = NULL;

	if (lookup_tree(repo, treeish, &tree, err) < 0)
		return -1;
	return tree_diff(repo, NULL, tree, give_file, &each, err);
}

struct declared {
	const struct string_list *editable, *hidden;
	struct digest digest;
};

static int add_declared(const char *path, unsigned mode, const char *oid, void *data,
			struct error *err __attribute__((unused)))
{
	struct declared *d = data;
	char mode_text[16];

	if (pathspec_match(d->editable, path) || pathspec_match(d->hidden, path))
		return 0;
	snprintf(mode_text, sizeof(mode_text), "%06o", mode);
	digest_add_field(&d->digest, mode_text, strlen(mode_text));
	digest_add_field(&d->digest, oid, strlen(oid));
	digest_add_field(&d->digest, path, strlen(path));
	return 0;
}

int tree_declared_digest(struct repo *repo, const char *treeish,
			 const struct string_list *editable, const struct string_list *hidden,
			 char ret[65], struct error *err)
{
	struct declared d = { .editable = editable, .hidden = hidden };

	digest_init(&d.digest);
	if (tree_each_file(repo, treeish, add_declared, &d, err) < 0)
		return -1;
	digest_hex(&d.digest, ret);
	return 0;
}

/* Whether an attribute, as .gitattributes sets it, changes bytes on their way. */
static bool is_filter(const char *word)
{
	return !strcmp(word, "text") || starts_with(word, "text=") || !strcmp(word, "crlf") ||
	       starts_with(word, "crlf=") || starts_with(word, "eol=") ||
	       starts_with(word, "filter=") || !strcmp(word, "ident") ||
	       starts_with(word, "working-tree-encoding=");
}

/* Past the pattern that a line begins with, which may be quoted. */
static char *skip_pattern(char *line)
{
	if (*line != '"')
		return line + strcspn(line, " \t\r");
	for (line++; *line && *line != '"'; line++)
		if (*line == '\\' && line[1])
			line++;
	return *line ? line + 1 : line;
}

bool tree_wants_filters(struct repo *repo, const char *treeish)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	struct error ignored = ERROR_INIT;
	char *line, *next_line, *word, *next_word;

	if (repo_read_file(repo, treeish, ".gitattributes", ATTRIBUTES_MAX, &text, &ignored))
		return false;
	for (line = strtok_r(text.buf, "\n", &next_line); line;
	     line = strtok_r(NULL, "\n", &next_line)) {
		line += strspn(line, " \t");
		if (*line == '#')
			continue;
		for (word = strtok_r(skip_pattern(line), " \t\r", &next_word); word;
		     word = strtok_r(NULL, " \t\r", &next_word))
			if (is_filter(word))
				return true;
	}
	return false;
}
