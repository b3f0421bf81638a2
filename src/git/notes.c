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

/* The tree with `blob` as the only note of the object whose id goes on with `hex`. */
static int insert(struct repo *repo, git_tree *tree, const char *hex, const git_oid *blob,
		  git_oid *ret, struct error *err)
{
	const char name[3] = { hex[0], hex[1], '\0' };
	bool top = strlen(hex) == OID_HEX_LEN;
	CLEANUP_GIT(git_treebuilder) git_treebuilder *bld = NULL;
	CLEANUP_GIT(git_tree) git_tree *fan = NULL;
	git_oid below;
	int r;

	if (git_treebuilder_new(&bld, repo->git, tree) < 0)
		return error_git(err, "cannot build the notes");
	if (git_treebuilder_get(bld, hex) && git_treebuilder_remove(bld, hex) < 0)
		return error_git(err, "cannot replace a note");
	if (strlen(hex) > 2 && open_fan(repo, tree, hex, &fan, err) < 0)
		return -1;
	if (fan || ((top || (strlen(hex) > 2 && git_treebuilder_entrycount(bld) >= FULL)) &&
		    !git_treebuilder_get(bld, name))) {
		if (insert(repo, fan, hex + 2, blob, &below, err) < 0)
			return -1;
		r = git_treebuilder_insert(NULL, bld, name, &below, GIT_FILEMODE_TREE);
	} else {
		r = git_treebuilder_insert(NULL, bld, hex, blob, GIT_FILEMODE_BLOB);
	}
	if (r < 0 || write_tree(repo, bld, ret) < 0)
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

/* The tree with the note added: `hex` ("": none yet) is replaced, where it lacks it. */
static int add_to_tree(struct repo *repo, const struct note *add, char hex[OID_HEX_SIZE],
		       struct error *err)
{
	CLEANUP_GIT(git_tree) git_tree *tree = NULL;
	CLEANUP_STRBUF struct strbuf note = STRBUF_INIT;
	git_oid blob, oid;

	if (oid_from_hex(&oid, add->commit, err) < 0 ||
	    (*hex && lookup_tree(repo, hex, &tree, err) < 0) ||
	    (tree && collect(repo, tree, add->commit, &note, err) < 0))
		return -1;
	if (note_holds(note.buf, add->text))
		return 0;
	add_paragraph(&note, add->text, strlen(add->text));
	if (write_blob(repo, note.buf, note.len, &blob, err) < 0 ||
	    insert(repo, tree, add->commit, &blob, &oid, err) < 0)
		return -1;
	oid_to_hex(&oid, hex);
	return 0;
}

int notes_write(struct repo *repo, const struct note *add, size_t nr, struct note_draft *ret,
		struct error *err)
{
	const char *parents[] = { *ret->to ? ret->to : ret->from };
	char before[OID_HEX_SIZE], tree[OID_HEX_SIZE], to[OID_HEX_SIZE];

	if (*ret->to ? repo_commit_tree(repo, ret->to, before, err) < 0
		     : find_notes(repo, ret->from, before, err) < 0)
		return -1;
	memcpy(tree, before, sizeof(tree));
	for (size_t i = 0; i < nr; i++)
		if (add_to_tree(repo, &add[i], tree, err))
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
