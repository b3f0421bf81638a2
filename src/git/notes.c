#include <string.h>

#include "git/internal.h"
#include "git/tree.h"

/*
 * The tree of a notes ref names each note by the id of its object, cut into folders of two
 * digits where there are many. git reads every mixture and rewrites all of it with a depth of
 * its own choice, so any may be found here. We put a note into a folder of two digits, and
 * further down where git has folders there already, or where the folder is full: what a note costs
 * is the folders above it, written anew, so none may become large. What is in a full one stays.
 */

#define NOTE_MAX (16 << 20)
#define RETRIES 50
#define FULL 64 /* notes of a folder, before there are folders in it */

/* The commit and the tree of all notes; "": there are none yet. */
static int find_notes(struct repo *repo, char ret_tip[OID_HEX_SIZE],
		      char ret_tree[OID_HEX_SIZE], struct error *err)
{
	int r = repo_ref(repo, NOTES_REF, ret_tip, err);

	*ret_tree = '\0';
	if (r == 1)
		*ret_tip = '\0';
	if (r)
		return r == 1 ? 0 : -1;
	if (repo_commit_tree(repo, ret_tip, ret_tree, err) < 0)
		return error_context(err, NOTES_REF);
	return 0;
}

/* The folder in which the notes of objects that begin with these two digits are. */
static int open_fan(struct repo *repo, git_tree *tree, const char *hex, git_tree **ret,
		    struct error *err)
{
	const char name[3] = { hex[0], hex[1], '\0' };
	const git_tree_entry *entry = tree ? git_tree_entry_byname(tree, name) : NULL;

	*ret = NULL;
	if (!entry || git_tree_entry_filemode(entry) != GIT_FILEMODE_TREE)
		return 0;
	if (git_tree_lookup(ret, repo->git, git_tree_entry_id(entry)) < 0)
		return error_git(err, "cannot read the notes");
	return 0;
}

static void add_paragraph(struct strbuf *note, const char *text, size_t len)
{
	while (note->len && note->buf[note->len - 1] == '\n')
		strbuf_setlen(note, note->len - 1);
	if (note->len)
		strbuf_addstr(note, "\n\n");
	strbuf_add(note, text, len);
	if (note->len && note->buf[note->len - 1] != '\n')
		strbuf_addch(note, '\n');
}

/* Every note of one object; git joins them as well where it finds more than one. */
static int collect(struct repo *repo, git_tree *tree, const char *hex, struct strbuf *ret,
		   struct error *err)
{
	const git_tree_entry *entry = git_tree_entry_byname(tree, hex);
	CLEANUP_GIT(git_tree) git_tree *fan = NULL;
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	if (entry && git_tree_entry_type(entry) == GIT_OBJECT_BLOB) {
		if (read_blob(repo, git_tree_entry_id(entry), NOTE_MAX, &text, err) < 0)
			return -1;
		add_paragraph(ret, text.buf, text.len);
	}
	if (strlen(hex) <= 2)
		return 0;
	if (open_fan(repo, tree, hex, &fan, err) < 0)
		return -1;
	return fan ? collect(repo, fan, hex + 2, ret, err) : 0;
}

/* A note of the object with this id, which is there. */
struct item {
	char hex[OID_HEX_SIZE];
	git_oid blob;
};

static int insert(struct repo *repo, git_tree *tree, const struct item *items, size_t nr,
		  size_t depth, git_oid *ret, struct error *err);

/* Those that share their two digits at `depth`, some of them perhaps into the folder of that name.
 * What one of them has there goes. */
static int insert_alike(struct repo *repo, git_tree *tree, git_treebuilder *bld,
			const struct item *items, size_t nr, size_t depth, struct error *err)
{
	const char *digits = items->hex + depth;
	const char name[3] = { digits[0], digits[1], '\0' };
	bool last = depth + 2 == OID_HEX_LEN;
	CLEANUP_GIT(git_tree) git_tree *fan = NULL;
	git_oid below;
	size_t i;

	for (i = 0; i < nr; i++)
		if (git_treebuilder_get(bld, items[i].hex + depth) &&
		    git_treebuilder_remove(bld, items[i].hex + depth) < 0)
			return error_git(err, "cannot replace a note");
	if (!last && open_fan(repo, tree, digits, &fan, err) < 0)
		return -1;
	for (i = 0; i < nr; i++) {
		if (fan || ((!depth || (!last && git_treebuilder_entrycount(bld) >= FULL)) &&
			    !git_treebuilder_get(bld, name)))
			break;
		if (git_treebuilder_insert(NULL, bld, items[i].hex + depth, &items[i].blob,
					   GIT_FILEMODE_BLOB) < 0)
			return error_git(err, "cannot add a note");
	}
	if (i == nr)
		return 0;
	if (insert(repo, fan, items + i, nr - i, depth + 2, &below, err) < 0)
		return -1;
	if (git_treebuilder_insert(NULL, bld, name, &below, GIT_FILEMODE_TREE) < 0)
		return error_git(err, "cannot add a folder of notes");
	return 0;
}

