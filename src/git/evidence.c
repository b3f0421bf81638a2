#include "git/evidence.h"

#include <stdlib.h>
#include <string.h>

#include <git2/sys/mempack.h>
#include <git2/sys/odb_backend.h>

#include "git/internal.h"

DEFINE_GIT_CLEANUP(git_odb)
DEFINE_GIT_CLEANUP(git_packbuilder)
DEFINE_GIT_CLEANUP(git_revwalk)

void evidence_release(struct evidence *e)
{
	for (size_t i = 0; i < e->refs_nr; i++)
		free(e->refs[i].name);
	free(e->refs);
	string_list_release(&e->suspects);
	*e = (struct evidence){ 0 };
}

/* A second view of the repository, whose new objects live in memory alone. */
struct view {
	git_repository *git;
	git_odb *odb;
};

static void view_release(struct view *v)
{
	git_odb_free(v->odb);
	git_repository_free(v->git);
}

static int view_open(struct view *ret, struct repo *repo, struct error *err)
{
	git_odb_backend *memory = NULL;

	if (git_repository_open(&ret->git, repo->common_dir) < 0 ||
	    git_repository_odb(&ret->odb, ret->git) < 0 || git_mempack_new(&memory) < 0 ||
	    git_odb_add_backend(ret->odb, memory, 999) < 0)
		return error_git(err, "cannot open the repository once more");
	return 0;
}

/* --- The notes of one campaign */

struct own_note {
	git_oid commit;
	size_t age; /* 0: of the newest record */
	char *text;
};

struct own_notes {
	struct own_note *items;
	size_t nr, alloc;
};

static void own_notes_release(struct own_notes *n)
{
	for (size_t i = 0; i < n->nr; i++)
		free(n->items[i].text);
	free(n->items);
}

static int take_note(struct ledger *ledger, const struct entry *entry, struct own_notes *n,
		     struct error *err)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT, is = STRBUF_INIT;
	const char *commit = ledger_note(&entry->record, entry->digest, entry->commit, &text);
	struct own_note *item;

	if (!text.len)
		return 0;
	if (notes_read(ledger->repo, commit, &is, err) < 0)
		return -1;
	if (!note_holds(is.buf, text.buf))
		return 0;
	if (n->nr == n->alloc) {
		n->alloc = n->alloc ? 2 * n->alloc : 256;
		n->items = xrealloc(n->items, n->alloc * sizeof(*n->items));
	}
	item = &n->items[n->nr];
	if (oid_from_hex(&item->commit, commit, err))
		return -1;
	item->age = n->nr++;
	item->text = strbuf_detach(&text, NULL);
	return 0;
}

/* As they were recorded, and not as people decided later: that is what the notes say. */
static int take_notes(struct ledger *ledger, struct own_notes *n, struct error *err)
{
	char oid[OID_HEX_SIZE];

	memcpy(oid, ledger->tip, sizeof(oid));
	while (*oid) {
		CLEANUP_ENTRY struct entry entry = { 0 };

		if (objects_pass(ledger->repo, err) || ledger_read(ledger, oid, &entry, err) ||
		    take_note(ledger, &entry, n, err))
			return -1;
		memcpy(oid, entry.parent, sizeof(oid));
	}
	return 0;
}

static int by_commit(const void *a, const void *b)
{
	const struct own_note *x = a, *y = b;
	int r = git_oid_cmp(&x->commit, &y->commit);

	return r ? r : x->age > y->age ? -1 : x->age < y->age;
}

/* Puts the notes of the first item's commit together; returns how many items those are. */
static int write_note(struct view *v, const struct own_note *items, size_t nr, git_oid *ret,
		      size_t *ret_taken, struct error *err)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	size_t i = 0;

	for (; i < nr && git_oid_equal(&items[i].commit, &items->commit); i++) {
		if (i)
			strbuf_addch(&text, '\n');
		strbuf_addstr(&text, items[i].text);
	}
	*ret_taken = i;
	if (git_odb_write(ret, v->odb, text.buf, text.len, GIT_OBJECT_BLOB) < 0)
		return error_git(err, "cannot write a note");
	return 0;
}

/* The folder of those whose ids begin with the same two digits; returns how many items. */
static int write_folder(struct view *v, const struct own_note *items, size_t nr, git_oid *ret,
			size_t *ret_taken, struct error *err)
{
	CLEANUP_GIT(git_treebuilder) git_treebuilder *bld = NULL;
	size_t i = 0;

	if (git_treebuilder_new(&bld, v->git, NULL) < 0)
		return error_git(err, "cannot build the notes");
	while (i < nr && items[i].commit.id[0] == items->commit.id[0]) {
		char hex[OID_HEX_SIZE];
		git_oid blob;
		size_t taken;

		oid_to_hex(&items[i].commit, hex);
		if (write_note(v, items + i, nr - i, &blob, &taken, err))
			return -1;
		if (git_treebuilder_insert(NULL, bld, hex + 2, &blob, GIT_FILEMODE_BLOB) < 0)
			return error_git(err, "cannot build the notes");
		i += taken;
	}
	*ret_taken = i;
	return git_treebuilder_write(ret, bld) < 0 ? error_git(err, "cannot write the notes")
						   : 0;
}

