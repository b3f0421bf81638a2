#include "git/stack.h"

#include <git2/sys/mempack.h>
#include <string.h>

#include "git/internal.h"
#include "git/tree.h"

/*
 * What commuting works on: trees of nothing but the files that any item touches, so that it costs
 * the same in a large repository; and an object database of its own, in memory, for what merges
 * come to.
 */
struct commuting {
	git_repository *git; /* the same, behind what is in memory */
	git_oid *states;     /* nr + 1: before the first item, and after each */
	bool **needs;	     /* of each item; NULL where nobody has asked yet */
	size_t nr;
};

static void free_commuting(struct commuting *c)
{
	if (!c)
		return;
	git_repository_free(c->git);
	for (size_t i = 0; i < c->nr; i++)
		free(c->needs[i]);
	free(c->needs);
	free(c->states);
	free(c);
}

void stack_release(struct stack *stack)
{
	for (size_t i = 0; i < stack->nr; i++)
		string_list_release(&stack->items[i].paths);
	free(stack->items);
	free_commuting(stack->commuting);
	*stack = (struct stack){ 0 };
}

/* --- The commits */

static int find_base(struct stack *s, const char *tip, const char *head, struct error *err)
{
	git_oid a, b, base;
	int r;

	if (oid_from_hex(&a, tip, err) || oid_from_hex(&b, head, err))
		return -1;
	r = git_merge_base(&base, s->repo->git, &a, &b);
	if (r == GIT_ENOTFOUND)
		return error_set(err, "the ledger branch and HEAD have no commit in common");
	if (r < 0)
		return error_git(err, "cannot find a merge base");
	oid_to_hex(&base, s->base);
	return 0;
}

/* Whether the merge base has the commit: 1 or 0; -1. */
static int is_in_base(const struct stack *s, const char *commit, struct error *err)
{
	git_oid base, oid;
	int r;

	if (!strcmp(commit, s->base))
		return 1;
	if (oid_from_hex(&base, s->base, err) || oid_from_hex(&oid, commit, err))
		return -1;
	r = git_graph_descendant_of(s->repo->git, &base, &oid);
	return r < 0 ? error_git(err, "cannot compare two commits") : r;
}

static int add_path(const struct tree_change *change, void *data,
		    struct error *err __attribute__((unused)))
{
	string_list_add(data, change->path);
	return 0;
}

static int find_paths(struct stack *s, struct stack_item *item, struct error *err)
{
	CLEANUP_GIT(git_tree) git_tree *before = NULL;
	CLEANUP_GIT(git_tree) git_tree *after = NULL;

	if ((*item->parent && lookup_tree(s->repo, item->parent, &before, err)) ||
	    lookup_tree(s->repo, item->commit, &after, err))
		return -1;
	return tree_diff(s->repo, before, after, add_path, &item->paths, err);
}

static void reverse(struct stack *s)
{
	for (size_t i = 0; i < s->nr / 2; i++) {
		struct stack_item swap = s->items[i];

		s->items[i] = s->items[s->nr - 1 - i];
		s->items[s->nr - 1 - i] = swap;
	}
}

static int find_items(struct stack *s, const char *tip, size_t max, struct error *err)
{
	char oid[OID_HEX_SIZE];
	int in_base = 0;

	memcpy(oid, tip, sizeof(oid));
	while (*oid && !(in_base = is_in_base(s, oid, err))) {
		struct stack_item *item;

		if (s->nr == max)
			return error_set(err, "there are more than %zu commits to look at",
					 max);
		s->items = xrealloc(s->items, (s->nr + 1) * sizeof(*s->items));
		item = &s->items[s->nr++];
		*item = (struct stack_item){ .paths = STRING_LIST_INIT };
		memcpy(item->commit, oid, sizeof(oid));
		if (repo_commit_parent(s->repo, oid, 0, item->parent, err) < 0 ||
		    find_paths(s, item, err))
			return -1;
		memcpy(oid, item->parent, sizeof(oid));
	}
	reverse(s);
	return in_base < 0 ? -1 : 0;
}