/* The tree (NULL: empty) of the notes of objects whose ids begin with the same `depth` digits, with
 * these as the only ones of theirs. They are in order. */
static int insert(struct repo *repo, git_tree *tree, const struct item *items, size_t nr,
		  size_t depth, git_oid *ret, struct error *err)
{
	CLEANUP_GIT(git_treebuilder) git_treebuilder *bld = NULL;
	size_t lo, hi;

	if (git_treebuilder_new(&bld, repo->git, tree) < 0)
		return error_git(err, "cannot build the notes");
	for (lo = 0; lo < nr; lo = hi) {
		for (hi = lo + 1; hi < nr; hi++)
			if (memcmp(items[hi].hex + depth, items[lo].hex + depth, 2))
				break;
		if (insert_alike(repo, tree, bld, items + lo, hi - lo, depth, err) < 0)
			return -1;
	}
	if (write_tree(repo, bld, ret) < 0)
		return error_git(err, "cannot write the notes");
	return 0;
}

bool note_holds(const char *note, const char *text)
{
	size_t len = strlen(text);
	const char *p = note;

	while (len && text[len - 1] == '\n')
		len--;
	if (!len)
		return true;
	while ((p = memmem(p, strlen(p), text, len))) {
		bool begins = p == note || (p > note + 1 && p[-1] == '\n' && p[-2] == '\n');
		bool ends = !p[len] || (p[len] == '\n' && (!p[len + 1] || p[len + 1] == '\n'));

		if (begins && ends)
			return true;
		p++;
	}
	return false;
}

/* By commit; of one they stay in order. */
static int compare_notes(const void *a, const void *b)
{
	const struct note *one = *(const struct note *const *)a;
	const struct note *other = *(const struct note *const *)b;
	int r = strcmp(one->commit, other->commit);

	return r ? r : one < other ? -1 : one > other;
}

/* The note of one commit, to which `nr` texts are added that it lacks. 0; 1 where it has all; -1. */
static int write_note(struct repo *repo, git_tree *tree, const struct note *const *add,
		      size_t nr, struct item *ret, struct error *err)
{
	CLEANUP_STRBUF struct strbuf note = STRBUF_INIT;
	bool changed = false;
	git_oid checked;

	if (oid_from_hex(&checked, add[0]->commit, err) < 0 ||
	    (tree && collect(repo, tree, add[0]->commit, &note, err) < 0))
		return -1;
	memcpy(ret->hex, add[0]->commit, OID_HEX_SIZE);
	for (size_t i = 0; i < nr; i++) {
		if (note_holds(note.buf, add[i]->text))
			continue;
		add_paragraph(&note, add[i]->text, strlen(add[i]->text));
		changed = true;
	}
	if (!changed)
		return 1;
	return write_blob(repo, note.buf, note.len, &ret->blob, err) < 0 ? -1 : 0;
}

/* The tree with the notes added: `hex` ("": none yet) is replaced, where it lacks any. */
static int add_to_tree(struct repo *repo, const struct note *notes, size_t nr,
		       char hex[OID_HEX_SIZE], struct error *err)
{
	CLEANUP_FREE const struct note **sorted = xcalloc(nr + 1, sizeof(*sorted));
	CLEANUP_FREE struct item *items = xcalloc(nr + 1, sizeof(*items));
	CLEANUP_GIT(git_tree) git_tree *tree = NULL;
	size_t lo, hi, items_nr = 0;
	git_oid oid;
	int r;

	if (*hex && lookup_tree(repo, hex, &tree, err) < 0)
		return -1;
	for (size_t i = 0; i < nr; i++)
		sorted[i] = &notes[i];
	qsort(sorted, nr, sizeof(*sorted), compare_notes);
	for (lo = 0; lo < nr; lo = hi) {
		for (hi = lo + 1; hi < nr; hi++)
			if (strcmp(sorted[hi]->commit, sorted[lo]->commit))
				break;
		r = write_note(repo, tree, sorted + lo, hi - lo, &items[items_nr], err);
		if (r < 0)
			return -1;
		items_nr += !r;
	}
	if (!items_nr)
		return 0;
	if (insert(repo, tree, items, items_nr, 0, &oid, err) < 0)
		return -1;
	oid_to_hex(&oid, hex);
	return 0;
}