/* By who wrote the newest record, when it was written: the same ledger has the same notes. */
static int commit_notes(struct view *v, struct ledger *ledger, const git_oid *tree,
			git_oid *ret, struct error *err)
{
	CLEANUP_GIT(git_commit) git_commit *tip = NULL;
	CLEANUP_GIT(git_tree) git_tree *notes = NULL;
	git_buf text = GIT_BUF_INIT;
	int r;

	if (lookup_commit(ledger->repo, ledger->tip, &tip, err))
		return -1;
	r = git_tree_lookup(&notes, v->git, tree);
	if (!r)
		r = git_commit_create_buffer(&text, v->git, git_commit_committer(tip),
					     git_commit_committer(tip), NULL,
					     "Notes of one campaign\n", notes, 0, NULL);
	if (!r)
		r = git_odb_write(ret, v->odb, text.ptr, text.size, GIT_OBJECT_COMMIT);
	git_buf_dispose(&text);
	return r < 0 ? error_git(err, "cannot write the notes") : 0;
}

static int write_notes(struct view *v, struct ledger *ledger, git_oid *ret, struct error *err)
{
	CLEANUP(own_notes_release) struct own_notes n = { 0 };
	CLEANUP_GIT(git_treebuilder) git_treebuilder *bld = NULL;
	git_oid tree;
	size_t taken = 0;

	if (take_notes(ledger, &n, err))
		return -1;
	if (n.nr)
		qsort(n.items, n.nr, sizeof(*n.items), by_commit);
	if (git_treebuilder_new(&bld, v->git, NULL) < 0)
		return error_git(err, "cannot build the notes");
	for (size_t i = 0; i < n.nr; i += taken) {
		char hex[OID_HEX_SIZE];

		oid_to_hex(&n.items[i].commit, hex);
		hex[2] = '\0';
		if (write_folder(v, n.items + i, n.nr - i, &tree, &taken, err))
			return -1;
		if (git_treebuilder_insert(NULL, bld, hex, &tree, GIT_FILEMODE_TREE) < 0)
			return error_git(err, "cannot build the notes");
	}
	if (git_treebuilder_write(&tree, bld) < 0)
		return error_git(err, "cannot write the notes");
	return commit_notes(v, ledger, &tree, ret, err);
}

/* --- The bundle */

static void add_ref(struct evidence *e, const char *name, const char *oid)
{
	e->refs = xrealloc(e->refs, (e->refs_nr + 1) * sizeof(*e->refs));
	e->refs[e->refs_nr].name = xstrdup(name);
	memcpy(e->refs[e->refs_nr++].oid, oid, OID_HEX_SIZE);
}

static int find_refs(struct view *v, struct ledger *ledger, struct evidence *e,
		     struct error *err)
{
	CLEANUP_FREE char *results = xstrfmt("refs/heads/results/%s", ledger->campaign);
	char hex[OID_HEX_SIZE];
	git_oid notes;
	int missing;

	add_ref(e, ledger->ledger_ref, ledger->tip);
	if (*ledger->branch)
		add_ref(e, ledger->branch_ref, ledger->branch);
	missing = repo_ref(ledger->repo, results, hex, err);
	if (missing < 0)
		return -1;
	if (!missing)
		add_ref(e, results, hex);
	if (write_notes(v, ledger, &notes, err))
		return -1;
	oid_to_hex(&notes, hex);
	add_ref(e, NOTES_REF, hex);
	return 0;
}

static int write_some(void *data, size_t len, void *out)
{
	return fwrite(data, 1, len, out) == len ? 0 : -1;
}

/* One thread: several would cut the pack differently each time. */
static int write_pack(struct view *v, struct evidence *e, FILE *out, struct error *err)
{
	CLEANUP_GIT(git_packbuilder) git_packbuilder *pack = NULL;
	CLEANUP_GIT(git_revwalk) git_revwalk *walk = NULL;
	int r;

	if (git_packbuilder_new(&pack, v->git) < 0 || git_revwalk_new(&walk, v->git) < 0)
		return error_git(err, "cannot make a pack");
	git_packbuilder_set_threads(pack, 1);
	git_revwalk_sorting(walk, GIT_SORT_TOPOLOGICAL);
	for (size_t i = 0; i < e->refs_nr; i++) {
		git_oid oid;

		if (oid_from_hex(&oid, e->refs[i].oid, err))
			return -1;
		if (git_revwalk_push(walk, &oid) < 0)
			return error_git(err, "cannot make a pack");
	}
	r = git_packbuilder_insert_walk(pack, walk);
	if (!r)
		r = git_packbuilder_foreach(pack, write_some, out);
	if (r < 0)
		return ferror(out) ? error_errno(err, "cannot write the bundle")
				   : error_git(err, "cannot make a pack");
	e->objects = git_packbuilder_object_count(pack);
	return 0;
}

int evidence_bundle(struct ledger *ledger, FILE *out, struct evidence *ret, struct error *err)
{
	CLEANUP(view_release) struct view v = { 0 };

	if (view_open(&v, ledger->repo, err) || find_refs(&v, ledger, ret, err))
		return -1;
	fprintf(out, "# v2 git bundle\n");
	for (size_t i = 0; i < ret->refs_nr; i++)
		fprintf(out, "%s %s\n", ret->refs[i].oid, ret->refs[i].name);
	fprintf(out, "\n");
	return write_pack(&v, ret, out, err);
}