int stack_open(struct stack *ret, struct repo *repo, const char *tip, const char *head,
	       size_t max, struct error *err)
{
	CLEANUP_STACK struct stack s = { .repo = repo };

	if (find_base(&s, tip, head, err) || find_items(&s, tip, max, err))
		return -1;
	*ret = s;
	s = (struct stack){ 0 };
	return 0;
}

/* --- Commuting */

static int open_memory(struct stack *s, struct commuting *c, struct error *err)
{
	git_odb_backend *memory = NULL;
	git_odb *odb = NULL;
	int r;

	if (git_repository_open_ext(&c->git, s->repo->common_dir, GIT_REPOSITORY_OPEN_NO_SEARCH,
				    NULL) < 0 ||
	    use_no_index(c->git) < 0 || git_repository_odb(&odb, c->git) < 0)
		return error_git(err, "cannot open the repository again");
	r = git_mempack_new(&memory);
	if (!r)
		r = git_odb_add_backend(odb, memory, 999);
	git_odb_free(odb);
	return r < 0 ? error_git(err, "cannot keep objects in memory") : 0;
}

/* Of the files that are looked at, those that the tree has. */
static int add_files(git_index *index, git_tree *tree, const struct string_list *paths,
		     struct error *err)
{
	for (size_t i = 0; i < paths->nr; i++) {
		CLEANUP_GIT(git_tree_entry) git_tree_entry *found = NULL;
		git_index_entry entry = { .path = paths->items[i] };
		int r = git_tree_entry_bypath(&found, tree, paths->items[i]);

		if (r == GIT_ENOTFOUND)
			continue;
		if (r < 0)
			return error_git(err, "cannot look up '%s'", paths->items[i]);
		entry.mode = git_tree_entry_filemode_raw(found);
		/* Where another commit has a file this one has a folder of files. */
		if (entry.mode == GIT_FILEMODE_TREE)
			continue;
		entry.id = *git_tree_entry_id(found);
		if (git_index_add(index, &entry) < 0)
			return error_git(err, "cannot look at '%s'", paths->items[i]);
	}
	return 0;
}

/* `commit` "": before there was any. */
static int find_state(struct stack *s, struct commuting *c, const char *commit,
		      const struct string_list *paths, git_oid *ret, struct error *err)
{
	CLEANUP_GIT(git_tree) git_tree *tree = NULL;
	CLEANUP_GIT(git_index) git_index *index = NULL;

	if (git_index_new(&index) < 0)
		return error_git(err, "cannot look at a tree");
	if (*commit &&
	    (lookup_tree(s->repo, commit, &tree, err) || add_files(index, tree, paths, err)))
		return -1;
	if (git_index_write_tree_to(ret, index, c->git) < 0)
		return error_git(err, "cannot look at a tree");
	return 0;
}

static int begin_commuting(struct stack *s, struct error *err)
{
	CLEANUP_STRING_LIST struct string_list paths = STRING_LIST_INIT;
	struct commuting *c;

	if (s->commuting)
		return 0;
	c = s->commuting = xcalloc(1, sizeof(*c));
	c->nr = s->nr;
	c->states = xcalloc(s->nr + 1, sizeof(*c->states));
	c->needs = xcalloc(s->nr, sizeof(*c->needs));
	for (size_t i = 0; i < s->nr; i++)
		for (size_t j = 0; j < s->items[i].paths.nr; j++)
			if (!string_list_has(&paths, s->items[i].paths.items[j]))
				string_list_add(&paths, s->items[i].paths.items[j]);
	if (open_memory(s, c, err) ||
	    find_state(s, c, s->items[0].parent, &paths, &c->states[0], err))
		return -1;
	for (size_t i = 0; i < s->nr; i++)
		if (find_state(s, c, s->items[i].commit, &paths, &c->states[i + 1], err))
			return -1;
	return 0;
}

/*
 * Brings a change, from `from` to `*to`, past the one from `before` to `from`: `*to` is what it
 * comes to on `before` then. 1; 0 where it cannot be, or where nothing would be left of it; -1.
 */