int notes_write(struct repo *repo, const struct note *notes, size_t nr, struct note_draft *ret,
		struct error *err)
{
	const char *parents[] = { ret->from };
	char before[OID_HEX_SIZE], tree[OID_HEX_SIZE], to[OID_HEX_SIZE];

	*ret = (struct note_draft){ 0 };
	if (find_notes(repo, ret->from, before, err) < 0)
		return -1;
	memcpy(tree, before, sizeof(tree));
	if (add_to_tree(repo, notes, nr, tree, err) < 0)
		return -1;
	if (!strcmp(tree, before))
		return 0;
	if (write_commit(repo, tree, parents, *parents[0] ? 1 : 0,
			 "Notes added by 'git autoresearch'\n", to, err) < 0)
		return -1;
	memcpy(ret->to, to, OID_HEX_SIZE);
	return 0;
}

int notes_publish(struct repo *repo, const struct note_draft *draft, struct error *err)
{
	if (!*draft->to)
		return 0;
	/* What a power failure takes of the notes is restored from the records. */
	return ref_swap_hastily(repo, NOTES_REF, draft->from, draft->to, "autoresearch: note",
				err);
}

int notes_add(struct repo *repo, const char *commit, const char *text, struct error *err)
{
	const struct note note = { .commit = commit, .text = text };

	return notes_add_all(repo, &note, 1, err);
}

int notes_add_all(struct repo *repo, const struct note *notes, size_t nr, struct error *err)
{
	bool held = repo->held;
	struct note_draft draft;
	int r = 1;

	for (int i = 0; r == 1 && i < RETRIES; i++) {
		draft = (struct note_draft){ 0 };
		r = notes_write(repo, notes, nr, &draft, err);
		if (!r)
			r = notes_publish(repo, &draft, err);
	}
	/* Who holds it has more to write. */
	if (!held)
		objects_let_go(repo);
	return r == 1 ? error_set(err, NOTES_REF " is moved by somebody else all the time") : r;
}

int notes_read(struct repo *repo, const char *commit, struct strbuf *ret, struct error *err)
{
	CLEANUP_GIT(git_tree) git_tree *tree = NULL;
	CLEANUP_STRBUF struct strbuf note = STRBUF_INIT;
	char tip[OID_HEX_SIZE], hex[OID_HEX_SIZE];
	git_oid oid;

	if (oid_from_hex(&oid, commit, err) < 0 || find_notes(repo, tip, hex, err) < 0 ||
	    (*hex && lookup_tree(repo, hex, &tree, err) < 0) ||
	    (tree && collect(repo, tree, commit, &note, err) < 0))
		return -1;
	strbuf_add(ret, note.buf, note.len);
	return note.len ? 0 : 1;
}

struct each_note {
	struct repo *repo;
	note_fn fn;
	void *data;
};

static int give_note(const char *path, unsigned mode __attribute__((unused)), const char *oid,
		     void *data, struct error *err)
{
	struct each_note *each = data;
	CLEANUP_STRBUF struct strbuf hex = STRBUF_INIT, note = STRBUF_INIT;
	struct error ignored = ERROR_INIT;
	git_oid object, blob;

	for (; *path; path++)
		if (*path != '/')
			strbuf_addch(&hex, *path);
	/* git keeps other files of a notes tree, and so do we. */
	if (oid_from_hex(&object, hex.buf, &ignored) < 0)
		return 0;
	if (oid_from_hex(&blob, oid, err) < 0 || objects_pass(each->repo, err) ||
	    read_blob(each->repo, &blob, NOTE_MAX, &note, err) < 0)
		return -1;
	return each->fn(hex.buf, &note, each->data, err);
}

int notes_each(struct repo *repo, note_fn fn, void *data, struct error *err)
{
	struct each_note each = { .repo = repo, .fn = fn, .data = data };
	char tip[OID_HEX_SIZE];
	int r = repo_ref(repo, NOTES_REF, tip, err);

	if (r)
		return r == 1 ? 0 : -1;
	return tree_each_file(repo, tip, give_note, &each, err);
}
