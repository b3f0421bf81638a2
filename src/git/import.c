#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "git/internal.h"
#include "git/tree.h"
#include "model/trailer.h"

#define ABBREV_MIN 7 /* digits: fewer may be a word, or somebody else's commit */
#define PATCH_MAX (8 << 20)

struct importer {
	struct ledger *ledger;
	struct totals totals;	    /* up to and with the newest record */
	char tip[OID_HEX_SIZE];	    /* of the chain so far */
	char nothing[OID_HEX_SIZE]; /* the tree that holds nothing */
	struct note *notes;	    /* one a record; both strings are owned */
};

static void importer_release(struct importer *im, size_t nr)
{
	for (size_t i = 0; im->notes && i < nr; i++) {
		free((char *)im->notes[i].commit);
		free((char *)im->notes[i].text);
	}
	free(im->notes);
}

/* The one commit that an abbreviated id names; false where there is none, or several. A name is
 * never looked up: HEAD was something else there. */
static bool find_commit(struct repo *repo, const char *abbrev, char ret[OID_HEX_SIZE])
{
	CLEANUP_GIT(git_commit) git_commit *commit = NULL;
	size_t len = abbrev ? strlen(abbrev) : 0;
	git_oid oid;

	if (len < ABBREV_MIN || len > OID_HEX_LEN ||
	    strspn(abbrev, "0123456789abcdefABCDEF") != len ||
	    git_oid_fromstrn(&oid, abbrev, len) < 0 ||
	    git_commit_lookup_prefix(&commit, repo->git, &oid, len) < 0)
		return false;
	oid_to_hex(git_commit_id(commit), ret);
	return true;
}

/* A commit of ours that stands for a candidate of which only the words are left. */
static int make_candidate(struct importer *im, struct record *r, char ret[OID_HEX_SIZE],
			  struct error *err)
{
	struct repo *repo = im->ledger->repo;
	CLEANUP_STRBUF struct strbuf message = STRBUF_INIT;
	const char *parents[] = { r->base };

	if (*r->base) {
		if (repo_commit_tree(repo, r->base, r->tree, err))
			return -1;
	} else {
		memcpy(r->tree, im->nothing, OID_HEX_SIZE);
	}
	message_candidate(r, &message);
	return write_commit(repo, r->tree, parents, *r->base ? 1 : 0, message.buf, ret, err);
}

/* The record's candidate, with its base and tree, and the patch between them. */
static int take_candidate(struct importer *im, struct record *r, char ret[OID_HEX_SIZE],
			  struct strbuf *patch, struct error *err)
{
	struct repo *repo = im->ledger->repo;
	bool found = find_commit(repo, imported_cell(r->imported, COLUMN_COMMIT), ret);
	int root = 1;

	if (found && r->imported->names_candidate)
		root = repo_commit_parent(repo, ret, 0, r->base, err);
	else if (found)
		memcpy(r->base, ret, OID_HEX_SIZE);
	/* A first commit is no change of anything. */
	if (root)
		return root < 0 ? -1 : make_candidate(im, r, ret, err);
	if (repo_commit_tree(repo, ret, r->tree, err))
		return -1;
	return tree_patch(repo, r->base, r->tree, PATCH_MAX, patch, err);
}

static int add_record(struct importer *im, struct record *r, struct note *note,
		      struct error *err)
{
	struct repo *repo = im->ledger->repo;
	CLEANUP_STRBUF struct strbuf patch = STRBUF_INIT, title = STRBUF_INIT;
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	struct record_content file = { .name = "patch" };
	char commit[OID_HEX_SIZE], tree[OID_HEX_SIZE], digest[DIGEST_HEX_LEN + 1];
	const char *parents[2];
	size_t nr = 0;

	totals_advance(&im->totals, r);
	im->totals = r->totals;
	if (take_candidate(im, r, commit, &patch, err))
		return -1;
	file.data = patch.buf;
	file.len = patch.len;
	if (write_record_tree(repo, r, &file, patch.len > 0, tree, digest, err))
		return -1;
	if (*im->tip)
		parents[nr++] = im->tip;
	parents[nr++] = commit;
	record_title(r, &title);
	ledger_note(r, digest, commit, &text);
	note->commit = xstrdup(commit);
	note->text = strbuf_detach(&text, NULL);
	return write_commit(repo, tree, parents, nr, title.buf, im->tip, err);
}

static int write_nothing(struct importer *im, struct error *err)
{
	CLEANUP_GIT(git_treebuilder) git_treebuilder *bld = NULL;
	git_oid oid;

	if (git_treebuilder_new(&bld, im->ledger->repo->git, NULL) < 0 ||
	    write_tree(im->ledger->repo, bld, &oid) < 0)
		return error_git(err, "cannot write an empty tree");
	oid_to_hex(&oid, im->nothing);
	return 0;
}

static int import_all(struct importer *im, struct record *records, size_t nr, struct error *err)
{
	struct ledger *ledger = im->ledger;
	int r;

	if (*ledger->tip) {
		error_set(err, "campaign '%s' has records already", ledger->campaign);
		return error_hint(err, "--campaign=<name>: what was measured here and what was "
				       "not stay apart");
	}
	if (write_nothing(im, err))
		return -1;
	for (size_t i = 0; i < nr; i++)
		if (add_record(im, &records[i], &im->notes[i], err))
			return -1;
	r = ref_swap(ledger->repo, ledger->ledger_ref, "", im->tip, "autoresearch: import",
		     err);
	if (r)
		return r == 1 ? error_set(err, "'%s' was made by somebody else",
					  ledger->ledger_ref)
			      : -1;
	memcpy(ledger->tip, im->tip, OID_HEX_SIZE);
	return notes_add_all(ledger->repo, im->notes, nr, err);
}

int ledger_import(struct ledger *ledger, struct record *records, size_t nr, struct error *err)
{
	CLEANUP_HOLD struct repo *hold = ledger->repo;
	struct importer im = { .ledger = ledger, .notes = xcalloc(nr, sizeof(*im.notes)) };
	int r = import_all(&im, records, nr, err);

	importer_release(&im, nr);
	return r;
}