static int commute(struct commuting *c, const git_oid *before, const git_oid *from, git_oid *to,
		   struct error *err)
{
	git_merge_options options;
	CLEANUP_GIT(git_tree) git_tree *ancestor = NULL;
	CLEANUP_GIT(git_tree) git_tree *ours = NULL;
	CLEANUP_GIT(git_tree) git_tree *theirs = NULL;
	CLEANUP_GIT(git_index) git_index *index = NULL;
	git_oid merged;

	git_merge_options_init(&options, GIT_MERGE_OPTIONS_VERSION);
	if (git_tree_lookup(&ancestor, c->git, from) < 0 ||
	    git_tree_lookup(&ours, c->git, before) < 0 ||
	    git_tree_lookup(&theirs, c->git, to) < 0 ||
	    git_merge_trees(&index, c->git, ancestor, ours, theirs, &options) < 0)
		return error_git(err, "cannot bring a change past another");
	if (git_index_has_conflicts(index))
		return 0;
	if (git_index_write_tree_to(&merged, index, c->git) < 0)
		return error_git(err, "cannot bring a change past another");
	if (git_oid_equal(&merged, before))
		return 0;
	*to = merged;
	return 1;
}

/* What the item cannot be brought past. */
static int find_needs(struct stack *stack, size_t i, bool *needs, struct error *err)
{
	const git_oid *states = stack->commuting->states;
	git_oid to = states[i + 1];

	for (size_t j = i; j; j--) {
		int passed = 1;

		/* A commit without a change is in nobody's way. */
		if (!git_oid_equal(&states[j - 1], &states[j]))
			passed =
				commute(stack->commuting, &states[j - 1], &states[j], &to, err);
		if (passed < 0)
			return -1;
		needs[j - 1] = !passed;
	}
	return 0;
}

/* Two may pass together what one of them alone could not, so each is asked what it needs itself. */
static int add_needs_of_needs(struct stack *stack, size_t i, bool *needs, struct error *err)
{
	for (size_t j = i; j; j--) {
		const bool *more;

		if (!needs[j - 1])
			continue;
		more = stack_needs(stack, j - 1, err);
		if (!more)
			return -1;
		for (size_t k = 0; k < j; k++)
			needs[k] |= more[k];
	}
	return 0;
}

const bool *stack_needs(struct stack *stack, size_t i, struct error *err)
{
	CLEANUP_FREE bool *needs = NULL;

	if (begin_commuting(stack, err))
		return NULL;
	if (stack->commuting->needs[i])
		return stack->commuting->needs[i];
	needs = xcalloc(stack->nr, sizeof(*needs));
	if (find_needs(stack, i, needs, err) || add_needs_of_needs(stack, i, needs, err))
		return NULL;
	return stack->commuting->needs[i] = steal_ptr(needs);
}

int stack_merges(struct repo *repo, const char *ours, const char *theirs,
		 struct strbuf *ret_conflict, struct error *err)
{
	CLEANUP_GIT(git_commit) git_commit *a = NULL;
	CLEANUP_GIT(git_commit) git_commit *b = NULL;
	CLEANUP_GIT(git_index) git_index *index = NULL;
	git_index_conflict_iterator *it = NULL;
	const git_index_entry *sides[3];

	if (lookup_commit(repo, ours, &a, err) || lookup_commit(repo, theirs, &b, err))
		return -1;
	if (git_merge_commits(&index, repo->git, a, b, NULL) < 0)
		return error_git(err, "cannot merge two commits");
	if (!git_index_has_conflicts(index))
		return 1;
	if (git_index_conflict_iterator_new(&it, index) < 0)
		return error_git(err, "cannot read the conflicts");
	if (!git_index_conflict_next(&sides[0], &sides[1], &sides[2], it))
		for (size_t i = 0; i < 3 && !ret_conflict->len; i++)
			if (sides[i])
				strbuf_addstr(ret_conflict, sides[i]->path);
	git_index_conflict_iterator_free(it);
	return 0;
}
